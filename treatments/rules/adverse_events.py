"""What an adverse event is, what cannot be true of one, and what open ones mean for the next dose.

"Adverse events", clinical-rules.md. Severity is the grade of the Common Terminology Criteria for Adverse Events (CTCAE
version 5); a serious event is one that meets at least one of the regulators' criteria (ICH E2A), whatever its grade;
causality is judged on the scale of the WHO-Uppsala Monitoring Centre. The vocabularies are data: key and label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from treatments.rules.cautions import Caution
from treatments.rules.event_terms import folded
from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.schedule_words import in_words

SEVERITY: dict[int, str] = {
    1: "Grade 1: mild",
    2: "Grade 2: moderate",
    3: "Grade 3: severe",
    4: "Grade 4: life-threatening",
    5: "Grade 5: death",
}
SEVERE_FROM, FATAL_GRADE = 3, 5

DEATH = "death"
CRITERIA: dict[str, str] = {
    DEATH: "Death",
    "life_threatening": "Life-threatening at the time",
    "hospitalisation": "Hospitalisation, or a longer stay",
    "disability": "Persistent or significant disability",
    "congenital_anomaly": "Congenital anomaly",
    "medically_important": "Medically important otherwise",
}

# In the order of the scale; "not assessed" is the scale's own last word as long as nobody has judged.
CAUSALITY: dict[str, str] = {
    "certain": "Certain",
    "probable": "Probable",
    "possible": "Possible",
    "unlikely": "Unlikely",
    "conditional": "Conditional or unclassified",
    "unassessable": "Unassessable",
}
RELATED = frozenset({"certain", "probable", "possible"})
CAUSES: dict[str, str] = {
    "drug": "The drug",
    "procedure": "The procedure",
    "sedation": "The sedation",
    "disease": "The disease",
}

ACTION: dict[str, str] = {
    "none": "None",
    "delayed": "Dose delayed",
    "held": "Treatment put on hold",
    "stopped": "Treatment stopped",
    "unknown": "Not known",
}

ONGOING, RESOLVING, RESOLVED, SEQUELAE, FATAL, UNKNOWN = (
    "ongoing",
    "resolving",
    "resolved",
    "sequelae",
    "fatal",
    "unknown",
)
OUTCOME: dict[str, str] = {
    ONGOING: "Ongoing",
    RESOLVING: "Resolving",
    RESOLVED: "Resolved",
    SEQUELAE: "Resolved with sequelae",
    FATAL: "Fatal",
    UNKNOWN: "Not known",
}
# Of these it is known that the event goes on; and of those, on which day it ended.
GOES_ON, HAS_ENDED = (ONGOING, RESOLVING), (RESOLVED, FATAL)
# How an event is closed; a death is a correction, because grade and criterion go with it.
CLOSING = (RESOLVED, SEQUELAE, UNKNOWN)

Problems = dict[str, str]


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What people say about an event; keys are those of the vocabularies above, `causality` goes by `CAUSES`.

    `known_on` is the day on which the site came to know of it, from which a regulator counts.
    """

    term: str
    onset_on: date
    known_on: date
    severity: int
    criteria: frozenset[str]
    causality: tuple[tuple[str, str], ...]
    action: str
    outcome: str
    ended_on: date | None = None
    narrative: str = ""


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An event that has not ended, as the light sees it. It is told by its own name, onset and grade."""

    term: str
    onset_on: date
    severity: int
    serious: bool


def is_open(outcome: str, ended_on: date | None) -> bool:
    """Say whether an event still needs an eye: it goes on, or nobody knows and no end is recorded."""
    return outcome in GOES_ON or (outcome == UNKNOWN and ended_on is None)


def days_since_dose(onset_on: date, given_on: Sequence[date]) -> int | None:
    """Return the days from the last dose on or before the onset; None where none was given by then.

    Only doses count of which drug went in, wholly or partly; they may come in any order.
    """
    before = [day for day in given_on if day <= onset_on]
    return (onset_on - max(before)).days if before else None


def cautions(facts: EventFacts, earlier: Sequence[OpenEvent]) -> tuple[Caution, ...]:
    """Ask whether this is another event, where one of the same name is open or began on the same day."""
    alike = [event for event in earlier if folded(event.term) == folded(facts.term)]
    return tuple(
        Caution(
            "same_event",
            f"{event.term} that began on {in_words(event.onset_on)} is recorded already; this is another one.",
        )
        for event in alike
    )


def problems(facts: EventFacts, *, born_on: date, today: date) -> Problems:
    """Return what cannot be true, by field, in sentences for the person who typed it; empty when all can be."""
    found = {} if facts.term.strip() else {"term": "Choose the effect, or write what happened."}
    return found | _days(facts, born_on, today) | _end(facts) | _death(facts)


def _days(facts: EventFacts, born_on: date, today: date) -> Problems:
    days = {"onset_on": facts.onset_on, "known_on": facts.known_on, "ended_on": facts.ended_on}
    found = {name: "This day lies in the future." for name, day in days.items() if day and day > today}
    if facts.onset_on < born_on:
        found["onset_on"] = f"This day lies before the date of birth, {in_words(born_on)}."
    if not found and facts.known_on < facts.onset_on:
        found["known_on"] = f"Nobody can have known before it began on {in_words(facts.onset_on)}."
    return found


def _end(facts: EventFacts) -> Problems:
    if facts.ended_on is None:
        missing = {RESOLVED: "Enter the day on which it ended.", FATAL: "Enter the day of the death."}
        return {"ended_on": missing[facts.outcome]} if facts.outcome in missing else {}
    if facts.ended_on < facts.onset_on:
        return {"ended_on": f"It cannot end before it began on {in_words(facts.onset_on)}."}
    if facts.outcome in GOES_ON:
        return {"ended_on": "An event that goes on has no end: empty the day, or choose another outcome."}
    return {}


def _death(facts: EventFacts) -> Problems:
    """Grade 5, the criterion death and a fatal outcome say one thing three times, so that they agree."""
    said = (facts.severity == FATAL_GRADE, DEATH in facts.criteria, facts.outcome == FATAL)
    if len(set(said)) == 1:
        return {}
    sentences = (
        ("severity", "Choose grade 5, or take back that the person died of it."),
        ("criteria", "Tick death, or take back that the person died of it."),
        ("outcome", "Choose fatal, or take back that the person died of it."),
    )
    return {name: sentence for (name, sentence), fatal in zip(sentences, said, strict=True) if not fatal}


def adverse_events_light(events: Sequence[OpenEvent], hypersensitivities: Sequence[str] = ()) -> Lit:
    """Return how the light stands before a dose, given what is open and to which parts of the drug the person reacts.

    Known hypersensitivity is a contraindication: not ready, and only a prescriber with a second person passes it. An
    open serious event: not ready. An open event that is not serious but severe (grade 3 or more): attention. What is
    open besides is told, and stops nothing.
    """
    if hypersensitivities:
        reason = f"Known hypersensitivity: {'; '.join(hypersensitivities)}. This is a contraindication."
        return Lit(Light.ADVERSE_EVENTS, Signal.NOT_READY, reason, contraindicated=True)
    serious = [event for event in events if event.serious]
    severe = [event for event in events if event.severity >= SEVERE_FROM]
    if serious:
        return Lit(Light.ADVERSE_EVENTS, Signal.NOT_READY, _open("serious", serious))
    if severe:
        return Lit(Light.ADVERSE_EVENTS, Signal.ATTENTION, _open("severe", severe))
    reason = _open("", events) if events else "No open adverse event."
    return Lit(Light.ADVERSE_EVENTS, Signal.READY, reason)


def _open(kind: str, events: Sequence[OpenEvent]) -> str:
    """Say "Open serious event: Headache, grade 2, since 2 Jul 2026." of one, and the same of several."""
    what = " ".join(word for word in ("Open", kind, "event" if len(events) == 1 else "events") if word)
    told = [f"{event.term}, grade {event.severity}, since {in_words(event.onset_on)}" for event in events]
    return f"{what}: {'; '.join(told)}."
