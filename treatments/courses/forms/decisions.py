"""Answer a proposal, change the regimen, record an attempt that failed."""

from collections.abc import Iterable
from typing import Any, cast

from crispy_forms.bootstrap import AppendedText
from django import forms

from clinic.records.forms import OnceForm
from clinic.staff.models import Site, User
from monographs.models import Regimen
from treatments.courses.forms.courses import RegimenField
from treatments.courses.forms.fields import amount_field, day_field, words_field
from treatments.courses.forms.house import ConfirmingForm, HouseForm, PreviewedForm
from treatments.courses.models import Administration

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


class NotGivenForm(OnceForm, HouseForm):
    """Record an attempt that gave nothing, or only part of the dose."""

    outcome = forms.ChoiceField(
        label="What happened",
        choices=[
            (Administration.Outcome.NOT_DONE.value, "Nothing was given"),
            (Administration.Outcome.PARTIAL.value, "Only part of the dose went in"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happened."},
    )
    mg = amount_field("Amount that went in", "mg", required=False)
    lot = forms.CharField(label="Vial lot", max_length=40, required=False, help_text="If a vial was opened.")
    on = day_field("Day")
    reason = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose the main reason"), *Administration.Reason.choices],
        error_messages={"required": "Choose the main reason."},
    )
    performer = forms.ModelChoiceField(
        label="Tried by", queryset=User.objects.none(), empty_label="Nobody tried, or not known", required=False
    )
    note = words_field("Note", required=False)
    topics = (
        (
            "",
            (
                "outcome",
                AppendedText("mg", "mg", wrapper_class="short"),
                "on",
                "reason",
                "lot",
                "performer",
                "note",
            ),
        ),
    )

    def __init__(self, *args: Any, performers: list[User], site: Site, **kwargs: Any) -> None:
        """Offer the people who may give a dose at the site."""
        super().__init__(*args, **kwargs)
        self.fields["on"].help_text = f"By the calendar at {site.name}."
        field = cast("forms.ModelChoiceField[User]", self.fields["performer"])
        field.queryset = User.objects.filter(pk__in=[person.pk for person in performers]).order_by("full_name")

    def clean(self) -> dict[str, Any]:
        """Ask for the amount where some went in, and for none where none did."""
        values = super().clean() or self.cleaned_data
        partly = values.get("outcome") == Administration.Outcome.PARTIAL.value
        if partly and "mg" in values and values["mg"] is None:
            self.add_error("mg", "Enter how much went in, in mg.")
        if not partly and values.get("mg") is not None:
            self.add_error("mg", "Leave the amount empty, or choose that part of the dose went in.")
        return values
