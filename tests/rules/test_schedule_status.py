"""Status from dates: each turn on its own day, and the order when several apply."""

from datetime import date, timedelta

import pytest

from treatments.rules.schedule import Status, Turns, status_on
from treatments.rules.schedule_status import standing_on

OPENS, CLOSES, REVIEW, INTERRUPTED, RESTART = (date(2026, month, 10) for month in (1, 2, 3, 4, 5))
NEVER = Turns(None, None, None, None, None)
DAY = timedelta(days=1)


def turns(*, review: date | None = None) -> Turns:
    return Turns(OPENS, CLOSES, review, INTERRUPTED, RESTART)


@pytest.mark.parametrize(
    ("on", "status"),
    [
        (OPENS - DAY, Status.UPCOMING),
        (OPENS, Status.DUE),
        (CLOSES, Status.DUE),
        (CLOSES + DAY, Status.OVERDUE),
        (INTERRUPTED - DAY, Status.OVERDUE),
        (INTERRUPTED, Status.INTERRUPTED),
        (RESTART - DAY, Status.INTERRUPTED),
        (RESTART, Status.RESTART),
    ],
)
def test_the_status_turns_on_the_very_day(on: date, status: Status) -> None:
    assert status_on(turns(), on, started=True) is status


@pytest.mark.parametrize(
    ("on", "status"),
    [(REVIEW - DAY, Status.OVERDUE), (REVIEW, Status.REVIEW), (RESTART, Status.REVIEW)],
)
def test_a_review_begins_on_its_day_and_outranks_the_bands(on: date, status: Status) -> None:
    assert status_on(turns(review=REVIEW), on, started=True) is status


@pytest.mark.parametrize(("started", "status"), [(True, Status.UPCOMING), (False, Status.NOT_STARTED)])
def test_before_the_window_it_matters_whether_anything_was_given(status: Status, *, started: bool) -> None:
    assert status_on(turns(), OPENS - DAY, started=started) is status
    assert status_on(NEVER, RESTART, started=started) is status


def test_the_order_is_stop_then_hold_then_review() -> None:
    everything = {"held": True, "stopped": True, "needs_review": True}

    found = []
    for name in ("stopped", "held", "needs_review"):
        found.append(status_on(turns(), RESTART, started=True, **everything))
        everything[name] = False

    assert [*found, status_on(turns(), RESTART, started=True, **everything)] == [
        Status.STOPPED,
        Status.ON_HOLD,
        Status.REVIEW,
        Status.RESTART,
    ]


@pytest.mark.parametrize(
    ("held", "needs_review", "standing"),
    [
        (False, False, (Status.DUE, None)),
        (False, True, (Status.REVIEW, Status.DUE)),
        (True, False, (Status.ON_HOLD, Status.DUE)),
        (True, True, (Status.ON_HOLD, Status.REVIEW)),
    ],
)
def test_what_is_hidden_is_the_status_without_it(
    standing: tuple[Status, Status | None], *, held: bool, needs_review: bool
) -> None:
    assert standing_on(turns(), OPENS, started=True, held=held, stopped=False, needs_review=needs_review) == standing
