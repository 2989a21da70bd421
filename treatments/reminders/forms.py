"""What the ledger can be narrowed to. The form only validates."""

from typing import Any

from django import forms

from clinic import statuses
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
