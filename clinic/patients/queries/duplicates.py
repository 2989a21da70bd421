"""Who a person about to be registered may already be."""

import uuid
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q
from django.urls import reverse

from clinic import formatting
from clinic.patients import folding
from clinic.patients.facts import IdentifierFacts, PersonFacts
from clinic.patients.models import Identifier, Patient
from clinic.patients.queries.banners import Labelled, short_identifiers
from clinic.staff.models import Site, User
from clinic.statuses import CARE, Status

_MOST = 10


@dataclass(frozen=True, slots=True)
class Match:
    """A known patient who may be the same person, and why one may think so."""

    patient_id: uuid.UUID
    url: str
    name: str
    born: str
    sex: str
    identifiers: Labelled
    site: str
    care: Status
    why: str


def possible_duplicates(
    user: User,
    *,
    person: PersonFacts,
    identifiers: Collection[IdentifierFacts] = (),
    submission: uuid.UUID | None = None,
) -> tuple[Match, ...]:
    """Return the patients, among those that this person may see, who may be the one about to be registered.

    They have one of the numbers, or were born on the same day (or on the day with day and month exchanged) and have
    names that are alike. At most ten, the most telling first. A patient whom this very form made, `submission`, is no
    duplicate of themselves. Two queries.
    """
    wanted = _numbers(identifiers)
    candidate = Q(born_on__in=[person.born_on, *_day_and_month_exchanged(person.born_on)])
    if wanted:
        candidate |= Q(pk__in=Identifier.objects.standing().filter(_any_of(wanted)).values("patient_id"))
    standing = Prefetch("identifiers", Identifier.objects.standing(), to_attr="standing_identifiers")
    seen = Patient.objects.seen_by(user).filter(candidate).select_related("site").prefetch_related(standing)
    others = (each for each in seen.order_by("sort_name", "id") if not submission or each.submission != submission)
    reasons = ((patient, _why(patient, person, wanted)) for patient in others)
    matches = [_match(patient, why) for patient, why in reasons if why]
    return tuple(sorted(matches, key=lambda match: _WHYS.index(match.why))[:_MOST])


def holders(
    site: Site, identifiers: Collection[IdentifierFacts], *, submission: uuid.UUID | None = None
) -> list[Identifier]:
    """Return the identifiers in force at a site that have one of these numbers, but for those of the form's patient."""
    if not (wanted := _numbers(identifiers)):
        return []
    found = Identifier.objects.standing().filter(_any_of(wanted), site=site).select_related("patient").order_by("kind")
    return [holder for holder in found if not submission or holder.patient.submission != submission]


_SAME_NUMBER = "has the same number"
_SAME_DAY = "born on the same day, with a similar name"
_EXCHANGED = "similar name, and day and month of birth exchanged"
_WHYS = (_SAME_NUMBER, _SAME_DAY, _EXCHANGED)


def _why(patient: Patient, person: PersonFacts, wanted: Collection[tuple[str, str]]) -> str:
    if any((number.kind, number.value) in wanted for number in _standing(patient)):
        return _SAME_NUMBER
    if not folding.alike((patient.given_name, patient.family_name), (person.given_name, person.family_name)):
        return ""
    return _SAME_DAY if patient.born_on == person.born_on else _EXCHANGED


def _day_and_month_exchanged(born_on: date) -> list[date]:
    with suppress(ValueError):
        return [date(born_on.year, born_on.day, born_on.month)]
    return []


def _numbers(identifiers: Iterable[IdentifierFacts]) -> set[tuple[str, str]]:
    return {(number.kind, number.values()["value"]) for number in identifiers}


def _any_of(wanted: Iterable[tuple[str, str]]) -> Q:
    found = Q()
    for kind, value in wanted:
        found |= Q(kind=kind, value=value)
    return found


def _standing(patient: Patient) -> list[Identifier]:
    numbers: list[Identifier] = getattr(patient, "standing_identifiers")  # noqa: B009 - set by the prefetch above
    return numbers


def _match(patient: Patient, why: str) -> Match:
    return Match(
        patient_id=patient.pk,
        url=reverse("chart", args=[patient.pk]),
        name=formatting.full_name(patient.family_name, patient.given_name),
        born=formatting.day(patient.born_on),
        sex=patient.get_sex_display(),
        identifiers=short_identifiers(_standing(patient)),
        site=patient.site.name,
        care=CARE[patient.care_status],
        why=why,
    )
