"""Signing in: by name or address, throttled by name and address, and to nothing without it."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
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


class TestAdministration:
    def test_its_pages_ask_the_same_sign_in_and_lead_back(self, site: Site) -> None:
        factories.user(Role.ADMINISTRATOR, site=site, username="ade")
        visitor = Client()
        page = visitor.get(reverse("admin:staff_site_changelist"), follow=True)
        assert page.request["PATH_INFO"] == reverse("account_login")
        facts = {"login": "ade", "password": PASSWORD, "next": page.context["redirect_field_value"]}
        assert visitor.post(page.request["PATH_INFO"], facts)["Location"] == reverse("admin:staff_site_changelist")

    def test_its_own_sign_in_evaluates_nothing(self, site: Site) -> None:
        factories.user(Role.ADMINISTRATOR, site=site, username="ade")
        visitor = Client()
        facts = {"username": "ade", "login": "ade", "password": PASSWORD}
        page = visitor.post(reverse("admin:login"), facts)
        assert page.status_code == 302
        assert page["Location"].startswith(reverse("account_login"))
        assert "_auth_user_id" not in visitor.session

    def test_guesses_are_counted_together_wherever_they_were_sent_from(self, site: Site) -> None:
        factories.user(Role.ADMINISTRATOR, site=site, username="ade")
        page = Client().get(reverse("admin:index"), follow=True)
        for guess in range(10):
            attempt("ADE" if guess % 2 else "ade", f"guess {guess}")
        facts = {"login": "ade", "password": PASSWORD, "next": reverse("admin:index")}
        locked = Client().post(page.request["PATH_INFO"], facts)
        assert locked.status_code == 429
        assert "Too many attempts" in locked.content.decode()

    def test_somebody_without_the_right_is_refused_and_not_sent_in_circles(self, nurse: User) -> None:
        client = Client()
        attempt("nadia", PASSWORD, client)
        page = client.get(reverse("admin:index"), follow=True)
        assert (page.status_code, len(page.redirect_chain)) == (403, 1)
        assert "Your role does not allow this" in page.content.decode()


def link_in(body: str) -> str:
    found = re.search(r"/accounts/password/reset/\S+", body)
    assert found
    return found[0]


class TestForgottenPassword:
    def ask(self, address: str = "nadia@example.org") -> str:
        Client().post(reverse("account_reset_password"), {"email": address})
        return link_in(str(mail.outbox[-1].body))

    def choose(self, link: str, password: str) -> Any:
        visitor = Client()
        form = visitor.get(link, follow=True)
        facts = {"password1": password, "password2": password}
        return visitor.post(form.request["PATH_INFO"], facts)

    def test_the_link_in_the_mail_lets_one_choose_a_new_password(self, nurse: User) -> None:
        answer = self.choose(self.ask(), "another quiet long password")
        assert (answer.status_code, answer["Location"]) == (302, reverse("account_reset_password_from_key_done"))
        assert attempt("nadia", "another quiet long password") == 302
        assert attempt("nadia", PASSWORD) == 200

    def test_the_trail_tells_that_one_was_chosen_and_not_which(self, nurse: User) -> None:
        self.choose(self.ask(), "another quiet long password")
        entry = Entry.objects.get(event="staff.password_chosen")
        assert (entry.person, entry.target_id, entry.changes) == (nurse, str(nurse.pk), {})

    def test_the_form_stands_at_an_address_without_the_key(self, nurse: User) -> None:
        link = self.ask()
        page = Client().get(link, follow=True)
        assert page.request["PATH_INFO"].endswith("-set-password/")
        assert link not in page.content.decode()

    def test_a_link_works_once(self, nurse: User) -> None:
        link = self.ask()
        self.choose(link, "another quiet long password")
        page = Client().get(link, follow=True)
        assert "This link no longer works" in page.content.decode()

    @pytest.mark.parametrize("place", [0, -2])
    def test_a_changed_link_does_not_work(self, nurse: User, place: int) -> None:
        letters = list(self.ask().removeprefix("/accounts/password/reset/"))
        letters[place] = "0" if letters[place] != "0" else "1"
        page = Client().get("/accounts/password/reset/" + "".join(letters), follow=True)
        assert "This link no longer works" in page.content.decode()

    @pytest.mark.parametrize(("password", "sentence"), [("short", "too short"), ("nadia@example.org", "too similar")])
    def test_a_weak_password_is_refused_in_a_sentence(self, nurse: User, password: str, sentence: str) -> None:
        assert sentence in self.choose(self.ask(), password).content.decode()
        assert attempt("nadia", PASSWORD) == 302

    def test_an_unknown_address_gets_the_same_answer_and_no_link(self, nurse: User) -> None:
        known, unknown = (
            Client().post(reverse("account_reset_password"), {"email": address}, follow=True)
            for address in ("nadia@example.org", "nobody@example.org")
        )
        assert known.content == unknown.content
        assert "-" not in str(mail.outbox[-1].body).partition("/password/reset/")[2]

    def test_the_mail_says_neither_name_nor_account(self, nurse: User) -> None:
        self.ask()
        sent = mail.outbox[-1]
        assert not re.search("nadia", f"{sent.subject} {sent.body}", re.IGNORECASE)

    def test_a_closed_account_gets_no_link(self, nurse: User) -> None:
        User.objects.filter(pk=nurse.pk).update(is_active=False)
        Client().post(reverse("account_reset_password"), {"email": "nadia@example.org"})
        assert "-" not in str(mail.outbox[-1].body).partition("/password/reset/")[2]


class TestChangingThePassword:
    @pytest.fixture
    def client(self, nurse: User) -> Client:
        client = Client()
        attempt("nadia", PASSWORD, client)
        return client

    def change(self, client: Client, old: str, new: str) -> Any:
        facts = {"oldpassword": old, "password1": new, "password2": new}
        return client.post(reverse("account_change_password"), facts)

    def test_whoever_knows_the_present_one_chooses_another_and_stays_signed_in(self, client: Client) -> None:
        assert self.change(client, PASSWORD, "another quiet long password").status_code == 302
        assert client.get(reverse("worklist")).status_code == 200
        assert attempt("nadia", "another quiet long password") == 302
        assert Entry.objects.filter(event="staff.password_chosen").count() == 1

    def test_it_signs_out_everybody_else_who_uses_the_account(self, client: Client) -> None:
        elsewhere = Client()
        attempt("nadia", PASSWORD, elsewhere)
        self.change(client, PASSWORD, "another quiet long password")
        assert elsewhere.get(reverse("worklist")).status_code == 302

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("wrong", "another quiet long password", "current password"),
            (PASSWORD, "14 characters!", "too short"),
            (PASSWORD, "nadia@example.org", "too similar"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_changes(self, client: Client, old: str, new: str, sentence: str) -> None:
        page = self.change(client, old, new)
        assert sentence in page.content.decode()
        assert attempt("nadia", PASSWORD) == 302
        assert not Entry.objects.filter(event="staff.password_chosen").exists()


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("account_login", ["User name or e-mail", "Password"]),
        ("account_reset_password", ["E-mail address"]),
        ("account_change_password", ["Present password", "New password", "New password again"]),
    ],
)
def test_forms_speak_the_houses_words_once(nurse: User, name: str, labels: list[str]) -> None:
    client = Client()
    if name == "account_change_password":
        attempt("nadia", PASSWORD, client)
    page = BeautifulSoup(client.get(reverse(name)).content, "html.parser")
    assert [label.get_text(strip=True).rstrip("*") for label in page.select("main form label")] == labels
    assert not page.select("main form [placeholder]:not([placeholder=''])")
