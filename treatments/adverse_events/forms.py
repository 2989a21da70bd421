"""Forms of adverse events. They only validate, by the rule that the services ask as well; the services write."""

from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.http import QueryDict

from clinic.records.forms import OnceForm, VersionedForm
from clinic.staff.models import Site
from monographs.queries import EffectList
from treatments.adverse_events.models import CAUSE_FIELDS
from treatments.courses.forms import ConfirmingForm, HouseForm, ReasonForm, day_field
from treatments.rules import adverse_events as rule
from treatments.rules.adverse_events import EventFacts, problems

# The choice that says: not in this list. No monograph has an effect of this name.
UNLISTED = "-"
_NOT_JUDGED = ("", "Not assessed")


def _one_of(label: str, vocabulary: dict[str, str], *, missing: str, **options: Any) -> forms.ChoiceField:
    choices = [("", "Choose…"), *vocabulary.items()]
    return forms.ChoiceField(label=label, choices=choices, error_messages={"required": missing}, **options)


def _judged(cause: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=rule.CAUSES[cause], choices=[_NOT_JUDGED, *rule.CAUSALITY.items()], required=False)


class EventForm(HouseForm):
    """Everything that is said of an event. `facts()` is what was said, typed."""

    term_listed = forms.ChoiceField(
        label="Effect",
        help_text="The effects that the monograph lists, by how often they were seen.",
        error_messages={"required": "Choose the effect; the last choice is for one that is not in the list."},
    )
    term_other = forms.CharField(
        label="Effect in your own words",
        max_length=200,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    onset_on = day_field("Began on")
    known_on = day_field("Known to the site since", help_text="The day from which a regulator counts.")
    severity = forms.TypedChoiceField(
        label="Severity (CTCAE grade)",
        choices=list(rule.SEVERITY.items()),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the grade."},
    )
    criteria = forms.MultipleChoiceField(
        label="Serious, because of",
        choices=list(rule.CRITERIA.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="One is enough. Serious is not the same as severe: a severe headache need not be serious.",
    )
    causality_drug = _judged("drug")
    causality_procedure = _judged("procedure")
    causality_sedation = _judged("sedation")
    causality_disease = _judged("disease")
    action = _one_of("Action taken", rule.ACTION, missing="Choose what was done about the treatment.")
    outcome = _one_of("Outcome", rule.OUTCOME, missing="Choose how it stands now.")
    ended_on = day_field("Ended on", required=False, help_text="Leave empty while it goes on.")
    narrative = forms.CharField(
        label="What is known",
        max_length=4000,
        required=False,
        widget=forms.Textarea({"rows": 5}),
        help_text="In a few sentences, without names: this text goes onto the summary for a regulator.",
    )

    def __init__(self, *args: Any, text: EffectList | None, born_on: date, today: date, **kwargs: Any) -> None:
        """Offer the effects of `text`; without one, only your own words. `today` is the day at the patient's site."""
        super().__init__(*args, **kwargs)
        self.born_on, self.today = born_on, today
        for name in ("onset_on", "known_on", "ended_on"):
            self.fields[name].widget.attrs["max"] = today.isoformat()
        if text is None:
            del self.fields["term_listed"]
            self.fields["term_other"].label = "Effect"
        else:
            cast("forms.ChoiceField", self.fields["term_listed"]).choices = _grouped(text)

    def clean(self) -> dict[str, Any]:
        """Make one term of the two fields, and ask the rule about everything that could be read."""
        values = super().clean() or self.cleaned_data
        self._clean_term(values)
        if facts := self._facts_so_far(values):
            for name, sentence in problems(facts, born_on=self.born_on, today=self.today).items():
                if name != "term" and name not in self.errors:
                    self.add_error(name, sentence)
        return values

    def _clean_term(self, values: dict[str, Any]) -> None:
        chosen, written = values.get("term_listed", UNLISTED), values.get("term_other", "").strip()
        values["term"] = written if chosen == UNLISTED else chosen
        if chosen == UNLISTED and not written and "term_listed" not in self.errors:
            self.add_error("term_other", "Write what happened.")
        if chosen != UNLISTED and written:
            self.add_error("term_other", "Choose from the list or write it yourself, not both.")

    def _facts_so_far(self, values: dict[str, Any]) -> EventFacts | None:
        """Return what could be read; None while a day or a choice that everything hangs on is missing."""
        if not {"onset_on", "known_on", "severity", "action", "outcome"} <= values.keys():
            return None
        return facts_of(values | {"ended_on": values.get("ended_on"), "criteria": values.get("criteria", [])})


class RecordForm(OnceForm, EventForm, ConfirmingForm):
    """Record an event; asks once more where one of the same name is open or began on that day."""


class CorrectForm(VersionedForm, EventForm):
    """Write down what is known by now."""

    reason = forms.CharField(
        label="What became known, or what was wrong",
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Say what became known, or what was wrong; the history keeps it."},
    )


class CloseForm(VersionedForm, HouseForm):
    """Say how an open event ended."""

    outcome = forms.ChoiceField(
        label="Outcome",
        choices=[(key, rule.OUTCOME[key]) for key in rule.CLOSING],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how it ended."},
    )
    ended_on = day_field("Ended on", help_text="If the outcome is not known, the last day on which it was seen.")
    note = forms.CharField(
        label="Note",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="The history keeps it.",
    )
    topics = (("", ("outcome", "ended_on", "note")),)

    def __init__(self, *args: Any, onset_on: date, today: date, **kwargs: Any) -> None:
        """Let the picker span the days from the onset to `today`, the day at the patient's site."""
        super().__init__(*args, **kwargs)
        self.fields["ended_on"].widget.attrs |= {"min": onset_on.isoformat(), "max": today.isoformat()}


class VoidForm(ReasonForm):
    """Void an event."""


class PeriodForm(forms.Form):
    """Which site and which days a report is about; read from the address, so that it can be kept and shared."""

    site = forms.ChoiceField(label="Site", required=False)
    first = day_field("From", required=False)
    last = day_field("To", required=False)

    def __init__(self, *args: Any, sites: list[Site], today: date, **kwargs: Any) -> None:
        """Offer the sites; without dates, the year up to `today` is meant."""
        super().__init__(*args, **kwargs)
        self.sites, self.today = {str(site.pk): site for site in sites}, today
        self.fields["site"] = forms.ChoiceField(
            label="Site", required=False, choices=[(key, site.name) for key, site in self.sites.items()]
        )
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"

    def clean(self) -> dict[str, Any]:
        """Fill in what was not said, and refuse a period that ends before it begins."""
        values = super().clean() or self.cleaned_data
        values["last"] = values.get("last") or self.today
        values["first"] = values.get("first") or values["last"] - timedelta(days=364)
        if values["first"] > values["last"]:
            self.add_error("last", "The period ends before it begins.")
        return values

    @property
    def site_chosen(self) -> Site:
        """Return the site that was chosen, else the first."""
        return self.sites.get(self.cleaned_data.get("site", "")) or next(iter(self.sites.values()))


def facts_of(values: dict[str, Any]) -> EventFacts:
    """Return the facts in the cleaned data of a form."""
    return EventFacts(
        term=values["term"],
        onset_on=values["onset_on"],
        known_on=values["known_on"],
        severity=values["severity"],
        criteria=frozenset(values["criteria"]),
        causality=tuple((cause, values.get(name, "")) for cause, name in CAUSE_FIELDS.items()),
        action=values["action"],
        outcome=values["outcome"],
        ended_on=values["ended_on"],
        narrative=values.get("narrative", ""),
    )


def typed_term(data: QueryDict) -> str:
    """Return the term as far as it is typed or chosen, whatever else the form holds."""
    chosen = data.get("term_listed", UNLISTED)
    return data.get("term_other", "") if chosen in {UNLISTED, ""} else chosen


def _grouped(text: EffectList) -> list[Any]:
    """Return the choices: nothing, each group's effects under its heading, and the way to one's own words."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for effect in text.effects:
        label = f"{effect.term} ({effect.explanation})" if effect.explanation else effect.term
        groups.setdefault(effect.heading, []).append((effect.term, label))
    return [("", "Choose the effect…"), *groups.items(), (UNLISTED, "Another effect, not in this list")]
