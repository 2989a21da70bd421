"""What was recorded of an attempt, with how it went; and what was recorded and taken back."""

from dataclasses import dataclass
from datetime import date, tzinfo
from uuid import UUID

from clinic import formatting, statuses
from clinic.audit.models import Entry
from clinic.statuses import Status
from treatments.courses import events
from treatments.courses.models import Administration, Dose
from treatments.dose_day.models import Procedure
from treatments.dose_day.queries.vials import vial_words
from treatments.supply.models import Movement


@dataclass(frozen=True, slots=True)
class RecordCard:
    """One attempt as it stands, ready to show. `is_whole`: the dose was given here, so that it can be corrected.

    `vial` says what became of the vial in the ledger, "" where the ledger knows of none.
    """

    id: UUID
    status: Status
    rows: tuple[tuple[str, str], ...]
    is_whole: bool
    vial: str
    vial_id: UUID | None


@dataclass(frozen=True, slots=True)
class OldRecord:
    """A record that was taken back or corrected, still readable."""

    status: Status
    what: str
    why: str
    by: str


def latest_attempt(dose: Dose, on: date | None = None) -> Administration | None:
    """Return what was recorded last at this dose here, on a day or at all."""
    rows = Administration.objects.standing().filter(dose=dose, elsewhere=False)
    rows = rows if on is None else rows.filter(given_on=on)
    return rows.select_related("performer", "site").order_by("-given_on", "-created_at").first()


def procedure_of(row: Administration) -> Procedure | None:
    """Return how an attempt went, None where nothing was written down. One query."""
    return Procedure.objects.standing().filter(administration=row).first()


def record_card(row: Administration | None) -> RecordCard | None:
    """Return an attempt with how it went, and what was confirmed when it was recorded. Three queries."""
    if row is None:
        return None
    procedure = procedure_of(row)
    moves = Movement.objects.standing().filter(administration=row).select_related("vial")
    move = moves.first()
    zone = row.site.zone
    facts = [
        *_outcome(row, zone),
        *(_procedure(procedure, zone) if procedure else ()),
        *_written_down(row, zone),
    ]
    shown = tuple((term, said) for term, said in facts if said)
    whole = row.outcome == Administration.Outcome.COMPLETED
    said = "" if move is None else f"{vial_words(move.vial)}: {move.get_kind_display().lower()}"
    vial_id = None if move is None else move.vial_id
    return RecordCard(row.pk, statuses.OUTCOME[row.outcome], shown, whole, said, vial_id)


def _outcome(row: Administration, zone: tzinfo) -> list[tuple[str, str]]:
    when = formatting.day(row.given_on) if row.given_at is None else formatting.moment(row.given_at, zone)
    volume = "" if row.ml is None else f" in {formatting.quantity(row.ml, 'mL')}"
    return [
        ("When", when),
        ("Reason", row.get_reason_display()),
        ("Amount", "" if row.mg is None else formatting.quantity(row.mg, "mg") + volume),
        ("Vial lot", row.lot),
        ("Vial expiry", "" if row.vial_expires_on is None else formatting.day(row.vial_expires_on)),
        ("By", "" if row.performer is None else str(row.performer)),
        ("Note", row.note),
    ]


def _procedure(row: Procedure, zone: tzinfo) -> list[tuple[str, str]]:
    removed = "" if row.csf_ml is None else formatting.quantity(row.csf_ml, "mL")
    complications = [Procedure.Complication(each).label for each in row.complications]
    return [
        ("Injection ended", "" if row.ended_at is None else formatting.moment(row.ended_at, zone)),
        ("CSF removed", ", ".join(part for part in (removed, row.get_csf_appearance_display()) if part)),
        ("Level", row.get_level_display()),
        ("Approach", row.get_approach_display()),
        ("Guidance", row.get_guidance_display()),
        ("Needle", row.needle),
        ("Attempts", "" if row.punctures is None else str(row.punctures)),
        ("Sedation", row.get_sedation_display()),
        ("Complications", ", ".join(complications)),
        ("About them", row.complication_note),
        ("What happens next", row.get_next_step_display()),
    ]


def _written_down(row: Administration, zone: tzinfo) -> list[tuple[str, str]]:
    """Return who wrote it down, and what they had to confirm: what stood in the way is never silent."""
    first = Entry.objects.filter(target_type=row._meta.label_lower, target_id=str(row.pk)).earliest("at", "id")
    confirmed = first.reason.removeprefix("Confirmed: ")
    return [("Confirmed", confirmed), ("Recorded by", f"{first.actor_name}, {formatting.moment(first.at, zone)}")]


def old_records(dose: Dose) -> tuple[OldRecord, ...]:
    """Return what was recorded at this dose and taken back, newest first. Two queries, however many."""
    rows = list(Administration.objects.filter(dose=dose, voided_at__isnull=False).select_related("site"))
    ids = [str(row.pk) for row in rows]
    undone = Entry.objects.filter(
        target_id__in=ids, event__in=[events.RECORD_TAKEN_BACK, events.RECORD_CORRECTED]
    ).values_list("target_id", "actor_name")
    by = dict(undone)
    rows.sort(key=lambda row: (row.voided_at, row.pk), reverse=True)
    return tuple(_old(row, by.get(str(row.pk), "")) for row in rows)


def _old(row: Administration, by: str) -> OldRecord:
    amount = "" if row.mg is None else f", {formatting.quantity(row.mg, 'mg')}"
    lot = f", lot {row.lot}" if row.lot else ""
    what = f"{row.get_outcome_display()} on {formatting.day(row.given_on)}{amount}{lot}"
    when = "" if row.voided_at is None else formatting.moment(row.voided_at, row.site.zone)
    return OldRecord(statuses.OUTCOME["entered_in_error"], what, row.void_reason, f"{by}, {when}")
