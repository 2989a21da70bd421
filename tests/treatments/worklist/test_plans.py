"""How the database finds a page: by the partial index that begins with the site, at a few thousand courses."""

from datetime import date, timedelta

import pytest
from django.db import connection

from clinic.staff.models import Site
from tests import factories
from tests.factories import AT
from tests.treatments.worklist.builders import Planned, seed
from treatments.worklist import queries
from treatments.worklist.queries import Cursor
from treatments.worklist.tabs import TABS, Tab

TODAY = date(2026, 7, 4)
INDEXES = {
    Tab.OVERDUE: "next_dose_by_close",
    Tab.DUE: "next_dose_by_close",
    Tab.UPCOMING: "next_dose_by_target",
    Tab.LATER: "next_dose_by_target",
}


@pytest.fixture(scope="module")
def thousands(module_database: None) -> Site:
    """Return a site with 4,000 courses, whose next doses lie from a month ago to four months ahead."""
    site = factories.site("Northfield", "Europe/London")
    seed(site, [Planned(TODAY + timedelta(days=number % 150 - 30)) for number in range(4_000)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return site


def plan(site: Site, tab: Tab, cursor: Cursor | None = None) -> str:
    """Return the database's plan for a page of a tab."""
    rows = queries.select([site], tab, AT).order_by(TABS[tab].order, "pk")
    if cursor is not None:
        rows = rows.filter(queries.beyond(cursor, TABS[tab].order, always_dated=TABS[tab].always_dated))
    return str(rows.values("pk")[: queries.PAGE_SIZE + 1].explain())


@pytest.mark.parametrize("tab", INDEXES)
def test_a_page_is_one_range_of_the_sites_index(db: None, thousands: Site, tab: Tab) -> None:
    explained = plan(thousands, tab)
    assert INDEXES[tab] in explained
    assert "Seq Scan on courses_dose" not in explained
    assert "SCAN courses_dose" not in explained
    assert "Sort" not in explained
    assert "TEMP B-TREE" not in explained


@pytest.mark.parametrize("tab", INDEXES)
def test_a_later_page_enters_the_index_where_it_begins(db: None, thousands: Site, tab: Tab) -> None:
    first = queries.page([thousands], tab, AT, None)
    assert first.next is not None
    explained = plan(thousands, tab, first.next)
    assert INDEXES[tab] in explained
    assert "SCAN courses_dose" not in explained
    if connection.vendor == "postgresql":
        assert f"{TABS[tab].order} >= '{first.next.day}'" in explained
