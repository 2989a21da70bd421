"""The results of a site that somebody has yet to answer for, the worst first."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.urls import reverse

from clinic import formatting, statuses
from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.staff.models import Site
from clinic.statuses import Status
from treatments.labs.models import LabResult, LabReview
from treatments.labs.models.policies import InForce
from treatments.labs.queries.asking import asked_of
from treatments.labs.queries.readings import Sheet, policies_in_force, sheets
from treatments.rules.monitoring_terms import LabPolicy, Lapse, Limit, Reading
from treatments.rules.monitoring_words import value_in_words

# Older than this, a value says nothing of the next dose; the chart keeps it.
SHOWN_DAYS = 90
# Nobody reviews more in one sitting; what is beyond comes up as the first ones are done.
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class ToReview:
    """One result that waits for an answer, ready to show."""

    result_id: uuid.UUID
    patient: str
    chart_url: str
    born: str
    site: str
    value: str
    status: Status
    collected: str
    dose_day: str
    remark: str
    url: str


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """A stop that one person signed off and a second one has yet to confirm. `own`: the first was this very person."""

    patient: str
    chart_url: str
    about: str
    said: str
    by: str
    url: str
    own: bool


def to_review(sites: Sequence[Site], now: datetime) -> tuple[ToReview, ...]:
    """Return what nobody has answered for yet at these sites. Six queries, however many results."""
    named = {site.pk: site for site in sites}
    people = {patient.pk: patient for patient in _candidates(sites, now)}
    read = sheets(asked_of(people, now)) if people else {}
    found = [(people[pk], sheet, reading) for pk, sheet in read.items() for reading in open_readings(sheet)]
    found.sort(key=lambda each: (-_rank(each[2]), each[1].asked.dose.on, each[0].sort_name, each[2].analyte))
    return tuple(_row(patient, named[patient.site_id], sheet, reading) for patient, sheet, reading in found)


def open_readings(sheet: Sheet) -> Iterator[Reading]:
    """Yield the readings that ask for an answer and have none; a sample from before the last dose asks for none."""
    for reading in sheet.readings:
        if reading.lapse is not Lapse.BEFORE_PREVIOUS and not reading.settled and _rank(reading) > 0:
            yield reading


def waiting_reviews(sites: Sequence[Site], user_id: int) -> tuple[WaitingReview, ...]:
    """Return the stops that wait for their second person, the longest first. One query."""
    rows = LabReview.objects.standing().filter(
        site__in=sites, level=LabReview.Level.STOP, second=None, result__voided_at=None
    )
    joined = rows.select_related("patient", "result", "by").order_by("created_at")
    return tuple(
        WaitingReview(
            patient=formatting.full_name(row.patient.family_name, row.patient.given_name),
            chart_url=reverse("chart", args=[row.patient_id]),
            about=f"{row.result.get_analyte_display()} {formatting.quantity(row.result.value, row.result.unit)}",
            said=row.reason,
            by=str(row.by),
            url=reverse("labs:confirm_review", args=[row.pk]),
            own=row.by_id == user_id,
        )
        for row in joined[:AT_ONCE]
    )


def _rank(reading: Reading) -> int:
    return 0 if reading.level is None else reading.level.rank


def _candidates(sites: Sequence[Site], now: datetime) -> list[Patient]:
    """Return the patients in care with a recent result that may ask for an answer. The rules decide which one does."""
    policies = policies_in_force({site.pk: site.today(now) for site in sites})
    answered = LabReview.objects.standing().filter(result=OuterRef("pk")).exclude(level=LabReview.Level.WATCH)
    recent = LabResult.objects.standing().filter(
        _odd(policies), ~Exists(answered), patient=OuterRef("pk"), collected_at__gte=now - timedelta(days=SHOWN_DAYS)
    )
    patients = Patient.objects.standing().filter(Exists(recent), site__in=sites, care_status=CareStatus.ACTIVE)
    return list(patients.order_by("sort_name", "pk")[:AT_ONCE])


def _odd(policies: InForce[LabPolicy]) -> Q:
    """Match what any of these policies may ask an answer for, and perhaps some more."""
    every = [*policies.rules.values(), policies.proposed]
    watched = {
        analyte: [limit for policy in every for limit in _watched(policy, analyte)]
        for analyte in policies.proposed.limits
    }
    odd = ~Q(comparator="")
    for analyte, limits in watched.items():
        odd |= Q(analyte=analyte) & _beyond(limits, is_floor=policies.proposed.limits[analyte].is_floor)
    falls = [limits.fall_percent or 100 for policy in every for limits in policy.limits.values()]
    return odd | Q(analyte="platelets", kept__lte=_first_of("platelets") * (100 - min(falls)) / 100)


def _watched(policy: LabPolicy, analyte: str) -> Iterator[Limit]:
    limits = policy.limits[analyte]
    yield limits.watch
    if limits.young is not None:
        yield limits.young.watch


def _beyond(limits: Collection[Limit], *, is_floor: bool) -> Q:
    plain = [limit.at for limit in limits if not limit.of_upper]
    multiples = [limit.at for limit in limits if limit.of_upper]
    if is_floor:
        return Q(kept__lt=max(plain)) | Q(kept__lt=F("range_low"))
    odd = Q(kept__gt=min(plain)) if plain else Q()
    if multiples:
        odd |= Q(range_high=None) | Q(kept__gt=F("range_high") * min(multiples))
    return odd


def _first_of(analyte: str) -> Subquery:
    """Return the patient's first value on record."""
    standing = LabResult.objects.standing().filter(patient=OuterRef("patient"), analyte=analyte)
    return Subquery(standing.order_by("collected_at").values("kept")[:1])


def _row(patient: Patient, site: Site, sheet: Sheet, reading: Reading) -> ToReview:
    assert reading.result is not None  # noqa: S101 - an open reading has a value
    assert reading.level is not None  # noqa: S101
    result_id = uuid.UUID(reading.result.key)
    return ToReview(
        result_id=result_id,
        patient=formatting.full_name(patient.family_name, patient.given_name),
        chart_url=reverse("chart", args=[patient.pk]),
        born=formatting.day(patient.born_on),
        site=site.name,
        value=value_in_words(reading.result),
        status=statuses.LAB[reading.level.value],
        collected=formatting.day(reading.result.collected_on),
        dose_day=formatting.day(sheet.asked.dose.on) if sheet.asked.dose_id else "",
        remark=reading.remark,
        url=reverse("labs:review", args=[result_id]),
    )
