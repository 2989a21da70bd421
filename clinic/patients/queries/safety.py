"""What has to be known of a person before every dose: allergies, the access plan, and the consent to the treatment.

Each for many patients at once, so that a list asks no more than a page about one.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F

from clinic import formatting
from clinic.patients.choices import AllergyKind, ConsentAnswer, ConsentKind, Spine
from clinic.patients.models import AccessPlan, Allergy, Consent, SmaProfile
from clinic.statuses import ALLERGY, Status

Ids = Collection[uuid.UUID]


@dataclass(frozen=True, slots=True)
class KnownConsent:
    """The answer that counts: the one in force, else the last that was taken back."""

    refused: bool
    given_on: date
    given_by: str
    withdrawn_on: date | None


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """The access plan that counts, in one line, with the spine it was made for; keys and words of `choices.Spine`."""

    words: str
    note: str
    reviewed_on: date
    spine: str


@dataclass(frozen=True, slots=True)
class Access:
    """The plan, if there is one, and the spine as the SMA profile knows it now; empty means not recorded."""

    plan: KnownPlan | None
    spine: str


def allergies_line(allergies: Iterable[Allergy]) -> tuple[str, Status | None]:
    """Return the banner's words on allergies, with what to notice of them."""
    rows = sorted(allergies, key=lambda row: (row.noted_on, row.created_at))
    real = [row for row in rows if row.kind != AllergyKind.NONE_KNOWN]
    if real:
        # What stops a dose is said last, beside the tag that says so.
        real.sort(key=lambda row: row.kind == AllergyKind.HYPERSENSITIVITY)
        worst = real[-1].kind == AllergyKind.HYPERSENSITIVITY
        return ", ".join(map(str, real)), ALLERGY["hypersensitivity" if worst else "recorded"]
    if rows:
        return f"None known, asked on {formatting.day(rows[0].noted_on)}", None
    return "", ALLERGY["not_asked"]


def access_line(plans: Iterable[AccessPlan]) -> str:
    """Return the banner's words on the access plan that counts."""
    latest = max(plans, key=lambda row: (row.reviewed_on, row.created_at), default=None)
    return "Not recorded" if latest is None else str(latest)


def hypersensitivities(patient_ids: Ids) -> dict[uuid.UUID, list[str]]:
    """Return what each of these patients must not be given: "nusinersen (rash)". One query."""
    found: dict[uuid.UUID, list[str]] = {}
    rows = Allergy.objects.standing().filter(patient_id__in=patient_ids, kind=AllergyKind.HYPERSENSITIVITY)
    for row in rows.order_by("noted_on", "created_at"):
        found.setdefault(row.patient_id, []).append(str(row))
    return found


def treatment_consents(patient_ids: Ids) -> dict[uuid.UUID, KnownConsent]:
    """Return the answer to the treatment that counts for each of these patients; nobody without one. One query."""
    rows = Consent.objects.standing().filter(patient_id__in=patient_ids, kind=ConsentKind.TREATMENT)
    # The one that counts comes last and so stays: in force goes after taken back, later after earlier.
    ordered = rows.order_by(F("withdrawn_on").asc(nulls_last=True), "given_on", "created_at")
    return {
        row.patient_id: KnownConsent(row.answer == ConsentAnswer.REFUSED, row.given_on, row.given_by, row.withdrawn_on)
        for row in ordered
    }


def accesses(patient_ids: Ids) -> dict[uuid.UUID, Access]:
    """Return the access plan and the spine of each of these patients. Two queries."""
    plans = _latest_plans(patient_ids)
    spines = SmaProfile.objects.standing().filter(patient_id__in=patient_ids).values_list("patient_id", "spine")
    known = dict(spines)
    return {pk: Access(plans.get(pk), known.get(pk, "")) for pk in patient_ids}


def spine_words(spine: str) -> str:
    """Return the spine in the middle of a sentence: "fused to the sacrum"."""
    return Spine(spine).label.lower()


def _latest_plans(patient_ids: Ids) -> dict[uuid.UUID, KnownPlan]:
    rows = AccessPlan.objects.standing().filter(patient_id__in=patient_ids).order_by("reviewed_on", "created_at")
    return {row.patient_id: KnownPlan(str(row), row.note, row.reviewed_on, row.spine) for row in rows}
