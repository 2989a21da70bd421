"""Record what happened at an attempt, in the order of the work."""

from typing import Any, cast

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Field
from django import forms

from clinic.records.forms import OnceForm
from clinic.staff.models import Site, User
from treatments.courses.forms.fields import amount_field, day_field, instant, time_field, words_field
from treatments.courses.forms.house import ConfirmingForm, HouseForm


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
