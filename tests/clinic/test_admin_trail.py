"""The trail on the administration pages: whole, within one's sites, and as it was written."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit import trail
from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.staff import services
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.clinic.admin_pages import parsed
from tests.factories import AT, BY

LIST = "admin:audit_entry_changelist"


@pytest.fixture
def browser(site: Site, signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.ADMINISTRATOR)


def listed(client: Client, **asked: str) -> list[str]:
    rows = parsed(client.get(reverse(LIST), asked)).select("#result_list tbody tr")
    return [row.select_one(".field-event").text for row in rows]  # type: ignore[union-attr]


def test_an_entry_says_who_when_what_and_why(browser: Client, site: Site, person: Callable[..., User]) -> None:
    nurse = person(Role.NURSE, full_name="Nadia Nurse")
    changes = {"phone": ["", "1 < 2"], "is_active": [True, False], "lead_clinician": [None, nurse.pk]}
    entry = trail.record(
        "test.happened", by=person_actor(nurse), at=AT, target=site, changes=changes, reason="Asked by post"
    )
    page = parsed(browser.get(reverse("admin:audit_entry_change", args=[entry.pk])))
    shown = " ".join(page.select_one("main").stripped_strings)  # type: ignore[union-attr]
    for words in ("4 Jul 2026", "test.happened", "Nadia Nurse", "staff.site", str(site.pk), "Asked by post"):
        assert words in shown
    lines = [line.text for line in page.select(".field-what_changed p")]
    assert lines == ["phone: nothing → 1 < 2", "is_active: True → False", f"lead_clinician: nothing → {nurse.pk}"]


def test_nobody_writes_an_entry(browser: Client, site: Site) -> None:
    entry = Entry.objects.filter(site_id=site.pk).latest("pk")
    for page, args in (("change", [entry.pk]), ("delete", [entry.pk]), ("add", [])):
        answer = browser.post(reverse(f"admin:audit_entry_{page}", args=args), {"reason": "changed", "post": "yes"})
        assert answer.status_code == 403
    assert Entry.objects.get(pk=entry.pk).reason == entry.reason


def test_what_happened_at_another_site_is_not_there(browser: Client, other_site: Site) -> None:
    entry = trail.record("test.elsewhere", by=BY, at=AT, target=other_site)
    assert "test.elsewhere" not in listed(browser)
    assert browser.get(reverse("admin:audit_entry_change", args=[entry.pk])).status_code == 302
    assert "test.elsewhere" not in browser.get(reverse(LIST)).content.decode()


def test_what_happened_to_ones_own_people_is_there_and_to_others_is_not(
    browser: Client, person: Callable[..., User], other_site: Site
) -> None:
    for user, event in ((person(Role.NURSE), "test.ours"), (person(Role.NURSE, at=other_site), "test.theirs")):
        trail.record(event, by=BY, at=AT, target=user)
    events = listed(browser)
    assert "test.ours" in events
    assert "test.theirs" not in events


def test_a_superuser_sees_all_of_it(
    person: Callable[..., User], signed_in: Callable[..., Client], site: Site, other_site: Site
) -> None:
    root = person()
    root.is_superuser = root.is_staff = True
    client = signed_in(user=services.changed(root, event="staff.account_changed", by=BY, at=AT))
    trail.record("test.elsewhere", by=BY, at=AT, target=other_site)
    assert len(listed(client)) == Entry.objects.count()


def test_entries_are_found_by_who_and_by_what_they_are_about(
    browser: Client, site: Site, person: Callable[..., User]
) -> None:
    nurse = person(Role.NURSE, full_name="Nadia Nurse")
    trail.record("test.happened", by=person_actor(nurse), at=AT, target=site)
    assert listed(browser, q="nadia") == ["test.happened"]
    assert "test.happened" in listed(browser, q=str(site.pk))
    assert listed(browser, event="test.happened") == ["test.happened"]
    assert listed(browser, q="no such thing") == []


def test_the_history_of_an_entry_is_that_of_what_it_is_about(browser: Client, site: Site) -> None:
    entry = trail.record("test.happened", by=BY, at=AT, target=site)
    page = browser.get(reverse("admin:audit_entry_history", args=[entry.pk]), follow=True)
    events = [cell.text for cell in parsed(page).select(".field-event")]
    assert events == ["test.happened", "staff.site_opened"]
