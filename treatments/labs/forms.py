"""The grid for one sample, and the forms that correct, void and answer for a result. They only validate."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from clinic import formatting
from clinic.records.forms import OnceForm, VersionedForm
from treatments.courses.forms import HouseForm, ReasonForm, day_field, instant, time_field, words_field
from treatments.labs.models import LabResult
from treatments.labs.queries import Earlier
from treatments.rules.monitoring import (
    ANALYTES,
    NO_RANGE,
    Analyte,
    Disordered,
    Implausible,
    Range,
    Reported,
    convert,
    convert_range,
)
from treatments.rules.monitoring_terms import Level

_NUMBER = re.compile(r"[0-9]{1,8}(\.[0-9]{1,4})?")
_DECIMALS = 4
# The same unit under another name, where a slip of 10⁶ for 10⁹ is likely.
_SAME_AS = {"/uL": "×10⁶/L"}
_PARTS = ("comparator", "value", "unit", "low", "high")


class AmountField(forms.CharField):
    """A number as laboratories print it: digits with a decimal point, without sign, separator or exponent."""

    def __init__(self, **options: Any) -> None:
        """Ask phones for their number pad; leave what is not filled in."""
        super().__init__(required=False, max_length=40, **options)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> Decimal | None:
        """Return the number exactly, None when nothing was typed."""
        text = super().clean(value)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise forms.ValidationError(_what_to_type(text))
        return Decimal(text)


def _what_to_type(text: str) -> str:
    if text[0] in "<>≤≥=":
        return "Choose the sign in the box before the number, and type the number alone."
    if "," in text:
        return "Write a point for decimals and no separators, such as 1.2 or 250000."
    return "Type a plain number such as 212 or 0.15, with at most four decimals."


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the grid. `unit` is None where there is nothing to choose: `fixed_unit` then says what is kept."""

    name: str
    earlier: str
    fixed_unit: str
    comparator: forms.BoundField
    value: forms.BoundField
    unit: forms.BoundField | None
    low: forms.BoundField
    high: forms.BoundField

    @property
    def fields(self) -> list[forms.BoundField]:
        """Return the row's fields from left to right."""
        fields = (self.comparator, self.value, self.unit, self.low, self.high)
        return [field for field in fields if field is not None]

    @property
    def errors(self) -> list[str]:
        """Return everything that is wrong in this row."""
        return [str(error) for field in self.fields for error in field.errors]


