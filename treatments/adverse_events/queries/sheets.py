"""One event in full: for its page, and for the summary that somebody copies into a regulator's own form."""

from dataclasses import dataclass
from datetime import date

from clinic import formatting
from clinic.patients.models import Patient
from clinic.patients.queries import banner
from treatments.adverse_events.models import CAUSE_FIELDS, AdverseEvent
from treatments.adverse_events.queries.lines import WITH_DRUG, listed_words, outcome_of, since_dose
from treatments.courses.models import Administration
from treatments.rules.adverse_events import CAUSES, CRITERIA

NOT_ASSESSED = "Not assessed"


@dataclass(frozen=True, slots=True)
class Section:
    """One topic of the event, as (term, description) rows."""

    title: str
    rows: tuple[tuple[str, str], ...]


def sections(event: AdverseEvent) -> tuple[Section, ...]:
    """Return what is recorded of an event, topic by topic. One query."""
    what = _what(event, last_dose(event))
    # The page's heading says which event it is.
    unnamed = Section(what.title, what.rows[1:])
    return (unnamed, _how_bad(event), _from_what(event), _course(event))


def summary(event: AdverseEvent, *, identified: bool) -> tuple[Section, ...]:
    """Return the same with the patient and the medicine, on a page for a regulator.

    The patient stands there by initials, age and sex, unless somebody asks for the name and numbers.
    """
    last = last_dose(event)
    topics = (_what(event, last), _how_bad(event), _from_what(event), _course(event))
    return (_who(event, identified=identified), _medicine(last), *topics, _reported(event))


def last_dose(event: AdverseEvent) -> Administration | None:
    """Return the last dose on or before the onset of which drug went in."""
    given = Administration.objects.standing().filter(patient_id=event.patient_id, outcome__in=WITH_DRUG)
    joined = given.select_related("dose", "course__regimen__version__monograph")
    return joined.filter(given_on__lte=event.onset_on).order_by("-given_on", "-created_at").first()


def _what(event: AdverseEvent, last: Administration | None) -> Section:
    rows = (
        ("Event", event.term),
        ("In the monograph", listed_words(event)),
        ("Began on", f"{formatting.day(event.onset_on)}. {since_dose(event.onset_on, _days(last))}"),
    )
    return Section("What happened", (*rows, *((("What is known", event.narrative),) if event.narrative else ())))


def _days(last: Administration | None) -> list[date]:
    return [] if last is None else [last.given_on]


def _how_bad(event: AdverseEvent) -> Section:
    met = "; ".join(formatting.inside(CRITERIA[name]) for name in event.criteria)
    rows = (("Severity (CTCAE)", event.get_severity_display()), ("Serious", f"Yes: {met}" if met else "No"))
    return Section("How severe, and whether serious", rows)


def _from_what(event: AdverseEvent) -> Section:
    judged = ((CAUSES[cause], getattr(event, f"get_{name}_display")()) for cause, name in CAUSE_FIELDS.items())
    return Section("Caused by (WHO-UMC)", tuple((cause, said or NOT_ASSESSED) for cause, said in judged))


def _course(event: AdverseEvent) -> Section:
    return Section("How it went on", (("Action taken", event.get_action_display()), ("Outcome", outcome_of(event))))


def _who(event: AdverseEvent, *, identified: bool) -> Section:
    patient = event.patient
    # A birth that was corrected meanwhile may lie after the onset.
    age = formatting.age(patient.born_on, max(event.onset_on, patient.born_on))
    rows = (("Initials", initials(patient)), ("Age at onset", age), ("Sex", patient.get_sex_display()))
    if not identified:
        return Section("Patient", rows)
    who = banner(patient, event.onset_on)
    return Section("Patient", (("Name", who.name), ("Born", who.born), *who.identifiers, *rows[1:]))


def initials(patient: Patient) -> str:
    """Return "R. A.": the first letter of each of the two names."""
    return " ".join(f"{name.strip()[:1].upper()}." for name in (patient.given_name, patient.family_name))


def _medicine(last: Administration | None) -> Section:
    if last is None:
        return Section("Medicine", (("Last dose before the event", "None recorded"),))
    regimen = last.course.regimen
    amount = formatting.NOT_RECORDED if last.mg is None else formatting.quantity(last.mg, "mg")
    rows = (
        ("Medicine", f"{regimen.version.monograph.generic_name}, intrathecal"),
        ("Regimen", regimen.name),
        ("Last dose before the event", f"{last.dose.label}, {amount}, {formatting.day(last.given_on)}"),
        ("Batch (lot)", last.lot or formatting.NOT_RECORDED),
    )
    return Section("Medicine", (*rows, *((("Given at", last.place),) if last.elsewhere else ())))


def _reported(event: AdverseEvent) -> Section:
    rows = (
        ("Site", event.site.name),
        ("Known to the site since", formatting.day(event.known_on)),
        ("Recorded by", event.recorded_by.full_name),
        ("Version of this record", str(event.version)),
    )
    return Section("Record", rows)
