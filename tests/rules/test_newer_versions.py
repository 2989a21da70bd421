"""What a newer version would change about a running course, before anybody lets the course take it."""

from dataclasses import replace

import pytest

from monographs.rules.regimen import Regimen
from tests.rules.schedule_stage import EU, HIGH, LOADED, US, day, made_up, series
from treatments.rules.newer_versions import Change, change
from treatments.rules.schedule import NoSwitch, Policy, Series, Status

USUAL = Policy()


def changed(
    before: Series, regimen: Regimen = US, policy: Policy = USUAL, on: str = "2026-03-10", count: int = 9
) -> Change:
    return change(before, regimen, policy, day(on), count)


def test_the_same_figures_under_a_new_number_move_nothing() -> None:
    found = changed(series(LOADED), replace(US, version=2))

    assert found.moves_nothing
    assert (found.moved, found.differing, found.furthest, found.next_differs) == ((), (), 0, False)
    assert len(found.pairs) == 9


def test_a_loading_step_that_is_behind_the_course_moves_nothing() -> None:
    """The European text differs in the fourth dose alone, which was given."""
    assert changed(series(LOADED), EU).moves_nothing


def test_a_loading_step_still_to_come_moves_every_dose_after_it() -> None:
    found = changed(series("2026-01-05 2026-01-19 2026-02-02"), EU, on="2026-02-10")

    assert (found.before.target, found.after.target) == (day("2026-03-04"), day("2026-03-09"))
    assert (len(found.moved), found.furthest, found.moves_nothing) == (9, 5, False)


def test_doses_that_move_to_the_earlier_side_count_by_their_days() -> None:
    found = changed(series("2026-01-05 2026-01-19 2026-02-02", EU), US, on="2026-02-10")

    assert found.furthest == 5


def test_another_window_moves_no_date_and_is_not_nothing() -> None:
    found = changed(series(LOADED), policy=Policy(maintenance_days_after=10))

    assert (found.moved, found.differing, found.furthest) == ((), (), 0)
    assert (found.next_differs, found.moves_nothing) == (True, False)
    assert (found.before.closes, found.after.closes) == (day("2026-07-18"), day("2026-07-14"))


@pytest.mark.parametrize(("on", "status"), [("2026-07-14", Status.DUE), ("2026-07-15", Status.OVERDUE)])
def test_a_narrower_window_may_make_a_dose_overdue_today(on: str, status: Status) -> None:
    found = changed(series(LOADED), policy=Policy(maintenance_days_after=10), on=on)

    assert (found.before.status, found.after.status) == (Status.DUE, status)


def test_other_words_alone_are_nothing() -> None:
    found = changed(series(LOADED), replace(US, source="Another label", name="Another name"))

    assert found.moves_nothing


def test_an_amount_on_the_same_day_differs_without_moving() -> None:
    more = made_up(maintenance={"mg": 3, "ml": 1, "every": "30 days"})
    found = changed(series("2026-01-05", made_up()), more, on="2026-01-06", count=3)

    assert (found.moved, len(found.differing), found.furthest, found.moves_nothing) == ((), 3, 0, False)


def test_late_rules_that_become_known_change_how_a_late_course_stands_today() -> None:
    bands = {"source": "Label", "bands": [{"from": "3 months", "doses": 2, "apart": "14 days"}]}
    found = changed(series("2026-01-05", made_up()), made_up(late_maintenance=bands), on="2026-06-01")

    assert (found.before.status, found.after.status) == (Status.REVIEW, Status.INTERRUPTED)
    assert (found.moved, found.next_differs) == ((), True)


def test_a_course_under_review_is_compared_like_any_other() -> None:
    """A partial dose that nobody has decided on is left out of the plan on both sides."""
    found = changed(series(f"{LOADED} 2026-03-08:6:partial"), replace(US, version=2))

    assert (len(found.pairs), found.moves_nothing, found.before.status) == (9, True, Status.REVIEW)


def test_a_hold_hides_nothing_of_what_would_move() -> None:
    found = changed(series("2026-01-05 2026-01-19 2026-02-02", held=True), EU, on="2026-02-10")

    assert (found.before.status, found.after.status, len(found.moved)) == (Status.ON_HOLD, Status.ON_HOLD, 9)


def test_a_dose_that_is_planned_on_one_side_only_moves_without_days() -> None:
    found = changed(series(LOADED))
    alone = replace(found, pairs=(replace(found.pairs[0], after=None),))

    assert (len(alone.moved), alone.furthest, alone.moves_nothing) == (1, 0, False)


def test_a_version_without_the_switch_that_began_the_course_cannot_carry_it() -> None:
    begun = series("", HIGH, switched=True, planned_start=day("2026-07-04"), previous_on=day("2026-03-04"))

    with pytest.raises(NoSwitch):
        changed(begun, replace(HIGH, version=2, switch=None))
