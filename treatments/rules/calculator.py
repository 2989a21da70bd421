"""The calculator: an answer without any patient, as plain values ready for JSON ("The calculator", clinical-rules.md).

Regimens come in as a mapping from key to regimen, so that this needs no database.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from monographs.rules.regimen import Regimen
from treatments.rules.projection import projection_of
from treatments.rules.schedule import (
    Attempt,
    DoubleDose,
    Forecast,
    GivenDose,
    NextDose,
    ProjectedDose,
    Series,
    forecast_of,
)
from treatments.rules.schedule_entries import BadEntry, day_from, mg_from
from treatments.rules.schedule_reading import read

Answer = dict[str, Any]


class UnknownRegimen(LookupError):
    """No regimen has this key. The message names it and those there are."""


def calculate(
    regimens: Mapping[str, Regimen], key: str, attempts: Iterable[Attempt], on: date, until: date | None = None
) -> Answer:
    """Return the answer for one history on one day. Raises UnknownRegimen, DoubleDose and BadEntry.

    `until` is the last day of the projection; without it, the doses of the next twelve months are projected.
    """
    series = Series(regimen_of(regimens, key), tuple(attempts))
    try:
        reading = read(series, on)
        return answer_of(forecast_of(reading), projection_of(reading, until))
    except DoubleDose:
        raise
    except (OverflowError, ValueError):  # what a date beyond the year 9999 raises
        raise BadEntry("A date lies beyond the end of the calendar.") from None


def regimen_of(regimens: Mapping[str, Regimen], key: str) -> Regimen:
    """Return the regimen with this key. Raises UnknownRegimen."""
    regimen = regimens.get(key)
    if regimen is None:
        raise UnknownRegimen(f"There is no regimen “{key}”; there are {', '.join(sorted(regimens)) or 'none'}.")
    return regimen


def answer_of(answer: Forecast, projection: Iterable[ProjectedDose]) -> Answer:
    """Return a forecast and a projection as plain values: dates ISO or None, amounts numbers."""
    return {
        "regimen": answer.regimen_key,
        "version": answer.regimen_version,
        "on": answer.on.isoformat(),
        "history": [_given(dose) for dose in answer.history],
        "next": _next(answer.next),
        "projection": [_projected(dose) for dose in projection],
    }


def _given(dose: GivenDose) -> Answer:
    return {
        "ordinal": dose.ordinal,
        "label": dose.label,
        "given_on": dose.on.isoformat(),
        "mg": _number(dose.mg),
        "flags": dose.flags,
    }


def _next(dose: NextDose) -> Answer:
    return {
        "ordinal": dose.ordinal,
        "phase": dose.phase,
        "label": dose.label,
        "mg": _number(dose.mg),
        "floor": _iso(dose.floor),
        "target": _iso(dose.target),
        "opens": _iso(dose.opens),
        "closes": _iso(dose.closes),
        "status": dose.status,
        "underlying": dose.underlying,
        "flags": dose.flags,
        "rules": dose.rules,
        "why": dose.why,
    }


def _projected(dose: ProjectedDose) -> Answer:
    return {
        "ordinal": dose.ordinal,
        "phase": dose.phase,
        "label": dose.label,
        "mg": _number(dose.mg),
        "target": dose.target.isoformat(),
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


@lru_cache(maxsize=256)
def _number(mg: Decimal) -> int | float:
    return int(mg) if mg == mg.to_integral_value() else float(mg)


def batch(regimens: Mapping[str, Regimen], lines: Iterable[str], until: date | None = None) -> Iterator[str]:
    """Answer JSON lines one by one, in order: each line one history, a bad one answered with {"error": …}.

    A line is `{"regimen", "given": [["DATE", MG], …], "on"}`; MG may be left out or null. Nothing is kept from one
    line to the next, so the file may be of any length.
    """
    for line in lines:
        yield _dumps(_answer_line(regimens, line, until))


_dumps = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def _answer_line(regimens: Mapping[str, Regimen], line: str, until: date | None) -> Answer:
    try:
        key, attempts, on = _question(json.loads(line))
        return calculate(regimens, key, attempts, on, until)
    except json.JSONDecodeError as broken:
        return {"error": f"The line is not JSON: {broken.msg} at character {broken.pos + 1}."}
    except (ValueError, UnknownRegimen, RecursionError) as refused:
        return {"error": str(refused)}


def _question(data: object) -> tuple[str, list[Attempt], date]:
    if not isinstance(data, dict) or not isinstance(given := data.get("given", []), list):
        raise BadEntry("A line is an object with `regimen`, `given` (a list) and `on`.")
    return str(data.get("regimen")), [_attempt(entry) for entry in given], day_from(data.get("on"))


def _attempt(entry: object) -> Attempt:
    if not isinstance(entry, list) or len(entry) not in (1, 2):
        raise BadEntry('A dose is written like ["2026-01-19", 12].')
    mg = entry[1] if len(entry) == 2 else None
    return Attempt(day_from(entry[0]), None if mg is None else mg_from(mg))
