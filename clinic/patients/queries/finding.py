"""The list of patients, and the search in it: alphabetical, a page at a time, never counting the whole."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import chain
from operator import or_

from django.db.models import Prefetch, Q
from django.urls import reverse

from clinic import formatting
from clinic.patients import folding
from clinic.patients.models import Identifier, Patient, PatientQuerySet
from clinic.patients.queries.banners import Labelled, age, short_identifiers
from clinic.patients.queries.details import sma_line
from clinic.staff.access import site_ids
from clinic.staff.models import User
from clinic.staff.roles import Permission
from clinic.statuses import CARE, Status

PAGE_SIZE = 50
_COUNT_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed by: the words of a search, and a care status; empty means all."""

    words: str = ""
    care: str = ""


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One line of the list, in words."""

    patient_id: uuid.UUID
    url: str
    name: str
    born: str
    age: str
    sex: str
    identifiers: Labelled
    sma: str
    site: str
    care: Status


@dataclass(frozen=True, slots=True)
class FoundPage:
    """One page: its rows, and the patient after whom the next or before whom the previous page begins, if any."""

    rows: tuple[PatientRow, ...]
    before: uuid.UUID | None
    after: uuid.UUID | None


def find(
    user: User,
    *,
    filters: Filters,
    at: datetime,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
) -> FoundPage:
    """Return one page of the patients this person may see, by name.

    A page is asked for by the patient it follows or precedes, so that a later page costs what the first one does and
    an address never holds a name. One who is unknown, not theirs to see, or has nobody beyond means the first page.
    Two queries, one more for a later page, and one for each site of somebody who works at several.
    """
    cursor = _place(user, after or before)
    backwards = cursor is not None and after is None
    kept = _beyond(_filtered(user, filters), cursor, backwards=backwards)
    found = _nearest(kept, site_ids(user, Permission.VIEW_PATIENTS), backwards=backwards, size=size + 1)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if cursor and not found:
        return find(user, filters=filters, at=at, size=size)
    has_before, has_after = (more, True) if backwards else (cursor is not None, more)
    return FoundPage(
        rows=tuple(_row(patient, at) for patient in found),
        before=found[0].pk if found and has_before else None,
        after=found[-1].pk if found and has_after else None,
    )


def hidden_by_care(user: User, filters: Filters) -> int:
    """Return how many patients, a thousand at most, the care status alone keeps off the list."""
    everyone = _filtered(user, Filters(words=filters.words))
    return everyone.exclude(care_status=filters.care)[:_COUNT_AT_MOST].count() if filters.care else 0


def _filtered(user: User, filters: Filters) -> PatientQuerySet:
    kept = Patient.objects.seen_by(user)
    if filters.care:
        kept = kept.filter(care_status=filters.care)
    if readings := folding.readings(filters.words):
        kept = kept.filter(reduce(or_, map(_reads, readings)))
    return kept


def _reads(words: Iterable[str]) -> Q:
    """Every word begins a word of the patient's; a folded text has a space before each of its words."""
    return Q(*(Q(search_text__contains=f" {word}") for word in words))


def _place(user: User, patient_id: uuid.UUID | None) -> tuple[str, uuid.UUID] | None:
    if patient_id is None:
        return None
    return Patient.objects.seen_by(user).filter(pk=patient_id).values_list("sort_name", "id").first()


def _beyond(kept: PatientQuerySet, cursor: tuple[str, uuid.UUID] | None, *, backwards: bool) -> PatientQuerySet:
    """Keep what comes after the cursor. The first condition is the one that an index serves."""
    if cursor is None:
        return kept
    name, patient_id = cursor
    if backwards:
        return kept.filter(Q(sort_name__lte=name) & (Q(sort_name__lt=name) | Q(id__lt=patient_id)))
    return kept.filter(Q(sort_name__gte=name) & (Q(sort_name__gt=name) | Q(id__gt=patient_id)))


def _nearest(kept: PatientQuerySet, sites: Collection[uuid.UUID], *, backwards: bool, size: int) -> list[Patient]:
    """Return the first so many, or the last, with what a row shows.

    An index holds the names of one site in order. For several sites it is asked once for each, and the database sorts
    the few that may be on the page; otherwise it would sort everybody.
    """
    order = ("-sort_name", "-id") if backwards else ("sort_name", "id")
    if len(sites) > 1:
        each = (kept.filter(site_id=site).order_by(*order).values_list("pk", flat=True)[:size] for site in sites)
        kept = Patient.objects.filter(pk__in=list(chain.from_iterable(each)))
    numbers = Prefetch("identifiers", Identifier.objects.standing(), to_attr="standing_identifiers")
    return list(kept.select_related("site", "sma_profile").prefetch_related(numbers).order_by(*order)[:size])


def _row(patient: Patient, at: datetime) -> PatientRow:
    return PatientRow(
        patient_id=patient.pk,
        url=reverse("chart", args=[patient.pk]),
        name=formatting.full_name(patient.family_name, patient.given_name),
        born=formatting.day(patient.born_on),
        age=age(patient, patient.site.today(at)),
        sex=patient.get_sex_display(),
        identifiers=short_identifiers(getattr(patient, "standing_identifiers")),  # noqa: B009 - set by the prefetch
        sma=sma_line(getattr(patient, "sma_profile", None)),
        site=patient.site.name,
        care=CARE[patient.care_status],
    )
