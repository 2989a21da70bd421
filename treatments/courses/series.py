"""From rows to the rulebook's own words: a course as the engine sees it."""

from collections.abc import Iterable

from clinic.staff.models import SitePolicy
from treatments.courses.models import Administration, Course, Hold
from treatments.rules.schedule import Attempt, Outcome, Policy, Series


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


def attempts_of(administrations: Iterable[Administration]) -> tuple[Attempt, ...]:
    """Return what was tried; each attempt carries its row's id as key."""
    return tuple(
        Attempt(on=row.given_on, mg=row.mg, outcome=Outcome(row.outcome), elsewhere=row.elsewhere, key=str(row.pk))
        for row in administrations
    )


def series_of(course: Course) -> Series:
    """Read one course with everything that was tried on it. Queries: attempts, holds, and what was not joined."""
    return Series(
        regimen=course.regimen.rule(),
        attempts=attempts_of(Administration.objects.standing().filter(course=course)),
        policy=policy_of(course.policy),
        planned_start=course.planned_start,
        held=Hold.objects.standing().filter(course=course, ended_on=None).exists(),
        stopped=not course.is_open,
    )
