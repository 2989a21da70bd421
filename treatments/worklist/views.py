"""The front page: who is overdue, due, upcoming, on hold or waiting for a decision, and what the next doses lack."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic import formatting
from clinic.staff.access import StaffRequest, requires, site_ids, sites
from clinic.staff.models import Site
from clinic.staff.roles import Permission
from treatments.courses.queries import versions
from treatments.worklist import address, overlays, queries
from treatments.worklist.address import Address
from treatments.worklist.rows import Row, row
from treatments.worklist.tabs import ABOUT, OVERLAYS, RULED, TABS, Tab


@dataclass(frozen=True, slots=True)
class TabLink:
    """One tab as the page shows it."""

    label: str
    url: str
    current: bool
    count: str
    tone: str


@requires(Permission.VIEW_PATIENTS)
@require_safe
def worklist(request: StaffRequest) -> HttpResponse:
    """Show one page of one tab, and how many rows each tab has."""
    now = timezone.now()
    mine = sites(request.user, Permission.VIEW_PATIENTS)
    asked = address.read(request.GET.dict(), {site.pk for site in mine})
    chosen = [site for site in mine if asked.site_id in {None, site.pk}]
    looked, page = _page(chosen, asked, now)
    counts = queries.counts(chosen, now) | looked.counts()
    rows = _rows(request, page, chosen, now, looked, asked.tab)
    context = {
        "tabs": [_tab_link(tab, asked, counts) for tab in TABS],
        "overlays": [_tab_link(tab, asked, counts) for tab in OVERLAYS],
        "tab": ABOUT[asked.tab].label,
        "rows": rows,
        "empty": _empty(asked, page),
        "nobody": not any(counts[tab] for tab in TABS),
        "patients_url": reverse("patients:find"),
        "behind": _behind(request, asked, chosen, now),
        "days": _days(chosen, now),
        "sites": mine if len(mine) > 1 else [],
        "show_site": len(chosen) > 1,
        "asked": asked,
        "shown": _shown(len(rows), counts[asked.tab]),
        "previous_url": _url(asked.at_page(page.previous)) if page.previous else "",
        "next_url": _url(asked.at_page(page.next)) if page.next else "",
    }
    return render(request, "worklist/worklist.html", context)


def _page(chosen: list[Site], asked: Address, now: datetime) -> tuple[overlays.Look, queries.Page]:
    """Return the page that was asked for, with the lights of its doses."""
    if asked.tab in RULED:
        return overlays.page(chosen, asked.tab, now, asked.cursor)
    page = queries.page(chosen, asked.tab, now, asked.cursor)
    return overlays.look(chosen, now, [listed.dose.pk for listed in page.listed]), page


def _rows(
    request: StaffRequest, page: queries.Page, chosen: list[Site], now: datetime, looked: overlays.Look, tab: Tab
) -> list[Row]:
    places, rights = {site.pk: site for site in chosen}, request.user.rights
    return [
        row(
            listed,
            places[listed.dose.site_id],
            now,
            rights=rights[listed.dose.site_id],
            ready=looked.ready[listed.dose.pk],
            tab=tab,
        )
        for listed in page.listed
    ]


def _empty(asked: Address, page: queries.Page) -> str:
    """Say what it means that there is no row; where more doses follow that were not looked at yet, that alone."""
    return "None among the doses that this page looked at." if page.next else ABOUT[asked.tab].empty


def _shown(rows: int, count: int | None) -> str:
    """Say how many rows the page shows, and of how many, where that is known."""
    return f"{rows}{'' if count is None else f' of {_counted(count)}'} {'course' if count == 1 else 'courses'}"


def _behind(request: StaffRequest, asked: Address, chosen: list[Site], now: datetime) -> str:
    """Say, where decisions wait and to whom they are left, how many courses stand on older versions; else nothing."""
    decides = site_ids(request.user, Permission.DECIDE)
    if asked.tab is not Tab.DECISION or not decides:
        return ""
    places = [site for site in chosen if site.pk in decides]
    count = versions.count(places, versions.newer(places, now))
    stand = "course stands" if count == 1 else "courses stand"
    return f"{_counted(count)} {stand} on an older version of the monograph or site policy" if count else ""


def _days(chosen: list[Site], now: datetime) -> str:
    """Say which day the list was made for; sites far apart may have different ones."""
    days = {site.today(now) for site in chosen}
    if len(days) == 1:
        return formatting.weekday(days.pop())
    return " · ".join(f"{site.name}: {formatting.weekday(site.today(now))}" for site in chosen)


def _tab_link(tab: Tab, asked: Address, counts: Mapping[Tab, int | None]) -> TabLink:
    count, about = counts[tab], ABOUT[tab]
    return TabLink(
        label=about.label,
        url=_url(asked.at_tab(tab)),
        current=tab is asked.tab,
        count="" if count is None else _counted(count),
        tone=about.tone if count else "neutral",
    )


def _counted(count: int) -> str:
    return f"{queries.COUNTED}+" if count > queries.COUNTED else str(count)


def _url(asked: Address) -> str:
    return f"{reverse('worklist')}{asked.query()}"
