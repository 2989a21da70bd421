"""What the ledger page shows: one page of lines by due day, and whether anything looks after them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min, Q
from django.urls import reverse

from clinic import formatting, statuses
from clinic.staff.access import site_ids
from clinic.staff.models import User
from clinic.staff.roles import Permission
from clinic.statuses import Status
from treatments.reminders.addresses import page_of
from treatments.reminders.models import Kind, MessageState, Reminder, Sweep
from treatments.reminders.queries import liveness
from treatments.rules import reminders as rules
from treatments.rules.liveness import FAILING_AFTER, Life

PAGE = 50
STALE_AFTER = FAILING_AFTER
FAILURES_SHOWN_FOR = timedelta(days=7)
_ENDED = frozenset({MessageState.FAILED, MessageState.HANDED_OVER})
COLUMNS = (
    "id",
    "due_on",
    "kind",
    "what",
    "dose__patient_id",
    "dose__patient__family_name",
    "dose__patient__given_name",
    "recipient__full_name",
    "recipient__username",
    "carer__name",
    "site_id",
    "site__name",
    "site__time_zone",
    "state",
    "reason",
    "planned_at",
    "settled_at",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are asked for; empty means all. `first` and `last` are due days, both included."""

    state: str = ""
    kind: str = ""
    first: date | None = None
    last: date | None = None

    def matching(self) -> Q:
        """Return the condition."""
        wanted = {"state": self.state, "kind": self.kind, "due_on__gte": self.first, "due_on__lte": self.last}
        return Q(**{name: value for name, value in wanted.items() if value})


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list, next to which a page begins: after it, or `backward` before it."""

    due_on: date
    line_id: uuid.UUID
    backward: bool = False


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line, ready to show. `patient` and its address are empty where it is about a vial or an authorisation."""

    due_on: str
    kind: str
    url: str
    patient: str
    patient_url: str
    recipient: str
    site: str
    status: Status
    reason: str
    when: str
    put_off_url: str
    again_url: str
    may_act: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 50 lines, the latest due day first, and where the pages beside this one begin."""

    rows: tuple[LedgerRow, ...]
    previous: Cursor | None
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Watch:
    """Whether anything goes through the reminders. `last` is in words, "" when nothing ever did.

    `is_late` says that it is not stale yet, but that whatever does it has fallen silent; `signs` tells who was seen.
    """

    last: str
    is_stale: bool
    is_late: bool
    signs: tuple[str, ...]
    failures: bool


def page(user: User, asked: Asked, cursor: Cursor | None) -> Page:
    """Return one page of the lines at the sites where this person may see the ledger. One query."""
    backward = cursor is not None and cursor.backward
    lines = Reminder.objects.seen_by(user).filter(asked.matching(), _beyond(cursor))
    lines = lines.order_by("due_on", "id") if backward else lines.order_by("-due_on", "-id")
    found = list(lines.values(*COLUMNS)[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    if backward:
        found.reverse()
    told = site_ids(user, Permission.MANAGE_REMINDERS)
    ends = (_cursor(found[0], backward=True), _cursor(found[-1], backward=False)) if found else (None, None)
    return Page(
        rows=tuple(_row(line, may_act=line["site_id"] in told) for line in found),
        previous=ends[0] if (more if backward else cursor is not None) else None,
        next=ends[1] if (backward or more) else None,
    )


def watch(user: User, now: datetime) -> Watch:
    """Return when the person's open sites were last gone through, the most neglected of them. Four queries at most."""
    mine = site_ids(user, Permission.VIEW_REMINDERS)
    swept = Sweep.objects.filter(site__in=mine, site__is_active=True).aggregate(at=Min("at"))["at"]
    failed = Reminder.objects.seen_by(user).filter(
        state=MessageState.FAILED, due_on__gte=(now - FAILURES_SHOWN_FOR).date()
    )
    is_stale = swept is None or now - swept > STALE_AFTER
    zone, signs = _zone(user), liveness.signs()
    return Watch(
        last="" if swept is None else formatting.moment(swept, zone),
        is_stale=is_stale,
        is_late=not is_stale and bool(signs) and liveness.verdict(signs, now) > Life.ALIVE,
        signs=tuple(f"{who.label} seen {formatting.moment(sign.at, zone)}" for who, sign in signs.items()),
        failures=failed.exists(),
    )


def _zone(user: User) -> ZoneInfo:
    """Return the zone in which this person reads a time that belongs to no one site."""
    return user.home_site.zone if user.home_site else ZoneInfo("UTC")


def _beyond(cursor: Cursor | None) -> Q:
    if cursor is None:
        return Q()
    side = "gt" if cursor.backward else "lt"
    same_day = Q(**{"due_on": cursor.due_on, f"id__{side}": cursor.line_id})
    return Q(**{f"due_on__{side}": cursor.due_on}) | same_day


def _cursor(line: dict[str, Any], *, backward: bool) -> Cursor:
    return Cursor(line["due_on"], line["id"], backward)


def _patient(line: dict[str, Any]) -> str:
    """Return whose dose a line is about; an authorisation or a vial is looked up on its own page."""
    if line["dose__patient_id"] is None:
        return ""
    return formatting.full_name(line["dose__patient__family_name"], line["dose__patient__given_name"])


def _row(line: dict[str, Any], *, may_act: bool) -> LedgerRow:
    at = line["settled_at"] or line["planned_at"]
    return LedgerRow(
        due_on=formatting.weekday(line["due_on"]),
        kind=Kind(line["kind"]).label,
        url=page_of(rules.Kind(line["kind"]), line["what"]),
        patient=_patient(line),
        patient_url=reverse("chart", args=[line["dose__patient_id"]]) if line["dose__patient_id"] else "",
        recipient=line["carer__name"] or line["recipient__full_name"] or line["recipient__username"],
        site=line["site__name"],
        status=statuses.REMINDER[line["state"]],
        reason=line["reason"],
        when=formatting.moment(at, ZoneInfo(line["site__time_zone"])),
        put_off_url=reverse("reminders:put_off", args=[line["id"]]),
        again_url=reverse("reminders:again", args=[line["id"]]) if line["state"] in _ENDED else "",
        may_act=may_act,
    )
