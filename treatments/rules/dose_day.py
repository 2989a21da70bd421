"""The dose day: what is asked before a dose, what the record of one must not pass over in silence, and when to call.

"The dose day" of clinical-rules.md. The answers to a checklist keep no dose from being recorded: what happened is
written down as it was, with what had not been checked said aloud.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from treatments.rules.cautions import Caution
from treatments.rules.schedule_words import in_words

# From and until which age pregnancy is asked about. Policy of this application; the label names no age.
PREGNANCY_AGES = (10, 55)
# "Injected over 1 to 3 minutes": US label, section 2.3; EU summary of product characteristics, section 4.2.
INJECTION_MINUTES = (1, 3)
# A telephone call within three days finds what came after the patient went home: clinical.md, section 3.1.
CALL_WITHIN_DAYS = 3


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a check. `is_fine`: nothing has to be said about it."""

    key: str
    label: str
    is_fine: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the checklist, with its answers."""

    key: str
    question: str
    options: tuple[Option, ...]

    def option(self, key: str) -> Option | None:
        """Return the answer with this key, None for a strange one."""
        return next((option for option in self.options if option.key == key), None)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it was given, with what was written beside it."""

    option: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What the checklist has to know of a patient: the day of birth, and whether they may be pregnant at all."""

    born_on: date
    may_be_pregnant: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A checklist as it stands: for which local day, label, amount and vial it was made, and whether two people agreed.

    `vial` is the caller's key of the vial, "" where none was named.
    """

    on: date
    label: str
    mg: Decimal
    vial: str
    confirmed: bool


IDENTITY = Check(
    "identity",
    "Identity, by two identifiers",
    (Option("confirmed", "Confirmed"), Option("not_confirmed", "Not confirmed", is_fine=False)),
)
DOSE = Check(
    "dose",
    "Dose number and amount",
    (Option("as_planned", "As planned"), Option("differs", "Something else is intended", is_fine=False)),
)
INTERVAL = Check(
    "interval",
    "Time since the last dose",
    (Option("long_enough", "Long enough, or the first dose"), Option("too_short", "Too short", is_fine=False)),
)
INFECTION = Check(
    "infection",
    "Infection, fever, skin at the puncture site",
    (Option("none", "Nothing found"), Option("present", "Something found", is_fine=False)),
)
ANTICOAGULANTS = Check(
    "anticoagulants",
    "Anticoagulants",
    (
        Option("none", "None taken"),
        Option("stopped", "Stopped in time"),
        Option("taken", "Still taken", is_fine=False),
    ),
)
SHUNT = Check(
    "shunt",
    "Shunt or reservoir",
    (Option("none", "None"), Option("planned_for", "Present and planned for"), Option("new", "New", is_fine=False)),
)
SEDATION = Check(
    "sedation",
    "Sedation and fasting",
    (
        Option("not_needed", "Not needed"),
        Option("as_planned", "As planned, fasting kept"),
        Option("not_as_planned", "Not as planned", is_fine=False),
    ),
)
CONSENT = Check(
    "consent",
    "Consent today",
    (Option("given", "Given"), Option("not_given", "Not given", is_fine=False)),
)
PREGNANCY = Check(
    "pregnancy",
    "Pregnancy",
    (
        Option("no", "Not pregnant"),
        Option("not_known", "Not known", is_fine=False),
        Option("yes", "Pregnant", is_fine=False),
    ),
)
CHECKS: tuple[Check, ...] = (
    IDENTITY,
    DOSE,
    INTERVAL,
    INFECTION,
    ANTICOAGULANTS,
    SHUNT,
    SEDATION,
    CONSENT,
    PREGNANCY,
)


def asked_of(person: Person, on: date) -> tuple[Check, ...]:
    """Return what is asked about this person on a local day: pregnancy only where it applies."""
    first, last = PREGNANCY_AGES
    age = on.year - person.born_on.year - ((on.month, on.day) < (person.born_on.month, person.born_on.day))
    applies = person.may_be_pregnant and first <= age <= last
    return tuple(check for check in CHECKS if applies or check is not PREGNANCY)


def missing(asked: Sequence[Check], answers: Mapping[str, Said]) -> tuple[Check, ...]:
    """Return what was asked and has no answer, in the order of the list."""
    return tuple(check for check in asked if check.key not in answers or not check.option(answers[check.key].option))


