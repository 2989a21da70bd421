"""Before and after, dose by dose."""

from datetime import date
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


TODAY = day("2026-11-24")


def days(doses: tuple[ProjectedDose, ...]) -> list[date]:
    return [each.target for each in doses]


def test_the_plan_keeps_the_target_of_a_late_dose_and_goes_on_from_today() -> None:
    """Asked when M1 is nine months after the last dose: M1 stood for July, and the calendar goes on in March."""
    plan = as_planned(LATE, TODAY, 3)

    assert days(plan) == [day("2026-07-04"), day("2027-03-04"), day("2027-07-04")]
    assert [each.label for each in plan] == ["M1", "M2", "M3"]


def test_of_a_dose_that_is_not_late_the_plan_is_the_projection() -> None:
    assert as_planned(LATE, day("2026-03-10"), 4) == project(LATE, day("2026-03-10"), count=4)


def test_before_the_first_dose_the_planned_start_leads() -> None:
    started = series(planned_start=day("2026-01-05"))
    assert days(as_planned(started, day("2026-01-01"), 2)) == [day("2026-01-05"), day("2026-01-19")]


def test_without_a_start_nothing_was_planned() -> None:
    assert as_planned(series(), TODAY, 2) == ()


def test_neither_a_hold_nor_a_stop_nor_an_open_partial_dose_hides_what_was_planned() -> None:
    plain = as_planned(LATE, TODAY, 3)
    assert as_planned(series(LOADED, held=True), TODAY, 3) == plain
    assert as_planned(series(LOADED, stopped=True), TODAY, 3) == plain
    assert as_planned(series(f"{LOADED} 2026-11-20:6:partial"), TODAY, 3) == plain


def test_a_gap_in_loading_keeps_the_plan_of_the_loading() -> None:
    plan = as_planned(series("2026-01-05 2026-01-19"), TODAY, 3)
    assert [(each.label, each.target) for each in plan] == [
        ("L3", day("2026-02-02")),
        ("L4", day("2026-12-24")),
        ("M1", day("2027-04-24")),
    ]


def test_under_a_decision_the_doses_follow_it() -> None:
    decided = Ruling(day("2026-03-04"), day("2026-11-24"), Plan.RESTART, day("2026-12-01"))

    doses = under(LATE, decided, day("2026-11-24"), 2)
    assert [(each.label, each.target) for each in doses] == [("L1", day("2026-12-01")), ("L2", day("2026-12-15"))]
    assert project(LATE, day("2026-11-24"), count=1)[0].label == "C1", "the series itself is as it was"
