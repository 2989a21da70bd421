"""Forms of courses and doses. They only validate; the services decide and write."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from crispy_forms.bootstrap import AppendedText
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Fieldset, Layout, LayoutObject
from django import forms
from django.utils.html import format_html

from clinic.records.forms import OnceForm, VersionedForm
from clinic.staff.models import Site, User
from monographs.models import Regimen
from treatments.courses.regimens import in_short
from treatments.rules.cautions import CODES, Caution

# A year outside is a slip of the finger; and these lie far enough from the calendar's ends to count in either zone.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


def day_field(label: str, **options: Any) -> forms.DateField:
    """Return a date field with the browser's own picker, ISO underneath."""
    said = {"required": "Enter the day.", "invalid": "Enter a day that exists, as year-month-day: 2026-05-17."}
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        validators=[_in_our_years],
        error_messages=said,
        **options,
    )


def _in_our_years(day: date) -> None:
    if not EARLIEST <= day <= LATEST:
        raise forms.ValidationError(f"Check the year: {day.year:04} is not between 1900 and 2199.")


def time_field(label: str, **options: Any) -> forms.TimeField:
    """Return a time field with the browser's own picker."""
    said = {"required": "Enter the time.", "invalid": "Enter a time on the 24-hour clock, such as 14:05."}
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, error_messages=said, **options)


def amount_field(label: str, unit: str) -> forms.DecimalField:
    """Return a field for an amount above zero and up to 100, with two decimals.

    It is a plain text box with the number pad of a phone: a number box changes its value under a turning wheel.
    """
    return forms.DecimalField(
        label=label,
        max_digits=6,
        decimal_places=2,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": f"Enter the {label.lower()} in {unit}.",
            "invalid": "Enter a plain number, with a point for decimals, such as 4.5.",
            "min_value": "Enter more than 0.",
            "max_value": f"Enter 100 {unit} or less.",
        },
    )


def words_field(label: str, rows: int = 2, **options: Any) -> forms.CharField:
    """Return a field for a few words."""
    said = {"required": "Write the reason in a few words."}
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=500, widget=widget, error_messages=said, **options)


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
        helper.layout = Layout(*(self._topic(legend, fields) for legend, fields in self.laid_out()))
        return helper

    @staticmethod
    def _topic(legend: str, fields: tuple[Any, ...]) -> LayoutObject:
        """Return a topic's fields; the only topic of a page needs no legend, because the page's heading says it."""
        return Fieldset(legend, *fields) if legend else Layout(*fields)

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Return the topics to show; a subclass may add one."""
        return self.topics


class Confirmations(forms.MultipleChoiceField):
    """The sentences that the person ticked.

    What was confirmed is the sentence with its figures: after another change the services ask about the new one. A
    sentence nobody asks about does no harm, so it is let through; a code is refused, because people confirm no codes.
    """

    def valid_value(self, value: str) -> bool:
        """Let any sentence through."""
        return value not in CODES


class ConfirmingForm(HouseForm):
    """A form that can ask the person to confirm cautions before it is accepted a second time."""

    confirmed = Confirmations(label="Please confirm", required=False, widget=forms.CheckboxSelectMultiple)
    asked = False

    def ask(self, cautions: tuple[Caution, ...]) -> None:
        """Show the cautions, each to be ticked, and keep everything that was typed."""
        self.asked = True
        field = cast("Confirmations", self.fields["confirmed"])
        field.choices = [(caution.text, caution.text) for caution in cautions]
        field.required = True
        self.add_error("confirmed", "Read each point and tick it to confirm, or correct the entry.")

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Add the confirmations at the end, once there are any: the last thing to read before the button."""
        box = Div("confirmed", css_class="panel edged tone-attention mt-3 pb-1")
        return (*self.topics, ("", (box,))) if self.asked else self.topics


class RegimenField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes no argument when it runs
    """A choice between regimens, each with what is given when."""

    def label_from_instance(self, obj: Regimen) -> str:
        """Return the name with the days and amounts below it."""
        return format_html('{}<span class="sub">{}</span>', obj.name, in_short(obj.rule()))


