"""Open sites on their own local day: the policy in force there, who is told, and when each person's morning is."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from clinic.staff.models import Membership, Site, SitePolicy, User
from clinic.staff.roles import Permission, Role, granted
from treatments.reminders.models import Sweep
from treatments.rules.reminders import Audience, ReminderPolicy, digest_at


@dataclass(frozen=True, slots=True)
class SiteDay:
    """An open site on its local day.

    `staff` are the ids of those who receive the digest there, `lead` is the lead clinician unless they are among
    them.
    """

    site_id: uuid.UUID
    name: str
    zone: ZoneInfo
    today: date
    policy: SitePolicy
    staff: frozenset[int]
    lead: int | None

    def rule(self) -> ReminderPolicy:
        """Return the policy as the rule reads it. Raises ValueError or TypeError for one that makes no sense."""
        days = tuple(int(day) for day in self.policy.upcoming_days)
        return ReminderPolicy(days, self.policy.overdue_every_days, self.policy.escalate_after_days)

    def told(self, audience: Audience) -> frozenset[int]:
        """Return the ids of the people of an audience."""
        if audience is Audience.STAFF:
            return self.staff
        return frozenset() if self.lead is None else frozenset({self.lead})

    def audience_of(self, recipient_id: int) -> Audience | None:
        """Return as what this person is told things about this site, None when they are not."""
        if recipient_id in self.staff:
            return Audience.STAFF
        return Audience.LEAD if recipient_id == self.lead else None


@dataclass(frozen=True, slots=True)
class Morning:
    """Which local day it is for a person, and the instant at which their digest of that day is due."""

    day: date
    due_at: datetime


def open_sites(now: datetime, only: Collection[uuid.UUID] | None = None) -> dict[uuid.UUID, SiteDay]:
    """Return the open sites, or those of `only` that are open, by id. Three queries, however many sites there are."""
    sites = Site.objects.filter(is_active=True)
    rows = list(sites if only is None else sites.filter(id__in=only))
    ids = [site.id for site in rows]
    policies, people = _policies(ids), _people(ids)
    return {site.id: _site_day(site, now, policies[site.id], people[site.id]) for site in rows}


def last_swept(sites: Mapping[uuid.UUID, SiteDay]) -> dict[uuid.UUID, date]:
    """Return the local day on which each site's reminders were last gone through, if they ever were."""
    rows = Sweep.objects.filter(site__in=sites.keys()).values_list("site_id", "at")
    return {site_id: at.astimezone(sites[site_id].zone).date() for site_id, at in rows}


def mornings(recipients: Collection[int], sites: Mapping[uuid.UUID, SiteDay]) -> dict[int, Morning]:
    """Return each active person's morning, `sites` being the open ones; see `morning_of`."""
    homes = User.objects.filter(id__in=recipients, is_active=True).values_list("id", "home_site_id")
    found = {user_id: morning_of(user_id, home, sites) for user_id, home in homes}
    return {user_id: morning for user_id, morning in found.items() if morning is not None}


def morning_of(user_id: int, home: uuid.UUID | None, sites: Mapping[uuid.UUID, SiteDay]) -> Morning | None:
    """Return a person's morning by the clock of their home site.

    Somebody whose home site is closed, or who has none, lives by the first by name of the sites they are told about;
    somebody who is told nothing has no morning.
    """
    if home is not None and home in sites:
        return _morning(sites[home])
    told = [site for site in sites.values() if site.audience_of(user_id)]
    return _morning(min(told, key=lambda site: (site.name, site.site_id))) if told else None


def _site_day(
    site: Site,
    now: datetime,
    policies: list[SitePolicy],
    rights: Mapping[int, frozenset[Permission]],
) -> SiteDay:
    today = site.today(now)
    staff = frozenset(user_id for user_id, held in rights.items() if Permission.RECEIVE_REMINDERS in held)
    lead = site.lead_clinician_id
    # A link that its reader may not open would be noise, so the lead must be able to see the site's patients.
    told = lead is not None and lead not in staff and Permission.VIEW_PATIENTS in rights.get(lead, ())
    return SiteDay(
        site_id=site.id,
        name=site.name,
        zone=site.zone,
        today=today,
        policy=_in_force(policies, site, today),
        staff=staff,
        lead=lead if told else None,
    )


def _in_force(policies: list[SitePolicy], site: Site, today: date) -> SitePolicy:
    """Return the latest policy that has begun, else the first to come; a site that wrote none keeps the defaults."""
    begun = [policy for policy in policies if policy.effective_from <= today]
    if begun:
        return begun[-1]
    return policies[0] if policies else SitePolicy(site=site, effective_from=today)


def _policies(site_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[SitePolicy]]:
    """Return each site's policies, oldest first."""
    found: dict[uuid.UUID, list[SitePolicy]] = defaultdict(list)
    for policy in SitePolicy.objects.filter(site__in=site_ids).order_by("effective_from", "id"):
        found[policy.site_id].append(policy)
    return found


def _people(site_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Mapping[int, frozenset[Permission]]]:
    """Return what each active person who can be written to may do, by site."""
    roles: dict[uuid.UUID, dict[int, set[Role]]] = defaultdict(lambda: defaultdict(set))
    memberships = Membership.objects.filter(site__in=site_ids, user__is_active=True).exclude(user__email="")
    for site_id, user_id, role in memberships.values_list("site_id", "user_id", "role"):
        roles[site_id][user_id].add(Role(role))
    return defaultdict(dict) | {
        site_id: {user_id: granted(frozenset(held)) for user_id, held in people.items()}
        for site_id, people in roles.items()
    }


def _morning(site: SiteDay) -> Morning:
    return Morning(site.today, digest_at(site.today, site.policy.digest_hour, site.zone))