class SampleForm(OnceForm):
    """One sample: when and where, then a row per analyte. `cleaned_data["values"]` holds the rows filled in."""

    collected_on = day_field("Day collected")
    collected_time = time_field("Time collected", help_text="By the clock at the site.")
    laboratory = forms.CharField(max_length=80, required=False)

    def __init__(
        self,
        *args: Any,
        born_on: date,
        zone: ZoneInfo,
        now: datetime,
        earlier: Mapping[str, Earlier],
        analytes: Collection[Analyte] = tuple(ANALYTES.values()),
        **kwargs: Any,
    ) -> None:
        """Make the rows; day and time are read on the site's clock. What was entered last time offers its units."""
        super().__init__(*args, **{"initial": _usual(earlier)} | kwargs)
        self.born_on, self.zone, self.now, self.earlier, self.analytes = born_on, zone, now, earlier, analytes
        for known in analytes:
            self.fields.update(_row_fields(known))

    @property
    def rows(self) -> list[Row]:
        """Return the grid's rows in the order of the monitoring table, those with an error marked."""
        rows = [self._row(known) for known in self.analytes]
        for field in (field for row in rows for field in row.fields if field.errors):
            field.field.widget.attrs["class"] += " is-invalid"
        return rows

    def _row(self, known: Analyte) -> Row:
        part = {name: self[f"{known.key}_{name}"] for name in _PARTS if f"{known.key}_{name}" in self.fields}
        earlier = self.earlier[known.key].words if known.key in self.earlier else ""
        return Row(
            name=known.name,
            earlier=earlier,
            fixed_unit=formatting.unit(known.unit),
            comparator=part["comparator"],
            value=part["value"],
            unit=part.get("unit"),
            low=part["low"],
            high=part["high"],
        )

    def clean(self) -> dict[str, Any]:
        """Put day and time together as `collected_at`, and the rows as `values`."""
        values = super().clean() or self.cleaned_data
        self._clean_moment(values)
        rows = [self._reported(known, values) for known in self.analytes]
        values["values"] = [row for row in rows if row is not None]
        if not values["values"] and not self.errors:
            raise forms.ValidationError("Enter at least one result.")
        return values

    def _clean_moment(self, values: dict[str, Any]) -> None:
        day, clock = values.get("collected_on"), values.get("collected_time")
        if day is None:
            return
        if day > self.now.astimezone(self.zone).date():
            self.add_error("collected_on", "This day lies in the future; enter when the sample was taken.")
        elif day < self.born_on:
            self.add_error("collected_on", f"The patient was born on {formatting.day(self.born_on)}; check the year.")
        elif clock is not None:
            self._clean_clock(values, day, clock)

    def _clean_clock(self, values: dict[str, Any], day: date, clock: time) -> None:
        try:
            at = instant(day, clock, self.zone)
        except ValueError as skipped:
            self.add_error("collected_time", str(skipped))
            return
        if at > self.now:
            self.add_error("collected_time", "This time is still to come; enter when the sample was taken.")
        values["collected_at"] = at

    def _reported(self, known: Analyte, values: Mapping[str, Any]) -> Reported | None:
        """Return what one row says, None for an empty row and for one with an error."""
        value, comparator = values.get(f"{known.key}_value"), values.get(f"{known.key}_comparator", "")
        reference = Range(values.get(f"{known.key}_low"), values.get(f"{known.key}_high"))
        if value is None:
            if f"{known.key}_value" in values and (comparator or reference != NO_RANGE):
                self.add_error(f"{known.key}_value", "Type the number, or clear the row.")
            return None
        unit = values.get(f"{known.key}_unit") if len(_printed(known)) > 1 else known.unit
        if not unit:
            if f"{known.key}_unit" in values:
                self.add_error(f"{known.key}_unit", "Choose the unit that stands on the report.")
            return None
        reported = Reported(known.key, value, unit, comparator, reference)
        return reported if self._is_possible(reported) else None

    def _is_possible(self, reported: Reported) -> bool:
        """Say whether the rules accept the row; put their objection beside the field it is about."""
        key, reference = reported.analyte, reported.reference
        try:
            convert(key, reported.value, reported.unit)
        except Implausible as slip:
            self.add_error(f"{key}_value", in_print(slip))
            return False
        try:
            convert_range(key, reference, reported.unit)
        except Disordered:
            self.add_error(f"{key}_low", "The range begins above its end; exchange the two.")
            return False
        except Implausible as slip:
            end = "low" if slip.value == reference.low else "high"
            self.add_error(f"{key}_{end}", in_print(slip))
            return False
        return True


class CorrectForm(SampleForm, VersionedForm):
    """The grid's row of one result, with what is stored in it, and why it is corrected."""

    reason = words_field("Why it is corrected")

    def __init__(self, *args: Any, result: LabResult, zone: ZoneInfo, **kwargs: Any) -> None:
        """Begin with what is stored, as the laboratory reported it."""
        known = ANALYTES[result.analyte]
        super().__init__(
            *args,
            zone=zone,
            born_on=result.patient.born_on,
            earlier={},
            analytes=(known,),
            initial=_stored(result, known, zone),
            **kwargs,
        )


class VoidForm(ReasonForm):
    """Void a result, or take back an answer."""


