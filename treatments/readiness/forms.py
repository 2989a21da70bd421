"""Forms of this room. They only validate; the services decide and write."""

from typing import Any, cast

from django import forms
from django.http import QueryDict

from clinic.records.forms import OnceForm, VersionedForm
from treatments.courses.forms import HouseForm, ReasonForm, day_field, words_field
from treatments.readiness.models import Override


class OverrideForm(OnceForm, HouseForm):
    """Let a dose past a light. `said` carries the sentence that was read."""

    said = forms.CharField(widget=forms.HiddenInput)
    reason_code = forms.ChoiceField(
        label="Why the dose goes ahead",
        choices=Override.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a reason."},
    )
    reason = words_field("In a few words", required=False)
    expires_on = day_field("Counts until")
    topics = (("", ("reason_code", "reason", "expires_on")),)

    def __init__(self, *args: Any, last: str, two: bool, **kwargs: Any) -> None:
        """Say how long it may count; ask for words where a second person has to read them."""
        super().__init__(*args, **kwargs)
        self.fields["expires_on"].help_text = f"{last} at the latest. It counts if the dose’s day is not later."
        if two:
            self.fields["reason"].required = True
            self.fields["reason"].help_text = "The second person reads this before they confirm."

    def show_said(self, said: str) -> None:
        """Carry another sentence, because something else stands in the way now; sending again answers for that one."""
        data = cast("QueryDict", self.data).copy()
        data["said"] = said
        self.data = data


class ConfirmForm(VersionedForm, HouseForm):
    """Confirm as the second person: there is nothing to type."""


class WithdrawForm(ReasonForm):
    """Take an override back."""
