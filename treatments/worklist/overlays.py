"""The tabs for which the rules of the six lights decide who stands in them: Labs due and Not ready.

SQL says where the rules look, and the rules say the rest: neither answer is stored, because both move with every
sample, vial and consent. Looking costs the same few queries however many doses, but nearly half a millisecond for each.
So a tab carries its number only while all that it is about can be looked at together with the page; at a larger site it
is shown without one, and its pages are found a lot at a time. A number that is shown is always the number of rows.
"""

import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import TypeAlias

from django.db.models import BooleanField, ExpressionWrapper, Q

from clinic.staff.models import Site
from treatments.courses.models import Dose
from treatments.labs.queries import asked
from treatments.readiness.queries import DoseReadiness, are_labs_due, dated, near, readiness_of
from treatments.rules.readiness import Answer
from treatments.worklist.queries import COUNTED, LISTED, PAGE_SIZE, Cursor, Page, anywhere, from_here, listed
from treatments.worklist.tabs import LABS_DUE_DAYS, Tab

# How many doses are looked at for one page where there are too many to be counted.
LOT = 400

# A dose by its place in the order of these tabs: its booked day, else its target, then its key.
Place: TypeAlias = tuple[date, uuid.UUID]
_PLACE = ("basis", "pk")


@dataclass(frozen=True, slots=True)
class Look:
    """What the rules said: of which doses, and in order which of them stand in each tab; None where not all were seen.

    `ready` holds every dose that was looked at, those on the page among them.
    """

    ready: Mapping[uuid.UUID, DoseReadiness]
    standing: Mapping[Tab, tuple[Place, ...]] | None

    def counts(self) -> dict[Tab, int | None]:
        """Return how many rows each of these tabs has; None where nobody knows."""
        return {tab: None if self.standing is None else len(self.standing[tab]) for tab in _STANDS}


def _is_not_ready(found: DoseReadiness) -> bool:
    return found.readiness.answer is Answer.NOT_READY


_STANDS: Mapping[Tab, Callable[[DoseReadiness], bool]] = MappingProxyType(
    {Tab.LABS_DUE: are_labs_due, Tab.NOT_READY: _is_not_ready}
)


def look(sites: Sequence[Site], now: datetime, dose_ids: Collection[uuid.UUID] = ()) -> Look:
    """Look at these doses, and at all that the tabs are about while that can be counted. Nineteen queries."""
    about = _about(sites, now)
    if about is None:
        return Look(_ready(dose_ids, now), None)
    found = _ready({*dose_ids, *(place[1] for places in about.values() for place in places)}, now)
    standing = {tab: tuple(_standing(tab, about[tab], found)) for tab in _STANDS}
    return Look(found, standing)


def page(sites: Sequence[Site], tab: Tab, now: datetime, cursor: Cursor | None) -> tuple[Look, Page]:
    """Return one page of a tab beyond the cursor, with what was looked at. Twenty queries, one more at a large site."""
    looked = look(sites, now)
    if looked.standing is None:
        return _page_of_a_lot(sites, tab, now, cursor)
    places = looked.standing[tab]
    first, last = _ends(places, cursor)
    here = list(places[first:last])
    return looked, _turned(here, here[-1:] if last < len(places) else [], here[:1] if first else [], back=False)


def _ends(places: Sequence[Place], cursor: Cursor | None) -> tuple[int, int]:
    """Return where a page begins and ends among all places."""
    if cursor is None or cursor.day is None:
        return 0, min(PAGE_SIZE, len(places))
    here = (cursor.day, cursor.dose_id)
    if cursor.backward:
        last = bisect_left(places, here)
        return max(0, last - PAGE_SIZE), last
    first = bisect_right(places, here)
    return first, min(first + PAGE_SIZE, len(places))


def _page_of_a_lot(sites: Sequence[Site], tab: Tab, now: datetime, cursor: Cursor | None) -> tuple[Look, Page]:
    """Return what stands in the tab among the next few hundred doses it is about; the pages after it hold the rest."""
    doses = dated(LISTED).filter(_asked_of(sites, tab, now))
    rows: list[Place] = list(from_here(doses, tab, cursor).values_list(*_PLACE)[: LOT + 1])
    seen, found = rows[:LOT], _ready([dose_id for _, dose_id in rows[:LOT]], now)
    here = _standing(tab, seen, found)
    # The page goes on behind its last row, or where all that was looked at fitted, behind the last dose seen.
    fitted = len(here) <= PAGE_SIZE
    ends = seen[-1:] if fitted else here[PAGE_SIZE - 1 : PAGE_SIZE]
    ahead = ends if len(rows) > LOT or not fitted else []
    behind = [] if cursor is None else (here or seen)[:1]
    return Look(found, None), _turned(here[:PAGE_SIZE], ahead, behind, back=cursor is not None and cursor.backward)


def _turned(here: list[Place], ahead: list[Place], behind: list[Place], *, back: bool) -> Page:
    """Return the page in the order of the list, whichever way it was found; each end is one place, or none."""
    if back:
        here, ahead, behind = here[::-1], behind, ahead
    previous = Cursor(*behind[0], backward=True) if behind else None
    return Page(listed([dose_id for _, dose_id in here]), previous, Cursor(*ahead[0]) if ahead else None)


def _standing(tab: Tab, places: Iterable[Place], found: Mapping[uuid.UUID, DoseReadiness]) -> list[Place]:
    return [place for place in places if place[1] in found and _STANDS[tab](found[place[1]])]


def _ready(dose_ids: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, DoseReadiness]:
    return readiness_of(asked(Dose.objects.filter(pk__in=dose_ids), now), now) if dose_ids else {}


def _about(sites: Sequence[Site], now: datetime) -> dict[Tab, list[Place]] | None:
    """Return in order which doses each tab is about; None where they are too many to be counted. One query."""
    if not sites:
        return {tab: [] for tab in _STANDS}
    conditions = {tab: _asked_of(sites, tab, now) for tab in _STANDS}
    flags = {
        tab.name: ExpressionWrapper(condition, output_field=BooleanField()) for tab, condition in conditions.items()
    }
    either = conditions[Tab.LABS_DUE] | conditions[Tab.NOT_READY]
    rows = list(dated(LISTED).filter(either).annotate(**flags).values_list(*_PLACE, *flags)[: COUNTED + 1])
    if len(rows) > COUNTED:
        return None
    places = sorted((day, pk) for day, pk, *_ in rows)
    held = {pk: dict(zip(_STANDS, of, strict=True)) for _, pk, *of in rows}
    return {tab: [place for place in places if held[place[1]][tab]] for tab in _STANDS}


def _asked_of(sites: Sequence[Site], tab: Tab, now: datetime) -> Q:
    """Return the condition under which the rules are asked whether a dose stands in this tab."""
    return near(sites, now, LABS_DUE_DAYS) if tab is Tab.LABS_DUE else anywhere(sites, tab, now)
