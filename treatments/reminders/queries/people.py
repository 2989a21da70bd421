"""What one person is told, and what of it they may switch off."""

from dataclasses import dataclass
from datetime import datetime

from clinic.staff.models import User
from treatments.reminders.models import Kind, Mute
from treatments.reminders.queries.sites import SiteDay, open_sites
from treatments.rules.reminders import AUDIENCES
from treatments.rules.reminders import Kind as RuleKind


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind that a person is told of somewhere. `is_fixed`: a site of theirs wants them told in any case."""

    kind: Kind
    is_fixed: bool
    is_off: bool


def choices(user: User, now: datetime) -> tuple[Choice, ...]:
    """Return the kinds that a person is told of, or would be had they not switched them off. Six queries."""
    sites = open_sites(now)
    off = set(Mute.objects.filter(user=user).values_list("kind", flat=True))
    found = []
    for kind in RuleKind:
        telling = [site for site in sites.values() if _concerns(site, user.pk, kind)]
        if telling:
            fixed = any(kind.value not in site.policy.optional_kinds for site in telling)
            found.append(Choice(Kind(kind.value), fixed, kind.value in off))
    return tuple(found)


def _concerns(site: SiteDay, user_id: int, kind: RuleKind) -> bool:
    return any(user_id in site.members[audience] for audience in AUDIENCES[kind])
