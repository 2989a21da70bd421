"""The two addresses of drafts: who may keep what where, and what a person and a script are answered."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from clinic.drafts.models import Draft
from clinic.drafts.places import KEPT_FOR
from clinic.drafts.services import MOST_BYTES
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests.clinic.drafts.builders import TYPED, keep, place, slip
from tests.treatments.courses.pages import told
from tests.treatments.pages import soup, text

pytestmark = pytest.mark.usefixtures("at_noon")
KEEP, DROP = "/drafts/keep/", "/drafts/drop/"
NOTE = {"note": "Lay flat for two hours"}
SCRIPT = {"X-Requested-With": "fetch"}


def send(client: Client, user: User, url: str = KEEP, *, script: bool = False, **typed: Any) -> Any:
    return client.post(url, NOTE | {"draft": slip(user).issue()} | typed, headers=SCRIPT if script else {})


def kept() -> list[tuple[int, dict[str, list[str]]]]:
    return list(Draft.objects.values_list("user", "data"))


@pytest.fixture
def strict(nadia: User) -> Client:
    """Return the nurse's browser, with the token of forms looked at."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(nadia, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def token_of(client: Client) -> str:
    (field, *_) = soup(client.get(reverse("account_change_password"))).select("[name=csrfmiddlewaretoken]")
    return str(field["value"])


class TestKeeping:
    def test_a_person_goes_to_the_page_above_and_is_told(self, nurse: Client, nadia: User) -> None:
        answer = send(nurse, nadia)
        assert (answer.status_code, answer["Location"]) == (302, "/above/")
        assert told(answer) == ["What you typed is kept for 7 days, for you alone. Open the same form again to go on."]
        assert kept() == [(nadia.pk, TYPED)]

    def test_a_script_is_answered_without_a_word(self, nurse: Client, nadia: User) -> None:
        answer = send(nurse, nadia, script=True)
        assert (answer.status_code, answer.content, told(answer)) == (204, b"", [])
        assert kept() == [(nadia.pk, TYPED)]

    def test_every_value_of_a_field_is_kept(self, nurse: Client, nadia: User) -> None:
        send(nurse, nadia, criteria=["death", "disability"])
        assert kept() == [(nadia.pk, TYPED | {"criteria": ["death", "disability"]})]

    def test_a_file_is_not_kept(self, nurse: Client, nadia: User, tmp_path: Any) -> None:
        scan = tmp_path / "scan.txt"
        scan.write_text("scanned")
        with scan.open("rb") as file:
            send(nurse, nadia, scan=file)
        assert kept() == [(nadia.pk, TYPED)]

    @pytest.mark.parametrize("script", [False, True], ids=["person", "script"])
    def test_too_much_is_refused_in_a_sentence(self, nurse: Client, nadia: User, script: bool) -> None:
        answer = send(nurse, nadia, script=script, note="x" * MOST_BYTES)
        assert answer.status_code == 413
        assert "This is more than can be kept for later." in text(soup(answer))
        assert kept() == []

    def test_reading_the_address_is_not_allowed(self, nurse: Client) -> None:
        assert [nurse.get(url).status_code for url in (KEEP, DROP)] == [405, 405]


class TestBeginningAfresh:
    def test_the_draft_is_gone_and_the_form_is_opened(self, nurse: Client, nadia: User) -> None:
        keep(place(nadia))
        answer = send(nurse, nadia, DROP)
        assert (answer.status_code, answer["Location"]) == (302, "/here/")
        assert kept() == []

    def test_a_draft_elsewhere_stays(self, nurse: Client, nadia: User) -> None:
        keep(place(nadia, subject="6"))
        send(nurse, nadia, DROP)
        assert kept() == [(nadia.pk, TYPED)]