class StartForm(OnceForm, HouseForm):
    """Put a patient on a regimen. No day is proposed: it decides every date after it."""

    regimen = RegimenField(
        queryset=Regimen.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a regimen.", "invalid_choice": "Choose a regimen that is in force."},
    )
    planned_start = day_field(
        "First dose planned for",
        help_text="After earlier doses elsewhere, enter the day of the next one; add the earlier ones afterwards.",
    )
    topics = (("", ("regimen", "planned_start")),)

    def __init__(self, *args: Any, regimens: list[Regimen], **kwargs: Any) -> None:
        """Offer the regimens in force."""
        super().__init__(*args, **kwargs)
        offered = Regimen.objects.filter(pk__in=[row.pk for row in regimens]).select_related("version")
        cast("RegimenField", self.fields["regimen"]).queryset = offered.order_by("-is_default", "order", "name")


class BookForm(OnceForm, ConfirmingForm):
    """Make the appointment for a dose."""

    on = day_field("Day")
    at_time = time_field("Time", required=False, help_text="May stay open until it is known.")
    place = forms.CharField(label="Place", max_length=80, required=False, help_text="Such as day ward or theatre 2.")
    topics = (("", ("on", "at_time", "place")),)


class MoveForm(VersionedForm, ConfirmingForm):
    """Move the appointment."""

    on = day_field("Day")
    at_time = time_field("Time", required=False)
    place = forms.CharField(label="Place", max_length=80, required=False)
    reason = words_field("Why it moves")
    topics = (("", ("on", "at_time", "place", "reason")),)


class ReasonForm(VersionedForm, HouseForm):
    """Ask why, and nothing else."""

    reason = words_field("Reason")
    topics = (("", ("reason",)),)


class GiveForm(OnceForm, ConfirmingForm):
    """Record a dose given here, in the order of the work: the vial before the giving."""

    lot = forms.CharField(
        label="Vial lot",
        max_length=40,
        error_messages={"required": "Enter the lot as it is printed on the vial."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    vial_expires_on = day_field("Vial expiry", help_text="Where only a month is printed, its last day.")
    mg = amount_field("Amount", "mg")
    ml = amount_field("Volume", "mL")
    given_on = day_field("Day given")
    given_time = time_field("Time given")
    performer = forms.ModelChoiceField(
        label="Given by",
        queryset=User.objects.none(),
        empty_label="Choose who gave the dose",
        error_messages={"required": "Choose who gave the dose.", "invalid_choice": "Choose somebody of this site."},
    )
    note = words_field("Note", required=False)
    topics = (
        ("Vial", (Field("lot", wrapper_class="medium"), "vial_expires_on")),
        ("Dose", (AppendedText("mg", "mg", wrapper_class="short"), AppendedText("ml", "mL", wrapper_class="short"))),
        ("Given", ("given_on", "given_time", Field("performer", wrapper_class="medium"), "note")),
    )

    def __init__(self, *args: Any, performers: list[User], site: Site, **kwargs: Any) -> None:
        """Offer the people who may give a dose here; read the clock time in the site's zone."""
        super().__init__(*args, **kwargs)
        self.zone = site.zone
        self.fields["given_time"].help_text = f"By the clock at {site.name}."
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
    mg = amount_field("Amount", "mg")
    place = forms.CharField(
        label="Given at",
        max_length=120,
        help_text="The centre that gave it.",
        error_messages={"required": "Enter the centre that gave it."},
    )
    note = words_field("Note", required=False)
    topics = (("", ("given_on", AppendedText("mg", "mg", wrapper_class="short"), "place", "note")),)


class HoldForm(OnceForm, HouseForm):
    """Pause a course."""

    from_on = day_field("On hold from")
    review_on = day_field("Look again on", help_text="The hold stays until somebody ends it; this is the day to look.")
    reason = words_field("Reason")
    topics = (("", ("from_on", "review_on", "reason")),)

    def clean(self) -> dict[str, Any]:
        """Refuse a review before the hold begins."""
        values = super().clean() or self.cleaned_data
        if {"from_on", "review_on"} <= values.keys() and values["review_on"] < values["from_on"]:
            self.add_error("review_on", "Look again on or after the day the hold begins.")
        return values


class ResumeForm(VersionedForm, HouseForm):
    """End a hold."""

    on = day_field("Resume on")
    topics = (("", ("on",)),)


class StopForm(VersionedForm, HouseForm):
    """End a course."""

    on = day_field("Stopped on")
    reason = words_field("Reason")
    topics = (("", ("on", "reason")),)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which this zone's clock showed this; the first one when it showed it twice.

    Raises ValueError with a sentence when the clock jumped over it.
    """
    local = datetime.combine(day, clock, tzinfo=zone)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"The clocks went forward on that day; there was no {clock:%H:%M}.")
    return at
