"""Lines about missing values, decisions, authorisations and vials: planned when owed, to whom, and taken back."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.labs import builders as labs
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, TARGET, noon, plan_on, sender
from tests.treatments.reminders.post import PostOffice
from tests.treatments.supply import builders as supply
from treatments.courses import services as course_services
from treatments.courses.models import Dose
from treatments.reminders.models import MessageState, Reminder
from treatments.reminders.services.planning import Planned
from treatments.reminders.services.running import plan_and_send
from treatments.supply import services as stock
from treatments.supply.models import Authorisation, Vial
from treatments.supply.services import AuthorisationFacts

ASK = TARGET - timedelta(days=3)


@pytest.fixture
def asking(db: None) -> Site:
    """Return a site that asks for missing values 10 and 3 days before a dose, and announces it on the day before."""
    return factories.site("Westfield", "Europe/London", upcoming_days=[1])


@pytest.fixture
def told(asking: Site) -> User:
    """Return its nurse."""
    return factories.user(Role.NURSE, site=asking)


def lines(kind: str) -> list[tuple[date, str, str]]:
    """Return the lines of a kind: day, who, state."""
    rows = Reminder.objects.filter(kind=kind).order_by("due_on", "recipient")
    return [(row.due_on, str(row.recipient), row.state) for row in rows.select_related("recipient")]


def came_back(dose: Dose) -> None:
    """Log a whole set that counts for the dose."""
    labs.whole_set(dose.patient, collected_at=noon(ASK - timedelta(days=2)), at=noon(ASK - timedelta(days=1)))


class TestMissingValues:
    def test_they_are_asked_for_once_a_point_in_the_first_sweep_of_the_day(self, asking: Site, told: User) -> None:
        builders.dose(asking)
        plan_on(TARGET - timedelta(days=11))
        assert lines("labs_due") == []
        plan_on(TARGET - timedelta(days=10))
        plan_on(TARGET - timedelta(days=10))
        assert lines("labs_due") == [(TARGET - timedelta(days=10), str(told), "planned")]

    def test_once_they_are_there_the_line_is_cancelled_the_same_day(self, asking: Site, told: User) -> None:
        dose = builders.dose(asking)
        plan_on(ASK)
        came_back(dose)
        plan_on(ASK)
        row = Reminder.objects.get(kind="labs_due", due_on=ASK, recipient=told)
        assert (row.state, row.reason) == (MessageState.CANCELLED, "The values are there.")

    def test_a_line_that_still_holds_is_left_alone_by_every_later_sweep(self, asking: Site, told: User) -> None:
        builders.dose(asking)
        plan_on(ASK)
        before = lines("labs_due")
        assert plan_on(ASK) == Planned()
        assert lines("labs_due") == before

    def test_values_that_came_between_planning_and_sending_keep_the_mail_from_leaving(
        self, asking: Site, told: User, post: PostOffice
    ) -> None:
        dose = builders.dose(asking)
        plan_on(ASK)
        came_back(dose)
        plan_and_send(sender(noon(ASK)))
        assert post.mails == []

    def test_a_site_that_asks_on_no_day_asks_nobody(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(ASK)
        assert lines("labs_due") == []


class TestDecisions:
    def test_prescribers_staff_and_lead_are_told_once_each(
        self, site: Site, nurse: User, person: Callable[..., User]
    ) -> None:
        prescriber = person(Role.PRESCRIBER)
        both = person(Role.PRESCRIBER, Role.NURSE)
        builders.dose(site, interrupted_from=DAY)
        plan_on(DAY - timedelta(days=1))
        assert lines("review_needed") == []
        plan_on(DAY)
        assert {who for _, who, _ in lines("review_needed")} == {str(nurse), str(prescriber), str(both)}
        assert {on for on, _, _ in lines("review_needed")} == {DAY}

    def test_a_decision_takes_back_what_waits(self, site: Site, nurse: User) -> None:
        dose = builders.dose(site, interrupted_from=DAY)
        plan_on(DAY)
        builders.change(dose, interrupted_from=None)
        plan_on(DAY)
        row = Reminder.objects.get(kind="review_needed")
        assert (row.state, row.reason) == (MessageState.CANCELLED, "Nothing is left to decide.")

    def test_a_hold_is_to_be_looked_at_on_its_day(self, site: Site, nurse: User) -> None:
        dose = builders.dose(site)
        builders.hold(dose, DAY, review_on=DAY + timedelta(days=5))
        plan_on(DAY + timedelta(days=4))
        assert lines("review_needed") == []
        plan_on(DAY + timedelta(days=5))
        assert lines("review_needed") == [(DAY + timedelta(days=5), str(nurse), "planned")]
        assert Reminder.objects.get().reason == "The hold is to be looked at again."

    def test_an_appointment_beyond_a_boundary_is_told_on_the_day_it_was_made(self, site: Site, nurse: User) -> None:
        dose = builders.dose(site, interrupted_from=TARGET + timedelta(days=60))
        builders.book(dose, TARGET + timedelta(days=59), noon(DAY))
        plan_on(DAY)
        assert lines("review_needed") == []
        moved = dose.bookings.get()
        builders.change(moved, on=TARGET + timedelta(days=60))
        plan_on(DAY)
        assert lines("review_needed") == [(DAY, str(nurse), "planned")]

    def test_a_partial_dose_waits_from_its_day(self, site: Site, nurse: User) -> None:
        course = courses.course(builders.patient(site), planned_start=DAY)
        attempted = course_services.Attempted(on=DAY, reason="no_access", mg=Decimal(5))
        course_services.record_partial(dose=courses.next_dose(course), attempted=attempted, by=BY, at=noon(DAY))
        plan_on(DAY)
        assert (DAY, str(nurse), "planned") in lines("review_needed")


class TestAuthorisations:
    @pytest.fixture
    def authorisation(self, site: Site) -> Authorisation:
        """Return one that ends in 45 days, of a patient on an open course, with doses left."""
        course = builders.course(site)
        return supply.authorisation(course.patient, ends_on=DAY + timedelta(days=45))

    def test_the_staff_are_told_45_days_before_its_end(
        self, authorisation: Authorisation, nurse: User, person: Callable[..., User]
    ) -> None:
        person(Role.PHARMACIST)
        plan_on(DAY - timedelta(days=1))
        assert lines("authorisation_ending") == []
        plan_on(DAY)
        assert lines("authorisation_ending") == [(DAY, str(nurse), "planned")]

    def test_a_renewal_takes_back_what_waits(self, authorisation: Authorisation, nurse: User) -> None:
        plan_on(DAY)
        facts = AuthorisationFacts("Northern Health", "NH-2", DAY, DAY + timedelta(days=400), 4)
        stock.renew_authorisation(renewed=authorisation, facts=facts, by=BY, at=noon(DAY))
        plan_on(DAY)
        row = Reminder.objects.get(kind="authorisation_ending")
        assert (row.state, row.reason) == (MessageState.CANCELLED, "It was renewed.")

    def test_nobody_is_told_of_one_whose_course_was_stopped(self, authorisation: Authorisation, nurse: User) -> None:
        course = authorisation.patient.courses.get()
        builders.change(course, stopped_on=DAY, stop_reason="Moved")
        plan_on(DAY)
        assert lines("authorisation_ending") == []

    def test_of_several_only_the_one_that_reaches_furthest_is_told_of(
        self, authorisation: Authorisation, nurse: User
    ) -> None:
        supply.authorisation(authorisation.patient, reference="NH-9", ends_on=DAY + timedelta(days=200))
        plan_on(DAY)
        assert lines("authorisation_ending") == []


class TestVials:
    @pytest.fixture
    def vial(self, site: Site) -> Vial:
        """Return a vial that expires in 60 days."""
        return supply.vial(site, expires_on=DAY + timedelta(days=60))

    @pytest.fixture
    def pharmacist(self, person: Callable[..., User]) -> User:
        """Return the one who is told."""
        return person(Role.PHARMACIST)

    def test_the_pharmacy_is_told_60_days_before_it_expires(self, vial: Vial, nurse: User, pharmacist: User) -> None:
        plan_on(DAY - timedelta(days=1))
        assert lines("vial_expiring") == []
        plan_on(DAY)
        assert lines("vial_expiring") == [(DAY, str(pharmacist), "planned")]

    def test_a_vial_that_is_gone_takes_its_line_with_it(self, vial: Vial, pharmacist: User) -> None:
        plan_on(DAY)
        stock.waste(vial=vial, code="broken", reason="Dropped", by=BY, at=AT + timedelta(days=4))
        plan_on(DAY)
        row = Reminder.objects.get(kind="vial_expiring")
        assert (row.state, row.reason) == (MessageState.CANCELLED, "The vial is no longer in stock: wasted.")

    def test_the_mail_names_no_lot_and_leads_to_the_vial(self, vial: Vial, pharmacist: User, post: PostOffice) -> None:
        plan_and_send(sender(noon(DAY)))
        (mail,) = post.mails
        text = mail.as_string()
        assert "Something in stock expires on 6 Sep 2026" in text
        assert str(vial.pk) in text
        assert vial.lot not in text


def test_of_four_sites_each_is_told_of_its_own(person: Callable[..., User]) -> None:
    """No line crosses a site: neither a patient's nor a vial's."""
    told: dict[User, str] = {}
    for name in ("North", "East", "South", "West"):
        place = factories.site(name, "Europe/London", labs_days=[])
        told[factories.user(Role.PHARMACIST, site=place)] = str(
            supply.vial(place, expires_on=DAY + timedelta(days=60)).pk
        )
    plan_on(DAY)
    for who, vial in told.items():
        assert [str(row.what) for row in Reminder.objects.filter(recipient=who)] == [vial]
