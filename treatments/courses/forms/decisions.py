"""Answer a proposal, change the regimen, ask for an earlier day."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from clinic.records.forms import OnceForm
from monographs.models import Regimen
from treatments.courses.forms.courses import RegimenField
from treatments.courses.forms.fields import day_field, words_field
from treatments.courses.forms.house import ConfirmingForm, HouseForm, PreviewedForm

# What declines for now, beside the choices that the rules offer.
NOTHING = "nothing"


class DecideForm(OnceForm, ConfirmingForm, PreviewedForm):
    """Answer what the rules propose. `matter` and `attempt` say which proposal the person had in front of them."""

    matter = forms.CharField(widget=forms.HiddenInput)
    attempt = forms.CharField(required=False, widget=forms.HiddenInput)
    choice = forms.ChoiceField(
        label="Decision",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is to happen.", "invalid_choice": "Choose one of these."},
    )
    day = day_field("Day of the next dose")
    reason = words_field("Reason", required=False)
    look_again_on = day_field("Look again on", required=False)
    topics = (("", ("matter", "attempt", "choice", "day", "reason", "look_again_on")),)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], sets_a_day: bool, **kwargs: Any) -> None:
        """Offer these choices; the reason may stay empty where the first of them is what was proposed."""
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["choice"]).choices = [*choices, (NOTHING, "None of these for now")]
        self.fields["reason"].help_text = "Needed for anything but the proposal as it stands."
        self.fields["look_again_on"].help_text = "Needed when nothing is decided for now."
        if not sets_a_day:
            del self.fields["day"]

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Leave out the day where the choices are about none."""
        for legend, names in super().laid_out():
            yield legend, tuple(name for name in names if name != "day" or "day" in self.fields)


class SwitchForm(OnceForm, PreviewedForm):
    """Change the regimen, or record that it stays as it is."""

    regimen = RegimenField(
        queryset=Regimen.objects.none(),
        empty_label=None,
        label="Change to",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a regimen.", "invalid_choice": "Choose one that can be changed to."},
    )
    answer = forms.ChoiceField(
        label="Decision",
        choices=[("change", "Change the regimen"), ("stay", "The regimen stays as it is, for now")],
        widget=forms.RadioSelect,
        initial="change",
        error_messages={"required": "Choose what is to happen."},
    )
    day = day_field("First dose on")
    reason = words_field("Reason")
    look_again_on = day_field(
        "Look again on", required=False, help_text="If the regimen stays as it is; may be left open."
    )
    topics = (("", ("regimen", "answer", "day", "reason", "look_again_on")),)

    def __init__(self, *args: Any, regimens: list[Regimen], due: str, **kwargs: Any) -> None:
        """Offer the regimens that can be changed to; `due` is the day of the dose that is replaced, in words."""
        super().__init__(*args, **kwargs)
        offered = Regimen.objects.filter(pk__in=[row.pk for row in regimens]).select_related("version")
        cast("RegimenField", self.fields["regimen"]).queryset = offered.order_by("order", "name")
        self.fields["day"].help_text = f"The dose that is replaced is due on {due}; any other day needs a good reason."


class WhatIfForm(forms.Form):
    """Ask what follows if the dose is given on a day; sent as a GET, because nothing is saved."""

    if_on = day_field("If it is given on")


class TooSoonForm(OnceForm, HouseForm):
    """Ask for a day before the earliest safe one."""

    day = day_field("Day")
    reason = words_field("Why the dose cannot wait")
    topics = (("", ("day", "reason")),)
