"""What payers have approved, how much of it is used, and what ends soon."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef

from clinic import formatting, statuses
from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.staff.access import site_ids
from clinic.staff.models import User
from clinic.staff.roles import Permission
from clinic.statuses import Status
from treatments.courses.models import Administration, Course, OfCourseQuerySet
from treatments.rules import supply as rules
from treatments.rules.lights import Lit
from treatments.rules.supply import GivenDose, Standing, SupplyPolicy
from treatments.supply.models import Authorisation
from treatments.supply.queries.ledgers import policies_of, policies_on

LISTED = 200
# A payer is charged for what was given here, whole or in part; not for what another centre gave.
_CHARGED = [Administration.Outcome.COMPLETED, Administration.Outcome.PARTIAL]
_ASKS = frozenset({Standing.ENDING, Standing.USED_UP, Standing.ENDED})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a dose wants of the vials and of the payer: so many mg, at its site, on a local day."""

    dose_id: uuid.UUID
    patient_id: uuid.UUID
    site_id: uuid.UUID
    mg: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class AuthorisationRow:
    """One authorisation, ready to show. `since` is the day from which its end is to be told, None where it is not."""

    id: uuid.UUID
    patient_id: uuid.UUID
    patient: str
    site: str
    payer: str
    reference: str
    period: str
    strength: str
    doses: str
    status: Status
    ends: str
    note: str
    void_reason: str
    may_renew: bool
    since: date | None


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Somebody on an open course for whom no authorisation was ever registered."""

    patient_id: uuid.UUID
    patient: str
    site: str


@dataclass(frozen=True, slots=True)
class Ending:
    """What asks for a letter to a payer: authorisations that end or are used up, and people without any."""

    rows: tuple[AuthorisationRow, ...]
    without: tuple[Uncovered, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """One authorisation with the days of the doses charged to it."""

    row: Authorisation
    rule: rules.Authorisation
    days: tuple[date, ...]

    @property
    def used(self) -> int:
        """Return how many doses were used."""
        return len(self.days)

    def standing(self, policy: SupplyPolicy, today: date) -> Standing:
        """Return where it stands on a day."""
        return rules.standing(self.rule, self.used, policy, today)


def authorisation_lights(wanted: Collection[Wanted]) -> dict[uuid.UUID, Lit]:
    """Return how the authorisation's light stands for each dose, by its key. Three queries, however many doses."""
    if not wanted:
        return {}
    held = _held(_rows().standing().filter(patient__in={one.patient_id for one in wanted}))
    policies = policies_on({(one.site_id, one.day) for one in wanted})
    return {one.dose_id: _lit(one, held.get(one.patient_id, []), policies[one.site_id, one.day]) for one in wanted}


def _lit(one: Wanted, held: Sequence[_Held], policy: SupplyPolicy) -> Lit:
    used = {each.rule.key: each.used for each in held}
    return rules.authorisation_light([each.rule for each in held], used, one.mg, one.day, policy)


def authorisations_of(patient: Patient, today: date) -> tuple[AuthorisationRow, ...]:
    """Return a patient's authorisations, voided ones too, the latest end first. Three queries."""
    rows = list(_rows().filter(patient=patient).order_by("-ends_on", "-created_at"))
    held = _held(row for row in rows if row.voided_at is None)
    known = {each.row.pk: each for each in held.get(patient.pk, [])}
    policy = policies_of({patient.site_id}, today)[patient.site_id]
    return tuple(_row(known.get(row.pk) or _Held(row, _rule(row), ()), policy, today) for row in rows)


def ending_authorisations(user: User, now: datetime) -> Ending:
    """Return what asks for attention at the sites this person sees, the earliest end first. Four queries.

    Of a patient in care with an open course, the authorisation that reaches furthest tells whether anything asks: an
    older one that has ended asks for nothing while another goes on.
    """
    sites = site_ids(user, Permission.VIEW_SUPPLY)
    rows = _rows().standing().filter(Exists(_going_on()), site__in=sites, patient__care_status=CareStatus.ACTIVE)
    held = _held(rows.order_by("ends_on", "pk"))
    policies = policies_of(sites, now.date())
    found = []
    for last in (ones[-1] for ones in held.values()):
        policy, today = policies[last.row.site_id], last.row.site.today(now)
        if policy.authorisation_needed and last.standing(policy, today) in _ASKS:
            found.append((last.row.ends_on, _row(last, policy, today)))
    found.sort(key=lambda pair: (pair[0], pair[1].patient))
    return Ending(tuple(row for _, row in found[:LISTED]), _without(sites, policies))


@dataclass(frozen=True, slots=True)
class AuthorisationEnd:
    """When the end of an authorisation is to be told, for whoever reminds of it.

    `since` is the local day from which; `settled` says why nobody has to act on it any more, "" while somebody has.
    """

    id: uuid.UUID
    site_id: uuid.UUID
    since: date | None
    ends_on: date
    settled: str
    created_at: datetime


