"""A vial's ledger in a few words, for the tests of its rules."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from monographs.rules.product import DrawnUp, Stay, Storage
from treatments.rules.vials import Kind, Move, Vial

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
DAY = date(2026, 7, 4)
MG, OTHER_MG = Decimal(12), Decimal(28)
STORAGE = Storage(
    coldest=Decimal(2),
    warmest=Decimal(8),
    in_carton=Stay(timedelta(days=14), Decimal(30)),
    out_of_carton=Stay(timedelta(hours=30), Decimal(25)),
    drawn_up=(DrawnUp("us", timedelta(hours=4)), DrawnUp("eu", timedelta(hours=6))),
    source="Test label",
    confirmed=True,
)


def after(hours: float) -> datetime:
    """Return the instant so many hours after the vial was received."""
    return START + timedelta(hours=hours)


def ledger(*steps: Kind | tuple[Kind, float] | tuple[Kind, float, dict[str, Any]]) -> tuple[Move, ...]:
    """Return moves; a step is a kind, with the hours after the start and more facts where they matter."""
    moves: list[Move] = []
    for step in steps:
        kind, hours, facts = (*(step if isinstance(step, tuple) else (step,)), None, None)[:3]
        at = after(hours) if hours is not None else (moves[-1].at if moves else START)
        dose = "M3" if kind in {Kind.RESERVED, Kind.GIVEN} else ""
        moves.append(Move(kind, at, **({"dose": dose} | (facts or {}))))
    return tuple(moves)


def vial(*steps: Any, mg: Decimal = MG, expires_on: date | None = DAY, label: str = "us") -> Vial:
    """Return a vial with this ledger, in date until the day of the dose."""
    return Vial(mg=mg, expires_on=expires_on, moves=ledger(*steps), storage=STORAGE, label=label)
