"""The sentence that says why a dose has its date, in words a nurse would use (rule 11)."""

from datetime import date

from monographs.rules.dates import months_since
from monographs.rules.regimen import Band, Interval
from treatments.rules.replay import Anchor, CatchUp, Loading, Maintenance, Position, Window
from treatments.rules.schedule_reading import Reading, doubted
from treatments.rules.schedule_terms import Plan, Ruling, Status

_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(day: date) -> str:
    """Write a day like "4 Jul 2026"."""
    return f"{day.day} {_MONTHS[day.month]} {day.year}"


def span(first: date, last: date) -> str:
    """Write "between 27 Jun and 18 Jul 2026", both years where they differ, or "on 4 Jul 2026" for a single day."""
    if first == last:
        return f"on {in_words(first)}"
    start = f"{first.day} {_MONTHS[first.month]}" if first.year == last.year else in_words(first)
    return f"between {start} and {in_words(last)}"


def why(reading: Reading) -> str:
    """Say in one plain sentence why the next dose has its date and its status."""
    if reading.status is Status.STOPPED:
        return "The course is stopped: no dose is due."
    if reading.status is not Status.ON_HOLD or reading.underlying is None:
        return _plain(reading, reading.status)
    hidden = _plain(reading, reading.underlying)
    return f"On hold; without the hold: {_lowered(hidden)}"


def _plain(reading: Reading, status: Status) -> str:
    window = reading.window
    if status is Status.REVIEW:
        return f"{_review(reading)}: a prescriber decides."
    if window.target is None or window.opens is None or window.closes is None:
        return "No dose has been given and no start is planned."
    if reading.band is not None:
        return f"{late(reading.walk.position, reading.band)}; a prescriber decides."
    if status is Status.OVERDUE:
        when = f"the window closed on {in_words(window.closes)}: give it as soon as possible"
    else:
        when = f"due {span(window.opens, window.closes)}"
    return f"{_basis(reading.walk.position, window)}; {when}{_caution(reading.walk.position, window)}."


def _review(reading: Reading) -> str:
    """Name what has to be decided: a partial dose first, then a reason from elsewhere, then the dates."""
    if reading.walk.partials:
        return f"It is not settled whether the partial dose on {in_words(reading.walk.partials[-1].on)} counts"
    return doubted(reading.series) or loading_gap(reading) or window_closed(reading)


def loading_gap(reading: Reading) -> str:
    """Say that loading was left incomplete for too long (rule 2), or nothing when it was not."""
    position, months = reading.walk.position, reading.series.policy.loading_gap_months
    place, since = position.place, position.set_for or position.last
    if not isinstance(place, Loading) or since is None or months_since(since, reading.on) < months:
        return ""
    passed = f"Loading is not complete and {number(months)} months or more have passed since"
    if position.set_for is not None:
        return f"{passed} the day set for L{place.done + 1}{_on(since)}"
    return f"{passed} L{place.done}{_on(since)}" if place.done else ""


def window_closed(reading: Reading) -> str:
    """Say that the window has closed and that no rule says what to do."""
    closes = "" if reading.window.closes is None else f" closed{_on(reading.window.closes)}"
    return f"The window{closes} and no late-dose rules are known for {reading.series.regimen.key}"


def late(position: Position, band: Band) -> str:
    """Say what the late-dose rule proposes, and from when on."""
    if band.restart:
        proposal = "starts loading again"
    else:
        proposal = f"asks for {number(band.doses)} doses {number(band.apart_days)} days apart"
    since = f"{number(band.from_months)} months or more after the last dose{_on(position.last)}"
    return f"{_capital(since)} the late-dose rule {proposal}"


def _caution(position: Position, window: Window) -> str:
    if window.target != window.wanted:
        return "; a person confirms this day"
    if position.unruled:
        return "; the last dose was late and no late-dose rules are known, so a prescriber confirms this day"
    return ""


def _basis(position: Position, window: Window) -> str:
    """Say what the target is counted from, without a full stop."""
    place, last = position.place, position.last
    if position.ruling is not None:
        return _ruled(position, position.ruling)
    if window.wanted is not None and window.target != window.wanted:
        gap = f"{_capital(number(position.regimen.minimum_days))} days after the last dose{_on(last)}"
        return f"{gap}, because the planned day, {in_words(window.wanted)}, comes too soon after it"
    if isinstance(place, Maintenance):
        return _on_the_calendar(position, place)
    if isinstance(place, CatchUp):
        return f"{_capital(number(place.apart))} days after catch-up dose C{place.done} of {place.of}{_on(last)}"
    if place.done > 0:
        return f"{_capital(_interval(place.steps[place.done].after))} after loading dose L{place.done}{_on(last)}"
    return _first(place)


def _ruled(position: Position, ruling: Ruling) -> str:
    """Say what a prescriber decided, and when."""
    decided = f"On {in_words(ruling.made_on)} a prescriber"
    if ruling.plan is Plan.RESTART:
        return f"{decided} decided to start loading again{_on(ruling.day)}"
    if ruling.plan is Plan.CATCH_UP:
        return f"{decided} decided on {catch_up(ruling.doses, ruling.apart_days)}, the first{_on(ruling.day)}"
    if ruling.plan is Plan.SKIP and isinstance(position.place, Maintenance):
        passed = f"{decided} decided to let one place in the calendar pass"
        return f"{passed}; {_lowered(_on_the_calendar(position, position.place))}"
    return f"{decided} set the dose for{_on(ruling.day).removeprefix(' on')}"


def catch_up(doses: int, apart_days: int) -> str:
    """Write "two catch-up doses 14 days apart"."""
    return f"{number(doses)} catch-up doses {number(apart_days)} days apart"


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def _on_the_calendar(position: Position, place: Maintenance) -> str:
    every = _interval(position.regimen.maintenance.after)
    anchor = f"{place.by}{_on(place.anchor)}"
    if place.slot == 0:
        return f"{_capital(every)} after {anchor}"
    return f"Every {every} from {anchor}, this time{_on(place.due)}"


def _first(place: Loading) -> str:
    if place.anchor is Anchor.SWITCH:
        return f"The switch dose takes the place of the dose planned{_on(place.due)}"
    return f"The first dose is planned{_on(place.due)}"


def _on(day: date | None) -> str:
    return "" if day is None else f" on {in_words(day)}"


def _interval(interval: Interval) -> str:
    _, _, unit = str(interval).partition(" ")
    return f"{number(interval.count)} {unit}"


def number(count: int) -> str:
    """Write a small number as a word, a larger one in figures."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
