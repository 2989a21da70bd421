"""Small documents in the user's format, what is wrong with them, and how long that takes to say."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monographs.rules.document import Document, InvalidDocument, parse

FRONT = "---\nlayout: minimal-medicine\ntitle: Examplin\n---\n"
HERE = Path(__file__).parent
USER_MONOGRAPH = (HERE / "data" / "user-nusinersen.md").read_text(encoding="utf-8")
SEEDS = HERE.parents[2] / "seeds"
SEED_MONOGRAPH = (SEEDS / "monographs" / "nusinersen.md").read_text(encoding="utf-8")


def with_body(body: str) -> str:
    """Return a document of four lines of front matter, so that the body begins on line 5."""
    return FRONT + body


def read(body: str) -> Document:
    return parse(with_body(body))


def problems_of(text: str) -> list[tuple[int, str]]:
    """Return the problems of a text that must be refused, as (line, message)."""
    with pytest.raises(InvalidDocument) as refused:
        parse(text)
    return [(problem.line, problem.message) for problem in refused.value.problems]


def only_problem(body: str) -> tuple[int, str]:
    """Return the one problem of a body, whose first line is line 5."""
    problems = problems_of(with_body(body))
    assert len(problems) == 1, problems
    return problems[0]


@contextmanager
def bounded_time() -> Iterator[None]:
    """Fail when the work takes longer than any linear reading could, even while coverage is measured."""
    started = time.process_time()
    yield
    assert time.process_time() - started < 20
