"""The page that records a dose as given."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests import factories
from tests.clinic.patients import builders as patients
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.builders import US_12MG
from tests.treatments.courses.pages import again, asked, entries, panel, problems, queries, title, told
from tests.treatments.dose_day.builders import in_order
from tests.treatments.pages import filled, send, soup, text
from tests.treatments.supply import builders as supply
from treatments.courses import services
from treatments.courses.models import Administration, Course, Dose
from treatments.courses.services.giving import record_given
from treatments.dose_day.models import Procedure
from treatments.dose_day.services import give
from treatments.rules.vials import Kind
from treatments.supply import services as supply_services
from treatments.supply.models import Vial

pytestmark = pytest.mark.usefixtures("at_noon")
VIAL = {"vial": "other", "lot": "NF2610", "vial_expires_on": "2027-01-31"}
STOCK: dict[str, Any] = {"lot": "NF2610", "expires_on": date(2027, 1, 31)}
SOON = "Only 9 days after the last dose on 25 Jun 2026; the earliest safe day is 9 Jul 2026."
CHANGED = "What was given is not what the checklist named: 11 mg instead of 12 mg."
AMOUNT = "11 mg was entered; the schedule says 12 mg."


def url(dose: Dose) -> str:
    return reverse("dose_day:give", args=[dose.pk])


def day_url(dose: Dose) -> str:
    return reverse("dose_day:day", args=[dose.pk])


@pytest.fixture
def begun(patient: Patient) -> Course:
    """Return a course whose first dose was given on 25 June: nine days on, the second is too soon."""
    course = builders.course(patient, planned_start=date(2026, 6, 25))
    builders.give(course, date(2026, 6, 25))
    return course


@pytest.fixture
def dose(begun: Course, nadia: User) -> Dose:
    """Return the dose that comes next, L2: checked by two people, its vial in stock."""
    dose = builders.next_dose(begun)
    in_order(dose, nadia, **STOCK)
    return dose


@pytest.fixture
def due(site: Site, nadia: User) -> Dose:
    """Return a first dose whose window is open today: nothing about it is unusual, and its vial is in stock."""
    dose = builders.next_dose(builders.course(builders.patient(site, "Alder"), planned_start=date(2026, 7, 1)))
    in_order(dose, nadia, **STOCK)
    return dose


@pytest.fixture
def typed(nadia: User) -> dict[str, str]:
    """Return what is typed for a dose given just now from a vial whose lot is read off it."""
    return VIAL | {"performer": str(nadia.pk)}


def record(client: Client, dose: Dose, **typed: str) -> Any:
    return send(client, url(dose), **typed)


class TestWhoMayRecord:
    def test_the_table_of_rights_decides(self, due: Dose, signed_in: Callable[..., Client]) -> None:
        clients = {role: signed_in(role) for role in Role}
        granted = {role: Permission.RECORD_DOSES in GRANTS[role] for role in Role}
        before = entries()
        opened = {role: client.get(url(due)).status_code for role, client in clients.items()}
        sent = {role: client.post(url(due), {}).status_code for role, client in clients.items()}
        assert opened == {role: 200 if may else 403 for role, may in granted.items()}
        assert sent == {role: 422 if may else 403 for role, may in granted.items()}
        assert entries() == before

    def test_at_another_site_the_dose_does_not_exist(
        self, due: Dose, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        client = signed_in(*Role, at=other_site)
        assert client.get(url(due)).status_code == client.post(url(due)).status_code == 404

    def test_an_unknown_dose_is_not_found(self, nurse: Client) -> None:
        assert nurse.get(reverse("dose_day:give", args=[uuid4()])).status_code == 404


class TestTheForm:
    def test_the_order_is_that_of_the_work_the_vial_before_the_giving(self, nurse: Client, due: Dose) -> None:
        page = soup(nurse.get(url(due)))
        shown = page.select(".house-form :is(input:not([type=hidden]), select, textarea)")
        assert [field["name"] for field in shown] == [
            "vial",
            "vial",
            "lot",
            "vial_expires_on",
            "csf_ml",
            "csf_appearance",
            "approach",
            "level",
            "guidance",
            "sedation",
            "needle",
            "punctures",
            "mg",
            "ml",
            "given_on",
            "performer",
            "given_time",
            "ended_time",
            *["complications"] * 11,
            "complication_note",
            "note",
        ]
        topics = page.select(".house-form legend:not(.form-label)")
        assert [text(legend) for legend in topics] == ["Vial", "Procedure", "Injection", "Complications"]

    def test_nothing_is_assumed_of_the_vial_and_the_plan_of_the_amount(self, nurse: Client, due: Dose) -> None:
        values = filled(soup(nurse.get(url(due))))
        assert [values[name] for name in ("lot", "vial_expires_on", "mg", "ml", "note")] == ["", "", "12", "5", "\n"]

    def test_fifty_is_fifty(self, nurse: Client, site: Site) -> None:
        heavy = US_12MG | {"key": "heavy", "loading": [{"mg": 50, "ml": 10, "after": "0 days"}]}
        course = builders.course(builders.patient(site), on=builders.regimen(heavy))
        values = filled(soup(nurse.get(url(builders.next_dose(course)))))
        assert (values["mg"], values["ml"]) == ("50", "10")

    def test_a_late_dose_rule_decides_the_amount_that_is_proposed(self, nurse: Client, site: Site) -> None:
        heavy = US_12MG | {
            "key": "heavy",
            "loading": [{"mg": 50, "ml": 5, "after": "0 days"}],
            "late_maintenance": {"source": "Test label", "bands": [{"from": "8 months", "restart": True}]},
        }
        course = builders.course(builders.patient(site), on=builders.regimen(heavy), planned_start=date(2025, 6, 2))
        builders.give(course, date(2025, 6, 2), mg=Decimal(50))
        page = nurse.get(url(builders.next_dose(course)))
        assert filled(soup(page))["mg"] == "50"
        assert text(soup(page).select("h1")[0]) == "Record dose L1"

    def test_now_is_now_by_the_clock_of_the_site(
        self, other_site: Site, signed_in: Callable[..., Client], nurse: Client, due: Dose
    ) -> None:
        course = builders.course(builders.patient(other_site))
        with time_machine.travel("2026-07-05T03:59:30+00:00", tick=False):
            there = soup(signed_in(Role.NURSE, at=other_site).get(url(builders.next_dose(course))))
        assert (filled(there)["given_on"], filled(there)["given_time"]) == ("2026-07-04", "23:59")
        assert "By the clock at Southgate." in text(there)
        here = filled(soup(nurse.get(url(due))))
        assert (here["given_on"], here["given_time"]) == ("2026-07-04", "13:00")

    @pytest.mark.parametrize(
        ("role", "proposed"), [(Role.NURSE, False), (Role.PRESCRIBER, True), (Role.PROCEDURALIST, True)]
    )
    def test_only_those_who_give_are_proposed_as_the_one_who_gave_it(
        self, signed_in: Callable[..., Client], person: Callable[..., User], due: Dose, role: Role, proposed: bool
    ) -> None:
        person(Role.PROCEDURALIST)
        user = person(role)
        values = filled(soup(signed_in(user=user).get(url(due))))
        assert values["performer"] == (str(user.pk) if proposed else "")

    def test_the_only_one_who_can_have_given_it_is_proposed(self, nurse: Client, nadia: User, due: Dose) -> None:
        assert filled(soup(nurse.get(url(due))))["performer"] == str(nadia.pk)

    def test_only_people_of_the_site_who_may_are_offered(
        self, nurse: Client, person: Callable[..., User], other_site: Site, due: Dose
    ) -> None:
        person(Role.PROCEDURALIST, full_name="Paul")
        person(Role.COORDINATOR, full_name="Carys")
        person(Role.PROCEDURALIST, at=other_site, full_name="Foreign")
        options = [text(option) for option in soup(nurse.get(url(due))).select("[name=performer] option")]
        assert options == ["Choose who gave the dose", "Nadia Nurse", "Paul"]

    def test_who_it_is_about_and_what_is_planned_stay_in_sight(self, nurse: Client, dose: Dose) -> None:
        page = nurse.get(url(dose))
        assert "QUILLFEATHER, Ottoline" in text(soup(page).select(".patient-banner")[0])
        plan = panel(page, "L2, 12 mg in 5 mL")
        assert "9 Jul 2026 In 5 days" in plan
        assert "Window" not in plan
        assert title(page).startswith("Record dose L2 · ")
        assert "quillfeather" not in title(page).casefold()

    def test_opening_it_writes_nothing(self, nurse: Client, due: Dose) -> None:
        before = entries()
        assert nurse.get(url(due)).status_code == 200
        assert entries() == before


class TestRecording:
    def test_a_dose_is_recorded_and_the_next_date_is_told(
        self, nurse: Client, nadia: User, petra: User, due: Dose, typed: dict[str, str]
    ) -> None:
        answer = record(nurse, due, **(typed | {"given_time": "09:15", "performer": str(petra.pk), "note": "Ward 4"}))
        assert (answer.status_code, answer["Location"]) == (302, day_url(due))
        assert told(answer) == ["The dose was recorded. The next date has moved. Next is L2 on 18 Jul 2026."]
        row = Administration.objects.get()
        assert (row.given_at, row.given_on) == (datetime(2026, 7, 4, 8, 15, tzinfo=UTC), date(2026, 7, 4))
        assert (row.mg, row.ml, row.lot, row.vial_expires_on) == (Decimal(12), Decimal(5), "NF2610", date(2027, 1, 31))
        assert (row.performer, row.note, row.dose_id) == (petra, "Ward 4", due.pk)
        assert Entry.objects.get(event="courses.dose_given").person == nadia
        assert builders.next_dose(row.course).target == date(2026, 7, 18)

    def test_the_next_date_has_moved_in_the_same_transaction(
        self, nurse: Client, due: Dose, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_args: Any, **_kwargs: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("treatments.courses.services.giving.replan", fails)
        with pytest.raises(ZeroDivisionError):
            record(nurse, due, **typed)
        assert not Administration.objects.exists()
        assert Dose.objects.get(pk=due.pk).is_next

    def test_the_same_form_twice_records_one_dose(self, nurse: Client, due: Dose, typed: dict[str, str]) -> None:
        values = filled(soup(nurse.get(url(due)))) | typed
        nurse.post(url(due), values)
        before = entries()
        second = nurse.post(url(due), values)
        assert (second.status_code, second["Location"]) == (302, day_url(due))
        assert told(second) == ["This was already saved; nothing was saved twice."]
        assert (Administration.objects.count(), entries()) == (1, before)

    def test_a_form_opened_for_another_dose_is_not_taken(
        self, nurse: Client, due: Dose, dose: Dose, typed: dict[str, str]
    ) -> None:
        values = filled(soup(nurse.get(url(due)))) | typed
        answer = nurse.post(url(dose), values)
        assert (answer.status_code, Administration.objects.filter(dose=dose).count()) == (422, 0)
        assert "for another record" in problems(answer)[0]

    def test_a_form_opened_by_somebody_else_is_not_taken(
        self, nurse: Client, prescriber: Client, due: Dose, typed: dict[str, str]
    ) -> None:
        values = filled(soup(prescriber.get(url(due)))) | typed
        assert nurse.post(url(due), values).status_code == 422
        assert not Administration.objects.exists()


class TestTheVial:
    """What is given leaves the stock, whether it was chosen or read off the vial."""

    def test_the_reserved_vial_is_proposed_and_another_one_can_be_named(
        self, nurse: Client, due: Dose, site: Site
    ) -> None:
        page = soup(nurse.get(url(due)))
        offered = [text(label) for label in page.select("#div_id_vial .form-check-label")]
        assert len(offered) == 2
        assert offered[0].startswith("Lot NF2610, expires 31 Jan 2027, reserved for this dose (")
        assert offered[1] == "Another vial, which is not on this list"
        assert filled(page)["vial"] == str(Vial.objects.get().pk)

    def test_the_chosen_vial_is_given_with_the_lot_and_expiry_of_the_ledger(
        self, nurse: Client, due: Dose, petra: User
    ) -> None:
        assert record(nurse, due, performer=str(petra.pk)).status_code == 302
        row, vial = Administration.objects.get(), Vial.objects.get()
        assert (row.lot, row.vial_expires_on, vial.state) == ("NF2610", date(2027, 1, 31), Vial.State.GIVEN)

    def test_a_lot_that_is_read_off_takes_the_vial_of_the_ledger(
        self, nurse: Client, due: Dose, typed: dict[str, str]
    ) -> None:
        assert record(nurse, due, **(typed | {"lot": "nf2610"})).status_code == 302
        assert (Administration.objects.get().lot, Vial.objects.get().state) == ("NF2610", Vial.State.GIVEN)

    def test_what_is_spilled_comes_from_that_vial_all_the_same(
        self, nurse: Client, due: Dose, typed: dict[str, str]
    ) -> None:
        first = record(nurse, due, **(typed | {"mg": "11"}))
        assert nurse.post(url(due), again(first, confirmed=[AMOUNT, CHANGED])).status_code == 302
        assert (Administration.objects.get().mg, Vial.objects.get().state) == (Decimal(11), Vial.State.GIVEN)

    def test_more_than_the_vial_holds_is_asked_about(self, nurse: Client, due: Dose, typed: dict[str, str]) -> None:
        asking = asked(record(nurse, due, **(typed | {"mg": "28"})))
        assert asking[-1] == "This vial should not have been given. It holds 12 mg; the dose is 28 mg."

    def test_with_nothing_in_stock_the_other_vial_is_chosen_already(self, nurse: Client, site: Site) -> None:
        dose = builders.next_dose(builders.course(builders.patient(site), planned_start=date(2026, 7, 1)))
        assert filled(soup(nurse.get(url(dose))))["vial"] == "other"

    def test_a_vial_that_was_wasted_meanwhile_is_told_at_the_vial_and_nothing_is_lost(
        self, nurse: Client, due: Dose, typed: dict[str, str]
    ) -> None:
        values = filled(soup(nurse.get(url(due)))) | {"performer": typed["performer"], "note": "Mine"}
        facts = supply_services.Facts(code="broken", reason="Dropped")
        supply_services.move(vial=Vial.objects.get(), kind=Kind.WASTED, facts=facts, by=BY, at=AT)
        answer = nurse.post(url(due), values)
        assert (answer.status_code, Administration.objects.exists()) == (422, False)
        assert problems(answer)[0].startswith("Which vial was given : ")
        assert filled(soup(answer))["note"].strip() == "Mine"

    def test_a_vial_of_another_site_cannot_be_chosen(
        self, nurse: Client, due: Dose, other_site: Site, typed: dict[str, str]
    ) -> None:
        foreign = {"vial": str(supply.vial(other_site).pk), "lot": "", "vial_expires_on": ""}
        answer = record(nurse, due, **(typed | foreign))
        assert problems(answer) == ["Which vial was given : This vial cannot be chosen any more; choose another."]
        assert not Administration.objects.exists()

    def test_a_lot_beside_a_chosen_vial_is_told(self, nurse: Client, due: Dose, typed: dict[str, str]) -> None:
        answer = record(nurse, due, lot="ELSE", performer=typed["performer"])
        assert problems(answer) == ["Vial lot : Leave this empty, or choose that it was another vial."]


class TestTheProcedure:
    FACTS: ClassVar[dict[str, str]] = {
        "csf_ml": "5",
        "csf_appearance": "clear",
        "level": "l3_4",
        "approach": "interlaminar",
        "guidance": "none",
        "needle": "22 G, 90 mm",
        "punctures": "2",
        "sedation": "local",
        "ended_time": "13:00",
        "given_time": "12:58",
        "complication_note": "Settled within the hour",
    }

    def test_it_is_kept_as_it_was_said(self, nurse: Client, due: Dose, typed: dict[str, str]) -> None:
        values = filled(soup(nurse.get(url(due)))) | typed | self.FACTS
        assert nurse.post(url(due), values | {"complications": ["headache", "traumatic"]}).status_code == 302
        row = Procedure.objects.get()
        assert (row.csf_ml, row.punctures, row.needle) == (Decimal(5), 2, "22 G, 90 mm")
        assert (row.level, row.guidance, row.complications) == ("l3_4", "none", ["headache", "traumatic"])
        assert row.ended_at == AT

    @pytest.mark.parametrize(("began", "asks"), [("12:59", 0), ("12:57", 0), ("12:56", 1), ("13:00", 1)])
    def test_an_injection_outside_one_to_three_minutes_is_asked_about(
        self, nurse: Client, due: Dose, typed: dict[str, str], began: str, asks: int
    ) -> None:
        answer = record(nurse, due, **(typed | {"given_time": began, "ended_time": "13:00"}))
        assert len([said for said in asked(answer) if said.startswith("The injection took")]) == asks

    def test_the_planned_way_is_proposed(self, nurse: Client, due: Dose) -> None:
        patients.access_plan(due.patient, approach="transforaminal", guidance="ct", sedation="general")
        values = filled(soup(nurse.get(url(due))))
        assert (values["approach"], values["guidance"], values["sedation"]) == ("transforaminal", "ct", "general")


class TestTwoPeopleAtOnce:
    def test_the_second_sees_what_the_first_recorded_and_keeps_what_was_typed(
        self, nurse: Client, petra: User, due: Dose, typed: dict[str, str]
    ) -> None:
        values = filled(soup(nurse.get(url(due)))) | typed | {"note": "Mine"}
        self.first(due, petra)
        answer = nurse.post(url(due), values)
        assert (answer.status_code, problems(answer)) == (
            422,
            ["This dose was recorded in the meantime; nothing of yours was saved."],
        )
        recorded = panel(answer, "What was recorded")
        assert "Vial lot FIRST" in recorded
        assert "Given by Petra Prescriber" in recorded
        assert "Recorded by Petra Prescriber, 4 Jul 2026, 13:00" in recorded
        kept = filled(soup(answer))
        assert (kept["lot"], kept["note"].strip()) == ("NF2610", "Mine")
        assert not soup(answer).select(".next-date")
        assert Administration.objects.get().lot == "FIRST"

    def test_also_when_the_first_was_quicker_by_a_moment(
        self, nurse: Client, petra: User, due: Dose, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first saves after the second's page has read the dose, and before it writes."""

        def after_the_first(**facts: Any) -> Administration:
            self.first(due, petra)
            return give(**facts)

        values = filled(soup(nurse.get(url(due)))) | typed
        monkeypatch.setattr("treatments.dose_day.services.give", after_the_first)
        answer = nurse.post(url(due), values)
        assert answer.status_code == 422
        assert "Vial lot FIRST" in panel(answer, "What was recorded")

    @staticmethod
    def first(dose: Dose, by: User) -> None:
        given = services.Given(
            at=datetime(2026, 7, 4, 8, tzinfo=UTC),
            mg=Decimal(12),
            ml=Decimal(5),
            lot="FIRST",
            vial_expires_on=date(2027, 1, 1),
            performer=by,
        )
        record_given(dose=dose, given=given, by=person_actor(by), at=AT)


