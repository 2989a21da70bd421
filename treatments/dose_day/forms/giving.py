"""Record what happened at an attempt, in the order of the work; put a record right, or take it back."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Div, Field
from django import forms

from clinic.patients import choices
from clinic.records.forms import OnceForm, VersionedForm
from clinic.staff.models import Site, User
from treatments.courses.forms import (
    ConfirmingForm,
    HouseForm,
    PreviewedForm,
    amount_field,
    day_field,
    instant,
    time_field,
    words_field,
)
from treatments.courses.models import Administration
from treatments.dose_day.models import Procedure
from treatments.dose_day.queries import OTHER, VialChoice

_UNKNOWN = ("", "Not recorded")
# So many vials are shown below each other; more of them are chosen from a menu.
AT_ONCE = 8


def _choice(label: str, options: Iterable[tuple[str, str]], **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[_UNKNOWN, *options], **more)


def _lot_field(**more: Any) -> forms.CharField:
    attributes = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
    return forms.CharField(
        label="Vial lot", max_length=40, required=False, widget=forms.TextInput(attrs=attributes), **more
    )


def _offer(field: forms.Field, vials: Sequence[VialChoice], *, first: Sequence[tuple[str, str]] = ()) -> None:
    """Offer these vials and any other one: as a list to be read at once while it is short."""
    offered = [(str(vial.id), vial.label) for vial in vials]
    choices = [*first, *offered, (OTHER, "Another vial, which is not on this list")]
    if len(offered) > AT_ONCE:
        field.widget = forms.Select()
        choices = [("", "Choose the vial"), *choices]
    cast("forms.ChoiceField", field).choices = choices


def _offer_people(field: forms.Field, performers: Sequence[User]) -> None:
    """Offer these people, by name."""
    people = User.objects.filter(pk__in=[person.pk for person in performers])
    cast("forms.ModelChoiceField[User]", field).queryset = people.order_by("full_name")


class ProcedureFields(HouseForm):
    """How the attempt went: what was removed, which way, with what, and what went wrong."""

    csf_ml = forms.DecimalField(
        label="CSF removed",
        required=False,
        max_digits=4,
        decimal_places=1,
        min_value=Decimal(0),
        max_value=Decimal(50),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="As much as is injected.",
        error_messages={
            "invalid": "Enter a plain number of mL, such as 5.",
            "max_value": "Enter 50 mL or less.",
            "min_value": "Enter 0 or more.",
        },
    )
    csf_appearance = _choice("CSF looked", Procedure.Appearance.choices)
    level = _choice("Level", Procedure.Level.choices)
    approach = _choice("Approach", choices.Approach.choices)
    guidance = _choice("Guidance", choices.Guidance.choices)
    needle = forms.CharField(label="Needle", max_length=40, required=False, help_text="Such as 22 G, 90 mm.")
    punctures = forms.IntegerField(
        label="Attempts",
        required=False,
        min_value=1,
        max_value=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Enter how many, such as 1.", "min_value": "Enter 1 or more."},
    )
    sedation = _choice("Anaesthesia or sedation", choices.Sedation.choices)
    complications = forms.MultipleChoiceField(
        label="What went wrong",
        choices=Procedure.Complication.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick nothing if there were none. An adverse event is recorded on its own page as well.",
    )
    complication_note = words_field("About the complications", required=False)

    procedure_topic = (
        "Procedure",
        (
            Div(
                AppendedText("csf_ml", "mL", wrapper_class="short"),
                "csf_appearance",
                "approach",
                "level",
                "guidance",
                "sedation",
                "needle",
                Field("punctures", wrapper_class="short"),
                css_class="pairs",
            ),
        ),
    )
    afterwards_topic = ("Complications", (Div("complications", css_class="in-columns"), "complication_note"))


class GivenForm(ConfirmingForm, ProcedureFields):
    """What is recorded of a dose given here, in the order of the work: the vial before the giving."""

    vial = forms.ChoiceField(
        label="Which vial was given",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose the vial that was given, or that it was another one.",
            "invalid_choice": "This vial cannot be chosen any more; choose another.",
        },
    )
    lot = _lot_field(help_text="As it is printed on the vial.")
    vial_expires_on = day_field("Vial expiry", required=False, help_text="Where a month is printed, its last day.")
    mg = amount_field("Amount", "mg")
    ml = amount_field("Volume", "mL")
    given_on = day_field("Day given")
    given_time = time_field("Injection began")
    ended_time = time_field("Injection ended", required=False)
    performer = forms.ModelChoiceField(
        label="Given by",
        queryset=User.objects.none(),
        empty_label="Choose who gave the dose",
        error_messages={"required": "Choose who gave the dose.", "invalid_choice": "Choose somebody of this site."},
    )
    note = words_field("Note", required=False)

    @property
    def topics(self) -> Iterable[tuple[str, tuple[Any, ...]]]:  # type: ignore[override]
        """Return the topics in the order of the work."""
        return (
            ("Vial", ("vial", Div("lot", "vial_expires_on", css_class="pairs other-vial"))),
            self.procedure_topic,
            (
                "Injection",
                (
                    Div(
                        AppendedText("mg", "mg", wrapper_class="short"),
                        AppendedText("ml", "mL", wrapper_class="short"),
                        "given_on",
                        "performer",
                        "given_time",
                        "ended_time",
                        css_class="pairs",
                    ),
                ),
            ),
            ("Complications", (*self.afterwards_topic[1], "note")),
        )

    def __init__(
        self, *args: Any, vials: Sequence[VialChoice], performers: list[User], site: Site, **kwargs: Any
    ) -> None:
        """Offer these vials and the people who may give a dose here; read the clock in the site's zone."""
        super().__init__(*args, **kwargs)
        self.zone = site.zone
        self.fields["given_time"].help_text = f"By the clock at {site.name}."
        _offer(self.fields["vial"], vials)
        _offer_people(self.fields["performer"], performers)

    def clean(self) -> dict[str, Any]:
        """Put days and times together as instants; ask for lot and expiry of a vial that is not on the list."""
        values = super().clean() or self.cleaned_data
        self._other_vial(values)
        for name, at in (("given_time", "given_at"), ("ended_time", "ended_at")):
            values[at] = self._instant(values.get("given_on"), values.get(name), name)
        return values

    def _other_vial(self, values: dict[str, Any]) -> None:
        other = values.get("vial") == OTHER
        if other and values.get("lot") == "":
            self.add_error("lot", "Enter the lot as it is printed on the vial.")
        if other and "vial_expires_on" in values and values["vial_expires_on"] is None:
            self.add_error("vial_expires_on", "Enter the vial’s last day.")
        if "vial" in values and not other and values.get("lot"):
            self.add_error("lot", "Leave this empty, or choose that it was another vial.")

    def _instant(self, day: date | None, clock: Any, name: str) -> Any:
        if day is None or clock is None:
            return None
        try:
            return instant(day, clock, self.zone)
        except ValueError as skipped:
            self.add_error(name, str(skipped))
            return None