def authorisation_ends(
    site_ids: Collection[uuid.UUID], day: date, only: Collection[uuid.UUID] | None = None
) -> tuple[AuthorisationEnd, ...]:
    """Return the ends that may have to be told of at these sites, or those of `only`, settled or not. Four queries.

    Of a patient's authorisations the one that reaches furthest is told of; the others are settled by it.
    """
    known = _rows().filter(site__in=site_ids).annotate(goes_on=Exists(_going_on()))
    if only is None:
        known = known.standing().filter(goes_on=True, patient__care_status=CareStatus.ACTIVE)
    else:
        known = known.filter(patient__in=Authorisation.objects.filter(pk__in=only).values("patient"))
    rows = list(known.order_by("ends_on", "pk"))
    held = _held(row for row in rows if row.voided_at is None)
    counting = {each.row.pk: each for ones in held.values() for each in ones}
    furthest = {ones[-1].row.pk for ones in held.values()}
    policies = policies_of(set(site_ids), day)
    wanted = {row.pk for row in rows} if only is None else set(only)
    return tuple(
        _end(row, counting.get(row.pk), policies[row.site_id], is_furthest=row.pk in furthest)
        for row in rows
        if row.pk in wanted
    )


def _end(row: Authorisation, held: "_Held | None", policy: SupplyPolicy, *, is_furthest: bool) -> AuthorisationEnd:
    last = held.days[-1] if held is not None and held.days else None
    since = None if held is None else rules.ending_since(held.rule, held.used, last, policy)
    reasons = (
        (row.voided_at is not None, "The authorisation was voided."),
        (row.patient.care_status != CareStatus.ACTIVE, "The patient is no longer in this site's care."),
        (not getattr(row, "goes_on", False), "The course was stopped."),
        (getattr(row, "is_renewed", False), "It was renewed."),
        (not is_furthest, "Another authorisation goes on."),
        (not policy.authorisation_needed, "This site needs no authorisation."),
    )
    settled = next((reason for applies, reason in reasons if applies), "")
    return AuthorisationEnd(row.pk, row.site_id, since, row.ends_on, settled, row.created_at)


def _going_on() -> OfCourseQuerySet[Course]:
    return Course.objects.standing().filter(patient=OuterRef("patient"), stopped_on=None)


def _without(sites: Collection[uuid.UUID], policies: Mapping[uuid.UUID, SupplyPolicy]) -> tuple[Uncovered, ...]:
    """Return who is on an open course without any authorisation, where the site needs one. One query."""
    asking = [site for site in sites if policies[site].authorisation_needed]
    any_at_all = Authorisation.objects.standing().filter(patient=OuterRef("patient"))
    courses = Course.objects.standing().filter(site__in=asking, stopped_on=None)
    courses = courses.filter(~Exists(any_at_all), patient__care_status=CareStatus.ACTIVE)
    courses = courses.select_related("patient", "site").order_by("patient__sort_name", "pk")
    return tuple(Uncovered(one.patient_id, _name(one.patient), one.site.name) for one in courses[:LISTED])


def _rows() -> OfCourseQuerySet[Authorisation]:
    """Return all authorisations with what a row shows, and whether another took their place."""
    renewal = Authorisation.objects.standing().filter(renews=OuterRef("pk"))
    return Authorisation.objects.select_related("patient", "site").annotate(is_renewed=Exists(renewal))


def _held(rows: Iterable[Authorisation]) -> dict[uuid.UUID, list[_Held]]:
    """Return the rows by patient, in their order, each with the doses charged to it. One query."""
    by_patient: dict[uuid.UUID, list[Authorisation]] = defaultdict(list)
    for row in rows:
        by_patient[row.patient_id].append(row)
    given = _given(by_patient)
    held = {}
    for patient, ones in by_patient.items():
        days = rules.charged([_rule(row) for row in ones], given[patient])
        held[patient] = [_Held(row, _rule(row), days[str(row.pk)]) for row in ones]
    return held


def _given(patients: Collection[uuid.UUID]) -> dict[uuid.UUID, list[GivenDose]]:
    given: dict[uuid.UUID, list[GivenDose]] = defaultdict(list)
    rows = Administration.objects.standing().filter(patient__in=patients, outcome__in=_CHARGED, elsewhere=False)
    for patient, on, mg in rows.values_list("patient_id", "given_on", "dose__mg"):
        given[patient].append(GivenDose(on, mg))
    return given


def _rule(row: Authorisation) -> rules.Authorisation:
    return rules.Authorisation(
        key=str(row.pk),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        approved=row.doses_approved,
        mg=row.mg,
        renewed=getattr(row, "is_renewed", False),
    )


def _row(held: _Held, policy: SupplyPolicy, today: date) -> AuthorisationRow:
    row, rule = held.row, held.rule
    status = "void" if row.voided_at else held.standing(policy, today).value
    last = held.days[-1] if held.days else None
    return AuthorisationRow(
        id=row.pk,
        patient_id=row.patient_id,
        patient=_name(row.patient),
        site=row.site.name,
        payer=row.payer,
        reference=row.reference,
        period=formatting.day_range(row.starts_on, row.ends_on),
        strength="any strength" if row.mg is None else formatting.quantity(row.mg, "mg"),
        doses=f"{held.used} of {row.doses_approved} used, {_left(row.doses_approved - held.used)}",
        status=statuses.AUTHORISATION[status],
        ends=_ends(row.ends_on, today),
        note=row.note,
        void_reason=row.void_reason,
        may_renew=row.voided_at is None and not rule.renewed,
        since=None if row.voided_at else rules.ending_since(rule, held.used, last, policy),
    )


def _left(doses: int) -> str:
    return f"{-doses} more than approved" if doses < 0 else f"{doses} left"


def _ends(ends_on: date, today: date) -> str:
    if ends_on < today:
        return f"ended {formatting.since(ends_on, today)}"
    return f"ends {formatting.until(ends_on, today)}"


def _name(patient: Patient) -> str:
    return formatting.full_name(patient.family_name, patient.given_name)
