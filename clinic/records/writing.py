"""The one way to write a clinical row: raise its version, keep the trail, void instead of delete.

`add`, `change` and `void` write the row and its audit entry in the caller's transaction, so neither can exist without
the other; outside a transaction they raise TransactionManagementError.
"""

import uuid
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.transaction import TransactionManagementError

from clinic.audit import trail
from clinic.audit.trail import Actor
from clinic.records.models import ClinicalRecord, DirectWrite

R = TypeVar("R", bound=ClinicalRecord)

_KEPT_BY_THE_RECORD = {"id", "version", "submission", "created_at", "voided_at", "void_reason"}


class StaleRecord(Exception):
    """Somebody else changed or voided the row first. `current` is the row as it stands now; nothing was written."""

    def __init__(self, current: ClinicalRecord) -> None:
        """Keep the row as it stands, so that the page can show both versions."""
        super().__init__("This record was changed by somebody else in the meantime.")
        self.current = current


class AlreadySubmitted(Exception):
    """The same form arrived a second time. `record` is the row that the first one made; nothing was written."""

    def __init__(self, record: ClinicalRecord) -> None:
        """Keep the first row, so that the page can lead to it."""
        super().__init__("This form was already saved.")
        self.record = record


def add(row: R, *, event: str, by: Actor, at: datetime, reason: str = "", submission: uuid.UUID | None = None) -> R:
    """Insert a new row and its audit entry.

    Raises AlreadySubmitted when the form's key was used before, django.db.IntegrityError for any other broken rule.
    """
    _need_a_transaction()
    row.submission, row.created_at = submission, at
    try:
        with transaction.atomic():
            row.save_base(force_insert=True)
    except IntegrityError:
        first = None if submission is None else type(row)._base_manager.filter(submission=submission).first()
        if first is None:
            raise
        raise AlreadySubmitted(first) from None
    row.refresh_from_db()
    changes = {name: [None, value] for name, value in _values(row).items() if value not in (None, "")}
    trail.record(event, by=by, at=at, target=row, changes=changes, reason=reason)
    return row


def change(
    row: R, *, event: str, by: Actor, at: datetime, reason: str = "", expected: int | None = None, **values: Any
) -> R:
    """Write new values into a row if it still has the version the caller saw, and audit what differs.

    `expected` is the version that the person had on screen; without it, the version that `row` was read with. Returns
    the row unchanged, and writes no entry, when nothing differs. Raises StaleRecord when somebody else was first,
    ValidationError for a value that the field does not take, DirectWrite for a name that is no fact of the row.
    """
    _need_a_transaction()
    kind = type(row)
    version = row.version if expected is None else expected
    before = kind._base_manager.get(pk=row.pk)
    if before.version != version or before.voided_at is not None:
        raise StaleRecord(before)
    old = _values(before)
    if strange := set(values) - set(old):
        raise DirectWrite(f"{', '.join(sorted(strange))}: no fact of a {kind._meta.verbose_name} that can be changed.")
    for name, value in values.items():
        setattr(before, name, value)
    before.clean_fields(exclude=_untouched(before, set(values)))
    new = _values(before)
    differing = [name for name in new if old[name] != new[name]]
    if not differing:
        return before
    _write(before, version, {_column(kind, name): new[name] for name in differing})
    stored = _values(before)  # as the column keeps it: 50 is 50.00 there
    changes = {name: [old[name], stored[name]] for name in differing}
    trail.record(event, by=by, at=at, target=before, changes=changes, reason=reason)
    return before


def void(row: R, *, event: str, by: Actor, at: datetime, reason: str, expected: int | None = None) -> R:
    """Take a row out of force, keeping it visible with the reason. Raises StaleRecord when somebody else was first."""
    _need_a_transaction()
    version = row.version if expected is None else expected
    _write(row, version, {"voided_at": at, "void_reason": reason})
    trail.record(event, by=by, at=at, target=row, changes={"voided": [False, True]}, reason=reason)
    return row


def derive(row: R, **values: Any) -> R:
    """Write fields that only repeat what other fields and rows say: `row.DERIVED`, nothing else.

    Neither version nor trail takes notice, so that nobody's form goes stale over a fact that nobody changed. Raises
    DirectWrite for a fact of the row's own.
    """
    if facts := set(values) - row.DERIVED:
        raise DirectWrite(f"{', '.join(sorted(facts))}: not derived; use change().")
    models.QuerySet(model=type(row)).using(row._state.db).filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _need_a_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise TransactionManagementError("A clinical row and its audit entry are written in one transaction.")


def _write(row: ClinicalRecord, version: int, values: dict[str, Any]) -> None:
    """Update the row where it stands and has this version still; the database decides between two people at once."""
    rows: models.QuerySet[ClinicalRecord] = models.QuerySet(model=type(row)).using(row._state.db)
    standing = rows.filter(pk=row.pk, version=version, voided_at__isnull=True)
    if not standing.update(version=version + 1, **values):
        raise StaleRecord(type(row)._base_manager.get(pk=row.pk))
    row.refresh_from_db()


def _values(row: ClinicalRecord) -> dict[str, Any]:
    """Return the row's own facts by field name; relations by key."""
    left_out = _KEPT_BY_THE_RECORD | row.DERIVED
    fields = [field for field in row._meta.concrete_fields if field.name not in left_out]
    return {field.name: field.value_from_object(row) for field in fields}


def _column(kind: type[ClinicalRecord], name: str) -> str:
    """Return the attribute that a field's value is written through: the key's for a relation."""
    return next(field.attname for field in kind._meta.concrete_fields if field.name == name)


def _untouched(row: ClinicalRecord, touched: set[str]) -> set[str]:
    return {field.name for field in row._meta.concrete_fields} - touched
