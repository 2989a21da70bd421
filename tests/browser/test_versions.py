"""A prescriber lets running courses take a newer version, in a browser: one looked at alone, the others together."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from playwright.sync_api import Page, expect

from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT
from tests.treatments.courses import newer
from treatments.courses.models import Course

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(AT):
        yield


@pytest.fixture
def courses(transactional_db: None) -> list[Course]:
    """Three courses on version 1 and the policy of 2020; version 2 and a policy of today are in force."""
    site = factories.site("Northfield")
    courses = [newer.loaded(site, name, doses) for name, doses in (("Alder", 4), ("Birch", 4), ("Cedar", 1))]
    newer.version(maintenance=newer.FIVE_MONTHS)
    newer.policy(site, maintenance_days_after=10)
    return courses


@pytest.fixture
def petra(courses: list[Course]) -> User:
    return factories.user(Role.PRESCRIBER, site=courses[0].site, full_name="Petra Prescriber")


def test_a_prescriber_looks_at_one_and_migrates_the_rest_together(
    courses: list[Course],
    petra: User,
    as_person: Callable[[User], Page],
    accessible: Callable[[Page], None],
) -> None:
    tab = as_person(petra)
    tab.goto("/?tab=decision")
    accessible(tab)
    tab.get_by_role("link", name="See what they would change").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Courses on older versions")
    accessible(tab)

    tab.get_by_role("link", name="Look at ALDER, Robin").click()
    accessible(tab)
    expect(tab.get_by_role("main")).to_contain_text("by 274 days at most")
    tab.get_by_label("Reason").fill("The label changed")
    tab.get_by_role("button", name="Migrate this course").click()
    expect(tab.get_by_role("main")).to_contain_text("The course stands on the newer version.")

    tab.get_by_role("button", name="Migrate the ticked courses").click()
    expect(tab.get_by_role("alert")).to_contain_text("Tick at least one course.")
    accessible(tab)
    tab.get_by_role("link", name="Tick all on this page").click()
    expect(tab.get_by_role("checkbox", name="BIRCH, Robin")).to_be_checked()
    tab.get_by_label("Reason").fill("The label changed")
    tab.get_by_role("button", name="Migrate the ticked courses").click()
    expect(tab.get_by_role("main")).to_contain_text("2 courses now stand on the newer versions.")
    expect(tab.get_by_role("main")).to_contain_text("Every course stands on the newest version")
    accessible(tab)

    tab.goto(f"/patients/{courses[0].patient_id}/")
    expect(tab.get_by_role("main")).to_contain_text("Nusinersen 12 mg, version 2")
    expect(tab.get_by_role("main")).to_contain_text("4 Dec 2026")
