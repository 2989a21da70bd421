"""What a dose needs to know of a fictitious patient, and what happened after it: safety, access and outcomes.

`seeds/demo/safety.yaml` tells of those whose story matters, by hospital number; everybody else gets something quiet
that differs with their number, so that a list of sixty does not look like one person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from clinic.audit.trail import person_actor
from clinic.patients import parts
from clinic.patients import services as patients
from clinic.patients.choices import ConsentKind
from clinic.patients.facts import AccessPlanFacts, AllergyFacts, ConsentFacts, ProfileFacts
from clinic.patients.models import Consent, Patient, SmaProfile
from clinic.staff.models import User
from treatments.adverse_events import services as adverse_events
from treatments.outcomes import services as outcomes
from treatments.rules.adverse_events import CAUSES, EventFacts
from treatments.rules.cautions import CODES

# What most people have after a dose now and then: term, days after it, grade, and how long it lasts.
QUIET_EVENTS = (("Headache", 1, 1, 2), ("Back pain", 0, 1, 3), ("Vomiting", 1, 2, 1), ("Fever", 3, 1, 2))
SCALES = {
    "non_sitter": (("chop_intend", 24, 2),),
    "sitter": (("hfmse", 18, 1), ("rulm", 15, 1)),
    "walker": (("hfmse", 44, 1), ("six_minute_walk", 260, 14)),
    "": (("chop_intend", 40, 3), ("who_milestones", 1, 1)),
}
HALF_A_YEAR = 182
MOST_SCORES = 5


@dataclass(frozen=True, slots=True)
class Teller:
    """Who writes what down. `at` returns a time of a day on the clock of the patient's site, never later than now."""

    patient: Patient
    number: int
    today: date
    at: Callable[[date], datetime]
    nurse: User
    prescriber: User

    def day(self, ago: int) -> date:
        """Return a day so many days ago, but not before the birth."""
        return max(self.today - timedelta(days=ago), self.patient.born_on)


