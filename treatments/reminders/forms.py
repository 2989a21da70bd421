"""What the ledger can be narrowed to, and what people decide about reminders. The forms only validate."""

from typing import Any, cast

from django import forms

from clinic import statuses
from clinic.records.forms import OnceForm
from treatments.courses.forms import HouseForm, day_field, words_field
from treatments.reminders.models import Kind


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )


def _choice(label: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[("", "All"), *choices],
        widget=forms.Select(attrs={"class": "form-select"}),
    )


class LedgerFilter(forms.Form):
    """State, kind and a range of due days; each may be left open."""

    state = _choice("State", [(key, status.label) for key, status in statuses.REMINDER.items()])
    kind = _choice("Kind", list(Kind.choices))
    first = _day("Due from")
    last = _day("Due until")

    def clean(self) -> dict[str, Any]:
        """Refuse a range that ends before it begins."""
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and last < first:
            self.add_error("last", "The last day lies before the first.")
        return found


class PutOffForm(OnceForm, HouseForm):
    """Keep a reminder quiet for some days."""

    until = day_field("Quiet until", help_text="On this day it may be told again.")
    reason = words_field("Why it can wait")
    topics = (("", ("until", "reason")),)


class AgainForm(HouseForm):
    """Send a digest again."""

    reason = words_field("Why it is sent again")
    topics = (("", ("reason",)),)


class PreferencesForm(HouseForm):
    """Which kinds of reminders a person wants, of those that their sites let them switch off."""

    wanted = forms.MultipleChoiceField(
        label="Tell me about", required=False, widget=forms.CheckboxSelectMultiple, choices=()
    )
    topics = (("", ("wanted",)),)

    def __init__(self, *args: Any, kinds: list[Kind], **kwargs: Any) -> None:
        """Offer these kinds."""
        super().__init__(*args, **kwargs)
        cast("forms.MultipleChoiceField", self.fields["wanted"]).choices = [(kind.value, kind.label) for kind in kinds]


class PreviewForm(forms.Form):
    """Ask for the digest of another day; sent as a GET, because nothing is written."""

    on = _day("Digest of")
