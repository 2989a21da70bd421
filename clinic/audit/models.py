"""The trail's one table. Nothing here is ever changed or removed: the database itself refuses both."""

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q


class AppendOnly(TypeError):
    """Somebody tried to change or remove an entry of the trail."""


class EntryQuerySet(models.QuerySet["Entry"]):
    """Questions the pages ask of the trail. Entries are added by `clinic.audit.trail`, one at a time, and stay."""

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise AppendOnly("Entries of the trail are neither changed nor removed.")

    update = delete = bulk_create = bulk_update = get_or_create = update_or_create = _refuse
    aupdate = adelete = abulk_create = abulk_update = aget_or_create = aupdate_or_create = _refuse

    def about_patient(self, patient_id: uuid.UUID) -> "EntryQuerySet":
        """Everything recorded about one patient, newest first."""
        return self.filter(patient_id=patient_id).order_by("-at", "-id")

    def about_sites(self, site_ids: frozenset[uuid.UUID]) -> "EntryQuerySet":
        """Everything recorded at these sites."""
        return self.filter(site_id__in=site_ids)


class Entry(models.Model):
    """One thing that happened: who or which process, when, to what, the old and the new values, and why.

    `changes` maps a field's name to `[old, new]`, so a record as known on any past day is today's record with the
    later entries taken back. Patient and site are plain references: the trail outlives what it speaks of and imports
    no other room.
    """

    at = models.DateTimeField()
    event = models.CharField(max_length=80)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=200)
    process = models.CharField(max_length=80, blank=True)
    site_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    target_type = models.CharField(max_length=80)
    target_id = models.CharField(max_length=40)
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    reason = models.TextField(blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        """One actor per entry, and the two ways the trail is read."""

        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(
                name="audit_entry_has_one_actor",
                condition=Q(person__isnull=False, process="") | (Q(person__isnull=True) & ~Q(process="")),
            ),
        ]
        indexes = [
            models.Index(fields=["patient_id", "-at"], name="audit_entry_by_patient"),
            models.Index(fields=["target_type", "target_id", "-at"], name="audit_entry_by_target"),
            models.Index(fields=["site_id", "-at"], name="audit_entry_by_site"),
        ]

    def __str__(self) -> str:
        """Say who did what, without naming a patient."""
        return f"{self.event} by {self.actor_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; refuse to write an entry again."""
        if not self._state.adding:
            raise AppendOnly("An entry of the trail never changes.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: the trail is kept."""
        raise AppendOnly("An entry of the trail is never removed.")
