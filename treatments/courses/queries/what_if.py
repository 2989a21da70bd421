"""What if the next dose is given on another day, as the dose page shows it."""

from dataclasses import dataclass
from datetime import date

from clinic import formatting
from clinic.statuses import Shape, Tone
from treatments.courses.queries.cards import FLAG_WORDS
from treatments.rules.comparing import Pair
from treatments.rules.replay import walk
from treatments.rules.schedule import Series
from treatments.rules.schedule_words import catch_up
from treatments.rules.what_if import Lies, WhatIf, what_if

# How many doses to come are shown: two years of maintenance.
SHOWN = 6

_SIGNS = {
    Lies.UNPLANNED: (Tone.NEUTRAL, Shape.DASHED),
    Lies.TOO_SOON: (Tone.DANGER, Shape.WARNING),
    Lies.BEFORE: (Tone.ATTENTION, Shape.NOTICE),
    Lies.INSIDE: (Tone.READY, Shape.TICK),
    Lies.AFTER: (Tone.ATTENTION, Shape.NOTICE),
}


@dataclass(frozen=True, slots=True)
class WhatIfCard:
    """The answer for one day, ready to show. `notes` name the band and the flags; `pairs` are what moves."""

    day: str
    dose: str
    lies: str
    tone: Tone
    shape: Shape
    notes: tuple[str, ...]
    pairs: tuple[Pair, ...]


def what_if_card(series: Series, today: date, day: date) -> WhatIfCard:
    """Return what follows if the next dose is given on a day. No query. Raises DoubleDose."""
    answer = what_if(series, today, day, SHOWN)
    tone, shape = _SIGNS[answer.lies]
    of = f" of {answer.given.of}" if answer.given.of else ""
    return WhatIfCard(
        day=formatting.weekday(day),
        dose=f"{answer.given.label}{of}, {formatting.quantity(answer.given.mg, 'mg')}",
        lies=_lies(answer, series),
        tone=tone,
        shape=shape,
        notes=(*_band(answer), *(FLAG_WORDS[flag] for flag in answer.flags)),
        pairs=answer.pairs,
    )


def _lies(answer: WhatIf, series: Series) -> str:
    """Say where the day lies against the window."""
    window = walk(series).position.window()
    if answer.lies is Lies.TOO_SOON and window.floor is not None:
        return f"Too soon: the earliest safe day is {formatting.day(window.floor)}"
    if window.opens is None or window.closes is None:
        return "No window is planned yet"
    if answer.lies is Lies.BEFORE:
        return f"Before the window opens on {formatting.day(window.opens)}"
    if answer.lies is Lies.AFTER:
        return f"After the window closed on {formatting.day(window.closes)}"
    return "Inside the window"


def _band(answer: WhatIf) -> tuple[str, ...]:
    """Say what the label asks for on that day, where it asks for more than one dose."""
    band = answer.band
    if band is None:
        return ()
    asks = "loading to begin again" if band.restart else catch_up(band.doses, band.apart_days)
    more = ", more than today" if answer.crosses else ""
    return (f"On that day the late-dose rule asks for {asks}{more}",)
