"""Record a dose that was given elsewhere."""

from crispy_forms.bootstrap import AppendedText
from django import forms

from clinic.records.forms import OnceForm
from treatments.courses.forms.fields import amount_field, day_field, words_field
from treatments.courses.forms.house import HouseForm


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
