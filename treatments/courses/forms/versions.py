"""Forms with which courses take newer versions. Each names the courses as the person had them in sight."""

import re
import uuid
from typing import Any

from django import forms

from clinic.records.forms import OnceForm
from treatments.courses.forms import HouseForm
from treatments.courses.queries.versions import Shown

_SHOWN = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})")


def written(course_id: uuid.UUID, mark: str) -> str:
    """Return a course as shown, the way it travels through a form."""
    return f"{course_id.hex}.{mark}"


def read(value: str) -> Shown:
    """Return the course as shown that a form brought back. Raises ValidationError."""
    found = _SHOWN.fullmatch(value)
    if found is None:
        raise forms.ValidationError("Open the page again; it did not come back whole.")
    return Shown(uuid.UUID(found[1]), found[2])


class ShownField(forms.CharField):
    """One course as it was shown."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> Shown:
        """Read the course and its mark."""
        return read(super().clean(value))


class TickedField(forms.MultipleChoiceField):
    """The courses that were ticked, each once."""

    def valid_value(self, value: str) -> bool:
        """Take what has the right form; the services know which courses there are."""
        return True

    def clean(self, value: Any) -> tuple[Shown, ...]:
        """Read each course and its mark."""
        return tuple(map(read, dict.fromkeys(super().clean(value))))


def _reason() -> forms.CharField:
    said = {"required": "Write the reason in a few words."}
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label="Reason", max_length=500, widget=widget, error_messages=said)


class MigrateForm(OnceForm, HouseForm):
    """Let one course take the newer version."""

    shown = ShownField()
    reason = _reason()
    topics = (("", ("shown", "reason")),)


class TogetherForm(OnceForm, HouseForm):
    """Let every ticked course take the newer version. The boxes stand in the list, outside this form's layout."""

    ticked = TickedField(label="Courses", error_messages={"required": "Tick at least one course."})
    reason = _reason()
    topics = (("", ("reason",)),)
