"""What the schedule's tests share: the shipped regimens, and short ways to write a day and a series."""

from datetime import date
from pathlib import Path
from typing import Any

from monographs.rules.document import parse
from monographs.rules.regimen import Regimen, regimen_from
from treatments.rules.schedule import Attempt, NextDose, Series, forecast
from treatments.rules.schedule_entries import attempt_from

ROOT = Path(__file__).resolve().parents[2]
REGIMENS = {
    regimen.key: regimen
    for regimen in parse((ROOT / "seeds/monographs/nusinersen.md").read_text(encoding="utf-8")).regimens
}
US = REGIMENS["nusinersen-12mg-us"]
EU = REGIMENS["nusinersen-12mg-eu"]
HIGH = REGIMENS["nusinersen-high-dose"]

LOADED = "2026-01-05 2026-01-19 2026-02-02 2026-03-04"
HIGH_LOADED = "2026-05-04 2026-05-18"


def day(text: str) -> date:
    return date.fromisoformat(text)


def attempts(given: str) -> tuple[Attempt, ...]:
    return tuple(attempt_from(entry) for entry in given.split())


def series(given: str = "", regimen: Regimen = US, **facts: Any) -> Series:
    return Series(regimen, attempts(given), **facts)


def coming(given: str, on: str, regimen: Regimen = US, **facts: Any) -> NextDose:
    return forecast(series(given, regimen, **facts), day(on)).next


def made_up(**changes: Any) -> Regimen:
    """Return a regimen of one 5 mg dose, then 2 mg every 30 days, with what the test changes."""
    data: dict[str, Any] = {
        "key": "made-up",
        "name": "Made up",
        "source": "this test",
        "minimum_interval": "10 days",
        "loading": [{"mg": 5, "ml": 1, "after": "0 days"}],
        "maintenance": {"mg": 2, "ml": 1, "every": "30 days"},
    }
    return regimen_from(data | changes, version=3)
