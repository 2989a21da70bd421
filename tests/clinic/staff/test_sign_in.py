"""Signing in: by name or address, throttled by name and address, and to nothing without it."""

import pytest
from django.test import Client
from django.urls import reverse

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories

PASSWORD = "correct horse battery"


@pytest.fixture
def nurse(site: Site) -> User:
    return factories.user(Role.NURSE, site=site, username="nadia")


def attempt(login: str, password: str, client: Client | None = None) -> int:
    page = (client or Client()).post(reverse("account_login"), {"login": login, "password": password})
    return page.status_code


@pytest.mark.parametrize("login", ["nadia", "nadia@example.org"])
def test_a_name_or_an_address_signs_in(nurse: User, login: str) -> None:
    client = Client()
    assert attempt(login, PASSWORD, client) == 302
    assert client.get(reverse("worklist")).status_code == 200


def test_a_wrong_password_and_an_unknown_name_are_told_alike(nurse: User) -> None:
    pages = [
        Client().post(reverse("account_login"), {"login": login, "password": "wrong"}).content.decode()
        for login in ("nadia", "nobody")
    ]
    told = [page.split("<form")[0].split("<main")[1] for page in pages]
    assert told[0] == told[1]


def test_the_eleventh_guess_is_not_evaluated_even_when_right(nurse: User) -> None:
    answers = [attempt("nadia", f"guess {n}") for n in range(10)]
    assert answers[:9] == [200] * 9
    assert attempt("nadia", PASSWORD) == 429


def test_nobody_opens_their_own_account(db: None) -> None:
    facts = {"username": "eve", "email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD}
    Client().post(reverse("account_signup"), facts)
    assert not User.objects.filter(username="eve").exists()


def test_a_closed_account_cannot_sign_in_or_go_on(nurse: User) -> None:
    client = Client()
    attempt("nadia", PASSWORD, client)
    User.objects.filter(pk=nurse.pk).update(is_active=False)
    assert client.get(reverse("worklist")).status_code == 302
    assert attempt("nadia", PASSWORD) in {200, 302}
    assert "_auth_user_id" not in Client().session


def test_the_administration_pages_ask_the_same_sign_in(db: None) -> None:
    page = Client().get(reverse("admin:index"))
    assert page.status_code == 302
    assert page["Location"].startswith(reverse("admin:login"))
    assert b'name="login"' in Client().get(page["Location"]).content