class TestAskedThenConfirmed:
    def test_what_is_unusual_is_asked_and_recorded_once_confirmed(
        self, nurse: Client, dose: Dose, typed: dict[str, str]
    ) -> None:
        first = record(nurse, dose, **(typed | {"mg": "11", "note": "Spilled"}))
        assert (first.status_code, asked(first)) == (422, [SOON, AMOUNT, CHANGED])
        assert not soup(first).select("[name=confirmed][checked]")
        assert filled(soup(first))["note"].strip() == "Spilled"
        assert Administration.objects.count() == 1
        second = nurse.post(url(dose), again(first, confirmed=[SOON, AMOUNT, CHANGED]))
        assert second.status_code == 302
        row = Administration.objects.get(dose=dose)
        assert (row.mg, row.note) == (Decimal(11), "Spilled")
        entry = Entry.objects.get(event="courses.dose_given", target_id=str(row.pk))
        assert entry.reason == f"Confirmed: {SOON} {AMOUNT} {CHANGED}"

    def test_a_corrected_entry_is_asked_about_anew(self, nurse: Client, due: Dose, typed: dict[str, str]) -> None:
        first = record(nurse, due, **(typed | {"mg": "11"}))
        second = nurse.post(url(due), again(first, confirmed=[AMOUNT, CHANGED], mg="1.1"))
        assert (second.status_code, asked(second)) == (
            422,
            ["1.1 mg was entered; the schedule says 12 mg.", CHANGED.replace("11 mg", "1.1 mg")],
        )
        assert not soup(second).select("[name=confirmed][checked]")
        third = nurse.post(url(due), again(second, mg="12"))
        assert third.status_code == 302
        assert Administration.objects.get().mg == 12

    def test_a_sentence_nobody_asked_about_does_no_harm(self, nurse: Client, due: Dose, typed: dict[str, str]) -> None:
        values = filled(soup(nurse.get(url(due)))) | typed | {"confirmed": [SOON, "Anything <b>else</b>"]}
        assert nurse.post(url(due), values).status_code == 302
        assert Entry.objects.get(event="courses.dose_given").reason == ""

    def test_a_code_confirms_nothing_here(self, nurse: Client, due: Dose, typed: dict[str, str]) -> None:
        values = filled(soup(nurse.get(url(due)))) | typed | {"mg": "11", "confirmed": ["amount_differs"]}
        assert nurse.post(url(due), values).status_code == 422
        assert not Administration.objects.exists()

    def test_a_dose_during_a_hold_is_asked_about(self, nurse: Client, due: Dose, typed: dict[str, str]) -> None:
        services.hold_course(
            course=due.course, from_on=date(2026, 7, 1), reason="Infection", review_on=date(2026, 8, 1), by=BY, at=AT
        )
        first = record(nurse, due, **typed)
        assert asked(first) == ["The course is on hold."]
        assert nurse.post(url(due), again(first, confirmed=["The course is on hold."])).status_code == 302

    @pytest.mark.parametrize(("expires", "said"), [("2026-07-03", 1), ("2026-07-04", 0)])
    def test_a_vial_past_its_last_day_is_asked_about(
        self, nurse: Client, due: Dose, typed: dict[str, str], expires: str, said: int
    ) -> None:
        found = asked(record(nurse, due, **(typed | {"vial_expires_on": expires})))
        assert found == [
            *["The vial had expired on 3 Jul 2026, before the dose was given."][:said],
            "What was given is not what the checklist named: another vial.",
            "No vial of lot NF2610 is free in the ledger; the stock will not change.",
        ]


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"lot": "   "}, "Vial lot : Enter the lot as it is printed on the vial."),
            ({"lot": "x" * 41}, "Vial lot : Ensure this value has at most 40 characters (it has 41)."),
            ({"vial_expires_on": ""}, "Vial expiry : Enter the vial’s last day."),
            ({"vial": ""}, "Which vial was given : Choose the vial that was given, or that it was another one."),
            ({"ended_time": "12:59"}, "Injection ended : The injection ends after it began"),
            ({"ended_time": "13:01"}, "Injection ended : The injection ends after it began"),
            ({"csf_ml": "50.1"}, "CSF removed : Enter 50 mL or less."),
            ({"csf_ml": "5,0"}, "CSF removed : Enter a plain number of mL, such as 5."),
            ({"punctures": "0"}, "Attempts : Enter 1 or more."),
            ({"punctures": "some"}, "Attempts : Enter how many, such as 1."),
            (
                {"vial_expires_on": "2027-02-29"},
                "Vial expiry : Enter a day that exists, as year-month-day: 2026-05-17.",
            ),
            ({"mg": ""}, "Amount : Enter the amount in mg."),
            ({"mg": "0"}, "Amount : Enter more than 0."),
            ({"mg": "-12"}, "Amount : Enter more than 0."),
            ({"mg": "120"}, "Amount : Enter 100 mg or less."),
            ({"mg": "NaN"}, "Amount : Enter a plain number, with a point for decimals, such as 4.5."),
            ({"ml": "5,0"}, "Volume : Enter a plain number, with a point for decimals, such as 4.5."),
            ({"ml": "0"}, "Volume : Enter more than 0."),
            ({"ml": ""}, "Volume : Enter the volume in mL."),
            ({"given_on": ""}, "Day given : Enter the day."),
            ({"given_on": "0001-01-01"}, "Day given : Check the year: 0001 is not between 1900 and 2199."),
            ({"given_on": "2026-07-05"}, "Day given : 5 Jul 2026, 13:00 lies in the future; enter when the dose was"),
            ({"given_time": "13:01"}, "Day given : 4 Jul 2026, 13:01 lies in the future; enter when the dose was"),
            ({"given_time": ""}, "Injection began : Enter the time."),
            ({"given_time": "9h"}, "Injection began : Enter a time on the 24-hour clock, such as 14:05."),
            (
                {"given_on": "2026-03-29", "given_time": "01:30"},
                "Injection began : The clocks went forward on that day; there was no 01:30.",
            ),
            ({"given_on": "2020-05-16"}, "Day given : 16 May 2020 lies before the patient was born."),
            ({"performer": ""}, "Given by : Choose who gave the dose."),
            ({"note": "x" * 501}, "Note : Ensure this value has at most 500 characters (it has 501)."),
        ],
    )
    def test_it_is_told_where_it_was_typed_and_nothing_is_lost_or_saved(
        self, nurse: Client, due: Dose, typed: dict[str, str], wrong: dict[str, str], said: str
    ) -> None:
        before = entries()
        sent = typed | wrong
        answer = record(nurse, due, **sent)
        assert answer.status_code == 422
        (line,) = problems(answer)
        assert line.startswith(said)
        kept = {"vial": ""} | {name: value.strip() for name, value in filled(soup(answer)).items()}
        assert {name: kept[name] for name in sent} == {name: value.strip() for name, value in sent.items()}
        assert title(answer).startswith("Error: ")
        assert entries() == before

    def test_somebody_of_another_site_cannot_have_given_it(
        self, nurse: Client, other_site: Site, due: Dose, typed: dict[str, str]
    ) -> None:
        foreign = factories.user(Role.PROCEDURALIST, site=other_site)
        answer = record(nurse, due, **(typed | {"performer": str(foreign.pk)}))
        assert (answer.status_code, problems(answer)) == (422, ["Given by : Choose somebody of this site."])

    def test_a_day_that_is_taken_is_told_before_anything_is_asked(
        self, nurse: Client, dose: Dose, typed: dict[str, str]
    ) -> None:
        answer = record(nurse, dose, **(typed | {"given_on": "2026-06-25", "mg": "11"}))
        assert problems(answer) == [
            "Day given : A dose is recorded on 25 Jun 2026 already; two doses on one day cannot both count."
        ]


