"""Before and after, dose by dose."""

from decimal import Decimal

from tests.rules.schedule_stage import LOADED, day, series
from treatments.rules.comparing import as_planned, compare, under
from treatments.rules.schedule import Phase, Plan, ProjectedDose, Ruling, project

LATE = series(LOADED)


def dose(on: str, label: str = "M1", mg: int = 12) -> ProjectedDose:
    return ProjectedDose(5, Phase.MAINTENANCE, label, Decimal(mg), day(on))


def test_a_dose_that_moves_says_by_how_many_days() -> None:
    (later,) = compare((dose("2026-07-04"),), (dose("2026-07-10"),))
    (earlier,) = compare((dose("2026-07-04"),), (dose("2026-07-01"),))

    assert (later.moves, earlier.moves, later.differs) == (6, -3, True)


def test_the_same_dose_does_not_differ() -> None:
    (pair,) = compare((dose("2026-07-04"),), (dose("2026-07-04"),))

    assert (pair.moves, pair.differs) == (0, False)


def test_another_amount_on_the_same_day_differs() -> None:
    (pair,) = compare((dose("2026-07-04"),), (dose("2026-07-04", mg=28),))

    assert (pair.moves, pair.differs) == (0, True)


def test_a_dose_without_its_like_stands_alone() -> None:
    gone, new = compare((dose("2026-07-04"),), ())[0], compare((), (dose("2026-07-04"),))[0]

    assert (gone.after, gone.moves, gone.differs) == (None, None, True)
    assert (new.before, new.moves, new.differs) == (None, None, True)


def test_what_was_planned_is_read_on_the_day_of_the_last_dose() -> None:
    """Asked when it is nine months late, the plan still shows the calendar as it was meant."""
    assert [each.target for each in as_planned(LATE, 2)] == [day("2026-07-04"), day("2026-11-04")]


def test_before_the_first_dose_the_planned_start_leads() -> None:
    assert [each.target for each in as_planned(series(planned_start=day("2026-01-05")), 2)] == [
        day("2026-01-05"),
        day("2026-01-19"),
    ]


def test_without_a_start_nothing_was_planned() -> None:
    assert as_planned(series(), 2) == ()


def test_a_hold_hides_nothing_of_what_was_planned() -> None:
    assert as_planned(series(LOADED, held=True), 3) == as_planned(LATE, 3)


def test_under_a_decision_the_doses_follow_it() -> None:
    decided = Ruling(day("2026-03-04"), day("2026-11-24"), Plan.RESTART, day("2026-12-01"))

    doses = under(LATE, decided, day("2026-11-24"), 2)
    assert [(each.label, each.target) for each in doses] == [("L1", day("2026-12-01")), ("L2", day("2026-12-15"))]
    assert project(LATE, day("2026-11-24"), count=1)[0].label == "C1", "the series itself is as it was"
