"""Book, move and cancel an appointment."""

from django import forms

from clinic.records.forms import OnceForm, VersionedForm
from treatments.courses.forms.fields import day_field, time_field, words_field
from treatments.courses.forms.house import ConfirmingForm, HouseForm


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