class GiveForm(OnceForm, GivenForm):
    """Record a dose given here, once."""


class CorrectForm(VersionedForm, PreviewedForm, GivenForm):
    """Put a dose on record as it was given."""

    reason = words_field("What was wrong with the record")

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Ask first what was wrong."""
        return (("Correction", ("reason", "seen")), *super().laid_out())


class TakeBackForm(VersionedForm, PreviewedForm):
    """Take a record back."""

    reason = words_field("Why the record is wrong")
    topics = (("", ("reason", "seen")),)


class NotGivenForm(OnceForm, ProcedureFields):
    """Record an attempt that gave nothing, or only part of the dose, what became of the vial, and what happens next."""

    outcome = forms.ChoiceField(
        label="What happened",
        choices=[
            (Administration.Outcome.NOT_DONE.value, "Nothing was given"),
            (Administration.Outcome.PARTIAL.value, "Only part of the dose went in"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happened."},
    )
    mg = amount_field("Amount that went in", "mg", required=False)
    on = day_field("Day")
    reason = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose the main reason"), *Administration.Reason.choices],
        error_messages={"required": "Choose the main reason."},
    )
    vial = forms.ChoiceField(
        label="Vial that was opened",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose the vial that was opened, or that none was.",
            "invalid_choice": "This vial cannot be chosen any more; choose another.",
        },
        help_text="An opened vial leaves the stock: it is wasted, or part of it went in.",
    )
    lot = _lot_field(help_text="As it is printed on the vial.")
    performer = forms.ModelChoiceField(
        label="Tried by", queryset=User.objects.none(), empty_label="Nobody tried, or not known", required=False
    )
    note = words_field("Note", required=False)
    next_step = forms.ChoiceField(
        label="What happens next",
        choices=Procedure.Next.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happens next."},
    )

    @property
    def topics(self) -> Iterable[tuple[str, tuple[Any, ...]]]:  # type: ignore[override]
        """Return the topics in the order of the work."""
        return (
            (
                "Attempt",
                (
                    "outcome",
                    Div(AppendedText("mg", "mg", wrapper_class="short"), css_class="part-amount"),
                    Div("reason", "on", "performer", css_class="pairs"),
                    "note",
                ),
            ),
            ("Vial", ("vial", Div(Field("lot", wrapper_class="medium"), css_class="other-vial"))),
            self.procedure_topic,
            self.afterwards_topic,
            ("Next", ("next_step",)),
        )

    def __init__(
        self, *args: Any, vials: Sequence[VialChoice], performers: list[User], site: Site, **kwargs: Any
    ) -> None:
        """Offer these vials and the people who may give a dose at the site."""
        super().__init__(*args, **kwargs)
        self.fields["on"].help_text = f"By the calendar at {site.name}."
        _offer(self.fields["vial"], vials, first=[("none", "None was opened")])
        _offer_people(self.fields["performer"], performers)

    def clean(self) -> dict[str, Any]:
        """Ask for the amount where some went in, and for none where none did."""
        values = super().clean() or self.cleaned_data
        partly = values.get("outcome") == Administration.Outcome.PARTIAL.value
        if partly and "mg" in values and values["mg"] is None:
            self.add_error("mg", "Enter how much went in, in mg.")
        if not partly and values.get("mg") is not None:
            self.add_error("mg", "Leave the amount empty, or choose that part of the dose went in.")
        if partly and values.get("vial") == "none":
            self.add_error("vial", "Part of the dose went in, so a vial was opened: choose it.")
        if values.get("vial") == OTHER and values.get("lot") == "":
            self.add_error("lot", "Enter the lot as it is printed on the vial.")
        return values
