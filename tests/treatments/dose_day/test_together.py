"""Several people work on one dose day at the very same moment: one is first, the others are told, nothing is torn."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from clinic.audit.trail import person_actor
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.records.test_together import AT_ONCE, at_once
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.dose_day import builders
from tests.treatments.dose_day.conftest import FIRST_ON, TODAY
from tests.treatments.supply import builders as supply
from treatments.courses import services as course_services
from treatments.courses.models import Administration, Dose
from treatments.dose_day import services
from treatments.dose_day.models import Checklist, Discharge, FollowUpCall
from treatments.rules.cautions import CODES
from treatments.supply import services as vials
from treatments.supply.models import Movement, Vial

pytestmark = pytest.mark.usefixtures("several_connections")
REFUSALS = (
    AlreadySubmitted,
    StaleRecord,
    course_services.DoseAlreadyGiven,
    course_services.TakenBackAlready,
    services.AlreadyConfirmed,
    services.ChecklistMade,
    services.NobodyToCall,
    vials.CannotMove,
    vials.DoseNotPlanned,
    vials.UnfitVial,
)


@pytest.fixture
def clinic(several_connections: None) -> Site:
    return factories.site("Northfield")


@pytest.fixture
def people(clinic: Site) -> list[User]:
    """Return as many nurses as act at once."""
    return [factories.user(Role.NURSE, site=clinic) for _ in range(AT_ONCE)]


@pytest.fixture
def dose(clinic: Site) -> Dose:
    return due(clinic, "Alder")


def due(clinic: Site, name: str) -> Dose:
    """Return somebody's second dose, due today."""
    course = courses.course(courses.patient(clinic, name), planned_start=FIRST_ON)
    courses.give(course, FIRST_ON)
    return courses.next_dose(course)


def told(act: Callable[[int], object], people: int = AT_ONCE) -> Counter[str]:
    """Let everybody act at once; count how many were saved and what the others were told."""

    def one(number: int) -> str:
        try:
            act(number)
        except REFUSALS as refusal:
            return type(refusal).__name__
        return "saved"

    return at_once(one, people)


def given_rows() -> int:
    return Movement.objects.standing().filter(kind="given").count()


def test_one_dose_recorded_from_several_vials_at_once_takes_one_of_them(
    clinic: Site, dose: Dose, people: list[User]
) -> None:
    vials_ = [supply.vial(clinic) for _ in people]
    found = told(lambda number: builders.give(dose, people[number], vials_[number]))
    assert found == {"saved": 1, "DoseAlreadyGiven": AT_ONCE - 1}
    assert Counter(supply.again(vial).state for vial in vials_) == {"given": 1, "received": AT_ONCE - 1}
    assert [supply.moves(vial) for vial in vials_ if supply.again(vial).state == "received"] == [["received"]] * 3
    assert (given_rows(), Administration.objects.filter(given_on=TODAY).count()) == (1, 1)


def test_one_vial_recorded_for_several_patients_at_once_is_one_patients(clinic: Site, people: list[User]) -> None:
    vial, doses = supply.vial(clinic), [due(clinic, f"Birch {number}") for number in range(AT_ONCE)]
    found = told(lambda number: builders.give(doses[number], people[number], vial))
    assert found["saved"] == 1
    assert found["UnfitVial"] + found["CannotMove"] == AT_ONCE - 1
    assert supply.moves(vial) == ["received", "given"]
    # The others' doses are still to come: nothing of theirs was half-written.
    assert Administration.objects.filter(given_on=TODAY).count() == 1
    assert Dose.objects.standing().filter(pk__in=[dose.pk for dose in doses], is_next=True).count() == AT_ONCE - 1


def test_one_typed_lot_for_several_patients_takes_no_vial_twice(clinic: Site, people: list[User]) -> None:
    shelf, doses = [supply.vial(clinic) for _ in range(2)], [due(clinic, f"Birch {n}") for n in range(AT_ONCE)]

    def act(number: int) -> None:
        builders.give(doses[number], people[number], None, lot="AB12", vial_expires_on=supply.EXPIRES)

    found = told(act)
    saved = Administration.objects.standing().filter(given_on=TODAY)
    assert saved.count() == found["saved"] >= 1
    used = [vials.used_at(row) for row in saved]
    assert Counter(vial.state for vial in map(supply.again, shelf))["given"] == len([vial for vial in used if vial])
    assert given_rows() == len({vial.pk for vial in used if vial})


def test_recording_and_reserving_another_vial_at_once_leaves_none_reserved_for_what_was_given(
    clinic: Site, dose: Dose, people: list[User]
) -> None:
    given, waiting = supply.vial(clinic), supply.vial(clinic, lot="CD34")

    def act(number: int) -> object:
        if number == 0:
            return builders.give(dose, people[0], given)
        return vials.reserve(vial=waiting, dose=dose, by=BY, at=AT)

    found = told(act, 2)
    assert supply.again(given).state == "given"
    assert (supply.again(waiting).state, supply.again(waiting).reserved_for) == ("received", None)
    assert found in ({"saved": 2}, {"saved": 1, "DoseNotPlanned": 1})


def test_recording_while_the_vial_that_waited_is_recalled_stops_nothing(
    clinic: Site, dose: Dose, people: list[User]
) -> None:
    given, waiting = supply.vial(clinic, lot="EF56"), supply.vial(clinic, lot="CD34")
    vials.reserve(vial=waiting, dose=dose, by=BY, at=AT)

    def act(number: int) -> object:
        if number == 0:
            return builders.give(dose, people[0], given)
        return vials.quarantine_lot(lot="CD34", sites=[clinic.pk], reason="Letter", by=BY, at=AT)

    assert told(act, 2) == {"saved": 2}
    assert (supply.again(given).state, supply.again(waiting).state) == ("given", "quarantined")
    assert supply.again(waiting).reserved_for is None


