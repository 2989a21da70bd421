"""How each thing about a patient is asked for. These classes declare fields; the forms that use them check facts."""

from datetime import date
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.db.models import TextChoices

from clinic.patients import choices


def missing(sentence: str) -> dict[str, str]:
    """Say what is missing in words of its own, not that "this field is required"."""
    return {"required": sentence}


class DayField(forms.DateField):
    """A calendar day: a date picker where the browser has one, year-month-day where it has not."""

    def __init__(self, **kwargs: Any) -> None:
        """Ask for the day in the one form that nobody reads two ways."""
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        said = missing("Enter the day.") | {"invalid": "Enter a day that exists, as year-month-day: 2020-05-17."}
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], error_messages=said, **kwargs)

    def until(self, day: date) -> None:
        """Let the picker end at this day; whether the answer does is checked with the other facts."""
        self.widget.attrs["max"] = day.isoformat()


def one_of(vocabulary: type[TextChoices], **kwargs: Any) -> forms.ChoiceField:
    """Ask for one word of a vocabulary, with nothing chosen beforehand."""
    choices = [("", "Choose…"), *vocabulary.choices]
    return forms.ChoiceField(choices=choices, error_messages=missing("Choose one."), **kwargs)


def one_of_or_unknown(vocabulary: type[TextChoices], **kwargs: Any) -> forms.ChoiceField:
    """Ask for one word of a vocabulary, or for nothing: not recorded."""
    return forms.ChoiceField(choices=[("", "Not recorded"), *vocabulary.choices], required=False, **kwargs)


def helper(*layout: Any) -> FormHelper:
    """Return the crispy helper of every form of this room: it orders fields, and the template draws the rest."""
    made = FormHelper()
    made.form_tag, made.disable_csrf, made.render_hidden_fields = False, True, True
    made.layout = Layout(*layout)
    return made


def side_by_side(*names: str) -> Div:
    """Lay fields out two to a line where the window is wide enough, in reading order."""
    return Div(*(Field(name, wrapper_class="col") for name in names), css_class="row row-cols-1 row-cols-sm-2")


class PersonFields(forms.Form):
    """Who the patient is."""

    given_name = forms.CharField(
        label="Given name",
        max_length=100,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages=missing("Enter the given name."),
    )
    family_name = forms.CharField(
        label="Family name",
        max_length=100,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages=missing("Enter the family name."),
    )
    born_on = DayField(label="Date of birth")
    sex = one_of(choices.Sex, label="Sex", help_text="As recorded at birth: reference ranges depend on it.")


class ProfileFields(forms.Form):
    """What is known of the person's SMA."""

    sma_type = one_of_or_unknown(choices.SmaType, label="SMA type")
    motor_function = one_of_or_unknown(choices.MotorFunction, label="Motor function")
    icd10 = one_of_or_unknown(choices.Icd10, label="ICD-10 code")
    smn1 = one_of_or_unknown(choices.Smn1, label="SMN1")
    smn2_copies = one_of_or_unknown(choices.Smn2Copies, label="SMN2 copies")
    smn2_method = one_of_or_unknown(choices.Smn2Method, label="SMN2 copies counted by")
    symptom_onset = DayField(
        label="First symptoms", required=False, help_text="If only the month is known, its first day."
    )
    spine = one_of_or_unknown(choices.Spine, label="Spine")
    ventilation = one_of_or_unknown(choices.Ventilation, label="Ventilation")
    feeding = one_of_or_unknown(choices.Feeding, label="Feeding")
    ambulation = one_of_or_unknown(choices.Ambulation, label="Ambulation")


class IdentifierFields(forms.Form):
    """One number with its kind."""

    kind = one_of(choices.IdentifierKind, label="Kind of number")
    value = forms.CharField(
        label="Number",
        max_length=80,
        help_text="Spaces do not matter.",
        error_messages=missing("Enter the number."),
    )


class CarerFields(forms.Form):
    """Somebody who looks after the patient."""

    name = forms.CharField(label="Carer's name", max_length=150, error_messages=missing("Enter the carer's name."))
    relationship = forms.CharField(
        label="Relationship", max_length=60, required=False, help_text="Such as mother, guardian, or the patient."
    )
    channel = forms.ChoiceField(label="Prefers to be reached by", choices=choices.Channel.choices)
    email = forms.EmailField(label="E-mail address", max_length=254, required=False)
    phone = forms.CharField(
        label="Telephone", max_length=40, required=False, widget=forms.TextInput({"inputmode": "tel"})
    )
    language = forms.ChoiceField(label="Language", choices=choices.Language.choices)


class ConsentFields(forms.Form):
    """One answer to a question for consent."""

    kind = one_of(choices.ConsentKind, label="What the consent is for")
    answer = forms.ChoiceField(
        label="Answer",
        choices=choices.ConsentAnswer.choices,
        initial=choices.ConsentAnswer.GIVEN,
        error_messages=missing("Choose one."),
    )
    given_on = DayField(label="Answered on")
    given_by = forms.CharField(
        label="Answered by",
        max_length=150,
        help_text="The patient, or the person who may consent for them.",
        error_messages=missing("Enter who answered."),
    )
    scope = forms.CharField(
        label="What it covers", max_length=200, required=False, help_text="Such as sedation, or a named registry."
    )
    document = forms.CharField(
        label="Where the paper is", max_length=120, required=False, help_text="Such as the number of the scan."
    )


class AllergyFields(forms.Form):
    """One allergy, or that none is known."""

    kind = one_of(
        choices.AllergyKind, label="What is known", help_text="A hypersensitivity stops every dose until it is settled."
    )
    noted_on = DayField(label="Known since", help_text="The day on which somebody asked or found out.")
    substance = forms.CharField(label="Reacts to", max_length=120, required=False)
    reaction = forms.CharField(label="What happened", max_length=200, required=False)


class AccessPlanFields(forms.Form):
    """How the cerebrospinal fluid is reached."""

    approach = one_of(choices.Approach, label="Approach")
    guidance = one_of(choices.Guidance, label="Guidance")
    sedation = one_of(choices.Sedation, label="Anaesthesia or sedation")
    reviewed_on = DayField(
        label="Reviewed on", help_text="The plan is kept with the spine that the SMA profile shows today."
    )
    note = forms.CharField(
        label="Note", max_length=300, required=False, help_text="Such as the level, or what to avoid."
    )


class MeasurementFields(forms.Form):
    """Weight and height on a day."""

    measured_on = DayField(label="Measured on")
    weight_kg = forms.DecimalField(label="Weight", decimal_places=2, required=False, localize=False)
    height_cm = forms.DecimalField(label="Height", decimal_places=1, required=False, localize=False)


class TherapyFields(forms.Form):
    """Another treatment for SMA."""

    therapy = one_of(choices.Therapy, label="Therapy")
    started_on = DayField(label="Started on", help_text="For a single infusion, the day of the infusion.")
    ended_on = DayField(label="Ended on", required=False, help_text="Leave empty while it goes on.")
    note = forms.CharField(label="Note", max_length=200, required=False)
