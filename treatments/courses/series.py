"""From rows to the rulebook's own words: a course as the engine sees it."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from clinic.staff.models import SitePolicy
from monographs.rules.regimen import Regimen
from treatments.courses.models import Administration, Course, Decision, Dose, Hold
from treatments.rules.schedule import Attempt, Outcome, Plan, Policy, Ruling, Series

_PLANS = frozenset(Plan)


def policy_of(policy: SitePolicy) -> Policy:
    """Return the part of a site's policy that the schedule reads."""
    return Policy(
        loading_days_after=policy.loading_days_after,
        maintenance_days_before=policy.maintenance_days_before,
        maintenance_days_after=policy.maintenance_days_after,
        early_days=policy.early_days,
        loading_gap_months=policy.loading_gap_months,
        catch_up_days_after=policy.catch_up_days_after,
    )


def attempts_of(
    administrations: Iterable[Administration], verdicts: Mapping[uuid.UUID, Outcome] | None = None
) -> tuple[Attempt, ...]:
    """Return what was tried; each attempt carries its row's id as key. A verdict says what a partial dose counts as."""
    settled = verdicts or {}
    return tuple(
        Attempt(
            on=row.given_on,
            mg=row.mg,
            outcome=settled.get(row.pk) or Outcome(row.outcome),
            elsewhere=row.elsewhere,
            key=str(row.pk),
        )
        for row in administrations
    )


def verdicts_of(decisions: Iterable[Decision]) -> dict[uuid.UUID, Outcome]:
    """Return what each partial dose that was decided on counts as: a whole dose, or none."""
    return {
        row.administration_id: Outcome.COMPLETED if row.plan == Decision.Plan.COUNTS else Outcome.NOT_DONE
        for row in decisions
        if row.administration_id is not None and row.plan
    }


def rulings_of(decisions: Iterable[Decision]) -> tuple[Ruling, ...]:
    """Return what the decisions say of doses to come, in the order in which they were made.

    A day before the earliest safe one is allowed to be booked, not planned; a switch and a version speak of courses.
    """
    apart = {Decision.Matter.TOO_SOON, Decision.Matter.SWITCH, Decision.Matter.VERSION}
    return tuple(
        Ruling(row.after_on, row.made_on, Plan(row.plan), row.day, row.doses, row.apart_days)
        for row in decisions
        if row.plan in _PLANS and row.matter not in apart and row.is_in_force
    )


def assemble(
    course: Course,
    administrations: Iterable[Administration],
    decisions: Collection[Decision],
    *,
    held: bool,
    previous_on: date | None,
    regimen: Regimen | None = None,
) -> Series:
    """Put together one course from rows that were read already. No query beyond what was not joined.

    `decisions` are those that stand, oldest first; `previous_on` the last dose of the course before, after a switch;
    `regimen` the course's own rule, where it is read already.
    """
    return Series(
        regimen=regimen or course.regimen.rule(),
        attempts=attempts_of(administrations, verdicts_of(decisions)),
        policy=policy_of(course.policy),
        planned_start=course.planned_start,
        switched=course.switched_from_id is not None,
        held=held,
        stopped=not course.is_open,
        previous_on=previous_on,
        review=course.doubt,
        rulings=rulings_of(decisions),
    )


def decisions_of(course: Course) -> list[Decision]:
    """Return the decisions about a course that stand, oldest first."""
    return list(Decision.objects.standing().filter(course=course).order_by("created_at", "pk"))


def series_of(course: Course) -> Series:
    """Read one course with everything tried and decided on it. Queries: three, one more after a switch, and joins."""
    previous = None
    if course.switched_from_id is not None:
        # The course before keeps the dose it never gave, which knows the one before it.
        previous = Dose.objects.standing().get(course=course.switched_from_id, is_next=True).previous_on
    return assemble(
        course,
        Administration.objects.standing().filter(course=course),
        decisions_of(course),
        held=Hold.objects.standing().filter(course=course, ended_on=None).exists(),
        previous_on=previous,
    )