def test_of_several_who_make_the_checklist_one_does(dose: Dose, people: list[User]) -> None:
    found = told(lambda number: builders.checklist(dose, people[number]))
    assert found == {"saved": 1, "ChecklistMade": AT_ONCE - 1}
    assert Checklist.objects.count() == 1


def test_of_several_second_persons_one_confirms_and_the_others_hear_who(dose: Dose, people: list[User]) -> None:
    row = builders.checklist(dose, factories.user(Role.NURSE, site=dose.site))

    def act(number: int) -> object:
        by = person_actor(people[number])
        return services.confirm_checklist(checklist=row, by=by, at=AT, expected=row.version)

    assert told(act) == {"saved": 1, "AlreadyConfirmed": AT_ONCE - 1}
    assert Checklist.objects.get().version == row.version + 1


def test_a_list_changed_and_confirmed_at_once_is_never_confirmed_unread(
    clinic: Site, dose: Dose, people: list[User]
) -> None:
    row, vial = builders.checklist(dose, people[0]), supply.vial(clinic)

    def act(number: int) -> object:
        if number == 0:
            return builders.checklist(dose, people[0], vial=vial, expected=row.version)
        by = person_actor(people[1])
        return services.confirm_checklist(checklist=row, by=by, at=AT, expected=row.version)

    assert told(act, 2) == {"saved": 1, "StaleRecord": 1}
    stored = Checklist.objects.get()
    assert (stored.vial is None) is (stored.second is not None)


def correct(row: Administration, by: User, vial: Vial, **facts: Any) -> Administration:
    given = builders.given(by, at=AT - timedelta(minutes=20), **facts)
    return services.correct(
        administration=row, given=given, vial=vial, reason="Misread", by=person_actor(by), at=AT, confirmed=CODES
    )


def test_a_record_taken_back_and_put_right_at_once_has_one_end(clinic: Site, dose: Dose, people: list[User]) -> None:
    vial, other = supply.vial(clinic), supply.vial(clinic, lot="CD34")
    row = builders.give(dose, people[0], vial)

    def act(number: int) -> object:
        if number == 0:
            return builders.take_back(row, people[0])
        return correct(row, people[1], other)

    assert told(act, 2) == {"saved": 1, "TakenBackAlready": 1}
    corrected = Administration.objects.standing().filter(given_on=TODAY).exists()
    assert supply.moves(vial) == ["received", "given", "restored"]
    assert supply.again(other).state == ("given" if corrected else "received")
    assert given_rows() == corrected
    assert builders.coming(dose).label == ("L3" if corrected else "L2")


def test_several_who_take_one_record_back_bring_its_vial_back_once(
    clinic: Site, dose: Dose, people: list[User]
) -> None:
    vial = supply.vial(clinic)
    row = builders.give(dose, people[0], vial)
    found = told(lambda number: builders.take_back(row, people[number], f"Slip {number}"))
    assert found == {"saved": 1, "TakenBackAlready": AT_ONCE - 1}
    assert supply.moves(vial) == ["received", "given", "restored"]


def test_of_several_who_send_somebody_home_one_does(clinic: Site, dose: Dose, people: list[User]) -> None:
    builders.give(dose, people[0], supply.vial(clinic))
    found = told(lambda number: builders.go_home(dose, people[number]))
    assert found == {"saved": 1, "AlreadySubmitted": AT_ONCE - 1}
    assert Discharge.objects.count() == 1


def test_of_several_callers_who_reach_somebody_one_is_kept(clinic: Site, dose: Dose, people: list[User]) -> None:
    builders.give(dose, people[0], supply.vial(clinic))
    home = builders.go_home(dose, people[0])
    found = told(lambda number: builders.call(home, people[number]))
    assert found == {"saved": 1, "NobodyToCall": AT_ONCE - 1}
    assert FollowUpCall.objects.count() == 1


def test_a_call_and_the_taking_back_of_its_day_leave_nobody_to_be_called(
    clinic: Site, dose: Dose, people: list[User]
) -> None:
    row = builders.give(dose, people[0], supply.vial(clinic))
    home = builders.go_home(dose, people[0])

    def act(number: int) -> object:
        if number == 0:
            return builders.take_back(row, people[0])
        return builders.call(home, people[1])

    found = told(act, 2)
    home.refresh_from_db()
    assert home.voided_at == AT
    assert found in ({"saved": 2}, {"saved": 1, "NobodyToCall": 1})


def test_a_call_and_a_corrected_day_at_once_never_bring_a_call_back(
    clinic: Site, dose: Dose, people: list[User]
) -> None:
    vial = supply.vial(clinic)
    row = builders.give(dose, people[0], vial)
    home = builders.go_home(dose, people[0])

    def act(number: int) -> object:
        if number == 0:
            given = builders.given(people[0], at=AT - timedelta(days=1))
            facts: dict[str, Any] = {"reason": "Misread", "by": BY, "at": AT, "confirmed": CODES}
            return services.correct(administration=row, given=given, vial=vial, **facts)
        return builders.call(home, people[1])

    assert told(act, 2) == {"saved": 2}
    home.refresh_from_db()
    assert (home.on, home.call_due_on) == (TODAY - timedelta(days=1), None)
