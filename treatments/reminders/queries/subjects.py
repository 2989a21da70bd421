"""What reminders are about: doses, authorisations and vials, each with the facts that the rules depend on."""

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime
from itertools import chain
from zoneinfo import ZoneInfo

from treatments.reminders.queries import doses
from treatments.reminders.queries.sites import SiteDay
from treatments.rules.reminders import AuthorisationFacts, Facts, ReminderPolicy, VialFacts
from treatments.supply import queries as supply
from treatments.supply.models import Authorisation, Vial

Found = dict[uuid.UUID, dict[uuid.UUID, Facts]]


def watched(sites: Collection[SiteDay], rules: Mapping[uuid.UUID, ReminderPolicy], daily: Collection[SiteDay]) -> Found:
    """Return whatever may be owed a reminder at these sites, which share a local day, by site.

    Doses always; which of them lack values, authorisations and vials only at the sites of `daily`. One query, and
    about a dozen more for all the sites of `daily` together.
    """
    found: Found = {site.site_id: {} for site in sites}
    furthest = max((days for rule in rules.values() for days in (*rule.upcoming_days, *rule.labs_days)), default=0)
    for site_id, facts in doses.watched(sites, furthest, daily).items():
        found[site_id].update(facts)
    if daily:
        ids, today = [site.site_id for site in daily], _day_of(daily)
        for end in supply.authorisation_ends(ids, today):
            found[end.site_id][end.id] = _authorisation(end)
        for vial in supply.vial_ends(ids, today):
            found[vial.site_id][vial.id] = _vial(vial)
    return found


def facts_of(whats: Collection[uuid.UUID], site: SiteDay) -> dict[uuid.UUID, Facts]:
    """Return the facts of these subjects on a site's day, whatever has become of them; each is read whole."""
    found: dict[uuid.UUID, Facts] = dict(doses.facts_of(whats, site))
    if rest := [what for what in whats if what not in found]:
        ends = supply.authorisation_ends([site.site_id], site.today, only=rest)
        found |= {end.id: _authorisation(end) for end in ends}
    if rest := [what for what in rest if what not in found]:
        found |= {vial.id: _vial(vial) for vial in supply.vial_ends([site.site_id], site.today, only=rest)}
    return found


def known_since(whats: Mapping[uuid.UUID, Facts], zone: ZoneInfo) -> dict[uuid.UUID, date]:
    """Return the local day on which each subject was written down; of a dose, its appointment if that is newer."""
    found = doses.known_since(whats.keys(), zone)
    rest = [what for what in whats if what not in found]
    rows = chain(_written(Authorisation, rest), _written(Vial, rest)) if rest else ()
    return found | {pk: at.astimezone(zone).date() for pk, at in rows}


def _written(model: type[Authorisation] | type[Vial], ids: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, datetime]]:
    return list(model._base_manager.filter(pk__in=ids).values_list("pk", "created_at"))


def _day_of(sites: Collection[SiteDay]) -> date:
    return next(iter(sites)).today


def _authorisation(end: supply.AuthorisationEnd) -> AuthorisationFacts:
    return AuthorisationFacts(end.since, end.ends_on, end.settled)


def _vial(vial: supply.VialEnd) -> VialFacts:
    return VialFacts(vial.expires_on, vial.days_before, vial.settled)
