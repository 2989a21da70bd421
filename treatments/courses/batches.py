"""Several courses as the engine sees them, read together: the number of queries does not grow with theirs."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from clinic.staff.models import SitePolicy
from monographs.models import Regimen
from monographs.rules.regimen import Regimen as RegimenRule
from treatments.courses.models import Administration, Course, Decision, Dose, Hold
from treatments.courses.series import assemble
from treatments.rules.schedule import Series

# What the engine reads of an attempt, and the place that it belongs to; the rest stays in the database.
_OF_AN_ATTEMPT = ("course_id", "dose_id", "given_on", "mg", "outcome", "elsewhere")

R = TypeVar("R", Administration, Decision, Dose)


@dataclass(frozen=True, slots=True)
class Histories:
    """What was tried and decided on some courses, who is on hold, and the last dose of the course before a switch."""

    administrations: dict[uuid.UUID, list[Administration]]
    decisions: dict[uuid.UUID, list[Decision]]
    held: frozenset[uuid.UUID]
    previous: dict[uuid.UUID, date | None]
    rules: dict[uuid.UUID, RegimenRule] = field(default_factory=dict)

    def series_of(self, course: Course) -> Series:
        """Put one of these courses together; its regimen, that one's version and its policy are joined. No query."""
        before = course.switched_from_id
        return assemble(
            course,
            self.administrations.get(course.pk, []),
            self.decisions.get(course.pk, []),
            held=course.pk in self.held,
            previous_on=None if before is None else self.previous[before],
            regimen=self.rule_of(course.regimen),
        )

    def rule_of(self, regimen: Regimen) -> RegimenRule:
        """Return a regimen's rule, read once for all the courses on it: its row never changes."""
        if regimen.pk not in self.rules:
            self.rules[regimen.pk] = regimen.rule()
        return self.rules[regimen.pk]


def histories(courses: Collection[Course]) -> Histories:
    """Read what belongs to these courses. Queries: three, and one more where any of them began with a switch."""
    keys = [course.pk for course in courses]
    before = [course.switched_from_id for course in courses if course.switched_from_id is not None]
    ended = Dose.objects.standing().filter(course__in=before, is_next=True).values_list("course_id", "previous_on")
    return Histories(
        administrations=by_course(Administration.objects.standing().filter(course__in=keys).only(*_OF_AN_ATTEMPT)),
        decisions=by_course(Decision.objects.standing().filter(course__in=keys).order_by("created_at", "pk")),
        held=frozenset(Hold.objects.standing().filter(course__in=keys, ended_on=None).values_list("course", flat=True)),
        previous=dict(ended) if before else {},
    )


def join_versions(courses: Iterable[Course]) -> None:
    """Join regimen, version and policy to courses that were read without. Each row is read once. Two queries."""
    courses = list(courses)
    regimens = Regimen.objects.select_related("version").defer("version__source")
    known = regimens.in_bulk({course.regimen_id for course in courses})
    policies = SitePolicy.objects.in_bulk({course.policy_id for course in courses})
    for course in courses:
        course.regimen, course.policy = known[course.regimen_id], policies[course.policy_id]


def by_course(rows: Iterable[R]) -> dict[uuid.UUID, list[R]]:
    """Return rows by their course, in the order in which they came."""
    found: dict[uuid.UUID, list[R]] = defaultdict(list)
    for row in rows:
        found[row.course_id].append(row)
    return dict(found)
