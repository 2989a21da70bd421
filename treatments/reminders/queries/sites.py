"""Open sites on their own local day: the policy in force there, who is told, and when each person's morning is."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from clinic.staff.models import Membership, Site, SitePolicy, User
from clinic.staff.roles import Permission, Role, granted
from treatments.reminders.models import Mute, PutOff, Sweep
from treatments.rules.reminders import AUDIENCES, Audience, Kind, ReminderPolicy, digest_at, is_quiet

_RECEIVING: Mapping[Audience, Permission] = {
    Audience.STAFF: Permission.RECEIVE_REMINDERS,
    Audience.PRESCRIBERS: Permission.RECEIVE_DECISIONS,
    Audience.PHARMACY: Permission.RECEIVE_SUPPLY,
}


@dataclass(frozen=True, slots=True)
class SiteDay:
    """An open site on its local day.

    `members` are the ids of the people of each audience, `muted` those who switched a kind off, as far as the site lets
    them; `put_off` says until when a kind of reminder about something is quiet. `now` is the instant of the look.
    """

    site_id: uuid.UUID
    name: str
    zone: ZoneInfo
    now: datetime
    today: date
    policy: SitePolicy
    members: Mapping[Audience, frozenset[int]]
    muted: Mapping[Kind, frozenset[int]]
    put_off: Mapping[tuple[uuid.UUID, Kind], date]

    def rule(self) -> ReminderPolicy:
        """Return the policy as the rule reads it. Raises ValueError or TypeError for one that makes no sense."""
        return ReminderPolicy(
            upcoming_days=tuple(int(day) for day in self.policy.upcoming_days),
            overdue_every_days=self.policy.overdue_every_days,
            escalate_after_days=self.policy.escalate_after_days,
            labs_days=tuple(int(day) for day in self.policy.labs_days),
        )

    def told(self, kind: Kind, audience: Audience) -> frozenset[int]:
        """Return the ids of the people who are told of a kind as this audience; each is told once, as the first."""
        before = self.muted.get(kind, frozenset())
        for each in AUDIENCES[kind]:
            if each is audience:
                return self.members[each] - before
            before |= self.members[each]
        return frozenset()

    def audience_of(self, recipient_id: int, kind: Kind) -> Audience | None:
        """Return as what this person is told of a kind at this site, None when they are not."""
        if recipient_id in self.muted.get(kind, ()):
            return None
        return next((each for each in AUDIENCES[kind] if recipient_id in self.members[each]), None)

    def is_quiet(self, what: uuid.UUID, kind: Kind, audience: Audience) -> bool:
        """Say whether somebody put this reminder off beyond this day."""
        return is_quiet(kind, audience, self.put_off.get((what, kind)), self.today)

    def tells(self, recipient_id: int) -> bool:
        """Say whether this person is told anything about this site."""
        return any(recipient_id in people for people in self.members.values())


@dataclass(frozen=True, slots=True)
class Morning:
    """Which local day it is for a person, and the instant at which their digest of that day is due."""

    day: date
    due_at: datetime


def open_sites(now: datetime, only: Collection[uuid.UUID] | None = None) -> dict[uuid.UUID, SiteDay]:
    """Return the open sites, or those of `only` that are open, by id. Five queries, however many sites there are."""
    sites = Site.objects.filter(is_active=True)
    rows = list(sites if only is None else sites.filter(id__in=only))
    ids = [site.id for site in rows]
    policies, people, muted, put_off = _policies(ids), _people(ids), _muted(), _put_off(ids, now)
    return {site.id: _site_day(site, now, policies[site.id], people[site.id], muted, put_off[site.id]) for site in rows}


@dataclass(frozen=True, slots=True)
class Swept:
    """The local day on which a site's reminders were last gone through, and last with all that changes slowly."""

    on: date
    daily_on: date | None


def last_swept(sites: Mapping[uuid.UUID, SiteDay]) -> dict[uuid.UUID, Swept]:
    """Return when each site's reminders were last gone through, if they ever were."""
    rows = Sweep.objects.filter(site__in=sites.keys()).values_list("site_id", "at", "daily_on")
    return {site_id: Swept(at.astimezone(sites[site_id].zone).date(), daily) for site_id, at, daily in rows}


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
    told = [site for site in sites.values() if site.tells(user_id)]
    return _morning(min(told, key=lambda site: (site.name, site.site_id))) if told else None


def _site_day(
    site: Site,
    now: datetime,
    policies: list[SitePolicy],
    rights: Mapping[int, frozenset[Permission]],
    muted: Mapping[Kind, frozenset[int]],
    put_off: Mapping[tuple[uuid.UUID, Kind], date],
) -> SiteDay:
    today = site.today(now)
    policy = _in_force(policies, site, today)
    lead = site.lead_clinician_id
    # A link that its reader may not open would be noise, so the lead must be able to see the site's patients.
    told = lead is not None and Permission.VIEW_PATIENTS in rights.get(lead, ())
    members = {each: _who(rights, permission) for each, permission in _RECEIVING.items()}
    return SiteDay(
        site_id=site.id,
        name=site.name,
        zone=site.zone,
        now=now,
        today=today,
        policy=policy,
        muted={kind: people for kind, people in muted.items() if kind.value in policy.optional_kinds},
        put_off=put_off,
        members=members | {Audience.LEAD: frozenset({lead} if lead is not None and told else ())},
    )


def _who(rights: Mapping[int, frozenset[Permission]], permission: Permission) -> frozenset[int]:
    return frozenset(user_id for user_id, held in rights.items() if permission in held)


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


def _muted() -> dict[Kind, frozenset[int]]:
    """Return who switched which kind off for themselves."""
    found: dict[Kind, set[int]] = defaultdict(set)
    for kind, user_id in Mute.objects.values_list("kind", "user_id"):
        found[Kind(kind)].add(user_id)
    return {kind: frozenset(people) for kind, people in found.items()}


def _put_off(
    site_ids: Collection[uuid.UUID], now: datetime
) -> Mapping[uuid.UUID, Mapping[tuple[uuid.UUID, Kind], date]]:
    """Return until when what is quiet, by site; of several the latest counts."""
    found: dict[uuid.UUID, dict[tuple[uuid.UUID, Kind], date]] = defaultdict(dict)
    rows = PutOff.objects.in_force(now).filter(site__in=site_ids).order_by("until")
    for site_id, what, kind, until in rows.values_list("site_id", "what", "kind", "until"):
        found[site_id][what, Kind(kind)] = until
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
