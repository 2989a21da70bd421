"""Fetching a patient and asking whether this person may: one step, so that no page can do the first without the second.

Unknown, foreign and voided records answer 404 alike; 403 comes only after the record was found within scope.
"""

import uuid

from django.shortcuts import get_object_or_404

from clinic.patients.models import Patient, SmaProfile
from clinic.patients.parts import F, P, PartKind
from clinic.records.models import ClinicalQuerySet
from clinic.staff.access import require
from clinic.staff.models import User
from clinic.staff.roles import Permission


def patient_or_404(user: User, patient_id: uuid.UUID) -> Patient:
    """Return a patient that this person may see, with the site and the SMA profile."""
    return get_object_or_404(Patient.objects.seen_by(user).select_related("site", "sma_profile"), pk=patient_id)


def patient_to_change(user: User, patient_id: uuid.UUID) -> Patient:
    """Return a patient whose record this person may change; 403 for one whom they may only see."""
    patient = patient_or_404(user, patient_id)
    require(user, Permission.REGISTER_PATIENTS, patient.site_id)
    return patient


def part_or_404(patient: Patient, kind: PartKind[F, P], part_id: uuid.UUID) -> P:
    """Return a part in force that belongs to this very patient."""
    rows: ClinicalQuerySet[P] = ClinicalQuerySet(kind.model)
    return get_object_or_404(rows.standing().select_related("patient__site").filter(patient=patient), pk=part_id)


def profile_or_404(patient: Patient) -> SmaProfile:
    """Return the patient's SMA profile."""
    return get_object_or_404(SmaProfile.objects.standing().select_related("patient__site"), patient=patient)
