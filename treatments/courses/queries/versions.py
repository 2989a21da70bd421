"""Which running courses stand on older versions, and what the newer ones would change about each.

Published versions move no running course. Every open course of a patient in care is here, also one that is on hold or
waits for a decision. Whether anything moves is worked out by the engine, so it cannot be asked of the database: a
filter looks through a fixed number of courses at a time, and the next page goes on where it ended.
"""

import hashlib
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import DateField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from clinic import formatting, statuses
from clinic.patients.choices import CareStatus
from clinic.patients.models import Identifier
from clinic.patients.queries.banners import Labelled, short_identifiers
from clinic.staff.models import Site, SitePolicy
from clinic.staff.queries import newer_policies
from clinic.statuses import Status
from monographs import queries as monographs
from monographs.models import Regimen
from treatments.courses.batches import Histories, histories, join_versions
from treatments.courses.models import Course, Dose
from treatments.courses.series import policy_of
from treatments.courses.version_words import Difference, differences
from treatments.rules.comparing import Pair
from treatments.rules.newer_versions import Change, change, facts_of
from treatments.rules.schedule import NextDose, NoSwitch

PAGE_SIZE = 50
# So many courses are worked out for one filtered page, and so many counted, as on the worklist.
LOOKED_THROUGH = COUNTED = 200
# So many doses to come are compared, as with every decision: three years of maintenance.
COMPARED = 9

_NO_DAY = date.max


@dataclass(frozen=True, slots=True)
class Newer:
    """The version to go to, by the id of each one that is no longer in force."""

    regimens: dict[uuid.UUID, Regimen]
    policies: dict[int, SitePolicy]

    def of(self, course: Course) -> tuple[Regimen, SitePolicy]:
        """Return the versions in force for a course: its own where nothing is newer."""
        regimen = self.regimens.get(course.regimen_id, course.regimen)
        return regimen, self.policies.get(course.policy_id, course.policy)


@dataclass(frozen=True, slots=True)
class DoseWords:
    """The next dose under one version, ready to show."""

    label: str
    target: str
    window: str
    status: Status


