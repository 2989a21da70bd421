"""Everything that belongs to a person and stands, read at once.

A page about one patient shows seven kinds of parts. Asked for one after the other they would be half of its queries;
here each row comes as one JSON object, all kinds in one union, and is made into its model again.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from django.db import models
from django.db.models import F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, JSONObject

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
)

P = TypeVar("P", bound=PatientPart)

ALL: Final[tuple[type[PatientPart], ...]] = (
    Identifier,
    Carer,
    Consent,
    Allergy,
    AccessPlan,
    Measurement,
    OtherTherapy,
)
# What the banner shows.
ON_THE_BANNER: Final[tuple[type[PatientPart], ...]] = (Identifier, Allergy, AccessPlan)


@dataclass(frozen=True, slots=True)
class Belongings:
    """The standing parts of one patient by their model, in the order in which they were entered."""

    rows: dict[type[PatientPart], list[Any]] = field(default_factory=dict)

    def of(self, model: type[P]) -> list[P]:
        """Return the rows of one kind."""
        return list(self.rows.get(model, ()))


def belongings(patient: Patient, kinds: Iterable[type[PatientPart]] = ALL) -> Belongings:
    """Return the patient's parts that stand. One query, however many kinds and rows."""
    first, *others = (_asked(patient.pk, model) for model in kinds)
    by_name = {model._meta.model_name: model for model in ALL}
    rows: dict[type[PatientPart], list[Any]] = defaultdict(list)
    for name, values in first.union(*others, all=True):
        model = by_name[name]
        rows[model].append(_made(model, values))
    for found in rows.values():
        found.sort(key=lambda row: row.created_at)  # of one instant, as the table has them
    return Belongings(dict(rows))


def _asked(patient_id: uuid.UUID, model: type[PatientPart]) -> "models.QuerySet[Any, tuple[str, dict[str, Any]]]":
    standing = model._base_manager.filter(patient=patient_id, voided_at=None)
    columns = {one.attname: _told(one) for one in model._meta.concrete_fields}
    kind = Value(model._meta.model_name, output_field=models.CharField())
    return standing.order_by().values_list(kind, JSONObject(**columns))


def _told(column: "models.Field[Any, Any]") -> Combinable:
    """Return the expression for one column; an amount goes as text, because a number of JSON is a float."""
    return Cast(column.attname, models.CharField()) if isinstance(column, models.DecimalField) else F(column.attname)


def _made(model: type[PatientPart], values: dict[str, Any]) -> PatientPart:
    columns = model._meta.concrete_fields
    names = [one.attname for one in columns]
    return model.from_db(None, names, [_read(one, values[one.attname]) for one in columns])


def _read(column: "models.Field[Any, Any]", value: Any) -> Any:
    """Return a value as the column's own type; SQLite tells instants without a zone, and means UTC."""
    if value is None:
        return None
    target = column.target_field if isinstance(column, models.ForeignKey) else column
    read = target.to_python(value)
    if isinstance(target, models.DecimalField):
        return read.quantize(Decimal(1).scaleb(-(target.decimal_places or 0)))
    if isinstance(read, datetime):
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    return read
