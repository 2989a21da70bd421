"""The first light of a dose: whether its laboratory values are there, count, and were answered for.

Red while a part of the set that the site asks for is missing or does not count, while a value waits for a prescriber's
sign-off, or while one at which the site stops waits for two people. Amber for a value to look at. Where the site's
policy allows it, a clinician may say with a reason that the set is not indicated for this dose: that stands for what is
missing, never for a value that is there.
"""

from collections.abc import Iterable

from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.monitoring_terms import Level, Reading

_IN_ORDER = "Every value counts for this dose and lies within limits."
_NOTHING_ASKED = "This site asks for no laboratory values before this dose."


def labs_light(readings: Iterable[Reading], *, not_indicated: str = "") -> Lit:
    """Return the light of these readings. `not_indicated` says who found the set unnecessary and why, or nothing."""
    known = tuple(readings)
    counting = tuple(reading for reading in known if reading.lapse is None)
    asked = counting if not_indicated else known
    open_ones = sorted((reading for reading in asked if reading.rule), key=_badness, reverse=True)
    if open_ones:
        return Lit(
            light=Light.LABS,
            signal=Signal.NOT_READY if any(map(_blocks, open_ones)) else Signal.ATTENTION,
            reason=" ".join(reading.sentence for reading in open_ones),
            two_people=any(_stops(reading) for reading in open_ones),
            rules=tuple(reading.rule for reading in open_ones),
        )
    if not_indicated and len(counting) < len(known):
        return Lit(Light.LABS, Signal.READY, f"Not indicated: {not_indicated}")
    if not known:
        return Lit(Light.LABS, Signal.NOT_NEEDED, _NOTHING_ASKED)
    answered = [reading.sentence for reading in known if reading.settled]
    return Lit(Light.LABS, Signal.READY, " ".join(answered) or _IN_ORDER)


def _badness(reading: Reading) -> tuple[bool, int]:
    """Order by what stands most in the way: a stop, a sign-off, what is missing, then what is only watched."""
    rank = 0 if reading.level is None or reading.lapse is not None else reading.level.rank
    return (_blocks(reading), rank)


def _blocks(reading: Reading) -> bool:
    return reading.lapse is not None or reading.level in {Level.SIGN_OFF, Level.STOP}


def _stops(reading: Reading) -> bool:
    return reading.lapse is None and reading.level is Level.STOP
