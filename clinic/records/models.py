"""The shape every clinical row shares, and the QuerySet that keeps it honest."""

import uuid
from typing import Any, ClassVar, NoReturn, Self, TypeVar

from django.db import models
from django.db.models import Q

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class DirectWrite(TypeError):
    """Somebody tried to write a clinical row past `clinic.records.writing`, which keeps version and trail."""


class ClinicalQuerySet(models.QuerySet[M_co]):
    """Reads freely, refuses every write: a bulk write would leave no trace of who changed what."""

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise DirectWrite(f"Write {self.model.__name__} rows through clinic.records.writing, one at a time.")

    create = get_or_create = update_or_create = bulk_create = bulk_update = update = delete = _refuse
    acreate = aget_or_create = aupdate_or_create = abulk_create = abulk_update = aupdate = adelete = _refuse

    def standing(self) -> Self:
        """Leave out what was voided: rows that still count."""
        return self.filter(voided_at__isnull=True)


class ClinicalRecord(models.Model):
    """A clinical row: a UUID outward, a version that every change raises, and a void instead of a delete.

    `submission` is the idempotency key of the form that made the row. It is unique, so the row and the promise that
    the form is used once are kept by the same commit. `DERIVED` names the fields that are computed from other fields
    and rows, such as a text to search in: they have neither version nor entries, for what they follow has both.
    """

    DERIVED: ClassVar[frozenset[str]] = frozenset()

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    submission = models.UUIDField(null=True, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    void_reason = models.TextField(blank=True, editable=False)

    class Meta:
        """Abstract; each child table names its own pairing constraint through the class name.

        Each child names its clinical QuerySet `objects`. It is the base manager too, through which Django writes
        related rows: `patient.carers.add(carer)` is refused like any other write.
        """

        abstract = True
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_void_has_a_reason",
                condition=Q(voided_at__isnull=True, void_reason="") | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
            ),
        ]

    def save(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: `clinic.records.writing` is the only way in."""
        raise DirectWrite(f"Write {type(self).__name__} rows through clinic.records.writing.")

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: clinical rows are voided with a reason, never deleted."""
        raise DirectWrite(f"{type(self).__name__} rows are voided with a reason, never deleted.")
