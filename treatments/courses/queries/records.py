"""What was recorded of a dose, as the pages show it."""

from dataclasses import dataclass

from clinic import formatting, statuses
from clinic.audit.models import Entry
from clinic.statuses import Status
from treatments.courses.models import Administration, Decision, Dose
from treatments.courses.queries.cards import FLAG_WORDS


@dataclass(frozen=True, slots=True)
class GivenRecord:
    """What was recorded of a given dose, ready to show as (term, description) rows. `elsewhere`: not by this team."""

    rows: tuple[tuple[str, str], ...]
    status: Status
    flags: tuple[str, ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """An attempt that did not give the whole dose, ready to show. `decided`: what a prescriber decided about it."""

    day: str
    status: Status
    reason: str
    amount: str
    by: str
    note: str
    decided: str


def attempts_at(dose: Dose) -> tuple[AttemptLine, ...]:
    """Return what was tried at this dose without giving all of it, newest first. Two queries, however many."""
    rows = Administration.objects.standing().filter(dose=dose).exclude(outcome=Administration.Outcome.COMPLETED)
    tried = list(rows.select_related("performer").order_by("-given_on", "-created_at"))
    decisions = Decision.objects.standing().filter(administration__in=tried).exclude(plan="")
    words = {row.administration_id: row.get_plan_display() for row in decisions}
    return tuple(
        AttemptLine(
            day=formatting.day(row.given_on),
            status=statuses.OUTCOME[row.outcome],
            reason=row.get_reason_display(),
            amount="" if row.mg is None else formatting.quantity(row.mg, "mg"),
            by="" if row.performer is None else str(row.performer),
            note=row.note,
            decided=words.get(row.pk, ""),
        )
        for row in tried
    )


def given_record(dose: Dose) -> GivenRecord | None:
    """Return what was recorded of this dose, or None while it has not been given."""
    rows = Administration.objects.standing().filter(dose=dose, outcome=Administration.Outcome.COMPLETED)
    row = rows.select_related("performer", "site").first()
    if row is None:
        return None
    given = formatting.day(row.given_on) if row.given_at is None else formatting.moment(row.given_at, row.site.zone)
    facts = [("Given", given), ("Amount", _amount(row))]
    facts += [("Given at", row.place)] if row.elsewhere else _vial(row)
    facts += [("Note", row.note)] if row.note else []
    facts += _recorded(row)
    flags = tuple(FLAG_WORDS[flag] for flag in dose.flags)
    return GivenRecord(tuple(facts), statuses.OUTCOME[row.outcome], flags, row.elsewhere)


def _amount(row: Administration) -> str:
    amount = formatting.NOT_RECORDED if row.mg is None else formatting.quantity(row.mg, "mg")
    return amount if row.ml is None else f"{amount} in {formatting.quantity(row.ml, 'mL')}"


def _vial(row: Administration) -> list[tuple[str, str]]:
    expiry = formatting.NOT_RECORDED if row.vial_expires_on is None else formatting.day(row.vial_expires_on)
    return [("Vial lot", row.lot), ("Vial expiry", expiry), ("Given by", str(row.performer))]


def _recorded(row: Administration) -> list[tuple[str, str]]:
    """Return who wrote it down and when, and what they confirmed."""
    entries = Entry.objects.filter(target_type=row._meta.label_lower, target_id=str(row.pk))
    first = entries.earliest("at", "id")
    confirmed = [("Confirmed", first.reason.removeprefix("Confirmed: "))] if first.reason else []
    return [("Recorded by", f"{first.actor_name}, {formatting.moment(first.at, row.site.zone)}"), *confirmed]