def stories(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return what is told of some patients, by hospital number; nothing where the file is left out."""
    path = folder / "safety.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def tell(teller: Teller, story: Mapping[str, Any], given: tuple[date, ...]) -> dict[str, int]:
    """Write down allergies, access plan, consents, adverse events and motor scores; return how many of the last two."""
    if "spine" in story:
        _spine(teller, story["spine"])
    _allergies(teller, story.get("allergies"))
    _plan(teller, story.get("plan"))
    _consents(teller, story.get("consent"))
    events = story.get("events") or _quiet_events(teller, given)
    for facts in events:
        _event(teller, facts, given)
    return {"adverse events": len(events), "motor scores": _scores(teller, given)}


def _spine(teller: Teller, spine: str) -> None:
    profile = SmaProfile.objects.get(patient=teller.patient)
    facts = ProfileFacts(**(ProfileFacts.of(profile).values() | {"spine": spine}))
    by = person_actor(teller.prescriber)
    patients.set_profile(profile=profile, facts=facts, by=by, at=teller.at(teller.today))


def _allergies(teller: Teller, told: list[dict[str, str]] | None) -> None:
    if told is None:
        quiet: tuple[list[dict[str, str]], ...] = (
            [{"kind": "none_known"}],
            [{"kind": "none_known"}],
            [{"kind": "allergy", "substance": "Penicillin", "reaction": "rash"}],
            [],
            [{"kind": "none_known"}],
        )
        told = quiet[teller.number % len(quiet)]
    for facts in told:
        said = AllergyFacts(noted_on=teller.day(120), **facts)
        _part(teller, parts.ALLERGY, said, teller.day(120))


def _plan(teller: Teller, told: Mapping[str, Any] | None) -> None:
    if told is None:
        if teller.number % 9 == 8:
            return
        told = {"guidance": "none" if teller.number % 2 else "ultrasound", "sedation": "local"}
    if not told:
        return
    words = {"approach": "interlaminar", "guidance": "none", "sedation": "local", "note": ""} | dict(told)
    day = teller.day(words.pop("ago", 90))
    _part(teller, parts.ACCESS_PLAN, AccessPlanFacts(reviewed_on=day, **words), day)


def _part(teller: Teller, kind: Any, facts: Any, day: date) -> None:
    by = person_actor(teller.nurse)
    patients.add_part(kind=kind, patient=teller.patient, facts=facts, by=by, at=teller.at(day))


def _consents(teller: Teller, told: str | None) -> None:
    """Give the registry its consent now and then; where the story says so, take the one to the treatment back."""
    by, at = person_actor(teller.nurse), teller.at(teller.today)
    if teller.number % 4 == 0:
        answer = "refused" if teller.number % 8 == 0 else "given"
        facts = ConsentFacts(ConsentKind.REGISTRY, teller.day(60), "Parent", answer, "TREAT-NMD core data", "Scan 7")
        patients.add_part(kind=parts.CONSENT, patient=teller.patient, facts=facts, by=by, at=at)
    if told is not None:
        treatment = Consent.objects.standing().get(patient=teller.patient, kind=ConsentKind.TREATMENT)
        patients.withdraw_consent(consent=treatment, on=teller.day(2), reason=told, by=by, at=at)


def _quiet_events(teller: Teller, given: tuple[date, ...]) -> list[Mapping[str, Any]]:
    """Return a mild event after some of the doses, over by now."""
    if teller.number % 3 or not given:
        return []
    term, after, severity, lasts = QUIET_EVENTS[teller.number // 3 % len(QUIET_EVENTS)]
    quiet = {"term": term, "after": after, "severity": severity, "drug": "possible", "procedure": "probable"}
    # The last dose may be so recent that the event would still go on.
    return [quiet | {"dose": -2, "lasts": lasts}] if len(given) > 1 else []


def _event(teller: Teller, told: Mapping[str, Any], given: tuple[date, ...]) -> None:
    onset = _onset(teller, told, given)
    ended = min(onset + timedelta(days=told["lasts"]), teller.today) if "lasts" in told else None
    facts = EventFacts(
        term=told["term"],
        onset_on=onset,
        known_on=onset,
        severity=told.get("severity", 1),
        criteria=frozenset(told.get("criteria", ())),
        causality=tuple((cause, told.get(cause, "")) for cause in CAUSES),
        action=told.get("action", "none"),
        outcome=told.get("outcome", "ongoing" if ended is None else "resolved"),
        ended_on=ended,
        narrative=told.get("narrative", ""),
    )
    by, at = person_actor(teller.nurse), teller.at(ended or onset)
    row = adverse_events.record_event(patient=teller.patient, facts=facts, by=by, at=at, confirmed=CODES)
    now, prescriber = teller.at(teller.today), person_actor(teller.prescriber)
    if "void" in told:
        adverse_events.void_event(event=row, reason=told["void"], by=prescriber, at=now)
    if "then" in told:
        adverse_events.correct_event(
            event=row,
            facts=replace(facts, severity=told["then"]["severity"]),
            reason=told["then"]["reason"],
            by=prescriber,
            at=now,
        )


def _onset(teller: Teller, told: Mapping[str, Any], given: tuple[date, ...]) -> date:
    """Return the day that the story counts from today, or else from a dose."""
    if "ago" in told or not given:
        return teller.day(told.get("ago", 7))
    day: date = given[told.get("dose", -1)] + timedelta(days=told.get("after", 0))
    return min(day, teller.today)


def _scores(teller: Teller, given: tuple[date, ...]) -> int:
    """Write a score of each scale before the first dose and every half year from it; most of them grow a little."""
    if not given or teller.number % 5 == 4:
        return 0
    profile = SmaProfile.objects.get(patient=teller.patient)
    first = max(given[0] - timedelta(days=7), teller.patient.born_on)
    days = [first + timedelta(days=HALF_A_YEAR * place) for place in range(MOST_SCORES)]
    written = 0
    for scale, start, step in SCALES[profile.motor_function]:
        for place, day in enumerate(day for day in days if day <= teller.today):
            grown = start + teller.number % 7 + step * place - (place > 1 and teller.number % 6 == 5) * step * 3
            _score(teller, scale, min(grown, 6) if scale == "who_milestones" else grown, day)
            written += 1
    return written


def _score(teller: Teller, scale: str, value: int, day: date) -> None:
    outcomes.record_score(
        patient=teller.patient,
        score=outcomes.Score(scale, value, day, "Fay Physio"),
        by=person_actor(teller.nurse),
        at=teller.at(day),
        confirmed=CODES,
    )
