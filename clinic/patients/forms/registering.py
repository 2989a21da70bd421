"""The form that registers a patient: one topic to a fieldset, everything but the person optional."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any, cast

from crispy_forms.layout import Field, Fieldset
from django import forms
from django.http import QueryDict

from clinic.patients.choices import ConsentKind, IdentifierKind
from clinic.patients.facts import (
    EARLIEST_BIRTH,
    CarerFacts,
    ConsentFacts,
    Facts,
    IdentifierFacts,
    PersonFacts,
    ProfileFacts,
    problems,
)
from clinic.patients.forms.fields import CarerFields, DayField, PersonFields, ProfileFields, helper, side_by_side
from clinic.patients.forms.parts import complain, days_end_at
from clinic.records.forms import OnceForm
from clinic.staff.models import Site

_CONSENTS = {kind: f"consent_{kind.value}" for kind in ConsentKind}


class NumberFields(forms.Form):
    """One number of each kind; each field is named after its kind."""

    mrn = forms.CharField(label=IdentifierKind.MRN.label, max_length=80, required=False)
    nhs = forms.CharField(
        label=IdentifierKind.NHS.label,
        max_length=80,
        required=False,
        help_text="Ten digits. Its check digit is checked.",
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    national = forms.CharField(label=IdentifierKind.NATIONAL.label, max_length=80, required=False)
    registry = forms.CharField(label=IdentifierKind.REGISTRY.label, max_length=80, required=False)


class ConsentDateFields(forms.Form):
    """The day of each consent, and who gave them."""

    consent_treatment = DayField(label="Treatment, given on", required=False)
    consent_reminders = DayField(label="Reminders, given on", required=False)
    consent_registry = DayField(label="Sharing with a registry, given on", required=False)
    consent_given_by = forms.CharField(
        label="Given by",
        max_length=150,
        required=False,
        help_text="The patient, or the person who may consent for them.",
    )


# Errors are listed in the order in which the page asks.
_ORDER = [
    "another_person",
    "site",
    *PersonFields.base_fields,
    *NumberFields.base_fields,
    *ProfileFields.base_fields,
    *CarerFields.base_fields,
    *ConsentDateFields.base_fields,
]


class RegisterForm(PersonFields, NumberFields, ProfileFields, CarerFields, ConsentDateFields, OnceForm):
    """Register a patient at one of the sites where the person at the keyboard may."""

    site = forms.ChoiceField(label="Site")
    another_person = forms.BooleanField(required=False, label="This is another person")
    matches_seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, sites: Sequence[Site], now: datetime, **kwargs: Any) -> None:
        """Offer the sites if there are several. `now` decides which day it is there."""
        super().__init__(*args, **kwargs)
        self.sites, self.now = {str(site.pk): site for site in sites}, now
        self.fields["site"] = forms.ChoiceField(
            label="Site", choices=[("", "Choose…"), *((key, site.name) for key, site in self.sites.items())]
        )
        if len(sites) == 1:
            del self.fields["site"]
        self.order_fields(_ORDER)
        for name in CarerFields.base_fields:
            self.fields[name].required = False
        days_end_at(self, max(site.today(now) for site in sites))
        self.helper = helper(*self._fieldsets())

    def clean(self) -> dict[str, Any]:
        """Ask each topic's facts, as far as its fields could be read."""
        cleaned = super().clean() or self.cleaned_data
        found: dict[str, str] = {}
        for names, facts in self._topics():
            said = problems(facts, born_on=cleaned.get("born_on") or EARLIEST_BIRTH, today=self.today)
            found |= {names.get(name, name): sentence for name, sentence in said.items()}
        complain(self, found)
        return cleaned

    @property
    def site_chosen(self) -> Site:
        """Return the site at which the patient is registered: the only one, or the one that was chosen."""
        return self.sites[self.cleaned_data["site"]] if "site" in self.fields else next(iter(self.sites.values()))

    @property
    def today(self) -> date:
        """Return the day at the chosen site; until one is chosen, the latest day at any of them."""
        chosen = self.sites.get(self.cleaned_data.get("site", ""))
        return chosen.today(self.now) if chosen else max(site.today(self.now) for site in self.sites.values())

    def person(self) -> PersonFacts:
        """Return who the patient is."""
        return PersonFacts.of(self.cleaned_data)

    def profile(self) -> ProfileFacts:
        """Return what is known of the SMA."""
        return ProfileFacts.of(self.cleaned_data)

    def numbers(self) -> list[IdentifierFacts]:
        """Return the numbers that were entered."""
        typed = ((kind, self.cleaned_data.get(kind.value)) for kind in IdentifierKind)
        return [IdentifierFacts(kind.value, value) for kind, value in typed if value]

    def carers(self) -> list[CarerFacts]:
        """Return the first carer, if anything was said about one."""
        said = any(self.cleaned_data.get(name) for name in ("name", "relationship", "email", "phone"))
        carer = CarerFacts.so_far(self.cleaned_data)
        return [carer] if said and carer else []

    def consents(self) -> list[ConsentFacts]:
        """Return the consents whose day was entered."""
        by = self.cleaned_data.get("consent_given_by", "")
        days = ((kind, self.cleaned_data.get(name)) for kind, name in _CONSENTS.items())
        return [ConsentFacts(kind.value, day, by) for kind, day in days if day]

    def tells_apart_from(self, patient_ids: Collection[str]) -> bool:
        """Say whether the box was ticked with all of these patients in sight."""
        seen = set(self.cleaned_data["matches_seen"].split())
        return self.cleaned_data["another_person"] and seen.issuperset(patient_ids)

    def ask_about(self, patient_ids: Collection[str]) -> None:
        """Come back with the box to tick, bound to these patients and no others."""
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix("matches_seen")] = " ".join(patient_ids)
        data.pop(self.add_prefix("another_person"), None)
        self.data = data
        self.add_error(
            "another_person", "Somebody like this is registered. Open their record, or tick the box and save again."
        )

    def _topics(self) -> Iterator[tuple[dict[str, str], Facts]]:
        """Yield the facts that could be read, each with the names that their fields have on this form."""
        for kind in (PersonFacts, ProfileFacts):
            if facts := kind.so_far(self.cleaned_data):
                yield {}, facts
        for number in self.numbers():
            yield {"value": number.kind}, number
        for carer in self.carers():
            yield {}, carer
        for consent in self.consents():
            yield {"given_on": f"consent_{consent.kind}", "given_by": "consent_given_by"}, consent

    def _fieldsets(self) -> list[Fieldset]:
        site = [Field("site", wrapper_class="medium")] if "site" in self.fields else []
        return [
            Fieldset("Person", *site, side_by_side(*PersonFields.base_fields)),
            Fieldset("Identifiers", side_by_side(*NumberFields.base_fields)),
            Fieldset("SMA profile", side_by_side(*ProfileFields.base_fields)),
            Fieldset("First carer", side_by_side(*CarerFields.base_fields)),
            Fieldset("Consents", side_by_side(*ConsentDateFields.base_fields)),
        ]
