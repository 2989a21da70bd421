"""What people say about a patient, as typed values: the same shape from a form, an import or a demonstration.

A facts object is what a service is given and what a form makes. Its field names are those of the row it becomes.
`problems` says what cannot be true; forms and services both ask it, so that no way in is easier than another.
"""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import singledispatch
from typing import Any, Self

from django.db.models import Model

from clinic import formatting
from clinic.patients.choices import AllergyKind, Channel, ConsentAnswer, IdentifierKind, SmaType, Therapy
from clinic.patients.numbers import RefusedNumber, normalise

EARLIEST_BIRTH = date(1900, 1, 1)
WEIGHT_KG = (Decimal(1), Decimal(300))
HEIGHT_CM = (Decimal(30), Decimal(230))

Problems = dict[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What all facts can do."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the facts, in the order in which they are asked."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def of(cls, source: Model | dict[str, Any]) -> Self:
        """Read the facts off a row, or off the cleaned data of a valid form."""
        if isinstance(source, Model):
            return cls(**{name: getattr(source, name) for name in cls.names()})
        return cls(**{name: source[name] for name in cls.names()})

    @classmethod
    def so_far(cls, cleaned: dict[str, Any]) -> Self | None:
        """Read what could be read off a form with errors, a word that is missing as empty; None without a day it needs.

        So all that is wrong is said at once, and not the rest only after the first was mended.
        """
        missing = {field.name: field.type for field in fields(cls) if field.name not in cleaned}
        if date in missing.values():
            return None
        given = {name: cleaned[name] for name in cls.names() if name in cleaned}
        return cls(**{name: "" for name, kind in missing.items() if kind is str}, **given)

    def values(self) -> dict[str, Any]:
        """Return the facts by name."""
        return {name: getattr(self, name) for name in self.names()}


@dataclass(frozen=True, slots=True)
class PersonFacts(Facts):
    """Who the patient is."""

    given_name: str
    family_name: str
    born_on: date
    sex: str


@dataclass(frozen=True, slots=True)
class ProfileFacts(Facts):
    """What is known of the person's SMA; empty means not recorded."""

    icd10: str = ""
    sma_type: str = ""
    motor_function: str = ""
    smn1: str = ""
    smn2_copies: str = ""
    smn2_method: str = ""
    symptom_onset: date | None = None
    spine: str = ""
    ventilation: str = ""
    feeding: str = ""
    ambulation: str = ""


@dataclass(frozen=True, slots=True)
class IdentifierFacts(Facts):
    """One number, with where it comes from."""

    kind: str
    value: str

    def values(self) -> dict[str, Any]:
        """Return the number as it is kept. Raises RefusedNumber."""
        return {"kind": self.kind, "value": normalise(self.kind, self.value)}


@dataclass(frozen=True, slots=True)
class CarerFacts(Facts):
    """Somebody who looks after the patient."""

    name: str
    relationship: str = ""
    channel: str = Channel.EMAIL
    language: str = "en"
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ConsentFacts(Facts):
    """One answer to a question for consent: on which day, by whom, to what, and where the paper is."""

    kind: str
    given_on: date
    given_by: str
    answer: str = ConsentAnswer.GIVEN
    scope: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class AllergyFacts(Facts):
    """One allergy, or that none is known: to what, what happened, and since when that is known."""

    kind: str
    noted_on: date
    substance: str = ""
    reaction: str = ""

    def values(self) -> dict[str, Any]:
        """Return the facts by name; spaces alone are no substance."""
        words = {"substance": self.substance.strip(), "reaction": self.reaction.strip()}
        return {"kind": self.kind, "noted_on": self.noted_on, **words}


@dataclass(frozen=True, slots=True)
class AccessPlanFacts(Facts):
    """How the cerebrospinal fluid is reached, as somebody planned it on a day."""

    approach: str
    guidance: str
    sedation: str
    reviewed_on: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class MeasurementFacts(Facts):
    """Weight in kilograms and height in centimetres on a day."""

    measured_on: date
    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TherapyFacts(Facts):
    """Another treatment for SMA."""

    therapy: str
    started_on: date
    ended_on: date | None = None
    note: str = ""


@singledispatch
def problems(facts: Facts, *, born_on: date, today: date) -> Problems:
    """Return what cannot be true, by field, in sentences for the person who typed it; empty when all can be.

    `born_on` is the patient's birth, `today` the day at their site.
    """
    raise TypeError(f"Nobody has said what cannot be true of {type(facts).__name__}.")


@problems.register
def _person(facts: PersonFacts, *, born_on: date, today: date) -> Problems:
    found = _blanks(facts, given_name="Enter the given name.", family_name="Enter the family name.")
    if facts.born_on > today:
        found["born_on"] = "The date of birth lies in the future."
    elif facts.born_on < EARLIEST_BIRTH:
        found["born_on"] = "The date of birth lies before 1900."
    return found


@problems.register
def _profile(facts: ProfileFacts, *, born_on: date, today: date) -> Problems:
    found = _outside_life(born_on, today, symptom_onset=facts.symptom_onset)
    if facts.symptom_onset and facts.sma_type == SmaType.PRESYMPTOMATIC:
        found["symptom_onset"] = "Presymptomatic means that there are no symptoms yet: empty this, or choose the type."
    if facts.smn2_method and not facts.smn2_copies:
        found["smn2_copies"] = "You say how the copies were counted; say how many there are too."
    return found


@problems.register
def _identifier(facts: IdentifierFacts, *, born_on: date, today: date) -> Problems:
    if facts.kind not in IdentifierKind.values:
        return {"kind": "Say what kind of number this is."}
    try:
        normalise(facts.kind, facts.value)
    except RefusedNumber as refused:
        return {"value": str(refused)}
    return {}


@problems.register
def _carer(facts: CarerFacts, *, born_on: date, today: date) -> Problems:
    found = _blanks(facts, name="Enter the carer's name.")
    if facts.channel == Channel.EMAIL and not facts.email:
        found["email"] = "They prefer e-mail: enter their address, or choose another way to reach them."
    if facts.channel == Channel.PHONE and not facts.phone:
        found["phone"] = "They prefer the telephone: enter their number, or choose another way to reach them."
    return found


@problems.register
def _consent(facts: ConsentFacts, *, born_on: date, today: date) -> Problems:
    found = _blanks(facts, given_by="Enter who answered.")
    return found | _outside_life(born_on, today, given_on=facts.given_on)


@problems.register
def _allergy(facts: AllergyFacts, *, born_on: date, today: date) -> Problems:
    found = _outside_life(born_on, today, noted_on=facts.noted_on)
    nothing = facts.kind == AllergyKind.NONE_KNOWN
    if nothing and (facts.substance.strip() or facts.reaction.strip()):
        found["substance"] = "No allergy is known, you say: empty this, or choose what kind it is."
    if not nothing and not facts.substance.strip():
        found["substance"] = "Enter what the person reacts to."
    return found


@problems.register
def _access_plan(facts: AccessPlanFacts, *, born_on: date, today: date) -> Problems:
    return _outside_life(born_on, today, reviewed_on=facts.reviewed_on)


@problems.register
def _measurement(facts: MeasurementFacts, *, born_on: date, today: date) -> Problems:
    found = _outside_life(born_on, today, measured_on=facts.measured_on)
    if facts.weight_kg is None and facts.height_cm is None:
        found["weight_kg"] = "Enter the weight, the height, or both."
    if facts.weight_kg is not None and not WEIGHT_KG[0] <= facts.weight_kg <= WEIGHT_KG[1]:
        found["weight_kg"] = f"A weight lies between {WEIGHT_KG[0]} and {WEIGHT_KG[1]} kg; is this in grams or pounds?"
    if facts.height_cm is not None and not HEIGHT_CM[0] <= facts.height_cm <= HEIGHT_CM[1]:
        found["height_cm"] = f"A height lies between {HEIGHT_CM[0]} and {HEIGHT_CM[1]} cm; is this in metres or inches?"
    return found


@problems.register
def _therapy(facts: TherapyFacts, *, born_on: date, today: date) -> Problems:
    found = _outside_life(born_on, today, started_on=facts.started_on, ended_on=facts.ended_on)
    if facts.ended_on and facts.ended_on < facts.started_on:
        found["ended_on"] = f"It cannot end before it began on {formatting.day(facts.started_on)}."
    if facts.therapy == Therapy.OTHER and not facts.note.strip():
        found["note"] = "Say which therapy it is."
    return found


def day_problem(on: date | None, *, born_on: date, today: date) -> str:
    """Say why nothing can have happened to the person on this day: not born yet, or not come yet; else nothing."""
    if on and on > today:
        return "This day lies in the future."
    if on and on < born_on:
        return f"This day lies before the date of birth, {formatting.day(born_on)}."
    return ""


def care_problems(to: str, on: date, *, recorded: tuple[str, date | None], born_on: date, today: date) -> Problems:
    """Return what cannot be true of a care status from a day on, `recorded` being the one that stands and its day."""
    found = {"to": "This is what is recorded already."} if (to, on) == recorded else {}
    return found | _outside_life(born_on, today, on=on)


def _outside_life(born_on: date, today: date, **days: date | None) -> Problems:
    found = {name: day_problem(on, born_on=born_on, today=today) for name, on in days.items()}
    return {name: sentence for name, sentence in found.items() if sentence}


def _blanks(facts: Facts, **sentences: str) -> Problems:
    return {name: sentence for name, sentence in sentences.items() if not getattr(facts, name).strip()}
