"""Reading a monograph in a browser: the right place opens, contents stay at hand, and paper shows the text alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.browser.conftest import DESKTOP
from tests.monographs.builders import SEED_TEXT, USER_TEXT, document, in_force
from tests.monographs.test_hostile_documents import ATTACKS, hostile

NUSINERSEN = "/monographs/nusinersen/"
TOP = "anchor => document.getElementById(anchor).getBoundingClientRect().top"


@pytest.fixture
def reader(transactional_db: None, as_person: Callable[[User], Page], page: Page) -> Page:
    """Return the tab of somebody who may only read; pages do not glide to their place."""
    site: Site = factories.site("Northfield", "Europe/London")
    page.emulate_media(reduced_motion="reduce")
    return as_person(factories.user(Role.VIEWER, site=site))


@pytest.mark.parametrize("anchor", ["side-effects", "precautions", "faqs", "regimens"])
def test_a_link_opens_the_page_at_its_section_with_the_heading_in_sight(reader: Page, anchor: str) -> None:
    in_force(SEED_TEXT)
    reader.goto(f"{NUSINERSEN}#{anchor}")
    reader.wait_for_function(f"({TOP})('{anchor}') < 200")
    heading = reader.locator(f"#{anchor}")
    assert 0 <= reader.evaluate(TOP, anchor) < 200
    # What lies on the heading's own place is the heading: nothing sticks in front of it.
    assert heading.evaluate(
        "e => { const b = e.getBoundingClientRect(); return document.elementFromPoint(b.left + 4, b.bottom - 4) === e }"
    )


def test_the_contents_stay_beside_the_text_or_fold_above_it(reader: Page, width: tuple[int, int]) -> None:
    in_force(SEED_TEXT)
    reader.goto(NUSINERSEN)
    beside = reader.locator(".monograph-contents > div")
    folded = reader.locator(".monograph-contents > details")
    wide = width == DESKTOP
    assert (beside.is_visible(), folded.is_visible()) == (wide, not wide)
    if wide:
        reader.get_by_role("navigation", name="Contents").get_by_role("link", name="FAQs").click()
        reader.wait_for_function(f"({TOP})('faqs') < 700")
        assert beside.evaluate("e => e.getBoundingClientRect().top") >= 0
    else:
        assert not folded.get_by_role("link", name="FAQs").is_visible()
        folded.locator("summary").press("Enter")
        folded.get_by_role("link", name="FAQs").click()
        reader.wait_for_function(f"({TOP})('faqs') < 400")


def test_paper_shows_the_text_without_contents_or_search(reader: Page) -> None:
    in_force(SEED_TEXT)
    reader.goto(NUSINERSEN)
    reader.emulate_media(media="print")
    assert not reader.locator(".monograph-contents").is_visible()
    assert not reader.locator(".site-header").is_visible()
    for seen in ("#side-effects", "#regimens", ".effect-group", ".precaution", ".questions"):
        assert reader.locator(seen).first.is_visible()
    assert reader.get_by_text("Disclaimer").first.is_visible()


def test_every_state_of_a_monograph_is_accessible_and_fits(reader: Page, accessible: Callable[[Page], None]) -> None:
    for address in ("/monographs/", "/monographs/search/", "/monographs/search/?q=nothing"):
        reader.goto(address)
        accessible(reader)
    in_force(SEED_TEXT)
    in_force(USER_TEXT)
    stale = document(title="Oldin", front="reviewed_on: 2020-01-31\nreviewed_by: Dr Adler\n")
    in_force(stale)
    for address in (
        NUSINERSEN,
        f"{NUSINERSEN}?version=1",
        "/monographs/oldin/",
        "/monographs/",
        "/monographs/search/?q=e",
    ):
        reader.goto(address)
        accessible(reader)


def test_no_hostile_document_runs_anything(reader: Page) -> None:
    ran: list[str] = []
    reader.on("dialog", lambda dialog: ran.append(dialog.message))
    for attack in ATTACKS:
        in_force(hostile(attack))
        reader.goto("/monographs/examplin/")
        reader.locator(".monograph-section").first.wait_for()
    assert ran == []


def test_a_search_leads_from_the_words_to_their_place(reader: Page) -> None:
    in_force(SEED_TEXT)
    reader.goto("/monographs/")
    reader.get_by_label("Search the monographs").fill("collapsed lung")
    reader.get_by_label("Search the monographs").press("Enter")
    assert reader.locator("mark").all_inner_texts() == ["collapsed", "lung"]
    reader.get_by_role("link", name="Nusinersen · Side Effects").click()
    reader.wait_for_function(f"({TOP})('side-effects') < 200")
    assert reader.get_by_text("Atelectasis").is_visible()
