"""The calculator before any monograph is published."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from clinic.staff.roles import Role
from tests.treatments.pages import soup, text


def test_the_page_says_that_no_regimen_is_in_force(signed_in: Callable[..., Client]) -> None:
    page = soup(signed_in(Role.VIEWER).get(reverse("calculator")))
    assert "No regimen is in force" in text(page)
    assert page.select_one("main form") is None


def test_a_question_is_refused_without_a_crash(signed_in: Callable[..., Client]) -> None:
    answer = signed_in(Role.VIEWER).get(reverse("calculator"), {"given": "2026-01-05", "regimen": "nusinersen-12mg-us"})
    assert answer.status_code == 422
    assert "No regimen is in force" in text(soup(answer))
