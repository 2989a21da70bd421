"""Courses that wait for a prescriber, on 24 November 2026, and short ways to decide on them."""

import itertools
import uuid
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from clinic.audit.trail import Actor
from clinic.patients.models import Patient
from clinic.staff.models import Site, SitePolicy
from monographs.models import Regimen, Version
from tests.factories import AT, BY
from tests.treatments.courses import builders
from treatments.courses import services
from treatments.courses.models import Administration, Course, Decision, Dose
from treatments.courses.services import Answer, Attempted
from treatments.courses.services.replanning import replan
from treatments.rules.proposals import Choice, Matter, Verdict
from treatments.rules.schedule import Plan

NOW, TODAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC), date(2026, 11, 24)
LATER = datetime(2040, 1, 1, 12, 0, tzinfo=UTC)
_moments = itertools.count(1)

LOADED = ("2026-01-05", "2026-01-19", "2026-02-02", "2026-03-04")

HIGH_DOSE: dict[str, Any] = {
    "key": "nusinersen-high-dose",
    "name": "Nusinersen high dose",
    "source": "Test label of the high dose",
    "minimum_interval": "14 days",
    "loading": [{"mg": 50, "ml": 5, "after": after} for after in ("0 days", "14 days")],
    "maintenance": {"mg": 28, "ml": 5, "every": "4 months"},
    "switch": {"from": ["nusinersen-12mg-us"], "mg": 50, "ml": 5},
}

ONE, AGAIN, PASS = Choice(Plan.AS_PLANNED), Choice(Plan.RESTART), Choice(Plan.SKIP)
TWO, THREE = Choice(Plan.CATCH_UP, 2, 14), Choice(Plan.CATCH_UP, 3, 14)
COUNTS, NOTHING = Choice(Verdict.COUNTS), Choice(Verdict.DOES_NOT_COUNT)


def day(text: str) -> date:
    return date.fromisoformat(text)


def high_dose() -> Regimen:
    """Return the regimen without late-dose rules, to which the other may be switched."""
    return builders.regimen(HIGH_DOSE)


def elsewhere(course: Course, *days: str, mg: int = 12, at: datetime = NOW) -> None:
    """Record doses given elsewhere, the cheapest way to fill a history."""
    for given_on in days:
        services.record_elsewhere(
            course=course, given_on=day(given_on), mg=Decimal(mg), place="Eastbrook", by=BY, at=at
        )


def begun(of: Patient, *days: str, on: Regimen | None = None) -> Course:
    """Return a course with these doses behind it; loaded with 12 mg unless said otherwise, and eight months late."""
    course = builders.course(of, on=on, planned_start=day((days or LOADED)[0]))
    elsewhere(course, *(days or LOADED), mg=12 if on is None else 50)
    return course


def tried(course: Course, on: str, mg: str = "6", at: datetime = NOW) -> Administration:
    """Record that only part of the next dose went in."""
    return services.record_partial(
        dose=builders.next_dose(course), attempted=Attempted(day(on), "no_access", Decimal(mg)), by=BY, at=at
    )


TIGHT = (*LOADED, "2026-11-01")


def late(patient: Patient) -> Course:
    """Loaded by 4 March, nothing since: interrupted since 4 November."""
    return begun(patient)


def tight(patient: Patient) -> Course:
    """A dose on 1 November leaves 4 November, the next place, too close: the dose moves to the 15th."""
    return begun(patient, *TIGHT)


def gap(patient: Patient) -> Course:
    """Two loading doses, the second on 1 July."""
    return begun(patient, "2026-06-17", "2026-07-01")


def high(patient: Patient) -> Course:
    """High dose, due on 18 September: no late-dose rule is known."""
    return begun(patient, "2026-05-04", "2026-05-18", on=high_dose())


def partial(patient: Patient) -> Course:
    """Loaded by 24 July, and only part of M1 went in on the day it was due, which is today."""
    course = begun(patient, "2026-05-27", "2026-06-10", "2026-06-24", "2026-07-24")
    tried(course, "2026-11-24")
    return course


def doubtful(patient: Patient) -> Course:
    """Interrupted since 4 November, and switched all the same, for 1 December."""
    before = begun(patient)
    facts: dict[str, Any] = {"regimen": high_dose(), "day": day("2026-12-01"), "reason": "Weaker", "by": BY, "at": NOW}
    return services.switch_course(course=before, **facts)


def decide(
    course: Course,
    matter: Matter,
    choice: Choice | None,
    on: str | None = None,
    *,
    reason: str = "Discussed with the family",
    attempt: Administration | None = None,
    look_again_on: date | None = None,
    by: Actor = BY,
    at: datetime | None = None,
    confirmed: Collection[str] = frozenset(),
    submission: uuid.UUID | None = None,
) -> Decision:
    """Answer a proposal, with a reason unless it is taken away, a moment after the one before."""
    answer = Answer(
        matter=matter,
        choice=choice,
        day=None if on is None else day(on),
        reason=reason,
        look_again_on=look_again_on,
        attempt="" if attempt is None else str(attempt.pk),
    )
    at = at or NOW + timedelta(microseconds=next(_moments))
    return services.decide(course=course, answer=answer, by=by, at=at, confirmed=confirmed, submission=submission)


def withdraw(decision: Decision, reason: str = "Decided on the wrong course", **facts: Any) -> Decision:
    values: dict[str, Any] = {"by": BY, "at": NOW} | facts
    return services.withdraw_decision(decision=decision, reason=reason, **values)


PLANNED = (
    "ordinal", "label", "phase", "mg", "ml", "previous_on", "floor", "target", "opens", "closes", "review_from",
    "interrupted_from", "restart_from", "needs_review", "flags", "why",
)  # fmt: skip


def planned(course: Course) -> dict[str, Any]:
    """Return everything that is stored of the dose that comes next."""
    dose = builders.next_dose(course)
    return {name: getattr(dose, name) for name in PLANNED}


def series_as_stored(course: Course) -> list[dict[str, Any]]:
    """Return everything that stands of the series, in order."""
    return list(Dose.objects.standing().filter(course=course).order_by("ordinal").values("pk", "is_next", *PLANNED))


def counted_anew(course: Course) -> Dose:
    """Replay the course from scratch, as the caretaker's command does."""
    return replan(Course.objects.get(pk=course.pk), by=BY, at=LATER)


def next_version(of: Regimen, state: str = Version.State.SUPERSEDED, **changes: Any) -> Regimen:
    """Publish the monograph's next version, with what the test changes about this regimen.

    One is published at a time, and the newest that ever was is in force.
    """
    monograph = of.version.monograph
    version = Version.objects.create(
        monograph=monograph,
        number=monograph.versions.count() + 1,
        fingerprint=f"{monograph.versions.count() + 1:064}",
        source="text",
        state=state,
        imported_at=AT,
        published_at=None if state == Version.State.DRAFT else AT,
    )
    return Regimen.objects.create(version=version, key=of.key, order=1, name=of.name, data=of.data | changes)


def next_policy(site: Site, on: date = TODAY, **days: int) -> SitePolicy:
    """Write the site's next policy, in force from that day."""
    return SitePolicy.objects.create(site=site, effective_from=on, source="Ward meeting", **days)
