"""The question put to the calculator. It holds dates and amounts, nothing about anybody, so it is sent with GET."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from crispy_forms.layout import Field
from django import forms

from monographs.rules.regimen import Regimen
from treatments.courses.forms import EARLIEST, LATEST, HouseForm, day_field
from treatments.rules.schedule import Attempt
from treatments.rules.schedule_entries import BadEntry, attempt_from

MOST_DOSES = 200  # at three a year, more than a lifetime

GIVEN_HELP = """One per line, in any order: 2026-01-05, or 2026-01-19:12 with the amount in mg. Without an amount it is
the planned one. For a dose that was only partly given, write :partial at the end."""

# What makes an address a question; a regimen alone only chooses one in the form.
ASKED = frozenset({"given", "on", "until"})


class CalculatorForm(HouseForm):
    """A regimen, the doses given, and the days to answer for."""

    regimen = forms.ChoiceField(
        error_messages={"required": "Choose a regimen.", "invalid_choice": "Choose a regimen that is in force."}
    )
    given = forms.CharField(
        label="Doses given",
        required=False,
        max_length=MOST_DOSES * 40,
        help_text=GIVEN_HELP,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false", "class": "figures"}),
    )
    on = day_field("Day asked about", required=False, help_text="Without a day, today.")
    until = day_field("Doses to come until", required=False, help_text="Without a day, for twelve months.")
    topics = (("", (Field("regimen"), "given", "on", "until")),)

    def __init__(self, *args: Any, regimens: Mapping[str, Regimen], today: date, **kwargs: Any) -> None:
        """Offer the regimens in force; `today` is the day meant when none is named."""
        super().__init__(*args, **kwargs)
        self.today = today
        choices = [(key, regimen.name) for key, regimen in regimens.items()]
        cast("forms.ChoiceField", self.fields["regimen"]).choices = choices

    def clean_given(self) -> tuple[Attempt, ...]:
        """Read the doses, one per line; every line that cannot be read says so in a sentence of its own."""
        lines = [(number, line) for number, line in enumerate(self._lines(), 1) if line.strip()]
        if len(lines) > MOST_DOSES:
            raise forms.ValidationError(f"Enter at most {MOST_DOSES} doses; there are {len(lines)}.")
        attempts, refused = [], []
        for number, line in lines:
            try:
                attempts.append(_attempt(line))
            except BadEntry as bad:
                refused.append(forms.ValidationError(f"Line {number}: {bad}"))
        if refused:
            raise forms.ValidationError(refused)
        return tuple(attempts)

    def clean_on(self) -> date:
        """Take today when no day is named."""
        return cast("date | None", self.cleaned_data["on"]) or self.today

    def clean(self) -> dict[str, Any]:
        """Refuse a projection that ends before the day it begins."""
        values = super().clean() or self.cleaned_data
        until = values.get("until")
        if until is not None and "on" in values and until < values["on"]:
            self.add_error("until", "Choose the day asked about, or a later one.")
        return values

    def refuse_two_on(self, day: date) -> None:
        """Name the lines that carry one date."""
        same = [str(number) for number, line in enumerate(self._lines(), 1) if line.strip().startswith(f"{day}")]
        self.add_error("given", f"Lines {' and '.join(same)}: two doses on {day} cannot both count; correct one.")

    def _lines(self) -> list[str]:
        return str(self.data.get("given", "")).splitlines()


def _attempt(line: str) -> Attempt:
    """Read one line. Raises BadEntry, also for a year that can only be a slip."""
    attempt = attempt_from(line)
    if not EARLIEST <= attempt.on <= LATEST:
        raise BadEntry(f"check the year of {attempt.on}: it is not between {EARLIEST.year} and {LATEST.year}.")
    return attempt
