"""Whatever the address says, the page is found; what it does not understand means the first of each."""

from datetime import date
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.worklist.address import Address, read
from treatments.worklist.queries import Cursor
from treatments.worklist.tabs import FIRST, Tab

SITE = UUID("11111111-1111-4111-8111-111111111111")
DOSE = UUID("22222222-2222-4222-8222-222222222222")


def test_the_plain_front_page_has_no_query() -> None:
    assert Address().query() == ""
    assert read({}, {SITE}) == Address(FIRST, None, None)


@given(
    tab=st.sampled_from(Tab),
    site_id=st.sampled_from([None, SITE]),
    day=st.none() | st.dates(),
    backward=st.booleans(),
    paged=st.booleans(),
)
def test_an_address_that_was_written_is_read_again(
    tab: Tab, site_id: UUID | None, day: date | None, backward: bool, paged: bool
) -> None:
    address = Address(tab, site_id, Cursor(day, DOSE, backward) if paged else None)
    assert read(dict(parse_qsl(address.query().removeprefix("?"))), {SITE}) == address


@given(st.dictionaries(st.sampled_from(["tab", "site", "after", "before", "x"]), st.text()))
def test_anything_at_all_can_be_read(params: dict[str, str]) -> None:
    address = read(params, {SITE})
    assert address.tab in Tab
    assert address.site_id in {None, SITE}


@pytest.mark.parametrize(
    "after",
    ["", ".", "2026-07-04", f".{DOSE.hex}", f"2026-13-04.{DOSE.hex}", "2026-07-04.x", f"today.{DOSE.hex}"],
)
def test_a_bad_page_is_the_first_page(after: str) -> None:
    assert read({"after": after}, {SITE}).cursor is None
    assert read({"before": after}, {SITE}).cursor is None


def test_a_site_where_the_person_does_not_work_is_no_filter() -> None:
    assert read({"site": str(uuid4())}, {SITE}).site_id is None
    assert read({"site": str(SITE)}, {SITE}).site_id == SITE


def test_another_tab_begins_at_its_first_page_and_keeps_the_site() -> None:
    address = Address(Tab.DUE, SITE, Cursor(date(2026, 7, 4), DOSE))
    assert address.at_tab(Tab.LATER) == Address(Tab.LATER, SITE, None)
    assert address.at_page(None) == Address(Tab.DUE, SITE, None)
