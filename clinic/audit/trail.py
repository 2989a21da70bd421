"""Write to the trail. Every service passes the actor it acts for: a person, or a process with a name."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from clinic.audit.models import Entry


class NamelessProcess(ValueError):
    """An actor was neither a saved person nor a process with a name."""


class Belongs(Protocol):
    """What a record may tell the trail about itself, so that entries can be found by patient and by site."""

    def audit_site_id(self) -> uuid.UUID | None:
        """Return the site this record belongs to."""

    def audit_patient_id(self) -> uuid.UUID | None:
        """Return the patient this record is about."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who answers for a change. Build one with `person_actor` or `process_actor`."""

    person: AbstractBaseUser | None
    process: str
    name: str


def person_actor(user: AbstractBaseUser) -> Actor:
    """Return the actor for a signed-in person; their name is kept as it is today."""
    if user.pk is None:
        raise NamelessProcess("Somebody who is not signed in cannot change anything.")
    return Actor(user, "", (getattr(user, "full_name", "") or user.get_username())[:200])


def process_actor(name: str) -> Actor:
    """Return the actor for something that runs by itself, such as "reminder sweep"."""
    name = name.strip()
    if not name:
        raise NamelessProcess("A process that changes records must say its name.")
    return Actor(None, name, name)


def record(
    event: str,
    *,
    by: Actor,
    at: datetime,
    target: models.Model,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Entry:
    """Append one entry; it stands or falls with the transaction of the change it describes.

    `changes` maps field names to `[old, new]`.
    """
    return Entry.objects.create(
        at=at,
        event=event,
        person_id=None if by.person is None else by.person.pk,
        actor_name=by.name,
        process=by.process,
        site_id=_ask(target, "audit_site_id"),
        patient_id=_ask(target, "audit_patient_id"),
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        changes=dict(changes or {}),
        reason=reason,
    )


def _ask(target: models.Model, question: str) -> uuid.UUID | None:
    answer = getattr(target, question, None)
    return answer() if answer else None
