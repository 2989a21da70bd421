"""Two people, one record: what the later one typed, beside what the earlier one saved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, TypeAlias, cast

from django import forms
from django.http import QueryDict
from django.utils.choices import flatten_choices

from clinic.audit.models import Entry
from clinic.records.models import ClinicalRecord
from clinic.records.wording import in_words
from clinic.records.writing import StaleRecord

# Where a record keeps what a field asks for: the attribute's name, or what reads it off the record.
Stored: TypeAlias = str | Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One field in words: its label, what was typed, and what is stored now."""

    label: str
    yours: str
    stored: str

    @property
    def differs(self) -> bool:
        """Say whether saving again would change this field."""
        return self.yours != self.stored


@dataclass(frozen=True, slots=True)
class Conflict:
    """Everything the loser of two saves needs to decide; shown by `components/conflict.html`.

    `changed_by` is who saved last, as the trail names them. `void_reason` is not empty when the record was taken out
    of force meanwhile, so that nothing can be saved to it any more.
    """

    changed_by: str
    rows: tuple[Row, ...]
    void_reason: str

    @property
    def differing(self) -> tuple[Row, ...]:
        """Return the rows on which the two versions disagree."""
        return tuple(row for row in self.rows if row.differs)

    @property
    def settled(self) -> bool:
        """Say whether all that was typed is stored already: one form sent twice, or two people of one mind.

        A form of which nothing can be compared, such as one that only asks for a reason, settles nothing.
        """
        return bool(self.rows) and not self.void_reason and not self.differing


def conflict(
    form: forms.Form, stale: StaleRecord, *, names: Mapping[str, Stored] | None = None, zone: tzinfo = UTC
) -> Conflict:
    """Compare a valid form with the record as it stands, and let the form carry the record's current version.

    A field is compared with the record's attribute of the same name, or with what `names` gives for it; a field
    that the record does not have, such as a reason, is left out. Instants are written in `zone`. With the version
    brought up to date, saving the page a second time is a decision made with both versions in sight.
    """
    data = cast("QueryDict | dict[str, Any]", form.data).copy()
    data[form.add_prefix("version")] = str(stale.current.version)
    form.data = data
    rows = (_row(form, name, stale.current, (names or {}).get(name, name), zone) for name in form.fields)
    return Conflict(_last_actor(stale.current), tuple(row for row in rows if row), stale.current.void_reason)


def _row(form: forms.Form, name: str, record: ClinicalRecord, kept: Stored, zone: tzinfo) -> Row | None:
    field = form.fields[name]
    if field.widget.is_hidden or (isinstance(kept, str) and not hasattr(record, kept)):
        return None
    stored = getattr(record, kept) if isinstance(kept, str) else kept(record)
    # A label that several fields share is told apart as screen readers do.
    label = field.widget.attrs.get("aria-label") or form[name].label
    return Row(str(label), _words(form.cleaned_data.get(name), field, zone), _words(stored, field, zone))


def _words(value: Any, field: forms.Field, zone: tzinfo) -> str:
    """Write one value the way the page shows it: a choice by its label."""
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        labels = dict(flatten_choices(cast("Any", field.choices)))
        chosen = value if isinstance(value, list) else [value]
        return in_words([labels.get(each, each) for each in chosen], zone)
    return in_words(value, zone)


def _last_actor(record: ClinicalRecord) -> str:
    entries = Entry.objects.filter(target_type=record._meta.label_lower, target_id=str(record.pk))
    return entries.order_by("-at", "-id").values_list("actor_name", flat=True).first() or ""
