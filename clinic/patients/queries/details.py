"""Everything that belongs to a patient, for the panels beside their chart."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.db.models import Field, Min, Q

from clinic import formatting
from clinic.patients.choices import ConsentKind, IdentifierKind
from clinic.patients.models import Carer, Consent, Identifier, Measurement, OtherTherapy, Patient, SmaProfile
from clinic.patients.queries.banners import by_kind, numbers_of

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
    """One consent. `withdrawn` is empty while it is in force."""

    id: uuid.UUID
    what: str
    given: str
    given_by: str
    withdrawn: str
    in_force: bool


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
    measurements: tuple[MeasurementRow, ...]
    therapies: tuple[TherapyRow, ...]


def details(patient: Patient, numbers: Iterable[Identifier] | None = None) -> Details:
    """Return what belongs to a patient and stands: newest measurements, consents and therapies first.

    Five queries, four with the numbers read already; one more where the SMA profile was not joined.
    """
    consents = list(Consent.objects.standing().filter(patient=patient).order_by("-given_on", "-created_at"))
    return Details(
        profile=_profile(getattr(patient, "sma_profile", None)),
        identifiers=_identifiers(numbers_of(patient) if numbers is None else numbers),
        carers=_carers(Carer.objects.standing().filter(patient=patient).order_by("created_at", "id")),
        consents=tuple(map(_consent, sorted(consents, key=lambda consent: consent.withdrawn_on is not None))),
        not_given=_not_given(consents),
        measurements=_measurements(
            Measurement.objects.standing().filter(patient=patient).order_by("-measured_on", "-created_at")
        ),
        therapies=_therapies(
            OtherTherapy.objects.standing().filter(patient=patient).order_by("-started_on", "-created_at")
        ),
    )


def first_recorded_day(patient: Patient) -> date | None:
    """Return the first day on which something standing is recorded of the person's life, which their birth precedes."""
    found = Patient.objects.filter(pk=patient.pk).aggregate(
        onset=Min("sma_profile__symptom_onset"),
        consent=Min("consents__given_on", filter=Q(consents__voided_at=None)),
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
        given=formatting.day(consent.given_on),
        given_by=consent.given_by,
        withdrawn=formatting.day(consent.withdrawn_on) if consent.withdrawn_on else "",
        in_force=consent.withdrawn_on is None,
    )


def _not_given(consents: Iterable[Consent]) -> tuple[str, ...]:
    asked = {consent.kind for consent in consents}
    return tuple(kind.label for kind in ConsentKind if kind not in asked)


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
