"""The forms that correct a person, and that add, correct and void what belongs to them. They write nothing."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, ClassVar, cast

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Field
from django import forms
from django.http import QueryDict

from clinic.patients import facts, parts
from clinic.patients.choices import CareStatus
from clinic.patients.facts import Facts, Problems, care_problems, problems
from clinic.patients.forms import fields
from clinic.patients.forms.fields import DayField, helper, missing, one_of
from clinic.records.forms import OnceForm, VersionedForm


class FactsForm(forms.Form):
    """A form that asks for one kind of facts about a patient born on a day, and refuses what cannot be true."""

    asks: ClassVar[type[Facts]]
    layout: ClassVar[tuple[Any, ...]]

    def __init__(self, *args: Any, born_on: date, today: date, **kwargs: Any) -> None:
        """Let no picker go beyond `today`, the day at the patient's site."""
        super().__init__(*args, **kwargs)
        self.birth, self.today = born_on, today
        days_end_at(self, today)
        self.helper = helper(*self.layout, *(["reason"] if "reason" in self.fields else []))

    def clean(self) -> dict[str, Any]:
        """Ask the facts themselves, as far as the fields could be read."""
        cleaned = super().clean() or self.cleaned_data
        if facts := self.asks.so_far(cleaned):
            complain(self, problems(facts, born_on=self.birth, today=self.today))
        return cleaned

    def facts(self) -> Facts:
        """Return what was said, typed."""
        return self.asks.of(self.cleaned_data)


def complain(form: forms.Form, found: Problems) -> None:
    """Put each sentence beside its field, unless something is said there already."""
    for name, sentence in found.items():
        if name not in form.errors:
            form.add_error(name, sentence)


def days_end_at(form: forms.Form, day: date) -> None:
    """Let every date picker of the form end at this day."""
    for field in form.fields.values():
        if isinstance(field, DayField):
            field.until(day)


class Correction(VersionedForm):
    """A change of what is recorded, with room for the reason."""

    reason = forms.CharField(
        label="Why it is corrected", max_length=500, required=False, help_text="The history keeps it."
    )


class PersonForm(fields.PersonFields, FactsForm, Correction):
    """Correct name, birth or sex."""

    asks = facts.PersonFacts
    layout = (fields.side_by_side(*fields.PersonFields.base_fields),)


class ProfileForm(fields.ProfileFields, FactsForm, Correction):
    """Write down what is known of the SMA."""

    asks = facts.ProfileFacts
    layout = (fields.side_by_side(*fields.ProfileFields.base_fields),)


class IdentifierForm(fields.IdentifierFields, FactsForm):
    """One number."""

    asks = facts.IdentifierFacts
    layout = (Field("kind", wrapper_class="medium"), Field("value", wrapper_class="medium", autocomplete="off"))

    def clean(self) -> dict[str, Any]:
        """Hand on the number as it is kept, so that it compares with the one that is stored."""
        cleaned = super().clean()
        return cleaned if self.errors else cleaned | self.facts().values()


class CarerForm(fields.CarerFields, FactsForm):
    """One carer."""

    asks = facts.CarerFacts
    layout = (fields.side_by_side(*fields.CarerFields.base_fields),)


class ConsentForm(fields.ConsentFields, FactsForm):
    """One consent."""

    asks = facts.ConsentFacts
    layout = (
        Field("kind", wrapper_class="medium"),
        Field("answer", wrapper_class="short"),
        "given_on",
        "given_by",
        "scope",
        "document",
    )


class AllergyForm(fields.AllergyFields, FactsForm):
    """One allergy, or that none is known."""

    asks = facts.AllergyFacts
    layout = (Field("kind", wrapper_class="medium"), "substance", "reaction", "noted_on")


class AccessPlanForm(fields.AccessPlanFields, FactsForm):
    """One access plan."""

    asks = facts.AccessPlanFacts
    layout = (
        Field("approach", wrapper_class="medium"),
        Field("guidance", wrapper_class="medium"),
        Field("sedation", wrapper_class="medium"),
        "note",
        "reviewed_on",
    )