def unexplained(asked: Sequence[Check], answers: Mapping[str, Said]) -> tuple[Check, ...]:
    """Return the answers that are not fine and have no word beside them."""
    return tuple(check for check in concerns(asked, answers) if not answers[check.key].note.strip())


def concerns(asked: Sequence[Check], answers: Mapping[str, Said]) -> tuple[Check, ...]:
    """Return the checks whose answer somebody has to think about before the dose."""
    return tuple(check for check in asked if check.key in answers and not _is_fine(check, answers[check.key]))


def _is_fine(check: Check, said: Said) -> bool:
    option = check.option(said.option)
    return option is not None and option.is_fine


def cautions(
    checked: Checked | None,
    *,
    on: date,
    label: str,
    mg: Decimal,
    vial: str,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    keeping: Collection[str] = (),
    vial_unfit: Sequence[str] = (),
    lot_not_in_stock: str = "",
) -> tuple[Caution, ...]:
    """Return what somebody must have read before this dose is recorded as given.

    `label` and `mg` are the dose's as it was given on the local day `on`, `vial` the caller's key of the vial, "" where
    the ledger knows of none. `keeping` names the lights that stood in the way, `vial_unfit` says why that vial should
    not have been given, `lot_not_in_stock` is the lot of a vial that the ledger does not have.
    """
    return tuple(
        caution
        for caution in (
            _second_person(checked, on),
            _changed_since(checked, on, label, mg, vial),
            _lights(keeping),
            _unfit(vial_unfit),
            _no_such_vial(lot_not_in_stock),
            _injection(started_at, ended_at),
        )
        if caution
    )


def _second_person(checked: Checked | None, on: date) -> Caution | None:
    if checked is not None and checked.on == on and checked.confirmed:
        return None
    if checked is None or checked.on != on:
        return Caution("not_checked", f"There is no checklist of {in_words(on)} for this dose.")
    return Caution("not_checked", f"No second person confirmed the checklist of {in_words(on)}.")


def _changed_since(checked: Checked | None, on: date, label: str, mg: Decimal, vial: str) -> Caution | None:
    if checked is None or checked.on != on:
        return None
    differing = [
        what
        for what, differs in (
            (f"dose {label} instead of {checked.label}", checked.label != label),
            (f"{_plain(mg)} mg instead of {_plain(checked.mg)} mg", checked.mg != mg),
            ("another vial", checked.vial != vial),
        )
        if differs
    ]
    if not differing:
        return None
    return Caution("checked_otherwise", f"What was given is not what the checklist named: {', '.join(differing)}.")


def _lights(keeping: Collection[str]) -> Caution | None:
    if not keeping:
        return None
    return Caution("not_ready", f"The dose was given although it was not ready: {', '.join(keeping)}.")


def _unfit(reasons: Sequence[str]) -> Caution | None:
    if not reasons:
        return None
    return Caution("vial_unfit", f"This vial should not have been given. {' '.join(reasons)}")


def _no_such_vial(lot: str) -> Caution | None:
    if not lot:
        return None
    return Caution("vial_not_in_stock", f"No vial of lot {lot} is free in the ledger; the stock will not change.")


def _injection(started_at: datetime | None, ended_at: datetime | None) -> Caution | None:
    """Clock times are kept to the minute, so that a minute on either side is no more than rounding."""
    if started_at is None or ended_at is None:
        return None
    minutes = (ended_at - started_at) // timedelta(minutes=1)
    first, last = INJECTION_MINUTES
    if first <= minutes <= last:
        return None
    length = "less than a minute" if minutes < 1 else f"{minutes} minutes"
    return Caution("injection_time", f"The injection took {length}; the label says {first} to {last} minutes.")


def observe_until(ended_at: datetime, minutes: int) -> datetime:
    """Return until when a patient is watched after the injection, which the site decides in minutes."""
    return ended_at + timedelta(minutes=minutes)


def leaving(left_at: datetime, until: datetime | None) -> tuple[Caution, ...]:
    """Return what must be confirmed before a patient is recorded as gone home. `until`: watched until then."""
    if until is None or left_at >= until:
        return ()
    short = (until - left_at + timedelta(seconds=59)) // timedelta(minutes=1)
    unit = "minute" if short == 1 else "minutes"
    return (Caution("left_early", f"The patient left {short} {unit} before the observation was to end."),)


def call_on(on: date, days: int) -> date:
    """Return the local day of the call after a dose day."""
    return on + timedelta(days=days)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
