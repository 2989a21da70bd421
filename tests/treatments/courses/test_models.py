"""What the database itself keeps true of decisions, switches and attempts, on both sides of each rule."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.records import writing
from clinic.records.models import ClinicalRecord, DirectWrite
from clinic.staff.models import Site, User
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.decided import TODAY, high_dose
from treatments.courses import services
from treatments.courses.models import Administration, Course, Decision


@pytest.fixture
def course(site: Site) -> Course:
    return builders.course(builders.patient(site), planned_start=TODAY)


@pytest.fixture
def attempt(course: Course) -> Administration:
    attempted = services.Attempted(AT.date(), "no_access", Decimal(6))
    return services.record_partial(dose=builders.next_dose(course), attempted=attempted, by=BY, at=AT)


def kept(row: ClinicalRecord) -> bool:
    """Say whether the database takes a row that no service looked at."""
    try:
        with transaction.atomic():
            writing.add(row, event="test.written", by=BY, at=AT)
    except IntegrityError:
        return False
    return True


def decision(course: Course, **facts: Any) -> Decision:
    """Return an accepted proposal to give one dose, with what the test changes."""
    values: dict[str, Any] = {"matter": "interrupted", "answer": "accepted", "plan": "as_planned", "day": TODAY}
    values |= {"proposal": "Eight months or more", "answer_words": "One dose", "made_on": TODAY} | facts
    return Decision(course=course, site_id=course.site_id, patient_id=course.patient_id, **values)


@pytest.mark.parametrize(
    ("facts", "fits"),
    [
        ({"answer": "accepted", "reason": ""}, True),
        ({"answer": "edited", "reason": "Weak"}, True),
        ({"answer": "edited", "reason": ""}, False),
        ({"answer": "declined", "reason": "", "plan": "", "day": None}, False),
    ],
)
def test_what_is_not_accepted_has_a_reason(course: Course, facts: dict[str, Any], fits: bool) -> None:
    assert kept(decision(course, **facts)) is fits


@pytest.mark.parametrize(
    ("facts", "fits"),
    [
        ({"plan": "", "day": None}, True),
        ({"plan": "as_planned", "day": None}, False),
        ({"plan": "", "day": TODAY}, False),
    ],
)
def test_what_is_declined_plans_nothing(course: Course, facts: dict[str, Any], fits: bool) -> None:
    assert kept(decision(course, answer="declined", reason="Weak", **facts)) is fits


@pytest.mark.parametrize(("matter", "named", "fits"), [
    ("partial", True, True), ("partial", False, False), ("tight", True, False), ("tight", False, True),
])  # fmt: skip
def test_a_verdict_names_its_dose(
    course: Course, attempt: Administration, matter: str, named: bool, fits: bool
) -> None:
    facts = {"plan": "counts", "day": None, "administration": attempt if named else None}
    assert kept(decision(course, matter=matter, **facts)) is fits


class TestASecondPerson:
    def allowed(self, course: Course, **facts: Any) -> bool:
        values = {"matter": "too_soon", "answer": "edited", "reason": "Surgery", "needs_second": True} | facts
        return kept(decision(course, **values))

    def test_may_still_be_waited_for(self, course: Course, petra: User) -> None:
        assert self.allowed(course, decided_by=petra)

    def test_is_another(self, course: Course, petra: User, nadia: User) -> None:
        assert self.allowed(course, decided_by=petra, second=nadia, seconded_at=AT)
        assert not self.allowed(course, decided_by=petra, second=petra, seconded_at=AT)

    def test_confirms_at_some_moment(self, course: Course, petra: User, nadia: User) -> None:
        assert not self.allowed(course, decided_by=petra, second=nadia)
        assert not self.allowed(course, decided_by=petra, seconded_at=AT)

    def test_confirms_only_what_needs_one(self, course: Course, petra: User, nadia: User) -> None:
        assert not self.allowed(course, decided_by=petra, second=nadia, seconded_at=AT, needs_second=False)

    def test_may_confirm_what_a_process_asked(self, course: Course, nadia: User) -> None:
        assert self.allowed(course, decided_by=None, second=nadia, seconded_at=AT)


@pytest.mark.parametrize(
    ("plan", "doses", "apart", "fits"),
    [
        ("catch_up", 2, 14, True),
        ("catch_up", 0, 14, False),
        ("catch_up", 2, 0, False),
        ("as_planned", 0, 0, True),
        ("as_planned", 2, 14, False),
        ("restart", 0, 14, False),
    ],
)
def test_catch_up_and_nothing_else_has_doses(course: Course, plan: str, doses: int, apart: int, fits: bool) -> None:
    assert kept(decision(course, plan=plan, doses=doses, apart_days=apart)) is fits


def test_only_a_switch_is_doubted(course: Course) -> None:
    services.stop_course(course=course, on=AT.date(), reason="Switched", by=BY, at=AT)
    facts: dict[str, Any] = {
        "patient": course.patient, "site_id": course.site_id, "regimen": high_dose(), "policy": course.policy,
        "planned_start": TODAY,
    }  # fmt: skip
    assert not kept(Course(**facts, doubt="Interrupted"))
    assert kept(Course(**facts, doubt="Interrupted", switched_from=course))


def test_a_course_is_switched_from_once(course: Course) -> None:
    services.stop_course(course=course, on=AT.date(), reason="Switched", by=BY, at=AT)
    facts: dict[str, Any] = {
        "patient": course.patient, "site_id": course.site_id, "regimen": high_dose(), "policy": course.policy,
        "planned_start": TODAY, "switched_from": course,
    }  # fmt: skip
    assert kept(Course(**facts, stopped_on=TODAY, stop_reason="Stopped"))
    assert not kept(Course(**facts))


@pytest.mark.parametrize(
    ("outcome", "reason", "fits"),
    [
        ("not_done", "infection", True),
        ("not_done", "", False),
        ("partial", "no_access", True),
        ("partial", "", False),
        ("completed", "", True),
    ],
)
def test_what_was_not_given_says_why(course: Course, outcome: str, reason: str, fits: bool) -> None:
    facts: dict[str, Any] = {"outcome": outcome, "reason": reason, "given_on": AT.date(), "mg": Decimal(6)}
    facts |= {"elsewhere": outcome == "completed", "place": "Eastbrook"}
    dose = builders.next_dose(course)
    row = Administration(course=course, dose=dose, site_id=course.site_id, patient_id=course.patient_id, **facts)
    assert kept(row) is fits


@pytest.mark.parametrize(
    ("outcome", "mg", "fits"),
    [
        ("not_done", None, True),
        ("partial", Decimal("0.01"), True),
        ("partial", Decimal(0), False),
        ("partial", Decimal("100.01"), False),
    ],
)
def test_what_went_in_has_an_amount(course: Course, outcome: str, mg: Decimal | None, fits: bool) -> None:
    facts: dict[str, Any] = {"outcome": outcome, "reason": "other", "given_on": AT.date(), "mg": mg}
    dose = builders.next_dose(course)
    row = Administration(course=course, dose=dose, site_id=course.site_id, patient_id=course.patient_id, **facts)
    assert kept(row) is fits


def test_a_decision_is_written_through_the_services_only(course: Course) -> None:
    with pytest.raises(DirectWrite):
        Decision.objects.all().update(day=TODAY + timedelta(days=1))
    with pytest.raises(DirectWrite):
        decision(course).save()
    with pytest.raises(DirectWrite):
        Decision.objects.all().delete()