@dataclass(frozen=True, slots=True)
class Behind:
    """One course on an older version, ready to show.

    `versions` and `before`/`after` are what it stands on and what it would stand on. `after` is None where the newer
    version cannot carry the course: `refusal` says why. `moves` says in words what moves, `moves_nothing` that nothing
    does. `mark` stands for all of it: whoever migrates the course sends back what they had in sight.
    """

    course_id: uuid.UUID
    dose_id: uuid.UUID
    patient_id: uuid.UUID
    site_id: uuid.UUID
    patient: str
    identifiers: Labelled
    born: str
    site: str
    versions: tuple[Difference, ...]
    before: DoseWords | None
    after: DoseWords | None
    moves: str
    moves_nothing: bool
    refusal: str
    mark: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One course as somebody had it in sight: its id and the mark of what stood beside it."""

    course_id: uuid.UUID
    mark: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One course with everything that the newer versions change: the figures, and each later dose."""

    behind: Behind
    figures: tuple[Difference, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ends: the next dose of its last course, and that dose's target. Rows lie strictly beyond it."""

    day: date
    dose_id: uuid.UUID
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page, what lies before and after it, and how many courses were looked at for it."""

    rows: tuple[Behind, ...]
    previous: Cursor | None
    next: Cursor | None
    looked_at: int


def newer(sites: Collection[Site], now: datetime) -> Newer:
    """Return what is newer than anything a course at these sites may stand on. Three queries."""
    return Newer(monographs.newer_regimens(), newer_policies(sites, now))


def count(sites: Collection[Site], versions: Newer) -> int:
    """Return how many courses stand on older versions; COUNTED + 1 stands for any number above COUNTED.

    One query, none where nothing older was ever in force.
    """
    return _behind(sites, versions).values("pk")[: COUNTED + 1].count()


def page(
    sites: Sequence[Site], versions: Newer, now: datetime, cursor: Cursor | None, *, moving: bool | None = None
) -> Page:
    """Return one page, the most pressing courses first; `moving` keeps those of which something, or nothing, moves."""
    backward = cursor is not None and cursor.backward
    most = PAGE_SIZE if moving is None else LOOKED_THROUGH
    doses = list(_beyond(_behind(sites, versions), cursor)[: most + 1])
    more, doses = len(doses) > most, doses[:most]
    rows = _rows(doses, sites, versions, now)
    kept = [row for row in rows if moving is None or row.moves_nothing is not moving]
    more, shown = more or len(kept) > PAGE_SIZE, kept[:PAGE_SIZE]
    if not doses:
        return Page((), None, None, 0)
    # Where a filter left less than a page, what was looked through ends it; else the last row that is shown.
    end = doses[-1].pk if len(kept) <= PAGE_SIZE else shown[-1].dose_id
    came_from = None if cursor is None else _at(doses[0], backward=not backward)
    goes_on = _at(next(dose for dose in doses if dose.pk == end), backward=backward) if more else None
    if backward:
        return Page(tuple(reversed(shown)), goes_on, came_from, len(doses))
    return Page(tuple(shown), came_from, goes_on, len(doses))


def _at(dose: Dose, *, backward: bool) -> Cursor:
    return Cursor(dose.target or _NO_DAY, dose.pk, backward)


def comparison(course: Course, now: datetime) -> Comparison | None:
    """Return what newer versions would change about one course, None when nothing newer is in force.

    The course is joined with its site, patient, regimen, version and policy.
    """
    versions = newer([course.site], now)
    regimen, policy = versions.of(course)
    if (regimen.pk, policy.pk) == (course.regimen_id, course.policy_id):
        return None
    dose = Dose.objects.standing().get(course=course, is_next=True)
    read, today = histories([course]), course.site.today(now)
    found = _change(course, read, versions, today)
    numbers = Identifier.objects.standing().filter(patient=course.patient_id)
    old, new = (read.rule_of(each) for each in (course.regimen, regimen))
    return Comparison(
        behind=_row(course, dose.pk, found, versions, site=course.site.name, numbers=numbers),
        figures=differences((old, policy_of(course.policy)), (new, policy_of(policy))),
        pairs=() if isinstance(found, str) else found.pairs,
    )


def names(course_ids: Collection[uuid.UUID], site_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the patients' names of those of these courses that are kept at these sites."""
    rows = Course.objects.standing().filter(pk__in=course_ids, site__in=site_ids)
    people = rows.values_list("pk", "patient__family_name", "patient__given_name")
    return {pk: formatting.full_name(family, given) for pk, family, given in people}


def _behind(sites: Collection[Site], versions: Newer) -> QuerySet[Dose]:
    """Return the next doses of the courses on older versions, each with its course. No query yet."""
    older = Q(course__regimen__in=list(versions.regimens)) | Q(course__policy__in=list(versions.policies))
    return Dose.objects.standing().filter(
        older,
        site__in=[site.pk for site in sites],
        is_next=True,
        course__stopped_on=None,
        course__voided_at=None,
        patient__care_status=CareStatus.ACTIVE,
        patient__voided_at=None,
    )


def _beyond(doses: QuerySet[Dose], cursor: Cursor | None) -> QuerySet[Dose]:
    """Order by the next dose's target, courses without one last, and keep what lies beyond the cursor."""
    backward = cursor is not None and cursor.backward
    ordered = doses.annotate(day=Coalesce(F("target"), Value(_NO_DAY), output_field=DateField()))
    if cursor is not None:
        side = "lt" if backward else "gt"
        ordered = ordered.filter(
            Q(**{f"day__{side}": cursor.day}) | Q(**{"day": cursor.day, f"pk__{side}": cursor.dose_id})
        )
    joined = ordered.select_related("course__patient")
    return joined.order_by("-day", "-pk") if backward else joined.order_by("day", "pk")


def _rows(doses: Collection[Dose], sites: Iterable[Site], versions: Newer, now: datetime) -> list[Behind]:
    places = {site.pk: site for site in sites}
    join_versions(dose.course for dose in doses)
    read = histories([dose.course for dose in doses])
    numbers: dict[uuid.UUID, list[Identifier]] = {}
    for number in Identifier.objects.standing().filter(patient__in=[dose.patient_id for dose in doses]):
        numbers.setdefault(number.patient_id, []).append(number)
    return [
        _row(
            dose.course,
            dose.pk,
            _change(dose.course, read, versions, places[dose.site_id].today(now)),
            versions,
            site=places[dose.site_id].name,
            numbers=numbers.get(dose.patient_id, []),
        )
        for dose in doses
    ]


def _change(course: Course, read: Histories, versions: Newer, today: date) -> Change | str:
    """Return what changes, or why the course cannot go to the newer version."""
    regimen, policy = versions.of(course)
    try:
        return change(read.series_of(course), read.rule_of(regimen), policy_of(policy), today, COMPARED)
    except NoSwitch:
        return "The newer version does not know the switch with which this course began."


def _row(
    course: Course,
    dose_id: uuid.UUID,
    found: Change | str,
    versions: Newer,
    *,
    site: str,
    numbers: Iterable[Identifier],
) -> Behind:
    patient, refusal = course.patient, found if isinstance(found, str) else ""
    changed = None if isinstance(found, str) else found
    return Behind(
        course_id=course.pk,
        dose_id=dose_id,
        patient_id=patient.pk,
        site_id=course.site_id,
        patient=formatting.full_name(patient.family_name, patient.given_name),
        identifiers=short_identifiers(numbers)[:1],
        born=formatting.day(patient.born_on),
        site=site,
        versions=_versions(course, *versions.of(course)),
        before=None if changed is None else _words(changed.before),
        after=None if changed is None else _words(changed.after),
        moves=refusal if changed is None else _moves(changed),
        moves_nothing=changed is not None and changed.moves_nothing,
        refusal=refusal,
        mark=_mark(course, *versions.of(course), found),
    )


def _mark(course: Course, regimen: Regimen, policy: SitePolicy, found: Change | str) -> str:
    """Return a digest of what somebody had in sight: another version, history or day that matters has another."""
    facts: Any = found
    if isinstance(found, Change):
        facts = (facts_of(found.before), facts_of(found.after), found.pairs)
    seen = (str(course.pk), course.version, str(regimen.pk), policy.pk, facts)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


def _versions(course: Course, regimen: Regimen, policy: SitePolicy) -> tuple[Difference, ...]:
    """Say which of the two versions are older, and what is in force."""
    found = []
    if regimen.pk != course.regimen_id:
        found.append(("Monograph", f"version {course.regimen.version.number}", f"version {regimen.version.number}"))
    if policy.pk != course.policy_id:
        since = formatting.day(course.policy.effective_from), formatting.day(policy.effective_from)
        found.append(("Site policy", f"from {since[0]}", f"from {since[1]}"))
    return tuple(found)


def _words(dose: NextDose) -> DoseWords:
    label = dose.label if dose.of is None else f"{dose.label} of {dose.of}"
    window = "" if dose.opens is None or dose.closes is None else formatting.day_range(dose.opens, dose.closes)
    return DoseWords(
        label=f"{label}, {formatting.quantity(dose.mg, 'mg')}",
        target="No date yet" if dose.target is None else formatting.day(dose.target),
        window=window,
        status=statuses.DOSE[dose.status.value],
    )


def _moves(found: Change) -> str:
    """Say how many of the doses to come move, and by how much at most."""
    of = f"of the next {formatting.plural(len(found.pairs), 'dose')}"
    if found.furthest:
        days = formatting.plural(found.furthest, "day")
        return f"{len(found.moved)} {of} {_verb(found.moved, 'move')}, by {days} at most"
    if found.moved:
        return f"{len(found.moved)} {of} {_verb(found.moved, 'gain')} or {_verb(found.moved, 'lose')} a date"
    if found.differing:
        return f"No date moves; {len(found.differing)} {of} {_verb(found.differing, 'differ')}"
    if found.next_differs:
        same_window = (found.before.opens, found.before.closes) == (found.after.opens, found.after.closes)
        return f"No date moves; {'the next dose stands otherwise' if same_window else 'the window changes'}"
    return "Nothing moves"


def _verb(pairs: Sequence[Pair], verb: str) -> str:
    return verb if len(pairs) != 1 else f"{verb}s"
