"""The form of a motor score, and the one that voids it. They only validate; the services write."""

from datetime import date
from typing import Any

from crispy_forms.layout import Field
from django import forms

from clinic.records.forms import OnceForm
from treatments.courses.forms import ConfirmingForm, ReasonForm, day_field
from treatments.rules.motor_scores import SCALES, Scale, range_problem


class ScoreForm(OnceForm, ConfirmingForm):
    """One score; asks once more where the scale is not meant for this patient."""

    scale = forms.ChoiceField(
        label="Scale",
        choices=lambda: [("", "Choose the scale…"), *((scale.key, _with_range(scale)) for scale in SCALES.values())],
        error_messages={"required": "Choose the scale."},
    )
    value = forms.IntegerField(
        label="Score",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="The sum of the items, as it was scored; metres for the 6MWT; how many of the six milestones.",
        error_messages={"required": "Enter the score.", "invalid": "Enter a whole number."},
    )
    assessed_on = day_field("Assessed on")
    assessor = forms.CharField(
        label="Assessed by", max_length=120, error_messages={"required": "Enter who assessed the patient."}
    )
    conditions = forms.CharField(
        label="Conditions",
        max_length=300,
        required=False,
        help_text="What a comparison has to know: position, brace, fatigue, an item that could not be tried.",
    )
    topics = (
        (
            "",
            (
                Field("scale", wrapper_class="medium"),
                Field("value", wrapper_class="short"),
                "assessed_on",
                Field("assessor", wrapper_class="medium"),
                "conditions",
            ),
        ),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        """Let the picker end at `today`, the day at the patient's site."""
        super().__init__(*args, **kwargs)
        self.fields["assessed_on"].widget.attrs["max"] = today.isoformat()

    def clean(self) -> dict[str, Any]:
        """Refuse a score outside of its scale."""
        values = super().clean() or self.cleaned_data
        if {"scale", "value"} <= values.keys() and (sentence := range_problem(values["scale"], values["value"])):
            self.add_error("value", sentence)
        return values


class VoidForm(ReasonForm):
    """Void a score."""


def _with_range(scale: Scale) -> str:
    unit = "" if scale.unit.startswith("of ") else f" {scale.unit}".rstrip()
    return f"{scale.name} ({scale.low} to {scale.high}{unit})"
