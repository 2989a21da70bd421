"""Observe, send home, call."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Div, Field
from django import forms

from clinic.records.forms import OnceForm
from treatments.courses.forms import ConfirmingForm, HouseForm, day_field, instant, time_field, words_field
from treatments.dose_day.models import FollowUpCall


def _whole(label: str, lowest: int, highest: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=lowest,
        max_value=highest,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": "Enter a whole number.",
            "min_value": f"Check the number: it is below {lowest}.",
            "max_value": f"Check the number: it is above {highest}.",
        },
    )


class ObservationForm(OnceForm, HouseForm):
    """Write down how the patient is at one moment of today; what was not measured stays empty."""

    time = time_field("Time")
    pulse = _whole("Pulse", 20, 300)
    systolic = _whole("Blood pressure, upper", 30, 300)
    diastolic = _whole("Blood pressure, lower", 10, 200)
    saturation = _whole("Oxygen saturation", 30, 100)
    temperature = forms.DecimalField(
        label="Temperature",
        required=False,
        max_digits=3,
        decimal_places=1,
        min_value=Decimal(30),
        max_value=Decimal(45),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "invalid": "Enter a plain number, such as 36.8.",
            "min_value": "Check the number: it is below 30 °C.",
            "max_value": "Check the number: it is above 45 °C.",
        },
    )
    pain = _whole("Pain, from 0 to 10", 0, 10)
    note = words_field("Note", required=False, help_text="Headache, vomiting, puncture site, legs, and whatever else.")
    topics = (
        (
            "",
            (
                "time",
                Div(
                    AppendedText("systolic", "mmHg", wrapper_class="short"),
                    AppendedText("diastolic", "mmHg", wrapper_class="short"),
                    AppendedText("pulse", "/min", wrapper_class="short"),
                    AppendedText("saturation", "%", wrapper_class="short"),
                    AppendedText("temperature", "°C", wrapper_class="short"),
                    Field("pain", wrapper_class="short"),
                    css_class="pairs",
                ),
                "note",
            ),
        ),
    )

    def __init__(self, *args: Any, day: date, zone: ZoneInfo, **kwargs: Any) -> None:
        """Read the clock on this day in this zone."""
        super().__init__(*args, **kwargs)
        self.day, self.zone = day, zone

    def clean(self) -> dict[str, Any]:
        """Make an instant of the time, as `at`; refuse half a blood pressure, and one upside down."""
        values = super().clean() or self.cleaned_data
        if "time" in values:
            try:
                values["at"] = instant(self.day, values["time"], self.zone)
            except ValueError as skipped:
                self.add_error("time", str(skipped))
        upper, lower = values.get("systolic"), values.get("diastolic")
        if {"systolic", "diastolic"} <= values.keys() and (upper is None) != (lower is None):
            self.add_error("systolic" if upper is None else "diastolic", "Enter both values of the blood pressure.")
        if upper is not None and lower is not None and upper <= lower:
            self.add_error("diastolic", "The lower value lies above the upper one; check both.")
        return values


class HomeForm(OnceForm, ConfirmingForm):
    """Record that a patient went home."""

    left_on = day_field("Day")
    left_time = time_field("Time")
    advice_to = forms.CharField(
        label="Advice given to",
        max_length=120,
        help_text="Who has the sheet and heard it explained.",
        error_messages={"required": "Write who was given the advice."},
    )
    no_booking_reason = words_field("Why no next date is booked", required=False)
    call_on = day_field("Call on")
    note = words_field("Note", required=False)
    topics = (
        (
            "",
            (
                Div("left_on", "left_time", css_class="pairs"),
                Field("advice_to", wrapper_class="medium"),
                "no_booking_reason",
                "call_on",
                "note",
            ),
        ),
    )

    def __init__(self, *args: Any, zone: ZoneInfo, next_is_booked: bool, **kwargs: Any) -> None:
        """Read the clock in the site's zone; ask for a reason only where no next date is booked."""
        super().__init__(*args, **kwargs)
        self.zone = zone
        field = self.fields["no_booking_reason"]
        field.required = not next_is_booked
        if next_is_booked:
            field.widget = forms.HiddenInput()
        else:
            field.error_messages["required"] = "Book the next date first, or say why it is not booked."

    def clean(self) -> dict[str, Any]:
        """Put day and time together as `left_at`, an instant."""
        values = super().clean() or self.cleaned_data
        if {"left_on", "left_time"} <= values.keys():
            try:
                values["left_at"] = instant(values["left_on"], values["left_time"], self.zone)
            except ValueError as skipped:
                self.add_error("left_time", str(skipped))
        return values


class CallForm(OnceForm, HouseForm):
    """Record what came of a call."""

    outcome = forms.ChoiceField(
        label="What came of it",
        choices=FollowUpCall.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what came of the call."},
    )
    symptoms = forms.MultipleChoiceField(
        label="What was reported",
        choices=FollowUpCall.Symptom.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    note = words_field("Note", required=False)
    again_on = day_field("Call again on", required=False, help_text="Needed when nobody was reached.")
    topics = (
        ("", ("outcome", Div("symptoms", css_class="in-columns"), "note", Div("again_on", css_class="call-again"))),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for another day where nobody was reached, and refuse symptoms that nobody told of."""
        values = super().clean() or self.cleaned_data
        outcome = values.get("outcome", "")
        if outcome in FollowUpCall.NOT_REACHED and "again_on" in values and values["again_on"] is None:
            self.add_error("again_on", "Choose the day on which somebody calls again.")
        if values.get("symptoms") and outcome and outcome != FollowUpCall.Outcome.SYMPTOMS:
            self.add_error("symptoms", "Choose that there was something to report, or tick nothing here.")
        return values
