import json
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from monographs.rules.document import parse
from monographs.rules.regimen import Band, Interval, LateRules, Regimen, Step, Switch, Unit, regimen_from
from monographs.rules.regimen_data import data_of
from tests.monographs.rules.documents import SEED_MONOGRAPH

amounts = st.decimals("0.001", "999", places=3)
lengths = st.builds(Interval, st.integers(1, 400), st.sampled_from(Unit))
steps = st.builds(Step, amounts, amounts, lengths)
first_steps = st.builds(Step, amounts, amounts, st.just(Interval(0, Unit.DAYS)))
names = st.text("abc xyz", min_size=1, max_size=20).map(lambda text: text.strip() or "x")
keys = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
repeats = st.builds(Band, st.integers(1, 99), st.integers(1, 9), st.integers(1, 60), st.just(value=False))
restarts = st.builds(lambda start: Band(start, 0, 0, restart=True), st.integers(1, 99))
bands = st.lists(repeats | restarts, min_size=1, max_size=4, unique_by=lambda band: band.from_months)
ascending = bands.map(lambda found: tuple(sorted(found, key=lambda band: band.from_months)))
lates = st.builds(LateRules, ascending, names, st.none() | st.dates())
switches = st.builds(Switch, st.lists(keys, min_size=1, max_size=3).map(tuple), first_steps)
regimens = st.builds(
    Regimen,
    key=keys,
    version=st.integers(1, 99),
    name=names,
    loading=st.lists(steps, max_size=4).flatmap(lambda rest: first_steps.map(lambda first: (first, *rest))),
    maintenance=steps,
    minimum_days=st.integers(1, 99),
    late=st.none() | lates,
    switch=st.none() | switches,
    source=names,
    effective_from=st.none() | st.dates(),
    is_default=st.booleans(),
)


@given(regimens)
def test_what_is_stored_reads_back_as_the_same_regimen(regimen: Regimen) -> None:
    stored = json.loads(json.dumps(data_of(regimen)))
    assert regimen_from(stored, version=regimen.version) == regimen


def test_every_shipped_regimen_survives_storage() -> None:
    regimens = parse(SEED_MONOGRAPH, version=3).regimens
    assert len(regimens) == 3
    assert tuple(regimen_from(data_of(regimen), version=3) for regimen in regimens) == regimens


def test_amounts_are_stored_as_text_so_that_no_float_rounds_them() -> None:
    step = Step(Decimal("9.6"), Decimal(4), Interval(0, Unit.DAYS))
    data = data_of(_regimen(step))
    assert data["loading"][0] == {"mg": "9.6", "ml": "4", "after": "0 days"}


def test_what_a_regimen_does_not_say_is_not_stored() -> None:
    data = data_of(_regimen(Step(Decimal(12), Decimal(5), Interval(0, Unit.DAYS))))
    assert {"effective_from", "late_maintenance", "switch"}.isdisjoint(data)


def test_the_first_day_is_stored_as_an_iso_date() -> None:
    step = Step(Decimal(12), Decimal(5), Interval(0, Unit.DAYS))
    assert data_of(_regimen(step, effective_from=date(2026, 3, 30)))["effective_from"] == "2026-03-30"


def _regimen(step: Step, effective_from: date | None = None) -> Regimen:
    every = Step(step.mg, step.ml, Interval(4, Unit.MONTHS))
    return Regimen("a", 1, "A", (step,), every, 14, None, None, "Label", effective_from, is_default=False)
