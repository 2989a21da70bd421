"""What happened to everything about a patient, told from the trail: who, when, what, old and new, and why."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, TypeAlias

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, ForeignKey, Model, Q

from clinic import formatting
from clinic.audit.models import Entry
from clinic.patients import events
from clinic.patients.models import Patient, SmaProfile
from clinic.records.models import ClinicalRecord
from clinic.records.wording import in_words

PAGE_SIZE = 30

# Events whose code alone would not tell a reader what happened.
_TITLES = {
    events.REGISTERED: "Patient registered",
    events.CORRECTED: "Name, birth or sex corrected",
    events.PROFILE_ADDED: "SMA profile opened",
    events.PROFILE_CORRECTED: "SMA profile changed",
    events.IDENTIFIER_VOIDED: "Identifier voided",
    events.CONSENT_GIVEN: "Consent recorded",
}
# The reason of a withdrawal is told as the entry's own.
_NOT_TOLD = {"patient", "voided", "withdrawal_reason"}
# What a patient has one of needs no name.
_ONLY_ONE = {Patient, SmaProfile}
# Where a part stands is where its patient does.
_NOT_TOLD_OF_PARTS = _NOT_TOLD | {"site"}

Names = Mapping[tuple[type[Model], str], str]
AnyField: TypeAlias = "Field[Any, Any]"


@dataclass(frozen=True, slots=True)
class Change:
    """One field in words. `old` is empty where there was nothing before."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened. `about` names the part it happened to, where a patient has several."""

    title: str
    about: str
    is_void: bool
    who: str
    when: str
    reason: str
    changes: tuple[Change, ...]

    @property
    def is_new(self) -> bool:
        """Say whether nothing was there before, so that the changes are what was entered."""
        return not any(change.old for change in self.changes)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Entries, newest first, and the number to ask for older ones with, if there are any."""

    entries: tuple[HistoryEntry, ...]
    older: int | None


def history(patient: Patient, *, before: int | None = None, size: int = PAGE_SIZE) -> HistoryPage:
    """Return a page of what happened, newest first, older than the entry numbered `before`.

    A number that is not of this patient's trail means the newest page. One query, one more for a later page, and one
    for each kind of record that the page speaks of.
    """
    trail = Entry.objects.about_patient(patient.pk)
    if cursor := trail.filter(pk=before).first() if before else None:
        trail = trail.filter(Q(at__lt=cursor.at) | Q(at=cursor.at, pk__lt=cursor.pk))
    found = list(trail[: size + 1])
    shown = found[:size]
    names = _names_of(shown)
    entries = tuple(_entry(entry, names, patient.site.zone) for entry in shown)
    return HistoryPage(entries, shown[-1].pk if len(found) > size else None)


def history_of(record: ClinicalRecord, zone: tzinfo) -> tuple[HistoryEntry, ...]:
    """Return everything that happened to one record, newest first. One query, and one for each kind it refers to."""
    told = Entry.objects.filter(target_type=record._meta.label_lower, target_id=str(record.pk))
    entries = list(told.order_by("-at", "-pk"))
    names = _names_of(entries)
    return tuple(_entry(entry, names, zone) for entry in entries)


def _entry(entry: Entry, names: Names, zone: tzinfo) -> HistoryEntry:
    model = _model(entry.target_type)
    told = sorted((name, pair) for name, pair in entry.changes.items() if _is_told(model, name, pair))
    told.sort(key=lambda change: _place(model, change[0]))
    return HistoryEntry(
        title=_TITLES.get(entry.event) or _title(entry.event),
        about="" if model is None else names.get((model, entry.target_id), ""),
        is_void="voided" in entry.changes,
        who=f"{entry.actor_name} (by itself)" if entry.process else entry.actor_name,
        when=formatting.moment(entry.at, zone),
        reason=entry.reason,
        changes=tuple(_change(model, name, pair, names, zone) for name, pair in told),
    )


def _is_told(model: type[Model] | None, name: str, pair: list[Any]) -> bool:
    """Leave out what every record has, and a box that was left unticked when the record was made."""
    return name not in _not_told(model) and pair != [None, False]


def _not_told(model: type[Model] | None) -> set[str]:
    return _NOT_TOLD if model is Patient else _NOT_TOLD_OF_PARTS


def _place(model: type[Model] | None, name: str) -> int:
    """Return where the record has this field; a database may keep the names of a JSON object in an order of its own."""
    names = [field.name for field in model._meta.concrete_fields] if model else []
    return names.index(name) if name in names else len(names)


def _title(event: str) -> str:
    """Turn "courses.dose_given" into "Dose given"."""
    return event.rpartition(".")[2].replace("_", " ").capitalize()


def _change(model: type[Model] | None, name: str, pair: list[Any], names: Names, zone: tzinfo) -> Change:
    field = _field(model, name)
    label = str(field.verbose_name) if field else name.replace("_", " ")
    old, new = (_words(field, value, names, zone) for value in pair)
    return Change(label[:1].upper() + label[1:], "" if pair[0] in (None, "") else old, new)


def _words(field: "AnyField | None", value: Any, names: Names, zone: tzinfo) -> str:
    """Write a value out of the trail's JSON as a page writes it: relations by name, choices by label."""
    if value in (None, "") or field is None:
        return in_words(value, zone)
    if isinstance(field, ForeignKey):
        return names.get((field.related_model, str(value)), str(value))
    labels = dict(field.flatchoices)
    try:
        return str(labels[value]) if value in labels else in_words(field.to_python(value), zone)
    except (TypeError, ValidationError):
        # A value from before the field took its present form is told as it was written.
        return str(value)


def _names_of(entries: Iterable[Entry]) -> Names:
    """Return the names of all records that the entries are about or refer to: one query for each kind of them."""
    wanted: dict[type[Model], set[str]] = defaultdict(set)
    for entry in entries:
        for model, key in _references(entry):
            wanted[model].add(key)
    return {(model, str(row.pk)): str(row) for model, keys in wanted.items() for row in _rows(model, keys)}


def _references(entry: Entry) -> Iterator[tuple[type[Model], str]]:
    model = _model(entry.target_type)
    if model is not None and model not in _ONLY_ONE:
        yield model, entry.target_id
    for name, pair in entry.changes.items():
        field = _field(model, name)
        if isinstance(field, ForeignKey) and name not in _not_told(model):
            yield from ((field.related_model, str(key)) for key in pair if key is not None)


def _rows(model: type[Model], keys: Collection[str]) -> Iterable[Model]:
    return model._base_manager.in_bulk([model._meta.pk.to_python(key) for key in keys]).values()


def _model(label: str) -> type[Model] | None:
    try:
        return apps.get_model(label)
    except LookupError:
        return None


def _field(model: type[Model] | None, name: str) -> "AnyField | None":
    try:
        field = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) else None
