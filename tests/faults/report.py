"""What a row came to, and the table of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.faults.ledger import Count

HEADS = ("row", "database", "faults", "owed", "sent", "lost", "doubled", "explained", "unexpected", "seconds", "")


@dataclass(frozen=True)
class Result:
    """A row: what was counted, how many faults were dealt, and what fell short, in words."""

    row: str
    count: Count
    faults: int
    short: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    database: str = ""
    seconds: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Say whether the row is as it must be."""
        return not self.short


def shortfalls(count: Count, *, most_doubled: float = 0, **held: bool) -> tuple[str, ...]:
    """Return what falls short: anything lost or unexpected, a copy too many or unexplained, and what else must hold."""
    must = {
        f"{count.lost} lost": not count.lost,
        f"{count.unexpected} unexpected": not count.unexpected,
        f"{count.doubled} doubled, {most_doubled:g} allowed": count.doubled <= most_doubled,
        f"{count.doubled - count.explained} copies unexplained": count.doubled == count.explained,
    }
    named = {name.replace("_", " "): held_true for name, held_true in held.items()}
    return tuple(name for name, good in must.items() if not good) + tuple(
        f"not so: {name}" for name, good in named.items() if not good
    )


def cells(result: Result) -> tuple[str, ...]:
    """Return a row of the table."""
    count = result.count
    figures = (result.faults, count.owed, count.sent, count.lost, count.doubled, count.explained, count.unexpected)
    verdict = "holds" if result.holds else "FALLS SHORT"
    return (result.row, result.database, *map(str, figures), f"{result.seconds:.0f}", verdict)


def table(results: Sequence[Result]) -> str:
    """Return all rows under one another, and below them what there is to say about some."""
    rows = [HEADS, *map(cells, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = [_line(row, widths) for row in rows]
    said = [f"{result.row}: {text}" for result in results for text in (*result.short, *result.notes)]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], *([""] if said else []), *said])


def _line(row: Iterable[str], widths: Sequence[int]) -> str:
    padded = [
        text.ljust(width) if column < 2 or column == len(HEADS) - 1 else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
