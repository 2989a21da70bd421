"""Open courses in bulk, past the services: thousands of rows whose stored days a test chooses."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import QuerySet

from clinic.patients.models import AccessPlan, Consent, Patient
from clinic.records.models import ClinicalRecord
from clinic.staff.models import Site, SitePolicy
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT
from tests.treatments.courses.builders import regimen
from treatments.courses.models import Booking, Course, Dose, Hold
from treatments.labs.models import LabResult
from treatments.supply.models import Authorisation

R = TypeVar("R", bound=ClinicalRecord)

# A whole set that asks for nothing.
IN_ORDER = (
    ("platelets", "250", "10*9/L", None, None),
    ("inr", "1.0", "{INR}", None, None),
    ("aptt", "30", "s", Decimal(25), Decimal(38)),
    ("urine_protein", "0.10", "g/L", None, None),
)

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
    booked_on: date | None = None
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
    bookings: list[Booking] = []
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
        if plan.booked_on:
            bookings.append(Booking(site=site, patient=patient, dose=doses[-1], on=plan.booked_on, created_at=AT))
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
    _insert(Booking, bookings)
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


def furnish(doses: Sequence[Dose], *, collected_at: datetime = AT - timedelta(days=2), sets: int = 2) -> None:
    """Give each patient what a dose waits for, but for a vial: so many whole sets of laboratory values, the newest
    collected then and each a month before the next, consent, an access plan, and an authorisation.
    """
    nurse = factories.user(Role.NURSE, site=doses[0].site)
    labs, consents, plans, authorisations = [], [], [], []
    for dose in doses:
        about: dict[str, Any] = {"site": dose.site, "patient": dose.patient, "created_at": AT}
        for months in range(sets):
            when = collected_at - timedelta(days=30 * months)
            for analyte, value, unit, low, high in IN_ORDER:
                number = Decimal(value)
                result: dict[str, Any] = {"analyte": analyte, "value": number, "kept": number, "unit": unit}
                result |= {"range_low": low, "range_high": high, "collected_on": when.date(), "entered_by": nurse}
                labs.append(LabResult(**about, **result, collected_at=when))
        person: dict[str, Any] = {"patient": dose.patient, "created_at": AT}
        consents.append(Consent(**person, kind="treatment", given_on=date(2026, 1, 5), given_by="Maria"))
        plans.append(AccessPlan(**person, approach="interlaminar", reviewed_on=date(2026, 1, 5)))
        period: dict[str, Any] = {"starts_on": date(2026, 1, 1), "ends_on": date(2099, 1, 1), "doses_approved": 99}
        authorisations.append(Authorisation(**about, **period, payer="Northern Health", reference="NH-1"))
    _insert(LabResult, labs)
    _insert(Consent, consents)
    _insert(AccessPlan, plans)
    _insert(Authorisation, authorisations)


def _insert(model: type[R], rows: Sequence[R]) -> None:
    """Insert past the clinical QuerySet, which refuses bulk writes."""
    QuerySet[R](model).bulk_create(rows)
