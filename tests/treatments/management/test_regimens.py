"""Where the schedule commands take their regimens from."""

from dataclasses import replace

import pytest
from django.db import OperationalError

from monographs.rules.regimen import Regimen
from tests.rules.schedule_stage import REGIMENS, US
from treatments.management import regimens
from treatments.management.regimens import regimens_known, regimens_shipped


def test_published_regimens_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    published = {US.key: replace(US, version=9)}
    monkeypatch.setattr(regimens, "regimens_in_force", lambda: published)
    told: list[str] = []

    assert regimens_known(told.append) == published
    assert told == []


def test_without_a_database_the_shipped_documents_answer_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> dict[str, Regimen]:
        raise OperationalError("no such table")

    monkeypatch.setattr(regimens, "regimens_in_force", unreachable)
    told: list[str] = []

    assert regimens_known(told.append) == regimens_shipped() == REGIMENS
    assert told == ["No published regimen was found; the answer comes from the documents in seeds/monographs."]


@pytest.mark.django_db
def test_an_empty_database_is_answered_from_the_shipped_documents() -> None:
    told: list[str] = []

    assert regimens_known(told.append) == REGIMENS
    assert len(told) == 1