class ReviewForm(OnceForm, HouseForm):
    """Answer for a value at the level that is on screen."""

    level = forms.ChoiceField(choices=[(level.value, level.value) for level in Level], widget=forms.HiddenInput)
    reason = words_field("Why the dose can go ahead")
    topics = (("", ("reason",)),)

    def __init__(self, *args: Any, level: Level, **kwargs: Any) -> None:
        """Ask for a remark where the value is only watched, for a reason where it is signed off."""
        super().__init__(*args, initial={"level": level.value}, **kwargs)
        if level is Level.WATCH:
            self.fields["reason"].label = "Remark"
            self.fields["reason"].required = False

    def clean_level(self) -> Level:
        """Return the level itself."""
        return Level(self.cleaned_data["level"])

    def show_level(self, level: Level) -> None:
        """Carry another level, because the value is read differently now; sending again answers for that one."""
        data = cast("QueryDict", self.data).copy()
        data["level"] = level.value
        self.data = data


class ConfirmForm(VersionedForm, HouseForm):
    """Confirm as the second person: there is nothing to type."""


class NotIndicatedForm(OnceForm, HouseForm):
    """Say that the set is not indicated for a dose."""

    reason = words_field("Why it is not indicated")
    topics = (("", ("reason",)),)


def _stored(result: LabResult, known: Analyte, zone: ZoneInfo) -> dict[str, Any]:
    """Return a result as the form's row would have been filled in, its range in the unit of the report."""
    at, factor = result.collected_at.astimezone(zone), known.factors[result.unit]
    ends = {"low": result.range_low, "high": result.range_high}
    printed = {
        f"{known.key}_{name}": "" if end is None else formatting.number(round(end / factor, _DECIMALS))
        for name, end in ends.items()
    }
    return printed | {
        "collected_on": at.date(),
        "collected_time": at.time(),
        "laboratory": result.laboratory,
        "version": result.version,
        f"{known.key}_comparator": result.comparator,
        f"{known.key}_value": formatting.number(result.value),
        f"{known.key}_unit": next(unit for unit in _printed(known) if known.factors[unit] == factor),
    }


def _usual(earlier: Mapping[str, Earlier]) -> dict[str, str]:
    """Return what a new sample probably shares with those before it: the laboratory and each unit."""
    if not earlier:
        return {}
    newest = max(earlier.values(), key=lambda entry: entry.collected_at)
    return {"laboratory": newest.laboratory} | {f"{key}_unit": entry.unit for key, entry in earlier.items()}


def in_print(slip: Implausible) -> str:
    """Return the rule's objection with units as they are printed on the form."""
    given = formatting.quantity(slip.value, slip.unit)
    if slip.likely:
        return f"{given} is not plausible; did you mean {' or '.join(map(_unit_in_print, slip.likely))}?"
    known = slip.analyte
    expected = f"{formatting.number(known.low)} and {formatting.quantity(known.high, known.unit)}"
    return f"{given} is not plausible; {known.name} is expected between {expected}. Check the number."


def _unit_in_print(unit: str) -> str:
    printed = formatting.unit(unit)
    return f"{printed}, which is {_SAME_AS[unit]}" if unit in _SAME_AS else printed


def _printed(known: Analyte) -> dict[str, str]:
    """Return the units that differ in print, each with how it is printed."""
    printed: dict[str, str] = {}
    for unit in known.units:
        if formatting.unit(unit) not in printed.values():
            printed[unit] = formatting.unit(unit)
    return printed


def _row_fields(known: Analyte) -> dict[str, forms.Field]:
    """Return one row's fields. Only the number has a label on the page; the others say their name to screen readers."""
    signs, units = [("", "="), *LabResult.COMPARATORS], [("", "unit"), *_printed(known).items()]
    fields: dict[str, forms.Field] = {
        "comparator": forms.ChoiceField(label=f"{known.name}, sign", choices=signs, required=False),
        "value": AmountField(label=known.name),
        "unit": forms.ChoiceField(label=f"{known.name}, unit", choices=units, required=False),
        "low": AmountField(label=f"{known.name}, range from"),
        "high": AmountField(label=f"{known.name}, range to"),
    }
    if len(_printed(known)) == 1:
        del fields["unit"]
    for name, field in fields.items():
        field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
        if name != "value":
            field.widget.attrs["aria-label"] = str(field.label)
    return {f"{known.key}_{name}": field for name, field in fields.items()}
