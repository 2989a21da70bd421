"""Everything that belongs to a patient, for the panels beside their chart."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast

from django.db.models import Field, Min, Q

from clinic import formatting
from clinic.patients.choices import AllergyKind, ConsentKind, IdentifierKind
from clinic.patients.models import (
    AccessPlan,
    Allergy,
    Carer,
    Consent,
    Identifier,
    Measurement,
    OtherTherapy,
    Patient,
    PatientPart,
    SmaProfile,
)
from clinic.patients.queries.banners import by_kind
from clinic.patients.queries.belongings import Belongings, belongings

P = TypeVar("P", bound=PatientPart)

PROFILE_FIELDS = (
    "sma_type",
    "motor_function",
    "icd10",
    "smn1",
    "smn2_copies",
    "symptom_onset",
    "spine",
    "ventilation",
    "feeding",
    "ambulation",
)


@dataclass(frozen=True, slots=True)
class IdentifierRow:
    """One number with its kind."""

    id: uuid.UUID
    label: str
    number: str


@dataclass(frozen=True, slots=True)
class CarerRow:
    """One carer. `reach` is (way, address) in the order of preference; `prefers` says which way they like."""

    id: uuid.UUID
    name: str
    relationship: str
    prefers: str
    language: str
    reach: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One answer to a question for consent. `withdrawn` is empty while it is in force, `about` what else is known."""

    id: uuid.UUID
    what: str
    answer: str
    given: str
    given_by: str
    about: tuple[str, ...]
    withdrawn: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class AllergyRow:
    """One allergy, or that none is known."""

    id: uuid.UUID
    what: str
    since: str
    is_contraindication: bool


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One access plan as (term, words); the first of several is the one that counts."""

    id: uuid.UUID
    reviewed: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MeasurementRow:
    """Weight and height on a day, with their units."""

    id: uuid.UUID
    on: str
    weight: str
    height: str


@dataclass(frozen=True, slots=True)
class TherapyRow:
    """Another treatment, from when to when."""

    id: uuid.UUID
    name: str
    period: str
    note: str


@dataclass(frozen=True, slots=True)
class Details:
    """All panels. `profile` is (term, words) for every field; `not_given` names the consents that nobody gave yet."""

    profile: tuple[tuple[str, str], ...]
    identifiers: tuple[IdentifierRow, ...]
    carers: tuple[CarerRow, ...]
    consents: tuple[ConsentRow, ...]
    not_given: tuple[str, ...]
    allergies: tuple[AllergyRow, ...]
    plans: tuple[PlanRow, ...]
    measurements: tuple[MeasurementRow, ...]
    therapies: tuple[TherapyRow, ...]


def details(patient: Patient, owned: Belongings | None = None) -> Details:
    """Return what belongs to a patient and stands: newest measurements, consents and therapies first.

    One query, none with the belongings read already; one more where the SMA profile was not joined.
    """
    owned = belongings(patient) if owned is None else owned
    consents = _newest(owned.of(Consent), "given_on")
    return Details(
        profile=_profile(getattr(patient, "sma_profile", None)),
        identifiers=_identifiers(owned.of(Identifier)),
        carers=_carers(owned.of(Carer)),
        consents=tuple(map(_consent, sorted(consents, key=lambda consent: consent.withdrawn_on is not None))),
        not_given=_not_given(consents),
        allergies=_allergies(sorted(owned.of(Allergy), key=lambda row: (row.noted_on, row.created_at))),
        plans=_plans(_newest(owned.of(AccessPlan), "reviewed_on")),
        measurements=_measurements(_newest(owned.of(Measurement), "measured_on")),
        therapies=_therapies(_newest(owned.of(OtherTherapy), "started_on")),
    )


def _newest(rows: list[P], day: str) -> list[P]:
    """Order parts by one of their days, the latest first, those without it before all others, as the tables would."""
    return sorted(rows, key=lambda row: (getattr(row, day) or date.max, row.created_at), reverse=True)


def first_recorded_day(patient: Patient) -> date | None:
    """Return the first day on which something standing is recorded of the person's life, which their birth precedes."""
    found = Patient.objects.filter(pk=patient.pk).aggregate(
        onset=Min("sma_profile__symptom_onset"),
        consent=Min("consents__given_on", filter=Q(consents__voided_at=None)),
        allergic=Min("allergys__noted_on", filter=Q(allergys__voided_at=None)),
        planned=Min("accessplans__reviewed_on", filter=Q(accessplans__voided_at=None)),
        measured=Min("measurements__measured_on", filter=Q(measurements__voided_at=None)),
        therapy=Min("othertherapys__started_on", filter=Q(othertherapys__voided_at=None)),
    )
    return min((day for day in found.values() if day), default=None)


