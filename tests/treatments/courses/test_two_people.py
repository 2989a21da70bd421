"""A dose before the earliest safe day: one person asks, another confirms, and only then it can be booked (rule 7)."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import day, elsewhere, series_as_stored, withdraw
from treatments.courses import services
from treatments.courses.models import Booking, Course, Decision
from treatments.courses.queries import awaited_decisions

TODAY = date(2026, 7, 4)


@pytest.fixture
def course(site: Site) -> Course:
    """Return a course whose first dose was given on 25 June: the second is safe from 9 July on."""
    course = builders.course(builders.patient(site), planned_start=day("2026-06-25"))
    elsewhere(course, "2026-06-25", at=AT)
    return course


def ask(course: Course, on: str = "2026-07-08", reason: str = "Leaves for surgery", **facts: Any) -> Decision:
    values: dict[str, Any] = {"by": BY, "at": AT} | facts
    return services.ask_for_too_soon(dose=builders.next_dose(course), day=day(on), reason=reason, **values)


def confirm(decision: Decision, by: User, **facts: Any) -> Decision:
    return services.second(decision=decision, by=person_actor(by), **({"at": AT} | facts))


def book(course: Course, on: str = "2026-07-08") -> Booking:
    facts: dict[str, Any] = {"at_time": None, "place": "", "by": BY, "at": AT, "confirmed": {"before_window"}}
    return services.book(dose=builders.next_dose(course), on=day(on), **facts)


def test_what_was_asked_and_why_is_kept(course: Course, petra: User) -> None:
    decision = ask(course, by=person_actor(petra))
    assert (decision.matter, decision.answer, decision.rules, decision.needs_second) == (
        "too_soon",
        "edited",
        [7],
        True,
    )
    assert (decision.day, decision.after_on, decision.made_on) == (day("2026-07-08"), day("2026-06-25"), TODAY)
    assert decision.proposal == "The earliest safe day is 9 Jul 2026; a dose sooner needs two people"
    assert decision.answer_words == "Give L2 on 8 Jul 2026, 13 days after the last dose"
    assert (decision.source, decision.decided_by) == ("Test label", petra)
    assert (decision.needs_second, decision.is_in_force) == (True, False)
    entry = Entry.objects.get(event="courses.decided")
    assert (entry.person, entry.reason) == (petra, "Leaves for surgery")


def test_asking_moves_nothing_and_neither_does_confirming(course: Course, petra: User) -> None:
    before = series_as_stored(course)
    decision = ask(course)
    assert series_as_stored(course) == before
    confirm(decision, petra)
    assert series_as_stored(course) == before


def test_nobody_books_it_before_a_second_person_has_confirmed(course: Course, petra: User) -> None:
    said = r"8 Jul 2026 is too soon.*9 Jul 2026.*a prescriber and a second person"
    with pytest.raises(services.BookedTooSoon, match=said):
        book(course)
    decision = ask(course)
    with pytest.raises(services.BookedTooSoon):
        book(course)
    confirm(decision, petra)
    assert book(course).on == day("2026-07-08")


def test_what_two_people_allowed_is_that_very_day(course: Course, petra: User) -> None:
    confirm(ask(course), petra)
    with pytest.raises(services.BookedTooSoon):
        book(course, "2026-07-07")


def test_a_booking_may_be_moved_there_too(course: Course, petra: User) -> None:
    facts: dict[str, Any] = {"at_time": None, "place": "", "reason": "Surgery", "by": BY, "at": AT}
    booking = book(course, "2026-07-10")
    facts |= {"booking": booking, "on": day("2026-07-08"), "confirmed": {"before_window"}}
    with pytest.raises(services.BookedTooSoon):
        services.move_booking(**facts)
    confirm(ask(course), petra)
    assert services.move_booking(**facts).on == day("2026-07-08")


def test_it_speaks_of_the_dose_that_came_next_then_and_of_no_other(course: Course, petra: User) -> None:
    confirm(ask(course), petra)
    elsewhere(course, "2026-07-01", at=AT)
    with pytest.raises(services.BookedTooSoon):
        book(course)


def test_who_confirmed_and_when_is_kept(course: Course, nadia: User, petra: User) -> None:
    decision = confirm(ask(course, by=person_actor(nadia)), petra)
    assert (decision.second, decision.seconded_at, decision.is_in_force) == (petra, AT, True)
    entry = Entry.objects.get(event="courses.decision_seconded")
    assert (entry.person, entry.changes["second"]) == (petra, [None, petra.pk])


class TestWhatWaits:
    """The decisions that Review lists: those that a second person can still confirm, and no others."""

    def listed(self, course: Course, at: datetime = AT, user: User | None = None) -> list[Any]:
        return list(awaited_decisions([course.site], 0 if user is None else user.pk, at))

    def test_one_is_listed_until_it_is_confirmed(self, course: Course, petra: User, nadia: User) -> None:
        decision = ask(course, by=person_actor(petra))
        (line,) = self.listed(course)
        assert (line.patient, line.by, line.said) == ("ALDER, Robin", str(petra), "Leaves for surgery")
        assert line.about == "Give L2 on 8 Jul 2026, 13 days after the last dose"
        assert line.url == reverse("courses:decision", args=[decision.pk])
        confirm(decision, nadia)
        assert self.listed(course) == []

    def test_whoever_asked_is_told_that_it_is_theirs(self, course: Course, petra: User, nadia: User) -> None:
        ask(course, by=person_actor(petra))
        assert [self.listed(course, user=user)[0].own for user in (petra, nadia)] == [True, False]

    @pytest.mark.parametrize(("at", "count"), [("2026-07-08T22:59", 1), ("2026-07-08T23:00", 0)])
    def test_it_is_listed_to_the_end_of_its_day_at_the_site(self, course: Course, at: str, count: int) -> None:
        ask(course)
        assert len(self.listed(course, datetime.fromisoformat(at).replace(tzinfo=UTC))) == count

    def test_what_was_withdrawn_is_not(self, course: Course) -> None:
        withdraw(ask(course), at=AT)
        assert self.listed(course) == []

    def test_once_a_dose_was_given_or_the_course_stopped_nobody_waits(self, course: Course, site: Site) -> None:
        ask(course)
        elsewhere(course, "2026-07-01", at=AT)
        assert self.listed(course) == []
        other = builders.course(builders.patient(site, "Birch"), planned_start=day("2026-06-25"))
        elsewhere(other, "2026-06-25", at=AT)
        ask(other)
        assert len(self.listed(other)) == 1
        services.stop_course(course=other, on=TODAY, reason="Moved", by=BY, at=AT)
        assert self.listed(other) == []

    def test_other_sites_are_left_out(self, course: Course, other_site: Site) -> None:
        ask(course)
        assert awaited_decisions([other_site], 0, AT) == ()
        assert awaited_decisions([], 0, AT) == ()

    def test_it_is_one_query(self, course: Course, site: Site, django_assert_num_queries: Any) -> None:
        ask(course)
        ask(course, "2026-07-07")
        with django_assert_num_queries(1):
            assert len(awaited_decisions([site], 0, AT)) == 2


def test_the_second_person_is_another(course: Course, petra: User, nadia: User) -> None:
    decision = ask(course, by=person_actor(petra))
    said = r"^A second person has to confirm this; you asked for it yourself\.$"
    with pytest.raises(services.SamePerson, match=said):
        confirm(decision, petra)
    assert confirm(decision, nadia).second == nadia


def test_a_process_is_no_second_person(course: Course) -> None:
    with pytest.raises(services.SamePerson):
        services.second(decision=ask(course), by=BY, at=AT)


def test_what_was_confirmed_already_waits_for_nobody(course: Course, petra: User, nadia: User) -> None:
    decision = ask(course)
    confirm(decision, petra)
    with pytest.raises(services.NothingToDecide, match=r"^This waits for nobody any more\.$"):
        confirm(decision, nadia)
    assert Decision.objects.get().second == petra


def test_what_was_withdrawn_waits_for_nobody(course: Course, petra: User) -> None:
    decision = ask(course)
    withdraw(decision, at=AT)
    with pytest.raises(services.NothingToDecide):
        confirm(decision, petra)


def test_withdrawn_again_it_allows_nothing(course: Course, petra: User) -> None:
    withdraw(confirm(ask(course), petra), at=AT)
    with pytest.raises(services.BookedTooSoon):
        book(course)


def test_a_confirmation_of_another_version_is_refused(course: Course, petra: User) -> None:
    decision = ask(course)
    with pytest.raises(StaleRecord):
        confirm(decision, petra, expected=decision.version + 1)
    assert Decision.objects.get().second is None


def test_a_safe_day_needs_nobodys_permission(course: Course) -> None:
    with pytest.raises(services.NothingToDecide, match=r"^That day needs nobody's permission; book it\.$"):
        ask(course, "2026-07-09")
    assert ask(course, "2026-07-08").day == day("2026-07-08")


def test_before_the_first_dose_every_day_is_safe(site: Site) -> None:
    course = builders.course(builders.patient(site), planned_start=day("2026-07-10"))
    with pytest.raises(services.NothingToDecide):
        ask(course, "2026-07-05")


def test_a_day_that_has_passed_is_refused(course: Course) -> None:
    with pytest.raises(services.DecidedForTooSoon, match=r"^3 Jul 2026 has passed; choose today or a later day\.$"):
        ask(course, "2026-07-03")
    assert ask(course, "2026-07-04").day == TODAY


def test_today_is_the_sites_own_day(other_site: Site) -> None:
    course = builders.course(builders.patient(other_site), planned_start=day("2026-06-25"))
    elsewhere(course, "2026-06-25", at=AT)
    evening = datetime(2026, 7, 5, 3, 59, tzinfo=UTC)  # still 4 July in New York
    assert ask(course, "2026-07-04", at=evening).made_on == TODAY


def test_without_a_reason_it_is_refused(course: Course) -> None:
    with pytest.raises(services.ReasonMissing, match=r"^Say why the dose cannot wait\.$"):
        ask(course, reason="")


def test_a_dose_that_was_given_meanwhile_is_past_asking(course: Course) -> None:
    dose = builders.next_dose(course)
    builders.give(course, day("2026-07-03"))
    with pytest.raises(services.NothingToDecide):
        services.ask_for_too_soon(dose=dose, day=day("2026-07-08"), reason="Surgery", by=BY, at=AT)


def test_a_stopped_course_takes_neither(course: Course, petra: User) -> None:
    decision = ask(course)
    services.stop_course(course=course, on=TODAY, reason="Another therapy", by=BY, at=AT)
    with pytest.raises(services.CourseStopped, match="4 Jul 2026"):
        ask(course)
    with pytest.raises(services.CourseStopped):
        confirm(decision, petra)


def test_the_same_form_twice_asks_once(course: Course) -> None:
    key = uuid4()
    first = ask(course, submission=key)
    with pytest.raises(AlreadySubmitted) as told:
        ask(course, submission=key)
    assert told.value.record == first
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("by_person", [True, False])
def test_a_dose_that_two_people_allowed_is_flagged_all_the_same(
    course: Course, petra: User, nadia: User, by_person: bool
) -> None:
    confirm(ask(course, "2026-07-04", by=person_actor(nadia) if by_person else BY), petra)
    book(course, "2026-07-04")
    row = builders.give(course, TODAY, at=datetime(2026, 7, 4, 15, tzinfo=UTC))
    row.dose.refresh_from_db()
    assert row.dose.flags == ["interval_short"]


def test_a_day_that_has_a_dose_is_refused_and_the_next_one_is_not(site: Site) -> None:
    course = builders.course(builders.patient(site), planned_start=TODAY)
    elsewhere(course, "2026-07-04", at=AT)
    with pytest.raises(services.DecidedForTooSoon, match=r"^A dose was given on 4 Jul 2026; choose a later day\.$"):
        ask(course, "2026-07-04")
    assert ask(course, "2026-07-05").answer_words == "Give L2 on 5 Jul 2026, 1 day after the last dose"


def test_somebody_no_longer_in_care_is_not_asked_about(course: Course) -> None:
    change_care_status(patient=course.patient, to=CareStatus.LEFT, on=TODAY, reason="Moved", by=BY, at=AT)
    with pytest.raises(services.PatientNotInCare):
        ask(course)


def test_once_a_dose_was_given_there_is_nothing_to_confirm(course: Course, petra: User) -> None:
    decision = ask(course)
    elsewhere(course, "2026-07-01", at=AT)
    with pytest.raises(services.NothingToDecide):
        confirm(decision, petra)


def test_once_its_day_has_passed_there_is_nothing_to_confirm(course: Course, petra: User) -> None:
    decision = ask(course)
    with pytest.raises(services.NothingToDecide):
        confirm(decision, petra, at=datetime(2026, 7, 9, 12, tzinfo=UTC))
    assert confirm(decision, petra, at=datetime(2026, 7, 8, 12, tzinfo=UTC)).second == petra
