"""The page that records an attempt which gave nothing, or only part of a dose, and where it leads next."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import entries, panel, problems, title, told
from tests.treatments.dose_day.builders import in_order
from tests.treatments.pages import filled, send, soup, text
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Course, Dose
from treatments.dose_day.models import Procedure
from treatments.supply import services as supply_services
from treatments.supply.models import Movement, Vial

pytestmark = pytest.mark.usefixtures("at_noon")
TRIED = {"on": "2026-07-04", "reason": "infection", "vial": "none", "next_step": "as_planned"}


def url(dose: Dose) -> str:
    return reverse("dose_day:not_given", args=[dose.pk])


def day_url(dose: Dose) -> str:
    return reverse("dose_day:day", args=[dose.pk])


def dose_page(client: Client, dose: Dose) -> Any:
    return client.get(reverse("courses:dose", args=[dose.pk]))


def book(dose: Dose, on: date = date(2026, 7, 4)) -> Any:
    return course_services.book(dose=dose, on=on, at_time=None, place="Day ward", by=BY, at=AT)


class TestWhoMayRecord:
    def test_the_table_of_rights_decides(self, dose: Dose, signed_in: Callable[..., Client]) -> None:
        clients = {role: signed_in(role) for role in Role}
        granted = {role: Permission.RECORD_DOSES in GRANTS[role] for role in Role}
        before = entries()
        opened = {role: client.get(url(dose)).status_code for role, client in clients.items()}
        sent = {role: client.post(url(dose), {}).status_code for role, client in clients.items()}
        assert opened == {role: 200 if may else 403 for role, may in granted.items()}
        assert sent == {role: 422 if may else 403 for role, may in granted.items()}
        assert entries() == before

    def test_at_another_site_or_of_nobody_it_does_not_exist(
        self, dose: Dose, other_site: Site, nurse: Client, signed_in: Callable[..., Client]
    ) -> None:
        client = signed_in(*Role, at=other_site)
        assert client.get(url(dose)).status_code == client.post(url(dose)).status_code == 404
        assert nurse.get(reverse("dose_day:not_given", args=[uuid4()])).status_code == 404


class TestNotGiven:
    def test_the_dose_stays_the_next_one(self, nurse: Client, begun: Course, dose: Dose) -> None:
        answer = send(nurse, url(dose), outcome="not_done", note="Fever", **TRIED)
        assert told(answer) == ["It was recorded. The dose is still to be given."]
        assert (answer.status_code, answer["Location"]) == (302, day_url(dose))
        assert courses.next_dose(begun) == dose
        said = panel(dose_page(nurse, dose), "Attempts")
        assert "Not given 4 Jul 2026 : Infection or fever" in said
        assert "Fever" in said

    def test_a_partial_dose_waits_for_a_prescriber(self, nurse: Client, dose: Dose) -> None:
        other = {"vial": "other", "lot": "ELSE"}
        send(nurse, url(dose), outcome="partial", mg="7", **(TRIED | other))
        page = dose_page(nurse, dose)
        assert "Partial dose: a prescriber decides first" in text(soup(page))
        assert "Infection or fever, 7 mg went in" in panel(page, "Attempts")

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"outcome": ""}, "What happened : Choose what happened."),
            (
                {"outcome": "partial", "vial": "other", "lot": "A"},
                "Amount that went in : Enter how much went in, in mg.",
            ),
            (
                {"outcome": "partial", "mg": "12", "vial": "other", "lot": "A"},
                "Amount that went in : A partial dose is less than 12 mg",
            ),
            (
                {"outcome": "partial", "mg": "6"},
                "Vial that was opened : Part of the dose went in, so a vial was opened",
            ),
            ({"outcome": "not_done", "mg": "5"}, "Amount that went in : Leave the amount empty"),
            ({"outcome": "not_done", "on": "2026-07-05"}, "Day : 5 Jul 2026 lies in the future"),
            ({"outcome": "not_done", "reason": ""}, "Reason : Choose the main reason."),
            ({"outcome": "not_done", "next_step": ""}, "What happens next : Choose what happens next."),
            ({"outcome": "not_done", "vial": "other"}, "Vial lot : Enter the lot as it is printed on the vial."),
            ({"outcome": "not_done", "vial": "other", "lot": "x" * 41}, "Vial lot : Ensure this value has at most 40"),
            ({"outcome": "not_done", "vial": str(uuid4())}, "Vial that was opened : This vial cannot be chosen"),
        ],
    )
    def test_what_is_wrong_is_told_where_it_was_typed_and_nothing_is_lost_or_saved(
        self, nurse: Client, dose: Dose, typed: dict[str, str], said: str
    ) -> None:
        before = entries()
        answer = send(nurse, url(dose), **(TRIED | {"note": "Kept"} | typed))
        assert answer.status_code == 422
        (line,) = problems(answer)
        assert line.startswith(said)
        assert filled(soup(answer))["note"].strip() == "Kept"
        assert title(answer).startswith("Error: ")
        assert (Administration.objects.count(), entries()) == (1, before)

    def test_the_same_form_twice_records_one_attempt(self, nurse: Client, dose: Dose) -> None:
        values = filled(soup(nurse.get(url(dose)))) | TRIED | {"outcome": "not_done"}
        nurse.post(url(dose), values)
        assert told(nurse.post(url(dose), values)) == ["This was already saved; nothing was saved twice."]
        assert Administration.objects.count() == 2

    def test_a_given_dose_leads_back_to_its_day(self, nurse: Client, begun: Course) -> None:
        given = begun.doses.get(is_next=False)
        answer = nurse.get(url(given))
        assert (answer["Location"], told(answer)) == (day_url(given), ["This dose was recorded already."])


class TestTheVial:
    @pytest.fixture
    def vial(self, dose: Dose, nadia: User) -> Vial:
        return in_order(dose, nadia)

    def test_an_opened_vial_is_wasted_with_the_reason(self, nurse: Client, dose: Dose, vial: Vial) -> None:
        send(nurse, url(dose), outcome="not_done", **(TRIED | {"vial": str(vial.pk), "reason": "no_access"}))
        vial.refresh_from_db()
        move = Movement.objects.get(vial=vial, kind="wasted")
        assert (vial.state, move.reason_code, move.administration) == (
            Vial.State.WASTED,
            "failed_attempt",
            Administration.objects.get(reason="no_access"),
        )

    def test_one_that_stayed_closed_waits_for_the_next_attempt(self, nurse: Client, dose: Dose, vial: Vial) -> None:
        send(nurse, url(dose), outcome="not_done", **TRIED)
        vial.refresh_from_db()
        assert (vial.state, vial.reserved_for) == (Vial.State.RESERVED, dose)

    def test_a_vial_that_is_drawn_up_did_not_stay_closed(self, nurse: Client, dose: Dose, vial: Vial) -> None:
        supply_services.draw_up(vial=vial, by=BY, at=AT)
        answer = send(nurse, url(dose), outcome="not_done", **TRIED)
        assert problems(answer) == [
            "Vial that was opened : Lot AB12 is drawn up for this dose, so it was used or is wasted; choose it."
        ]
        assert not Procedure.objects.exists()


class TestWhatHappensNext:
    """Whoever may do what happens next is led to its form; anybody else is told who has to."""

    @pytest.mark.parametrize("role", [Role.NURSE, Role.PRESCRIBER, Role.PROCEDURALIST])
    def test_another_day_is_booked_on_the_form_for_it(
        self, dose: Dose, signed_in: Callable[..., Client], role: Role
    ) -> None:
        answer = send(signed_in(role), url(dose), outcome="not_done", **(TRIED | {"next_step": "rebook"}))
        assert answer["Location"] == reverse("courses:book", args=[dose.pk])

    def test_a_booking_that_stands_is_moved(self, nurse: Client, dose: Dose) -> None:
        booking = book(dose)
        answer = send(nurse, url(dose), outcome="not_done", **(TRIED | {"next_step": "rebook"}))
        assert answer["Location"] == reverse("courses:move", args=[booking.pk])

    @pytest.mark.parametrize("step", ["hold", "stop"])
    def test_a_prescriber_goes_on_to_the_form(self, prescriber: Client, dose: Dose, step: str) -> None:
        answer = send(prescriber, url(dose), outcome="not_done", **(TRIED | {"next_step": step}))
        assert answer["Location"] == reverse(f"courses:{step}", args=[dose.course_id])
        assert told(answer) == ["It was recorded. The dose is still to be given. Now say since when, and why."]

    @pytest.mark.parametrize(
        ("step", "said"),
        [
            ("hold", "A prescriber has to put the course on hold."),
            ("stop", "A prescriber has to stop the course."),
        ],
    )
    def test_a_nurse_is_told_that_a_prescriber_has_to(self, nurse: Client, dose: Dose, step: str, said: str) -> None:
        answer = send(nurse, url(dose), outcome="not_done", **(TRIED | {"next_step": step}))
        assert answer["Location"] == day_url(dose)
        assert told(answer) == [f"It was recorded. The dose is still to be given. {said}"]

    def test_it_is_kept_with_the_attempt(self, nurse: Client, dose: Dose) -> None:
        send(nurse, url(dose), outcome="not_done", **(TRIED | {"next_step": "hold", "punctures": "3"}))
        row = Procedure.objects.get()
        assert (row.next_step, row.punctures) == ("hold", 3)
        assert "Put the course on hold" in text(soup(nurse.get(day_url(dose))))
