"""The shell around every page: where somebody may go, where they are, and whether anything is theirs to see."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.context import shell
from clinic.staff import services
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.factories import AT, BY

Person = Callable[..., User]
READS = ["Worklist", "Dose days", "Review", "Patients", "Adverse events", "Supply", "Monographs", "Reminders"]


def seen_by(user: Any, path: str = "/") -> dict[str, Any]:
    request: HttpRequest = RequestFactory().get(path)
    request.user = user
    return shell(request)


def places(user: User) -> list[str]:
    return [item.label for item in seen_by(user)["nav_items"]]


def here(user: User, path: str) -> list[str]:
    return [item.label for item in seen_by(user, path)["nav_items"] if item.current]


@pytest.fixture
def root(person: Person) -> User:
    user = person()
    user.is_superuser = user.is_staff = True
    return services.changed(user, event="staff.account_changed", by=BY, at=AT)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_every_role_reads(person: Person, role: Role) -> None:
    assert places(person(role)) == READS


def test_administrators_find_the_administration_too(person: Person) -> None:
    assert places(person(Role.ADMINISTRATOR)) == [*READS, "Admin"]


def test_somebody_without_a_role_finds_the_monographs(person: Person) -> None:
    assert places(person()) == ["Monographs"]


def test_somebody_who_keeps_everything_and_holds_no_role_finds_the_administration(root: User) -> None:
    assert places(root) == ["Monographs", "Admin"]


@pytest.mark.parametrize("user", [AnonymousUser(), None])
def test_signed_out_there_is_nowhere_to_go(user: object) -> None:
    """No database is asked: there is none in this test."""
    shown = seen_by(user)
    assert (shown["nav_items"], shown["roleless"]) == ([], False)


def test_a_request_that_failed_before_anybody_was_asked_for_has_a_shell_too() -> None:
    assert shell(RequestFactory().get("/"))["nav_items"] == []


def test_the_product_has_one_name() -> None:
    assert seen_by(AnonymousUser())["product_name"] == "Tidemark"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", ["Worklist"]),
        ("/?tab=overdue", ["Worklist"]),
        ("/review/", ["Review"]),
        ("/dose-days/", ["Dose days"]),
        ("/patients/", ["Patients"]),
        ("/patients/0b8f/history/", ["Patients"]),
        ("/supply/vials/0b8f/", ["Supply"]),
        ("/monographs/nusinersen/", ["Monographs"]),
        ("/reminders/", ["Reminders"]),
        ("/admin/staff/user/", ["Admin"]),
        ("/accounts/password/change/", []),
        ("/doses/0b8f/", []),
        ("/patient", []),
    ],
)
def test_the_place_one_is_at_is_marked(person: Person, path: str, place: list[str]) -> None:
    assert here(person(Role.ADMINISTRATOR), path) == place


def test_the_shell_asks_one_question_of_the_database(person: Person) -> None:
    user = person(*Role)
    with CaptureQueriesContext(connection) as asked:
        seen_by(user)
    assert len(asked) == 1


def test_who_holds_a_role_is_not_roleless_until_it_is_taken_or_the_site_closed(person: Person, site: Site) -> None:
    user = person(Role.VIEWER)
    assert seen_by(user)["roleless"] is False
    site.is_active = False
    services.changed(site, event="staff.site_changed", by=BY, at=AT)
    assert seen_by(User.objects.get(pk=user.pk))["roleless"] is True


class TestWhenARoleIsMissing:
    def told(self, client: Client, address: str) -> str:
        page = client.get(address)
        assert page.status_code == 403
        main = BeautifulSoup(page.content, "html.parser").select_one("main")
        assert main is not None
        return " ".join(main.stripped_strings)

    def test_the_page_says_what_one_may_not_do(self, signed_in: Callable[..., Client]) -> None:
        words = self.told(signed_in(Role.VIEWER), reverse("patients:register"))
        assert "Your role does not allow this You may not register and correct patients." in words
        assert "Nothing was changed" in words

    def test_somebody_without_any_role_is_told_whom_to_ask(
        self, person: Person, signed_in: Callable[..., Client]
    ) -> None:
        words = self.told(signed_in(user=person()), reverse("worklist"))
        assert "You have no role yet" in words
        assert "Ask your administrator" in words

    def test_somebody_who_keeps_everything_is_led_to_their_own_roles(
        self, root: User, signed_in: Callable[..., Client]
    ) -> None:
        client = signed_in(user=root)
        assert "give yourself a role at a site" in self.told(client, reverse("worklist"))
        own = reverse("admin:staff_user_change", args=[root.pk])
        assert own in client.get(reverse("worklist")).content.decode()
        assert client.get(own).status_code == 200