class TestNothingLeftToRecord:
    def test_a_given_dose_leads_to_its_day(self, nurse: Client, begun: Course) -> None:
        given = begun.doses.get(is_next=False)
        answer = nurse.get(url(given))
        assert (answer.status_code, answer["Location"]) == (302, day_url(given))
        assert told(answer) == ["This dose was recorded already."]

    def test_a_stopped_course_leads_to_the_dose_and_takes_nothing(
        self, nurse: Client, due: Dose, typed: dict[str, str]
    ) -> None:
        values = filled(soup(nurse.get(url(due)))) | typed
        services.stop_course(course=due.course, on=date(2026, 7, 4), reason="Moved", by=BY, at=AT)
        assert told(nurse.get(url(due))) == ["The course was stopped; nothing more is given on it."]
        answer = nurse.post(url(due), values)
        assert (answer.status_code, problems(answer)) == (
            422,
            ["This course was stopped on 4 Jul 2026; nothing more can be planned on it."],
        )
        assert not Administration.objects.exists()


def test_a_long_course_takes_no_more_queries_than_a_short_one(nurse: Client, site: Site) -> None:
    course = builders.course(builders.patient(site), planned_start=date(2023, 1, 5))
    days = [date(2023 + month // 12, month % 12 + 1, 5) for month in range(0, 36, 3)]
    for day in days[:3]:
        builders.give(course, day)
    few = queries(nurse, url(builders.next_dose(course)))
    for day in days[3:]:
        builders.give(course, day)
    assert queries(nurse, url(builders.next_dose(course))) == few <= 21
