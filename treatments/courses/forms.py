"""Forms of courses and doses. They only validate; the services decide and write."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from crispy_forms.bootstrap import AppendedText
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms

from clinic.records.forms import OnceForm, VersionedForm
from clinic.staff.models import User
from monographs.models import Regimen
from treatments.rules.cautions import CODES, Caution


def day_field(label: str, **options: Any) -> forms.DateField:
    """Return a date field with the browser's own picker, ISO underneath."""
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        **options,
    )


def time_field(label: str, **options: Any) -> forms.TimeField:
    """Return a time field with the browser's own picker."""
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **options)


def _words(label: str, rows: int = 2, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=500, widget=forms.Textarea(attrs={"rows": rows}), **options)


class HouseForm(forms.Form):
    """A form whose layout names its fields; the markup around them is the template's."""

    topics: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @property
    def helper(self) -> FormHelper:
        """Return the layout: one fieldset per topic, hidden fields kept."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.render_hidden_fields = True
        helper.layout = Layout(*(Fieldset(legend, *fields) for legend, fields in self.laid_out()))
        return helper

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Return the topics to show; a subclass may add one."""
        return self.topics


class ConfirmingForm(HouseForm):
    """A form that can ask the person to confirm cautions before it is accepted a second time."""

    confirmed = forms.MultipleChoiceField(
        label="Confirm", choices=[(code, code) for code in CODES], required=False, widget=forms.CheckboxSelectMultiple
    )
    asked = False

    def ask(self, cautions: tuple[Caution, ...]) -> None:
        """Show the cautions, each to be ticked, and keep everything that was typed."""
        self.asked = True
        field = cast("forms.MultipleChoiceField", self.fields["confirmed"])
        field.choices = [(caution.code, caution.text) for caution in cautions]
        self.add_error("confirmed", "Read each point and tick it to confirm, or correct the entry.")

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Add the confirmations at the end, once there are any."""
        return (*self.topics, ("Please confirm", ("confirmed",))) if self.asked else self.topics


class StartForm(OnceForm, HouseForm):
    """Put a patient on a regimen."""

    regimen = forms.ModelChoiceField(queryset=Regimen.objects.none(), empty_label=None, widget=forms.RadioSelect)
    planned_start = day_field(
        "First dose planned for",
        help_text="After earlier doses elsewhere, enter the day of the next one; add the earlier ones afterwards.",
    )
    topics = (("Regimen", ("regimen",)), ("First dose", ("planned_start",)))

    def __init__(self, *args: Any, regimens: list[Regimen], **kwargs: Any) -> None:
        """Offer the regimens in force."""
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Regimen]", self.fields["regimen"])
        field.queryset = Regimen.objects.filter(pk__in=[row.pk for row in regimens]).order_by("order", "name")


class BookForm(OnceForm, ConfirmingForm):
    """Make the appointment for a dose."""

    on = day_field("Day")
    at_time = time_field("Time", required=False, help_text="May stay open until it is known.")
    place = forms.CharField(label="Place", max_length=80, required=False, help_text="Such as day ward or theatre 2.")
    topics = (("Appointment", ("on", "at_time", "place")),)


class MoveForm(VersionedForm, ConfirmingForm):
    """Move the appointment."""

    on = day_field("Day")
    at_time = time_field("Time", required=False)
    place = forms.CharField(label="Place", max_length=80, required=False)
    reason = _words("Why it moves")
    topics = (("Appointment", ("on", "at_time", "place")), ("Reason", ("reason",)))


class ReasonForm(VersionedForm, HouseForm):
    """Ask why, and nothing else."""

    reason = _words("Reason")
    topics = (("Reason", ("reason",)),)


class GiveForm(OnceForm, ConfirmingForm):
    """Record a dose given here, in the order of the work: the vial before the giving."""

    lot = forms.CharField(label="Vial lot", max_length=40)
    vial_expires_on = day_field("Vial expiry")
    mg = forms.DecimalField(label="Amount", max_digits=6, decimal_places=2, min_value=0, localize=False)
    ml = forms.DecimalField(label="Volume", max_digits=5, decimal_places=2, min_value=0)
    given_on = day_field("Day given")
    given_time = time_field("Time given")
    performer = forms.ModelChoiceField(label="Given by", queryset=User.objects.none(), empty_label=None)
    note = _words("Note", required=False)
    topics = (
        ("Vial", ("lot", "vial_expires_on")),
        (
            "Dose",
            (
                AppendedText("mg", "mg", wrapper_class="short"),
                AppendedText("ml", "mL", wrapper_class="short"),
            ),
        ),
        ("Given", ("given_on", "given_time", "performer", "note")),
    )

    def __init__(self, *args: Any, performers: list[User], zone: ZoneInfo, **kwargs: Any) -> None:
        """Offer the people who may give a dose here; read the clock time in the site's zone."""
        super().__init__(*args, **kwargs)
        self.zone = zone
        field = cast("forms.ModelChoiceField[User]", self.fields["performer"])
        field.queryset = User.objects.filter(pk__in=[person.pk for person in performers]).order_by("full_name")

    def clean(self) -> dict[str, Any]:
        """Put day and time together as `given_at`, an instant."""
        values = super().clean() or self.cleaned_data
        if {"given_on", "given_time"} <= values.keys():
            try:
                values["given_at"] = instant(values["given_on"], values["given_time"], self.zone)
            except ValueError as skipped:
                self.add_error("given_time", str(skipped))
        return values


class ElsewhereForm(OnceForm, HouseForm):
    """Record a dose given elsewhere, or before this record began."""

    given_on = day_field("Day given")
    mg = forms.DecimalField(label="Amount", max_digits=6, decimal_places=2, min_value=1, max_value=100)
    place = forms.CharField(label="Given at", max_length=120, help_text="The centre that gave it.")
    note = _words("Note", required=False)
    topics = (("Dose given elsewhere", ("given_on", AppendedText("mg", "mg", wrapper_class="short"), "place", "note")),)


class HoldForm(OnceForm, HouseForm):
    """Pause a course."""

    from_on = day_field("On hold from")
    reason = _words("Reason")
    review_on = day_field("Look again on", help_text="The hold stays until somebody ends it; this is the day to look.")
    topics = (("Hold", ("from_on", "review_on", "reason")),)

    def clean(self) -> dict[str, Any]:
        """Refuse a review before the hold begins."""
        values = super().clean() or self.cleaned_data
        if {"from_on", "review_on"} <= values.keys() and values["review_on"] < values["from_on"]:
            self.add_error("review_on", "Look again on or after the day the hold begins.")
        return values


class ResumeForm(VersionedForm, HouseForm):
    """End a hold."""

    on = day_field("Resume on")
    topics = (("Resume", ("on",)),)


class StopForm(VersionedForm, HouseForm):
    """End a course."""

    on = day_field("Stopped on")
    reason = _words("Reason")
    topics = (("Stop", ("on", "reason")),)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which this zone's clock showed this; the first one when it showed it twice.

    Raises ValueError with a sentence when the clock jumped over it.
    """
    local = datetime.combine(day, clock, tzinfo=zone)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"The clocks went forward on that day; there was no {clock:%H:%M}.")
    return at