@pytest.mark.parametrize("url", [KEEP, DROP])
class TestWhoMay:
    def test_the_slip_of_another_person_is_refused(self, nurse: Client, url: str, person: Callable[..., User]) -> None:
        other = person(Role.NURSE)
        keep(place(other))
        answer = send(nurse, other, url, note="mine")
        assert answer.status_code == 403
        assert "opened by somebody else, or too long ago" in text(soup(answer))
        assert kept() == [(other.pk, TYPED)]

    @pytest.mark.parametrize("token", ["", "x", "a:b:c"])
    def test_no_slip_is_refused(self, nurse: Client, nadia: User, url: str, token: str) -> None:
        keep(place(nadia))
        assert send(nurse, nadia, url, draft=token, note="mine").status_code == 403
        assert kept() == [(nadia.pk, TYPED)]

    def test_a_slip_that_was_changed_is_refused(self, nurse: Client, nadia: User, url: str) -> None:
        token = slip(nadia).issue()
        changed = ("A" if token[0] != "A" else "B") + token[1:]
        keep(place(nadia))
        assert send(nurse, nadia, url, draft=changed, note="mine").status_code == 403
        assert kept() == [(nadia.pk, TYPED)]

    def test_a_slip_older_than_a_draft_gets_is_refused(
        self, at_noon: time_machine.Traveller, signed_in: Callable[..., Client], nadia: User, url: str
    ) -> None:
        token = slip(nadia).issue()
        at_noon.shift(KEPT_FOR.total_seconds() + 1)
        assert send(signed_in(user=nadia), nadia, url, draft=token).status_code == 403

    def test_without_the_token_of_forms_nothing_happens(self, strict: Client, nadia: User, url: str) -> None:
        keep(place(nadia))
        assert send(strict, nadia, url, script=True, note="forged").status_code == 403
        assert kept() == [(nadia.pk, TYPED)]

    def test_signed_out_a_script_is_told_so_and_keeps_nothing(self, nurse: Client, nadia: User, url: str) -> None:
        keep(place(nadia))
        Session.objects.all().delete()
        answer = send(nurse, nadia, url, script=True, note="mine")
        assert (answer.status_code, answer.content, kept()) == (401, b"", [(nadia.pk, TYPED)])


class TestSentAfterTheSessionEnded:
    """A form that a person sends is kept by its slip, and the sign-in page leads back to it."""

    @pytest.mark.parametrize("url", [KEEP, "/patients/register/"])
    def test_what_was_sent_is_kept_and_the_sign_in_leads_to_the_form(
        self, nurse: Client, nadia: User, url: str
    ) -> None:
        Session.objects.all().delete()
        answer = send(nurse, nadia, url)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/sign-in/?next=/here/")
        assert kept() == [(nadia.pk, TYPED)]

    @pytest.mark.parametrize("token", ["", "x", "a:b:c"])
    def test_without_a_slip_it_leads_to_the_sign_in_as_ever(self, nurse: Client, nadia: User, token: str) -> None:
        Session.objects.all().delete()
        answer = send(nurse, nadia, "/patients/register/", draft=token)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/sign-in/?next=/patients/register/")
        assert kept() == []

    def test_what_is_too_much_leads_to_the_sign_in_and_is_not_kept(self, nurse: Client, nadia: User) -> None:
        Session.objects.all().delete()
        answer = send(nurse, nadia, "/patients/register/", note="x" * MOST_BYTES)
        assert (answer.status_code, kept()) == (302, [])

    @pytest.mark.parametrize("header", [SCRIPT, {"HX-Request": "true"}], ids=["keeping", "looking for similar ones"])
    def test_what_a_script_sends_by_itself_is_not_kept(
        self, nurse: Client, nadia: User, header: dict[str, str]
    ) -> None:
        Session.objects.all().delete()
        answer = nurse.post("/patients/register/", NOTE | {"draft": slip(nadia).issue()}, headers=header)
        assert (answer.status_code, answer.content, kept()) == (401, b"", [])

    def test_opening_a_page_with_a_slip_in_its_address_keeps_nothing(self, nadia: User) -> None:
        Client().get("/patients/register/", NOTE | {"draft": slip(nadia).issue()})
        assert kept() == []


class TestSentAfterSigningInAgainElsewhere:
    """The page's token is an old one then, so nothing is saved; what was typed is kept all the same."""

    def test_what_was_sent_is_kept_and_the_page_leads_to_the_form(self, strict: Client, nadia: User) -> None:
        answer = send(strict, nadia, "/patients/register/")
        assert answer.status_code == 403
        page = soup(answer)
        assert "What you typed is kept" in text(page)
        assert page.select_one("main a[href='/here/']")
        assert kept() == [(nadia.pk, TYPED)]

    def test_while_another_person_is_signed_in_nothing_is_kept(
        self, strict: Client, nadia: User, person: Callable[..., User]
    ) -> None:
        answer = send(strict, person(Role.NURSE), "/patients/register/")
        assert (answer.status_code, kept()) == (403, [])
        assert "Go back with your browser" in text(soup(answer))

    def test_with_the_right_token_the_form_is_answered(self, strict: Client, nadia: User) -> None:
        answer = send(strict, nadia, csrfmiddlewaretoken=token_of(strict))
        assert (answer.status_code, kept()) == (302, [(nadia.pk, TYPED)])
