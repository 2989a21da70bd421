"""Start, hold, resume and stop a course."""

from typing import Any, cast

from django import forms
from django.utils.html import format_html

from clinic.records.forms import OnceForm, VersionedForm
from monographs.models import Regimen
from treatments.courses.forms.fields import day_field, words_field
from treatments.courses.forms.house import HouseForm, PreviewedForm
from treatments.courses.regimens import in_short


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


class HoldForm(OnceForm, PreviewedForm):
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


class ResumeForm(VersionedForm, PreviewedForm):
    """End a hold."""

    on = day_field("Resume on")
    topics = (("", ("on",)),)


class StopForm(VersionedForm, PreviewedForm):
    """End a course."""

    on = day_field("Stopped on")
    reason = words_field("Reason")
    topics = (("", ("on", "reason")),)