def sma_line(profile: SmaProfile | None) -> str:
    """Return the profile in one line: "Type 1, 2 SMN2 copies, Sitter"; empty when none of it is recorded."""
    if profile is None:
        return ""
    copies = f"{profile.get_smn2_copies_display()} SMN2 copies" if profile.smn2_copies else ""
    known = (profile.get_sma_type_display(), copies, profile.get_motor_function_display())
    return ", ".join(each for each in known if each)


def _profile(profile: SmaProfile | None) -> tuple[tuple[str, str], ...]:
    profile = profile or SmaProfile()
    return tuple((_label(name), _said(profile, name) or formatting.NOT_RECORDED) for name in PROFILE_FIELDS)


def _label(name: str) -> str:
    label = str(cast("Field[Any, Any]", SmaProfile._meta.get_field(name)).verbose_name)
    return label[:1].upper() + label[1:]


def _said(profile: SmaProfile, name: str) -> str:
    if name == "symptom_onset":
        return formatting.day(profile.symptom_onset) if profile.symptom_onset else ""
    said = str(getattr(profile, f"get_{name}_display")())
    if name == "smn2_copies" and said and profile.smn2_method:
        return f"{said} (by {profile.get_smn2_method_display()})"
    return said


def _identifiers(numbers: Iterable[Identifier]) -> tuple[IdentifierRow, ...]:
    return tuple(
        IdentifierRow(number.pk, IdentifierKind(number.kind).short, formatting.identifier(number.value))
        for number in by_kind(numbers)
    )


def _carers(carers: Iterable[Carer]) -> tuple[CarerRow, ...]:
    return tuple(
        CarerRow(
            id=carer.pk,
            name=carer.name,
            relationship=carer.relationship,
            prefers=carer.get_channel_display(),
            language=carer.get_language_display(),
            reach=tuple((way, each) for way, each in (("Telephone", carer.phone), ("E-mail", carer.email)) if each),
        )
        for carer in carers
    )


def _consent(consent: Consent) -> ConsentRow:
    return ConsentRow(
        id=consent.pk,
        what=consent.get_kind_display(),
        answer=consent.get_answer_display(),
        given=formatting.day(consent.given_on),
        given_by=consent.given_by,
        about=_about(consent),
        withdrawn=formatting.day(consent.withdrawn_on) if consent.withdrawn_on else "",
        in_force=consent.withdrawn_on is None,
    )


def _about(consent: Consent) -> tuple[str, ...]:
    said = (
        ("Covers", consent.scope),
        ("Paper", consent.document),
        ("Taken back because", consent.withdrawal_reason),
    )
    return tuple(f"{term}: {words}" for term, words in said if words)


def _not_given(consents: Iterable[Consent]) -> tuple[str, ...]:
    asked = {consent.kind for consent in consents}
    return tuple(kind.label for kind in ConsentKind if kind not in asked)


def _allergies(allergies: Iterable[Allergy]) -> tuple[AllergyRow, ...]:
    return tuple(
        AllergyRow(each.pk, str(each), formatting.day(each.noted_on), each.kind == AllergyKind.HYPERSENSITIVITY)
        for each in allergies
    )


def _plans(plans: Iterable[AccessPlan]) -> tuple[PlanRow, ...]:
    return tuple(PlanRow(each.pk, formatting.day(each.reviewed_on), _plan(each)) for each in plans)


def _plan(plan: AccessPlan) -> tuple[tuple[str, str], ...]:
    rows = (
        ("Approach", plan.get_approach_display()),
        ("Guidance", plan.get_guidance_display()),
        ("Anaesthesia", plan.get_sedation_display()),
        ("Spine then", plan.get_spine_display() or formatting.NOT_RECORDED),
        ("Note", plan.note),
    )
    return tuple(row for row in rows if row[1])


def _measurements(measurements: Iterable[Measurement]) -> tuple[MeasurementRow, ...]:
    return tuple(
        MeasurementRow(
            id=each.pk,
            on=formatting.day(each.measured_on),
            weight=formatting.quantity(each.weight_kg, "kg") if each.weight_kg is not None else "",
            height=formatting.quantity(each.height_cm, "cm") if each.height_cm is not None else "",
        )
        for each in measurements
    )


def _therapies(therapies: Iterable[OtherTherapy]) -> tuple[TherapyRow, ...]:
    return tuple(
        TherapyRow(
            id=each.pk,
            name=each.get_therapy_display(),
            period=(
                formatting.day_range(each.started_on, each.ended_on)
                if each.ended_on
                else f"since {formatting.day(each.started_on)}"
            ),
            note=each.note,
        )
        for each in therapies
    )