class MeasurementForm(fields.MeasurementFields, FactsForm):
    """One day's weight and height."""

    asks = facts.MeasurementFacts
    layout = (
        "measured_on",
        AppendedText("weight_kg", "kg", wrapper_class="short", inputmode="decimal"),
        AppendedText("height_cm", "cm", wrapper_class="short", inputmode="decimal"),
    )


class TherapyForm(fields.TherapyFields, FactsForm):
    """Another therapy."""

    asks = facts.TherapyFacts
    layout = (Field("therapy", wrapper_class="medium"), "started_on", "ended_on", "note")


@dataclass(frozen=True, slots=True)
class PartForms:
    """The two forms of one kind of part: one makes a row once, the other changes the version on screen."""

    add: type[FactsForm]
    correct: type[FactsForm]


def _forms(form: type[FactsForm]) -> PartForms:
    return PartForms(
        add=type(f"Add{form.__name__}", (form, OnceForm), {"__doc__": f"Add: {form.__doc__}"}),
        correct=type(f"Correct{form.__name__}", (form, Correction), {"__doc__": f"Correct: {form.__doc__}"}),
    )


PART_FORMS: dict[str, PartForms] = {
    parts.IDENTIFIER.slug: _forms(IdentifierForm),
    parts.CARER.slug: _forms(CarerForm),
    parts.CONSENT.slug: _forms(ConsentForm),
    parts.ALLERGY.slug: _forms(AllergyForm),
    parts.ACCESS_PLAN.slug: _forms(AccessPlanForm),
    parts.MEASUREMENT.slug: _forms(MeasurementForm),
    parts.THERAPY.slug: _forms(TherapyForm),
}


class VoidForm(VersionedForm):
    """Take something out of force that was entered in error."""

    reason = forms.CharField(
        label="Why it was wrong",
        max_length=500,
        error_messages=missing("Say why; the history keeps it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Order the fields."""
        super().__init__(*args, **kwargs)
        self.helper = helper("reason")


class WithdrawForm(VersionedForm):
    """End a consent on a day."""

    on = DayField(label="Withdrawn on")
    reason = forms.CharField(label="What was said", max_length=500, required=False, help_text="The history keeps it.")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        """Let the picker end at `today`, the day at the patient's site."""
        super().__init__(*args, **kwargs)
        days_end_at(self, today)
        self.helper = helper("on", "reason")


class CareStatusForm(VersionedForm):
    """Say whether this site still treats the person. It is asked twice: `confirmed` comes with the second time."""

    to = one_of(CareStatus, label="Care status")
    on = DayField(label="Since", help_text="The day of the transfer, the last contact, the death, or the return.")
    reason = forms.CharField(
        label="Why",
        max_length=500,
        help_text="The history keeps it.",
        error_messages=missing("Say why; the history keeps it."),
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, recorded: tuple[str, date | None], born_on: date, today: date, **kwargs: Any
    ) -> None:
        """Compare with what is `recorded`: the care status that stands, and its day."""
        super().__init__(*args, **kwargs)
        self.check = partial(care_problems, recorded=recorded, born_on=born_on, today=today)
        days_end_at(self, today)
        self.helper = helper(Field("to", wrapper_class="medium"), "on", "reason", "version")
        self.helper.render_hidden_fields = False

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be true before asking whether it shall be so; the service looks again afterwards."""
        cleaned = super().clean() or self.cleaned_data
        if "to" in cleaned and "on" in cleaned and not cleaned["confirmed"]:
            complain(self, self.check(cleaned["to"], cleaned["on"]))
        return cleaned

    def ask_again(self) -> None:
        """Turn into the hidden half of the page that says what this means, carrying what was typed."""
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix("confirmed")] = "on"
        self.data = data
        for field in self.fields.values():
            field.widget = field.hidden_widget()
