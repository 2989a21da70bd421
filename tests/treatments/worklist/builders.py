"""Open courses in bulk, past the services: thousands of rows whose stored days a test chooses."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db.models import QuerySet

from clinic.patients.models import Patient
from clinic.records.models import ClinicalRecord
from clinic.staff.models import Site, SitePolicy
from tests.factories import AT
from tests.treatments.courses.builders import regimen
from treatments.courses.models import Course, Dose, Hold

R = TypeVar("R", bound=ClinicalRecord)

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Planned:
    """What a test says of one open course. Without `target` the next dose has no day."""

    target: date | None = date(2026, 7, 4)
    before: int = 7
    after: int = 14
    review_from: date | None = None
    interrupted_from: date | None = None
    restart_from: date | None = None
    needs_review: bool = False
    started: bool = True
    held: bool = False
    name: str = ""

    @property
    def opens(self) -> date | None:
        return None if self.target is None else self.target - timedelta(days=self.before)

    @property
    def closes(self) -> date | None:
        return None if self.target is None else self.target + timedelta(days=self.after)


def seed(site: Site, plans: Iterable[Planned]) -> list[Dose]:
    """Insert a patient in care, an open course and a next dose for each plan; return the doses in that order."""
    policy, on = SitePolicy.objects.get(site=site), regimen()
    doses: list[Dose] = []
    holds: list[Hold] = []
    for plan in plans:
        name = plan.name or f"Patient{next(_numbers):05}"
        patient = Patient(
            site=site,
            given_name="Robin",
            family_name=name,
            born_on=date(2020, 5, 17),
            sex="female",
            search_text=name,
            created_at=AT,
        )
        course = Course(
            site=site, patient=patient, regimen=on, policy=policy, planned_start=date(2026, 1, 5), created_at=AT
        )
        doses.append(_dose(course, plan))
        if plan.held:
            holds.append(
                Hold(
                    site=site,
                    patient=patient,
                    course=course,
                    from_on=date(2026, 1, 1),
                    reason="Test",
                    review_on=date(2026, 8, 1),
                    created_at=AT,
                )
            )
    _insert(Patient, [dose.patient for dose in doses])
    _insert(Course, [dose.course for dose in doses])
    _insert(Dose, doses)
    _insert(Hold, holds)
    return doses


def _dose(course: Course, plan: Planned) -> Dose:
    return Dose(
        site=course.site,
        patient=course.patient,
        course=course,
        is_next=True,
        needs_review=plan.needs_review,
        ordinal=5 if plan.started else 1,
        label="M1" if plan.started else "L1",
        phase="maintenance" if plan.started else "loading",
        mg=Decimal(12),
        ml=Decimal(5),
        previous_on=date(2025, 7, 4) if plan.started else None,
        target=plan.target,
        opens=plan.opens,
        closes=plan.closes,
        review_from=plan.review_from,
        interrupted_from=plan.interrupted_from,
        restart_from=plan.restart_from,
        why="Test.",
        created_at=AT,
    )


def _insert(model: type[R], rows: Sequence[R]) -> None:
    """Insert past the clinical QuerySet, which refuses bulk writes."""
    QuerySet[R](model).bulk_create(rows)
