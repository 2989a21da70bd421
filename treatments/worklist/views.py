"""The front page: who is overdue, due, upcoming, on hold or waiting for a decision."""

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
from treatments.labs.queries import latest
from treatments.worklist import address, queries
from treatments.worklist.address import Address
from treatments.worklist.rows import Row, row
from treatments.worklist.tabs import TABS, Tab


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
    counts = queries.counts(chosen, now)
    page = queries.page(chosen, asked.tab, now, asked.cursor)
    rows = _rows(request, page, chosen, now)
    context = {
        "tabs": [_tab_link(tab, asked, counts) for tab in TABS],
        "tab": TABS[asked.tab].label,
        "rows": rows,
        "empty": TABS[asked.tab].empty,
        "nobody": not any(counts.values()),
        "patients_url": reverse("patients:find"),
        "behind": _behind(request, asked, chosen, now),
        "days": _days(chosen, now),
        "sites": mine if len(mine) > 1 else [],
        "show_site": len(chosen) > 1,
        "asked": asked,
        "shown": f"{len(rows)} of {_counted(counts[asked.tab])} {'course' if counts[asked.tab] == 1 else 'courses'}",
        "previous_url": _url(asked.at_page(page.previous)) if page.previous else "",
        "next_url": _url(asked.at_page(page.next)) if page.next else "",
    }
    return render(request, "worklist/worklist.html", context)


def _rows(request: StaffRequest, page: queries.Page, chosen: list[Site], now: datetime) -> list[Row]:
    newest = latest([listed.dose.patient_id for listed in page.listed])
    places, rights = {site.pk: site for site in chosen}, request.user.rights
    return [
        row(
            listed,
            places[listed.dose.site_id],
            now,
            rights=rights[listed.dose.site_id],
            last_lab=max(
                (result.collected_on for result in newest.get(listed.dose.patient_id, {}).values()), default=None
            ),
        )
        for listed in page.listed
    ]


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


def _tab_link(tab: Tab, asked: Address, counts: Mapping[Tab, int]) -> TabLink:
    count, about = counts[tab], TABS[tab]
    return TabLink(
        label=about.label,
        url=_url(asked.at_tab(tab)),
        current=tab is asked.tab,
        count=_counted(count),
        tone=about.tone if count else "neutral",
    )


def _counted(count: int) -> str:
    return f"{queries.COUNTED}+" if count > queries.COUNTED else str(count)


def _url(asked: Address) -> str:
    return f"{reverse('worklist')}{asked.query()}"
