"""A year in one record, as the people at a clinic would tell it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.clinic.patients.pages import filled, main, page, send, text


class Story:
    """What a nurse does at a site, step by step; each step says what was seen."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def when_i_register(self, **typed: str) -> Any:
        return send(self.client, "/patients/register/", **typed)

    def when_i_search_for(self, words: str) -> list[str]:
        address = self.client.post("/patients/", {"q": words})["Location"]
        return [text(link) for link in page(self.client.get(address)).select("main tbody th a")]

    def when_i_add(self, part: str, **typed: str) -> int:
        answer: int = send(self.client, f"{self.record}{part}/add/", **typed).status_code
        return answer

    def when_i_correct(self, **typed: str) -> int:
        answer: int = send(self.client, f"{self.record}correct/", **typed).status_code
        return answer

    def when_the_patient_leaves(self, **typed: str) -> int:
        asked = send(self.client, f"{self.record}care-status/", **typed)
        answer: int = self.client.post(f"{self.record}care-status/", filled(asked)).status_code
        return answer

    def then_the_history_tells(self) -> list[str]:
        shown = page(self.client.get(f"{self.record}history/"))
        return [text(title) for title in shown.select(".timeline > li > p:first-of-type")]

    @property
    def record(self) -> str:
        return f"/patients/{Patient.objects.get().pk}/"


@pytest.fixture
def nora(person: Callable[..., User], signed_in: Callable[..., Client]) -> Story:
    with time_machine.travel(datetime.fromisoformat("2026-01-05T10:00+00:00"), tick=False):
        return Story(signed_in(user=person(Role.NURSE, full_name="Nora Nkemelu")))


def test_a_year_in_one_record(nora: Story, site: Site) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-01-05T10:00+00:00"), tick=False):
        # Given a baby whose name was misheard on the telephone
        registered = nora.when_i_register(given_name="Anna", family_name="Berg", born_on="2025-11-17", sex="female")
        assert registered.status_code == 302
        assert nora.when_i_add("identifier", kind="nhs", value="943 476 5919") == 302
        assert nora.when_i_add("carer", name="Maria Berg", channel="phone", phone="020 7946 0958") == 302

    with time_machine.travel(datetime.fromisoformat("2026-01-05T15:00+00:00"), tick=False):
        # When the passport says otherwise
        assert nora.when_i_correct(given_name="Ana", reason="Passport") == 302
        # Then she is found by either half of her name and by her number, and no longer by the wrong name
        assert nora.when_i_search_for("berg ana") == nora.when_i_search_for("943 476 5919") == ["BERG, Ana"]
        assert nora.when_i_search_for("anna") == []

    with time_machine.travel(datetime.fromisoformat("2026-01-05T20:00+00:00"), tick=False):
        # And when the family moves away
        assert nora.when_the_patient_leaves(to="transferred", on="2026-01-05", reason="Moved to Leeds") == 302
        # Then she is still found, and the record says where she went and tells all that happened
        assert nora.when_i_search_for("berg") == ["BERG, Ana"]
        assert "Transferred" in main(nora.client.get("/patients/"))
        assert nora.then_the_history_tells() == [
            "Care status changed",
            "Name, birth or sex corrected",
            "Carer added : Maria Berg",
            "Identifier added : NHS number 943 476 5919",
            "SMA profile opened",
            "Patient registered",
        ]
