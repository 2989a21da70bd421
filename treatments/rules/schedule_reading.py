"""A series read on one day: the replay, the window of the next dose, and the days on which its status turns."""

from datetime import date
from typing import NamedTuple

from monographs.rules.dates import add_months
from monographs.rules.regimen import Band
from treatments.rules.late_doses import begins_on
from treatments.rules.replay import Anchor, Loading, Position, Walk, Window, days, walk
from treatments.rules.schedule_status import standing_on
from treatments.rules.schedule_terms import Outcome, Series, Status, Turns

_COMPLETED = Outcome.COMPLETED
_NEVER = Turns(None, None, None, None, None)


class Reading(NamedTuple):
    """Everything a forecast is made from. `band` is the late-dose band in force on the day."""

    series: Series
    on: date
    walk: Walk
    window: Window
    turns: Turns
    band: Band | None
    started: bool
    status: Status
    underlying: Status | None


def read(series: Series, on: date) -> Reading:
    """Read a series on a day. Raises DoubleDose and NoSwitch."""
    walked = walk(series)
    position = walked.position
    window = position.window()
    turns = turns_of(position, window)
    started = position.last is not None
    needs_review = bool(walked.partials or doubted(series))
    status, underlying = standing_on(
        turns, on, started=started, held=series.held, stopped=series.stopped, needs_review=needs_review
    )
    return Reading(series, on, walked, window, turns, position.band_on(on), started, status, underlying)


def turns_of(position: Position, window: Window) -> Turns:
    """Return the days on which the status of the next dose changes."""
    closes = window.closes
    if closes is None:
        return _NEVER
    past = closes + days(1)
    late, last = position.regimen.late, position.last
    review = _review_from(position, past)
    if late is None or last is None or isinstance(position.place, Loading):
        return Turns(window.opens, closes, review, None, None)
    interrupted = _not_before(past, begins_on(late, last, restart=False, beyond=position.settled))
    restart = _not_before(past, begins_on(late, last, restart=True, beyond=position.settled))
    return Turns(window.opens, closes, review, interrupted, restart)


def doubted(series: Series) -> str:
    """Return the reason from elsewhere than the dates for which a prescriber has to decide, "" once one has.

    It is asked before anything else, so that any decision settles it, also one made after the first dose was given.
    """
    if not series.review:
        return ""
    counting = {series.previous_on, *(attempt.on for attempt in series.attempts if attempt.outcome == _COMPLETED)}
    return "" if any(ruling.after in counting for ruling in series.rulings) else series.review


def _review_from(position: Position, past: date) -> date | None:
    """Rule 2 for loading left incomplete; rules 9 and 10 for a window that closed where no late-dose rule is known.

    What a prescriber has decided on is looked at again from the day that was set.
    """
    place, last = position.place, position.last
    switching = isinstance(place, Loading) and place.anchor is Anchor.SWITCH
    waiting = last is not None or switching
    unruled = past if waiting and (position.regimen.late is None or switching) else None
    decided = position.set_for is not None
    if last is None or not isinstance(place, Loading) or not (position.ordinal or decided):
        return unruled
    gap = add_months(position.set_for or last, position.policy.loading_gap_months)
    return gap if unruled is None else min(gap, unruled)


def _not_before(past: date, begins: date | None) -> date | None:
    return None if begins is None else max(past, begins)
