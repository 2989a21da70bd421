"""Dose days for the tests, built through the services."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from clinic.audit.trail import person_actor
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.readiness import builders as readiness
from tests.treatments.supply import builders as supply
from treatments.courses import queries as courses
from treatments.courses.models import Administration, Dose
from treatments.courses.services import Attempted, Given
from treatments.dose_day import queries, services
from treatments.dose_day.models import Checklist, Discharge, DoseDayPolicy, FollowUpCall
from treatments.readiness.models import ReadinessPolicy
from treatments.rules.cautions import CODES
from treatments.rules.dose_day import Said
from treatments.rules.lights import Light
from treatments.supply import services as supply_services
from treatments.supply.models import Vial

MINUTE = timedelta(minutes=1)


def answers(dose: Dose, **differing: tuple[str, str]) -> dict[str, Said]:
    """Return an answer to every question that is fine, but for those named: `infection=("present", "Fever")`."""
    said = {check.key: Said(check.options[0].key) for check in queries.asked_today(dose, dose.site.today(AT))}
    return said | {key: Said(*answer) for key, answer in differing.items()}


def checklist(dose: Dose, by: User, *, vial: Vial | None = None, at: datetime = AT, **facts: Any) -> Checklist:
    """Fill in today's checklist, with nothing to worry about unless said otherwise."""
    values = {"answers": answers(dose), "vial": vial} | facts
    return services.save_checklist(dose=dose, by=person_actor(by), at=at, **values)


def confirmed(dose: Dose, by: User, second: User, *, vial: Vial | None = None, at: datetime = AT) -> Checklist:
    """Fill in today's checklist, and let another person confirm it."""
    row = checklist(dose, by, vial=vial, at=at)
    return services.confirm_checklist(checklist=row, by=person_actor(second), at=at, expected=row.version)


def given(performer: User, *, at: datetime = AT - 10 * MINUTE, **facts: Any) -> Given:
    """Return that 12 mg in 5 mL were given ten minutes ago."""
    values: dict[str, Any] = {
        "mg": Decimal(12),
        "ml": Decimal(5),
        "lot": "PRINTED",
        "vial_expires_on": dose_day(at) + timedelta(days=100),
    }
    return Given(at=at, performer=performer, **(values | facts))


def dose_day(at: datetime) -> Any:
    """Return the day of an instant, by UTC."""
    return at.date()


def give(
    dose: Dose,
    performer: User,
    vial: Vial | None,
    *,
    at: datetime = AT,
    confirmed: Collection[str] = CODES,
    facts: services.Facts | None = None,
    **said: Any,
) -> Administration:
    """Record a dose as given, confirming whatever is asked unless said otherwise."""
    submission = said.pop("submission", None)
    return services.give(
        dose=dose,
        given=given(performer, **said),
        vial=vial,
        facts=facts or services.Facts(),
        by=person_actor(performer),
        at=at,
        confirmed=confirmed,
        submission=submission,
    )


def fail(
    dose: Dose, by: User, vial: Vial | None = None, *, mg: int | None = None, reason: str = "no_access", **facts: Any
) -> Administration:
    """Record an attempt of today that gave nothing, or `mg` of the dose."""
    on = facts.pop("on", dose.site.today(AT))
    attempted = Attempted(on=on, reason=reason, mg=None if mg is None else Decimal(mg), performer=by)
    failed = services.Failed(attempted, vial, services.Facts(**facts))
    return services.not_given(dose=dose, failed=failed, by=person_actor(by), at=AT)


def take_back(row: Administration, by: User, reason: str = "Wrong patient", *, at: datetime = AT) -> Administration:
    """Take a record back."""
    return services.take_back(administration=row, reason=reason, by=person_actor(by), at=at)


def go_home(dose: Dose, by: User, *, at: datetime = AT, **facts: Any) -> Discharge:
    """Let the patient of a dose day go home, whether the next date is booked or not."""
    on = facts.pop("on", dose.site.today(AT))
    values = {
        "left_at": at,
        "advice_to": "The mother",
        "call_on": on + timedelta(days=2),
        "no_booking_reason": "The rota is not out yet",
    } | facts
    home = services.Home(**values)
    return services.go_home(dose=dose, on=on, home=home, by=person_actor(by), at=at, confirmed=CODES)


def call(discharge: Discharge, by: User, outcome: str = "well", *, at: datetime = AT, **facts: Any) -> FollowUpCall:
    """Record a call."""
    return services.call(discharge=discharge, told=services.Told(outcome, **facts), by=person_actor(by), at=at)


def coming(dose: Dose) -> Dose:
    """Return the dose that comes next on this dose's course."""
    return courses.next_dose(dose.course)


def nurse(dose: Dose) -> User:
    """Return somebody who may record doses at the dose's site."""
    return factories.user(Role.NURSE, site=dose.site)


def policy(site: Site, *, since: date = date(2020, 1, 1), **values: Any) -> DoseDayPolicy:
    """Write down how long a site watches and when it calls; what is left out is as proposed."""
    return services.set_dose_day_policy(site=site, effective_from=since, source="Ward round", by=BY, at=AT, **values)


def in_order(dose: Dose, by: User, **facts: Any) -> Vial:
    """Put everything in order for a dose of today, so that nothing about it is asked; return the vial reserved for it.

    The site asks for no light, and the pharmacist confirmed the checklist of `by`.
    """
    if not ReadinessPolicy.objects.filter(site=dose.site).exists():
        asks: dict[str, Any] = {light.value: "off" for light in Light}
        readiness.policy(dose.site, **asks)
    vial = supply.vial(dose.site, **facts)
    supply_services.reserve(vial=vial, dose=dose, by=BY, at=AT)
    confirmed(dose, by, factories.user(Role.PHARMACIST, site=dose.site), vial=vial)
    return vial


def one_of_each(dose: Dose) -> dict[str, str]:
    """Leave one of everything a dose day leaves, of an attempt of today that failed; return ids by their names.

    The dose stays the next one, and somebody is still to be called.
    """
    if not DoseDayPolicy.objects.filter(site=dose.site).exists():
        policy(dose.site)
    by = nurse(dose)
    made = checklist(dose, by)
    seen = services.Observed(at=AT, pulse=84)
    observation = services.observe(dose=dose, observed=seen, by=person_actor(by), at=AT)
    failed = fail(dose, by, punctures=3, next_step="rebook")
    home = go_home(dose, by)
    call(home, by, "no_answer", again_on=dose.site.today(AT))
    return {
        "checklist_id": str(made.pk),
        "observation_id": str(observation.pk),
        "administration_id": str(failed.pk),
        "discharge_id": str(home.pk),
    }
