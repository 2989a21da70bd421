"""What the conformity table cannot say: history, holds and stops, planned starts, a site's own policy."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.rules.schedule_stage import EU, HIGH, HIGH_LOADED, LOADED, US, attempts, coming, day, made_up, series
from treatments.rules.schedule import (
    Attempt,
    DoubleDose,
    Flag,
    Outcome,
    Phase,
    Policy,
    Series,
    Status,
    Turns,
    forecast,
    replay,
    worst,
)


class TestHistory:
    def test_each_dose_has_its_place_amount_and_rules(self) -> None:
        history = replay(series(f"{LOADED} 2026-07-04"))

        assert [(dose.ordinal, dose.label, dose.phase, dose.on, dose.mg, dose.rules) for dose in history] == [
            (1, "L1", Phase.LOADING, day("2026-01-05"), Decimal(12), (2,)),
            (2, "L2", Phase.LOADING, day("2026-01-19"), Decimal(12), (2,)),
            (3, "L3", Phase.LOADING, day("2026-02-02"), Decimal(12), (2,)),
            (4, "L4", Phase.LOADING, day("2026-03-04"), Decimal(12), (2, 3)),
            (5, "M1", Phase.MAINTENANCE, day("2026-07-04"), Decimal(12), (4,)),
        ]

    def test_a_dose_keeps_the_callers_key_its_amount_and_where_it_was_given(self) -> None:
        entry = Attempt(day("2026-01-05"), Decimal("9.6"), elsewhere=True, key="row 7")

        (dose,) = replay(Series(US, (entry,)))

        assert (dose.mg, dose.elsewhere, dose.key) == (Decimal("9.6"), True, "row 7")

    def test_a_dose_without_an_amount_takes_the_planned_one(self) -> None:
        assert [dose.mg for dose in replay(series(f"{HIGH_LOADED} 2026-09-18", HIGH))] == [50, 50, 28]

    def test_catch_up_doses_know_how_many_there_are(self) -> None:
        history = replay(series(f"{LOADED} 2026-11-10 2026-11-24"))

        assert [(dose.label, dose.of, dose.rules) for dose in history[4:]] == [("C1", 2, (6,)), ("C2", 2, (3, 6))]

    def test_a_restart_names_the_late_dose_rule(self) -> None:
        history = replay(series(f"{LOADED} 2029-08-06 2029-08-20"))

        assert [(dose.label, dose.of, dose.rules) for dose in history[4:]] == [("L1", None, (2, 6)), ("L2", None, (2,))]

    def test_a_restart_of_a_single_loading_dose_anchors_the_calendar(self) -> None:
        bands = {"source": "this test", "bands": [{"from": "3 months", "restart": True}]}
        regimen = made_up(late_maintenance=bands)

        history = replay(series("2026-01-05 2026-06-01", regimen))

        assert [(dose.label, dose.rules) for dose in history] == [("L1", (2, 3)), ("L1", (2, 3, 6))]
        assert coming("2026-01-05 2026-06-01", "2026-06-02", regimen).target == day("2026-07-01")

    @pytest.mark.parametrize(
        ("given", "flags", "rules"),
        [
            (f"{LOADED} 2026-06-26", (Flag.EARLY_REANCHORED,), (3, 4)),
            (f"{LOADED} 2026-09-04 2027-03-20", (Flag.SLOT_SKIPPED,), (4,)),
            (f"{LOADED} 2026-03-17", (Flag.INTERVAL_SHORT, Flag.EARLY_REANCHORED), (3, 4, 7)),
            (f"{LOADED} 2026-03-18", (Flag.EARLY_REANCHORED,), (3, 4)),
        ],
    )
    def test_a_flag_stays_with_its_dose(self, given: str, flags: tuple[Flag, ...], rules: tuple[int, ...]) -> None:
        *before, last = replay(series(given))

        assert (last.flags, last.rules) == (flags, rules)
        assert not any(dose.flags for dose in before)

    def test_two_completed_doses_on_one_date_are_refused_by_date(self) -> None:
        with pytest.raises(DoubleDose, match="2026-01-19") as refused:
            replay(series("2026-01-19 2026-01-05 2026-01-19"))

        assert refused.value.on == day("2026-01-19")

    @pytest.mark.parametrize("outcome", ["partial", "not_done", "entered_in_error"])
    def test_a_failed_attempt_and_a_complete_one_share_a_date(self, outcome: str) -> None:
        assert len(replay(series(f"2026-01-05:{outcome} 2026-01-05"))) == 1

    def test_an_outcome_written_as_text_counts_as_well(self) -> None:
        entry = Attempt(day("2026-01-05"), outcome="completed")  # type: ignore[arg-type]

        assert len(replay(Series(US, (entry,)))) == 1


class TestTheAnswer:
    def test_it_names_the_regimen_its_version_and_the_inputs(self) -> None:
        asked = series(LOADED, replace(EU, version=7))

        answer = forecast(asked, day("2026-03-05"))

        assert (answer.regimen_key, answer.regimen_version, answer.on) == ("nusinersen-12mg-eu", 7, day("2026-03-05"))
        assert answer.series is asked
        assert answer.history == replay(asked)

    def test_it_says_volume_and_the_last_dose(self) -> None:
        dose = coming(LOADED, "2026-03-05")

        assert (dose.ml, dose.previous_on, dose.of) == (Decimal(5), day("2026-03-04"), None)

    @pytest.mark.parametrize(
        ("on", "label", "of"),
        [("2026-11-03", "M1", None), ("2026-11-04", "C1", 2), ("2027-07-03", "C1", 2), ("2027-07-04", "C1", 3)],
    )
    def test_the_band_of_the_day_says_how_many_doses_there_would_be(self, on: str, label: str, of: int | None) -> None:
        dose = coming(LOADED, on)

        assert (dose.label, dose.of) == (label, of)

    @pytest.mark.parametrize(
        ("given", "on", "rules"),
        [
            ("", "2026-01-05", (2, 9)),
            ("2026-01-05", "2026-01-10", (2, 9)),
            ("2026-01-05 2026-01-17", "2026-01-18", (2, 7, 9)),
            ("2026-01-05 2026-01-19", "2026-05-19", (2, 9, 10)),
            (LOADED, "2026-07-19", (3, 4, 5, 9)),
            (f"{LOADED} 2026-10-28", "2026-10-29", (3, 4, 5, 9, 10)),
            (f"{LOADED} 2026-07-04:partial", "2026-07-05", (3, 4, 5, 8, 9, 10)),
            (LOADED, "2026-11-04", (3, 4, 5, 6, 9, 10)),
            (f"{LOADED} 2026-11-10", "2026-11-11", (6, 9)),
        ],
    )
    def test_it_names_the_rules_it_used(self, given: str, on: str, rules: tuple[int, ...]) -> None:
        assert coming(given, on).rules == rules

    def test_a_late_high_dose_given_leaves_its_next_day_to_a_prescriber(self) -> None:
        in_time = coming(f"{HIGH_LOADED} 2026-10-02", "2026-10-20", HIGH)
        late = coming(f"{HIGH_LOADED} 2026-10-03", "2026-10-20", HIGH)

        assert (in_time.rules, late.rules) == ((3, 4, 5, 9), (3, 4, 5, 9, 10))
        assert in_time.target == late.target == day("2027-01-18")

    def test_a_dose_dated_after_the_day_counts_as_well(self) -> None:
        assert coming("2026-01-05 2026-01-19", "2026-01-10").label == "L3"


class TestHoldsAndStops:
    def test_a_hold_keeps_the_dates_and_what_it_hides(self) -> None:
        dose = coming(LOADED, "2026-08-01", held=True)

        assert (dose.status, dose.underlying) == (Status.ON_HOLD, Status.OVERDUE)
        assert (dose.label, dose.target) == ("M1", day("2026-07-04"))

    @pytest.mark.parametrize(
        ("on", "underlying"),
        [("2026-06-01", Status.UPCOMING), ("2026-11-04", Status.INTERRUPTED), ("2029-07-04", Status.RESTART)],
    )
    def test_a_hold_hides_whatever_the_day_brings(self, on: str, underlying: Status) -> None:
        assert coming(LOADED, on, held=True).underlying is underlying

    def test_a_hold_hides_a_review(self) -> None:
        dose = coming(f"{LOADED} 2026-07-04:partial", "2026-07-05", held=True)

        assert (dose.status, dose.underlying) == (Status.ON_HOLD, Status.REVIEW)
        assert 10 in dose.rules

    @pytest.mark.parametrize(
        ("given", "on", "underlying"),
        [
            (f"{LOADED} 2026-07-04:partial", "2026-07-05", Status.DUE),
            (f"{LOADED} 2026-07-04:partial", "2026-11-04", Status.INTERRUPTED),
            ("2026-01-05 2026-01-19", "2026-05-19", Status.OVERDUE),
            ("2026-01-05:partial", "2026-01-06", Status.NOT_STARTED),
        ],
    )
    def test_a_review_keeps_what_it_hides(self, given: str, on: str, underlying: Status) -> None:
        dose = coming(given, on)

        assert (dose.status, dose.underlying) == (Status.REVIEW, underlying)

    def test_a_review_asked_for_from_elsewhere_is_one(self) -> None:
        assert coming(LOADED, "2026-07-04", review="The consent was withdrawn").status is Status.REVIEW

    def test_a_stop_hides_nothing_and_wins_over_all(self) -> None:
        dose = coming(f"{LOADED} 2026-07-04:partial", "2026-11-04", held=True, stopped=True)

        assert (dose.status, dose.underlying) == (Status.STOPPED, None)


class TestPlannedStart:
    WINDOW = Turns(day("2026-01-05"), day("2026-01-12"), None, None, None)

    @pytest.mark.parametrize(
        ("on", "status"),
        [
            ("2026-01-04", Status.NOT_STARTED),
            ("2026-01-05", Status.DUE),
            ("2026-01-12", Status.DUE),
            ("2026-01-13", Status.OVERDUE),
            ("2028-01-13", Status.OVERDUE),
        ],
    )
    def test_a_planned_start_has_a_loading_window(self, on: str, status: Status) -> None:
        dose = coming("", on, planned_start=day("2026-01-05"))

        assert (dose.status, dose.turns, dose.label) == (status, self.WINDOW, "L1")
        assert (dose.floor, dose.target, dose.previous_on) == (None, day("2026-01-05"), None)

    def test_a_high_dose_start_that_is_late_is_overdue_because_nothing_was_given(self) -> None:
        assert coming("", "2026-02-05", HIGH, planned_start=day("2026-01-05")).status is Status.OVERDUE

    def test_without_a_planned_start_nothing_ever_turns(self) -> None:
        dose = coming("", "2026-01-05")

        assert dose.turns == Turns(None, None, None, None, None)
        assert (dose.status, dose.target) == (Status.NOT_STARTED, None)

    def test_the_first_dose_is_counted_from_its_own_day_and_not_from_the_plan(self) -> None:
        assert coming("2026-01-09", "2026-01-10", planned_start=day("2026-01-05")).target == day("2026-01-23")

    @pytest.mark.parametrize(
        ("start", "target", "flags"),
        [
            ("2026-01-14", "2026-01-15", (Flag.TIGHT,)),
            ("2026-01-15", "2026-01-15", ()),
            ("2026-01-16", "2026-01-16", ()),
        ],
    )
    def test_a_dose_in_the_course_before_sets_the_floor(self, start: str, target: str, flags: tuple[Flag, ...]) -> None:
        dose = coming("", "2026-01-02", planned_start=day(start), previous_on=day("2026-01-01"))

        assert (dose.floor, dose.target, dose.flags) == (day("2026-01-15"), day(target), flags)
        assert dose.status is Status.UPCOMING

    def test_a_first_dose_too_soon_after_the_course_before_is_flagged(self) -> None:
        (dose,) = replay(series("2026-01-14", previous_on=day("2026-01-01")))

        assert dose.flags == (Flag.INTERVAL_SHORT,)


class TestTurns:
    def test_maintenance_turns_at_the_bands(self) -> None:
        assert coming(LOADED, "2026-03-05").turns == Turns(
            opens=day("2026-06-27"),
            closes=day("2026-07-18"),
            review_from=None,
            interrupted_from=day("2026-11-04"),
            restart_from=day("2029-07-04"),
        )

    def test_loading_turns_to_review(self) -> None:
        assert coming("2026-01-05 2026-01-19", "2026-01-20").turns == Turns(
            opens=day("2026-02-02"),
            closes=day("2026-02-09"),
            review_from=day("2026-05-19"),
            interrupted_from=None,
            restart_from=None,
        )

    def test_a_high_dose_turns_to_review_when_its_window_closes(self) -> None:
        maintenance = coming(HIGH_LOADED, "2026-05-19", HIGH).turns
        loading = coming("2026-05-04", "2026-05-05", HIGH).turns

        assert (maintenance.review_from, maintenance.interrupted_from) == (day("2026-10-03"), None)
        assert loading.review_from == day("2026-05-26")

    def test_a_high_dose_in_loading_turns_at_the_earlier_of_the_two_rules(self) -> None:
        policy = Policy(loading_days_after=120)

        assert coming("2026-05-04", "2026-05-05", HIGH, policy=policy).turns.review_from == day("2026-09-04")

    def test_a_band_reached_inside_the_window_waits_until_it_has_closed(self) -> None:
        policy = Policy(maintenance_days_after=200)  # 4 Jul 2026 + 200 days is 20 Jan 2027, past 8 months

        inside = coming(LOADED, "2027-01-20", policy=policy)
        past = coming(LOADED, "2027-01-21", policy=policy)

        assert (inside.status, inside.label) == (Status.DUE, "M1")
        assert (past.status, past.label) == (Status.INTERRUPTED, "C1")
        assert past.turns.interrupted_from == day("2027-01-21")
        assert [dose.label for dose in replay(series(f"{LOADED} 2027-01-20", policy=policy))][-1] == "M1"

    def test_a_regimen_with_one_kind_of_band_turns_once(self) -> None:
        bands = {"source": "this test", "bands": [{"from": "3 months", "restart": True}]}

        turns = coming("2026-01-05", "2026-01-06", made_up(late_maintenance=bands)).turns

        assert (turns.interrupted_from, turns.restart_from) == (None, day("2026-04-05"))


class TestPolicy:
    def test_a_site_sets_its_own_windows(self) -> None:
        policy = Policy(
            loading_days_after=3, maintenance_days_before=10, maintenance_days_after=20, catch_up_days_after=5
        )

        closes = {
            given: coming(given, "2026-12-01", policy=policy).turns.closes
            for given in ("2026-01-05", LOADED, f"{LOADED} 2026-11-10")
        }

        assert list(closes.values()) == [day("2026-01-22"), day("2026-07-24"), day("2026-11-29")]
        assert coming(LOADED, "2026-12-01", policy=policy).opens == day("2026-06-24")

    @pytest.mark.parametrize(("early_days", "target"), [(8, "2026-11-04"), (7, "2026-10-26")])
    def test_a_site_sets_how_early_still_satisfies_a_slot(self, early_days: int, target: str) -> None:
        given = f"{LOADED} 2026-06-26"

        assert coming(given, "2026-06-27", policy=Policy(early_days=early_days)).target == day(target)

    def test_a_site_sets_after_how_long_loading_goes_to_review(self) -> None:
        policy = Policy(loading_gap_months=2)

        statuses = [coming("2026-01-05", on, policy=policy).status for on in ("2026-03-04", "2026-03-05")]

        assert statuses == [Status.OVERDUE, Status.REVIEW]

    def test_a_regimen_may_count_maintenance_in_days(self) -> None:
        regimen = made_up()

        targets = [coming(given, "2026-01-06", regimen).target for given in ("2026-01-05", "2026-01-05 2026-02-04")]

        assert targets == [day("2026-02-04"), day("2026-03-06")]

    def test_a_regimen_may_have_other_intervals_than_the_shipped_ones(self) -> None:
        steps = [{"mg": 5, "ml": 1, "after": f"{gap} days"} for gap in (0, 28, 56)]
        regimen = made_up(loading=steps, maintenance={"mg": 2, "ml": 1, "every": "6 months"})

        assert coming("2026-01-05 2026-02-02 2026-03-30", "2026-04-01", regimen).target == day("2026-09-30")


class TestSeverity:
    def test_statuses_are_ranked_worst_first(self) -> None:
        ordered = sorted(Status, key=lambda status: status.rank)

        assert [status.value for status in ordered] == [
            "stopped",
            "on_hold",
            "review",
            "restart",
            "interrupted",
            "overdue",
            "due",
            "upcoming",
            "not_started",
        ]

    def test_the_worst_of_several_is_found(self) -> None:
        assert worst([Status.DUE, Status.INTERRUPTED, Status.OVERDUE]) is Status.INTERRUPTED


def test_a_dose_near_midnight_belongs_to_the_local_day_it_was_recorded_under() -> None:
    # 4 July 23:30 in Los Angeles is 5 July UTC; the caller hands over the local date.
    assert coming(f"{LOADED} 2026-07-04", "2026-07-05").target == day("2026-11-04")


def test_voiding_a_dose_moves_everything_after_it() -> None:
    entries = attempts(f"{LOADED} 2026-07-04 2026-11-04")
    voided = (*entries[:4], entries[4]._replace(outcome=Outcome.ENTERED_IN_ERROR), entries[5])

    before, after = (forecast(Series(US, given), date(2026, 11, 5)).next for given in (entries, voided))

    assert (before.label, before.target) == ("M3", day("2027-03-04"))
    assert (after.label, after.of, after.target) == ("C2", 2, day("2026-11-18"))
