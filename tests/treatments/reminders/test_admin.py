"""The ledger on the administration pages."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import DAY, plan_on
from treatments.reminders.models import Message, Reminder

PAGES = [("reminders_reminder", Reminder), ("reminders_message", Message)]


@pytest.fixture
def administrator(
    site: Site, other_site: Site, person: Callable[..., User], signed_in: Callable[..., Client]
) -> Client:
    """Return the browser of an administrator of `site`, with one line and one digest at each of two sites."""
    for place in (site, other_site):
        person(Role.NURSE, at=place)
        builders.dose(place)
    plan_on(DAY)
    return signed_in(Role.ADMINISTRATOR)


@pytest.mark.parametrize(("page", "model"), PAGES, ids=[page for page, _ in PAGES])
class TestTheLedger:
    def test_lists_the_rows_of_the_administrators_own_sites(
        self, administrator: Client, site: Site, page: str, model: type[Reminder] | type[Message]
    ) -> None:
        answer = administrator.get(reverse(f"admin:{page}_changelist"))
        assert answer.status_code == 200
        (shown,) = answer.context["cl"].result_list
        assert shown.recipient.home_site == site

    def test_shows_a_row_whole(
        self, administrator: Client, site: Site, page: str, model: type[Reminder] | type[Message]
    ) -> None:
        row = model._default_manager.get(recipient__home_site=site)
        answer = administrator.get(reverse(f"admin:{page}_change", args=[row.pk]))
        assert answer.status_code == 200
        assert str(row.recipient) in answer.content.decode()

    def test_hides_another_sites_row(
        self, administrator: Client, other_site: Site, page: str, model: type[Reminder] | type[Message]
    ) -> None:
        row = model._default_manager.get(recipient__home_site=other_site)
        answer = administrator.get(reverse(f"admin:{page}_change", args=[row.pk]))
        assert answer.status_code == 302

    @pytest.mark.parametrize("what", ["add", "change", "delete"])
    def test_cannot_be_written(
        self, administrator: Client, site: Site, page: str, model: type[Reminder] | type[Message], what: str
    ) -> None:
        row = model._default_manager.get(recipient__home_site=site)
        address = reverse(f"admin:{page}_{what}", args=[] if what == "add" else [row.pk])
        assert administrator.post(address, {"state": "missed"}).status_code == 403

    def test_is_closed_to_others(
        self, administrator: Client, signed_in: Callable[..., Client], page: str, model: type[Reminder] | type[Message]
    ) -> None:
        answer = signed_in(Role.NURSE).get(reverse(f"admin:{page}_changelist"))
        assert answer.status_code in {302, 403}
