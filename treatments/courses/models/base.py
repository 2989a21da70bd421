"""What every row of a patient's treatment has in common: its site, its patient, and who may see it."""

import uuid
from typing import Self, TypeVar

from django.db import models

from clinic.patients.models import Patient
from clinic.records.models import ClinicalQuerySet, ClinicalRecord
from clinic.staff.access import site_ids
from clinic.staff.models import Site, User
from clinic.staff.roles import Permission

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class OfCourseQuerySet(ClinicalQuerySet[M_co]):
    """Rows that carry their site: the one place that decides whose somebody sees."""

    def seen_by(self, user: User) -> Self:
        """Keep the rows of the sites where this person may view patients."""
        return self.filter(site_id__in=site_ids(user, Permission.VIEW_PATIENTS))


class OfCourse(ClinicalRecord):
    """A row of a patient's treatment. Site and patient stand on the row, so that lists need no join to find them."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="%(class)ss", editable=False)

    class Meta(ClinicalRecord.Meta):
        """Abstract."""

        abstract = True

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this is about."""
        return self.site_id

    def audit_patient_id(self) -> uuid.UUID:
        """Tell the trail which patient this is about."""
        return self.patient_id
