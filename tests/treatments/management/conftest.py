"""The schedule commands answer from the shipped regimens, as if they had been published."""

import pytest

from tests.rules.schedule_stage import REGIMENS
from treatments.management import regimens


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regimens, "regimens_in_force", lambda: REGIMENS)
