"""Who a page is about: the banner that stays in sight on every page about one patient."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from clinic import formatting
from clinic.patients.choices import CareStatus, IdentifierKind
from clinic.patients.models import AccessPlan, Allergy, Identifier, Patient
from clinic.patients.queries.belongings import ON_THE_BANNER, Belongings, belongings
from clinic.patients.queries.safety import access_line, allergies_line
from clinic.statuses import CARE, Status

Labelled = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """What `components/patient_banner.html` shows.

    `facts` are lines of (label, text, status or None); other rooms add theirs, such as the next dose, with
    `dataclasses.replace(banner, facts=(*banner.facts, …))`.
    """

    patient_id: uuid.UUID
    name: str
    url: str
    born: str
    age: str
    sex: str
    identifiers: Labelled
    care: Status
    facts: tuple[tuple[str, str, Status | None], ...] = ()


def banner(patient: Patient, today: date, owned: Belongings | None = None) -> Banner:
    """Return the banner of a patient on a day at their site. One query, none with what belongs to them read already."""
    owned = belongings(patient, ON_THE_BANNER) if owned is None else owned
    allergies, access = allergies_line(owned.of(Allergy)), access_line(owned.of(AccessPlan))
    return Banner(
        patient_id=patient.pk,
        name=formatting.full_name(patient.family_name, patient.given_name),
        url=reverse("chart", args=[patient.pk]),
        born=formatting.day(patient.born_on),
        age=age(patient, today),
        sex=patient.get_sex_display(),
        identifiers=short_identifiers(owned.of(Identifier)) or (("Identifiers", formatting.NOT_RECORDED),),
        care=CARE[patient.care_status],
        facts=(*_end_of_care(patient), ("Allergies", *allergies), ("Access", access, None)),
    )


def age(patient: Patient, today: date) -> str:
    """Return the age on a day, or at which the person died."""
    if patient.care_status == CareStatus.DIED and patient.care_status_on:
        return f"died aged {formatting.age(patient.born_on, max(patient.care_status_on, patient.born_on))}"
    # Another site's day may lag behind the day of a birth by some hours.
    return formatting.age(patient.born_on, max(today, patient.born_on))


def short_identifiers(numbers: Iterable[Identifier]) -> Labelled:
    """Return (label, number) in the order of the kinds, the numbers grouped for reading aloud."""
    return tuple((IdentifierKind(each.kind).short, formatting.identifier(each.value)) for each in by_kind(numbers))


def by_kind(numbers: Iterable[Identifier]) -> list[Identifier]:
    """Order numbers by kind, the hospital's own first, then by entry."""
    order = {kind: place for place, kind in enumerate(IdentifierKind.values)}
    return sorted(numbers, key=lambda number: (order[number.kind], number.created_at, number.value))


def _end_of_care(patient: Patient) -> tuple[tuple[str, str, Status | None], ...]:
    if patient.in_care or patient.care_status_on is None:
        return ()
    return ((f"{patient.get_care_status_display()} on", formatting.day(patient.care_status_on), None),)
