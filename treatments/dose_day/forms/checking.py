"""The checklist before a dose: one answer to each question, a few words where something is to be known."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from crispy_forms.layout import Div
from django import forms

from clinic.records.forms import OnceForm
from treatments.courses.forms import HouseForm
from treatments.dose_day.models import Checklist
from treatments.dose_day.queries import VialChoice
from treatments.rules.dose_day import Check, Said


class ChecklistForm(OnceForm, HouseForm):
    """Answer what is asked of this patient. `version` is that of the list on screen, empty where none was made yet."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, checks: Sequence[Check], vials: Sequence[VialChoice], **kwargs: Any) -> None:
        """Ask these questions, and offer these vials."""
        super().__init__(*args, **kwargs)
        self.checks = checks
        for check in checks:
            self.fields[check.key] = forms.ChoiceField(
                label=check.question,
                choices=[(option.key, option.label) for option in check.options],
                widget=forms.RadioSelect,
                error_messages={"required": f"{check.question}: choose an answer."},
            )
            self.fields[_note(check)] = forms.CharField(
                label="Note",
                max_length=300,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off", "aria-label": f"Note on: {check.question}"}),
            )
        none = ("", "Not chosen yet")
        self.fields["vial"] = forms.ChoiceField(
            label="Vial to be given",
            required=False,
            choices=[none, *((str(vial.id), vial.label) for vial in vials)],
            help_text="Both people read strength, lot and expiry on this vial.",
        )

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Show each question with its note beside it, in the order of the list."""
        rows = tuple(Div(check.key, _note(check), css_class="check") for check in self.checks)
        return (("", ("version", *rows, "vial")),)

    def said(self) -> dict[str, Said]:
        """Return the answers of a valid form."""
        values = self.cleaned_data
        return {check.key: Said(values[check.key], values[_note(check)]) for check in self.checks}

    def clean(self) -> dict[str, Any]:
        """Ask for a word where an answer is one to think about."""
        values = super().clean() or self.cleaned_data
        for check in self.checks:
            option = check.option(values.get(check.key, ""))
            if option is not None and not option.is_fine and not values.get(_note(check), "").strip():
                self.add_error(_note(check), f"{check.question}: write what is to be known, or what was done about it.")
        return values


def stored_as(checks: Sequence[Check]) -> dict[str, Callable[[Checklist], str]]:
    """Return where a list keeps what each field asks for, for whoever saved second."""
    kept: dict[str, Callable[[Checklist], str]] = {"vial": lambda row: "" if row.vial_id is None else str(row.vial_id)}
    for check in checks:
        kept[check.key] = partial(_said, key=check.key, part=0)
        kept[_note(check)] = partial(_said, key=check.key, part=1)
    return kept


def _said(row: Checklist, *, key: str, part: int) -> str:
    answer: Sequence[str] = row.answers.get(key, ("", ""))
    return answer[part]


def initial_of(answers: dict[str, Said]) -> dict[str, str]:
    """Return a list's answers as the form's first values."""
    options = {key: said.option for key, said in answers.items()}
    return options | {f"{key}_note": said.note for key, said in answers.items()}


def _note(check: Check) -> str:
    return f"{check.key}_note"
