"""Every dose that is booked for today or happened today, with how far it has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from clinic import formatting, statuses
from clinic.staff.models import Site
from clinic.statuses import Status
from treatments.courses.models import Administration, Booking, Dose
from treatments.dose_day.models import Checklist, Discharge
from treatments.supply.models import Vial


@dataclass(frozen=True, slots=True)
class TodayRow:
    """One dose of today. `time` is the booked time, empty where none was fixed or nothing was booked."""

    dose_id: UUID
    patient_id: UUID
    patient: str
    born: str
    dose: str
    time: str
    place: str
    checklist: Status
    vial: str
    outcome: Status
    home: Status
    site: str


def doses_of_day(sites: Sequence[Site], now: datetime) -> tuple[TodayRow, ...]:
    """Return the doses of the day at these sites, by their time; each site by its own calendar. Six queries."""
    days = {site.pk: site.today(now) for site in sites}
    booked = {row.dose_id: row for row in Booking.objects.standing().filter(_day("on", days), cancelled_at=None)}
    here = Administration.objects.standing().filter(_day("given_on", days), elsewhere=False)
    tried = {row.dose_id: row for row in here.order_by("created_at")}  # the last one stands
    wanted = set(booked) | set(tried)
    doses = Dose.objects.standing().filter(pk__in=wanted, patient__voided_at=None).select_related("patient", "site")
    lists = {row.dose_id: row for row in Checklist.objects.standing().filter(_day("on", days))}
    gone = {row.dose_id for row in Discharge.objects.standing().filter(_day("on", days))}
    vials = dict(Vial.objects.standing().filter(reserved_for__in=wanted).values_list("reserved_for", "lot"))
    # A dose that was given earlier than booked has nothing to do here today.
    shown = [dose for dose in doses if dose.is_next or dose.pk in tried]
    rows = [
        _row(
            dose, booked.get(dose.pk), tried.get(dose.pk), lists.get(dose.pk), vials.get(dose.pk), gone=dose.pk in gone
        )
        for dose in shown
    ]
    return tuple(sorted(rows, key=lambda row: (row.time or "99", row.patient)))


def _day(column: str, days: Mapping[UUID, date]) -> Q:
    """Return the condition for rows of each site's own day."""
    wanted = Q(pk__in=[])
    for site_id, day in days.items():
        wanted |= Q(site_id=site_id, **{column: day})
    return wanted


def _row(
    dose: Dose,
    booking: Booking | None,
    tried: Administration | None,
    checklist: Checklist | None,
    lot: str | None,
    *,
    gone: bool,
) -> TodayRow:
    step = statuses.STEP
    made = _made(checklist, tried)
    vial = tried.lot if tried is not None and tried.lot else lot
    return TodayRow(
        dose_id=dose.pk,
        patient_id=dose.patient_id,
        patient=formatting.full_name(dose.patient.family_name, dose.patient.given_name),
        born=formatting.day(dose.patient.born_on),
        dose=f"{dose.label}, {formatting.quantity(dose.mg, 'mg')}",
        time="" if booking is None or booking.at_time is None else formatting.clock(booking.at_time),
        place="" if booking is None else booking.place,
        checklist=step[made],
        vial=f"Lot {vial}" if vial else "",
        outcome=step["todo"] if tried is None else statuses.OUTCOME[tried.outcome],
        home=step["done" if gone else "later" if tried is None else "todo"],
        site=dose.site.name,
    )


def _made(checklist: Checklist | None, tried: Administration | None) -> str:
    """Return how far the checklist has come: a dose that was given without one is something to look at."""
    if checklist is not None:
        return "done" if checklist.second_id is not None else "waiting"
    if tried is None:
        return "todo"
    return "attention" if tried.outcome == Administration.Outcome.COMPLETED else "later"
