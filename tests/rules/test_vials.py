"""A vial's moves, its clocks on both sides of every limit, and why one cannot be chosen."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from clinic.statuses import VIAL
from tests.rules.vial_stage import DAY, MG, OTHER_MG, after, ledger, vial
from treatments.rules import vials
from treatments.rules.vials import CHANGE, FROM, Clock, IllegalMove, Kind, Move, Standing, State

K = Kind
OUT_BOXED, OUT_BARE = (K.TAKEN_OUT, 0.0), (K.TAKEN_OUT, 0.0, {"in_carton": False})


def state(*steps: object) -> State:
    return vials.stand(ledger(*steps)).state  # type: ignore[arg-type]


def refusal(*steps: object) -> str:
    with pytest.raises(IllegalMove) as refused:
        vials.stand(ledger(*steps))  # type: ignore[arg-type]
    return str(refused.value)


class TestMoves:
    @pytest.mark.parametrize(
        ("steps", "leads_to"),
        [
            ((K.ORDERED,), State.ORDERED),
            ((K.ORDERED, K.RECEIVED), State.RECEIVED),
            ((K.RECEIVED,), State.RECEIVED),
            ((K.RECEIVED, K.RESERVED), State.RESERVED),
            ((K.RECEIVED, K.RESERVED, K.RELEASED), State.RECEIVED),
            ((K.RECEIVED, K.TAKEN_OUT), State.OUT),
            ((K.RECEIVED, K.RESERVED, K.TAKEN_OUT), State.OUT),
            ((K.RECEIVED, K.TAKEN_OUT, K.RESERVED, K.PUT_BACK), State.RESERVED),
            ((K.RECEIVED, K.TAKEN_OUT, K.UNBOXED), State.OUT),
            ((K.RECEIVED, K.TAKEN_OUT, K.PUT_BACK), State.RECEIVED),
            ((K.RECEIVED, K.DRAWN), State.DRAWN),
            ((K.RECEIVED, K.RESERVED, K.TAKEN_OUT, K.DRAWN), State.DRAWN),
            ((K.RECEIVED, K.GIVEN), State.GIVEN),
            ((K.RECEIVED, K.RESERVED, K.TAKEN_OUT, K.DRAWN, K.GIVEN), State.GIVEN),
            ((K.RECEIVED, K.RESERVED, K.WASTED), State.WASTED),
            ((K.RECEIVED, K.RETURNED), State.RETURNED),
            ((K.RECEIVED, K.RESERVED, K.QUARANTINED), State.QUARANTINED),
            ((K.RECEIVED, K.RESERVED, K.QUARANTINED, K.FREED), State.RECEIVED),
            ((K.RECEIVED, K.TAKEN_OUT, K.QUARANTINED, K.FREED), State.OUT),
            ((K.RECEIVED, K.TAKEN_OUT, K.QUARANTINED, K.PUT_BACK, K.FREED), State.RECEIVED),
            ((K.RECEIVED, K.DRAWN, K.QUARANTINED, K.FREED), State.DRAWN),
            ((K.RECEIVED, K.QUARANTINED, K.WASTED), State.WASTED),
        ],
        ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
    )
    def test_each_ledger_leads_where_it_should(self, steps: tuple[Kind, ...], leads_to: State) -> None:
        assert state(*steps) is leads_to

    @pytest.mark.parametrize(
        "before",
        [
            (),
            (K.RESERVED,),
            (K.TAKEN_OUT,),
            (K.RESERVED, K.TAKEN_OUT, K.UNBOXED),
            (K.RESERVED, K.TAKEN_OUT, K.DRAWN),
        ],
        ids=str,
    )
    def test_taking_a_dose_back_restores_the_very_state_before_it(self, before: tuple[Kind, ...]) -> None:
        there = vials.stand(ledger(K.RECEIVED, *before))
        back = vials.stand(ledger(K.RECEIVED, *before, K.GIVEN, K.RESTORED))
        assert back == there

    @pytest.mark.parametrize("dose", ["", "M3"], ids=["in stock", "at its dose"])
    def test_a_reserved_vial_is_wasted_at_its_own_dose_or_in_stock(self, dose: str) -> None:
        assert state(K.RECEIVED, K.RESERVED, (K.WASTED, 0.0, {"dose": dose})) is State.WASTED

    def test_a_restored_vial_can_be_given_again(self) -> None:
        assert state(K.RECEIVED, K.GIVEN, K.RESTORED, K.GIVEN) is State.GIVEN

    @pytest.mark.parametrize(
        ("steps", "said"),
        [
            ((K.RECEIVED, K.GIVEN, K.GIVEN), "This vial is given; it cannot be given."),
            ((K.RECEIVED, K.WASTED, K.RESERVED), "This vial is wasted; it cannot be reserved."),
            ((K.ORDERED, K.RESERVED), "This vial is on order; it cannot be reserved."),
            ((K.RESERVED,), "This vial is not in the ledger yet; it cannot be reserved."),
            ((K.RECEIVED, K.RECEIVED), "This vial is in stock; it cannot be received."),
            ((K.RECEIVED, K.RESERVED, K.RESERVED), "This vial is reserved for a dose; it cannot be reserved."),
            ((K.RECEIVED, K.RESERVED, K.TAKEN_OUT, K.RESERVED), "This vial is reserved for a dose already."),
            ((K.RECEIVED, (K.RESERVED, 0.0, {"dose": ""})), "A vial is reserved for a dose; name it."),
            ((K.RECEIVED, K.TAKEN_OUT, K.RELEASED), "This vial is reserved for no dose."),
            ((K.RECEIVED, K.RESERVED, K.RETURNED), "This vial is reserved for a dose; it cannot be returned."),
            (
                (K.RECEIVED, K.RESERVED, (K.GIVEN, 0.0, {"dose": "M9"})),
                "This vial is reserved for another dose; release it first.",
            ),
            (
                (K.RECEIVED, K.RESERVED, (K.WASTED, 0.0, {"dose": "M9"})),
                "This vial is reserved for another dose; release it first.",
            ),
            ((K.RECEIVED, OUT_BARE, K.UNBOXED), "This vial is out of its carton already."),
            ((K.RECEIVED, K.QUARANTINED, K.PUT_BACK), "This vial is in the refrigerator."),
            ((K.RECEIVED, K.QUARANTINED, K.GIVEN), "This vial is in quarantine; it cannot be given."),
            (
                (K.RECEIVED, (K.TAKEN_OUT, -0.1)),
                "The ledger goes forward: this time lies before the vial’s last move.",
            ),
            ((), "A vial begins by being ordered or received."),
        ],
        ids=str,
    )
    def test_what_cannot_be_is_refused_in_a_sentence(self, steps: tuple[object, ...], said: str) -> None:
        assert refusal(*steps) == said

    def test_two_moves_may_share_an_instant(self) -> None:
        assert state(K.RECEIVED, (K.TAKEN_OUT, 0.0)) is State.OUT

    def test_a_reservation_written_first_lets_earlier_work_be_written_after_it(self) -> None:
        assert state(K.RECEIVED, (K.RESERVED, 3), (K.TAKEN_OUT, 1)) is State.OUT
        assert refusal(K.RECEIVED, (K.TAKEN_OUT, 3), (K.DRAWN, 1)).startswith("The ledger goes forward")

    @pytest.mark.parametrize(
        ("steps", "moves"),
        [
            ((K.ORDERED,), {K.RECEIVED}),
            (
                (K.RECEIVED,),
                {K.RESERVED, K.TAKEN_OUT, K.DRAWN, K.GIVEN, K.WASTED, K.RETURNED, K.QUARANTINED},
            ),
            (
                (K.RECEIVED, K.RESERVED, OUT_BARE),
                {K.RELEASED, K.PUT_BACK, K.DRAWN, K.GIVEN, K.WASTED, K.RETURNED, K.QUARANTINED},
            ),
            ((K.RECEIVED, K.QUARANTINED), {K.WASTED, K.RETURNED, K.FREED}),
            ((K.RECEIVED, K.GIVEN), {K.RESTORED}),
            ((K.RECEIVED, K.WASTED), {K.RESTORED}),
            ((K.RECEIVED, K.RETURNED), set()),
        ],
        ids=str,
    )
    def test_the_page_offers_exactly_what_can_be_done(self, steps: tuple[object, ...], moves: set[Kind]) -> None:
        assert set(vials.possible(vials.stand(ledger(*steps)))) == moves  # type: ignore[arg-type]

    def test_every_move_says_where_it_may_be_made_and_what_it_changes(self) -> None:
        assert set(FROM) == set(CHANGE) == set(Kind)

    def test_every_state_has_its_word(self) -> None:
        assert {state.value for state in State} <= set(VIAL)


class TestClocks:
    def boxed(self, *steps: object, at: float) -> Clock:
        return vials.clocks(vial(*steps), after(at))[0]

    def bare(self, *steps: object, at: float) -> Clock:
        return vials.clocks(vial(*steps), after(at))[1]

    def test_in_the_refrigerator_no_clock_runs(self) -> None:
        boxed, bare = vials.clocks(vial(K.RECEIVED), after(1000))
        assert (boxed.used, bare.used, boxed.running, bare.running) == (timedelta(0), timedelta(0), False, False)

    @pytest.mark.parametrize(("hours", "over"), [(14 * 24, False), (14 * 24 + 0.01, True)])
    def test_the_carton_keeps_a_vial_for_fourteen_days(self, hours: float, over: bool) -> None:
        clock = self.boxed(K.RECEIVED, OUT_BOXED, at=hours)
        assert (clock.is_over, clock.running) == (over, True)

    @pytest.mark.parametrize(("hours", "over"), [(30, False), (30.01, True)])
    def test_without_it_a_vial_keeps_for_thirty_hours(self, hours: float, over: bool) -> None:
        clock = self.bare(K.RECEIVED, OUT_BARE, at=hours)
        assert (clock.is_over, clock.running) == (over, True)

    def test_every_stay_outside_adds_up(self) -> None:
        steps = (K.RECEIVED, OUT_BARE, (K.PUT_BACK, 10), (K.TAKEN_OUT, 100, {"in_carton": False}))
        clock = self.bare(*steps, at=121)
        assert (clock.used, clock.left, clock.is_over) == (timedelta(hours=31), timedelta(0), True)

    def test_going_back_renews_neither_stay(self) -> None:
        steps = (K.RECEIVED, OUT_BOXED, (K.PUT_BACK, 24 * 13), (K.TAKEN_OUT, 24 * 100))
        assert self.boxed(*steps, at=24 * 101).used == timedelta(days=14)
        assert not self.boxed(*steps, at=24 * 101).is_over
        assert self.boxed(*steps, at=24 * 101 + 1).is_over

    def test_taking_the_carton_off_turns_from_one_clock_to_the_other(self) -> None:
        boxed, bare = vials.clocks(vial(K.RECEIVED, OUT_BOXED, (K.UNBOXED, 5)), after(7))
        assert (boxed.used, bare.used) == (timedelta(hours=5), timedelta(hours=2))
        assert (boxed.running, bare.running) == (False, True)

    def test_a_reservation_stops_no_clock(self) -> None:
        steps = (K.RECEIVED, OUT_BARE, (K.RESERVED, 2), (K.RELEASED, 3))
        assert self.bare(*steps, at=5).used == timedelta(hours=5)

    def test_quarantine_stops_no_clock(self) -> None:
        assert self.bare(K.RECEIVED, OUT_BARE, (K.QUARANTINED, 2), at=5).used == timedelta(hours=5)

    def test_drawing_up_stops_the_clocks_outside(self) -> None:
        _, bare, drawn = vials.clocks(vial(K.RECEIVED, OUT_BARE, (K.DRAWN, 2)), after(5))
        assert (bare.used, bare.running) == (timedelta(hours=2), False)
        assert (drawn.used, drawn.running) == (timedelta(hours=3), True)

    @pytest.mark.parametrize(
        ("label", "hours", "over"),
        [("us", 4, False), ("us", 4.01, True), ("eu", 6, False), ("eu", 6.01, True), ("", 4.01, True)],
    )
    def test_what_is_drawn_up_keeps_for_the_hours_of_the_sites_label(
        self, label: str, hours: float, over: bool
    ) -> None:
        drawn = vials.clocks(vial(K.RECEIVED, (K.DRAWN, 0), label=label), after(hours))[2]
        assert drawn.is_over is over

    def test_giving_stops_every_clock(self) -> None:
        for clock in vials.clocks(vial(K.RECEIVED, OUT_BARE, (K.DRAWN, 1), (K.GIVEN, 2)), after(500)):
            assert not clock.running
            assert clock.used <= timedelta(hours=1)

    def test_the_time_of_a_dose_that_was_taken_back_counts(self) -> None:
        """The vial had stayed where it was: recording a dose by mistake moves nothing."""
        steps = (K.RECEIVED, OUT_BARE, (K.GIVEN, 2), (K.RESTORED, 10))
        assert self.bare(*steps, at=12).used == timedelta(hours=12)

    def test_wasting_stops_every_clock(self) -> None:
        assert self.bare(K.RECEIVED, OUT_BARE, (K.WASTED, 2), at=500).used == timedelta(hours=2)

    def test_what_is_taken_back_may_be_given_at_its_true_time(self) -> None:
        """Recorded for the wrong person at ten, taken back at noon, recorded rightly as of ten."""
        steps = (K.RECEIVED, (K.GIVEN, 2), (K.RESTORED, 4), (K.GIVEN, 2))
        assert vials.stand(ledger(*steps)).state is State.GIVEN

    @pytest.mark.parametrize(
        ("length", "words"),
        [
            (timedelta(0), "0 min"),
            (timedelta(seconds=59), "0 min"),
            (timedelta(minutes=59), "59 min"),
            (timedelta(hours=1), "1 h"),
            (timedelta(hours=23, minutes=59), "23 h 59 min"),
            (timedelta(days=1), "1 d"),
            (timedelta(days=13, hours=23, minutes=59), "13 d 23 h"),
        ],
    )
    def test_a_measured_time_in_words(self, length: timedelta, words: str) -> None:
        assert vials.duration(length) == words


class TestChoosing:
    def why(self, *steps: object, at: float = 3, day: date = DAY, **facts: object) -> tuple[str, ...]:
        return vials.unfit(vial(*steps, **facts), mg=MG, day=day, at=after(at), dose="M3")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "steps",
        [
            (K.RECEIVED,),
            (K.RECEIVED, K.RESERVED),
            (K.RECEIVED, K.RESERVED, K.TAKEN_OUT),
            (K.RECEIVED, K.RESERVED, K.DRAWN),
        ],
        ids=str,
    )
    def test_a_vial_in_stock_or_reserved_for_this_dose_can_be_chosen(self, steps: tuple[Kind, ...]) -> None:
        assert self.why(*steps) == ()

    def test_a_vial_reserved_for_another_dose_cannot(self) -> None:
        assert self.why(K.RECEIVED, (K.RESERVED, 0, {"dose": "M9"})) == ("It is reserved for another dose.",)

    @pytest.mark.parametrize(
        ("steps", "said"),
        [
            ((K.ORDERED,), "It is on order."),
            ((K.RECEIVED, K.GIVEN), "It is given."),
            ((K.RECEIVED, K.WASTED), "It is wasted."),
            ((K.RECEIVED, K.RETURNED), "It is returned."),
            ((K.RECEIVED, K.QUARANTINED), "It is in quarantine."),
        ],
        ids=str,
    )
    def test_a_vial_that_is_gone_or_held_back_cannot(self, steps: tuple[Kind, ...], said: str) -> None:
        assert self.why(*steps) == (said,)

    def test_a_vial_is_good_through_the_day_of_its_expiry(self) -> None:
        assert self.why(K.RECEIVED, day=DAY) == ()
        assert self.why(K.RECEIVED, day=DAY + timedelta(days=1)) == (
            "It expires on 4 Jul 2026, before the dose on 5 Jul 2026.",
        )

    def test_another_strength_cannot(self) -> None:
        assert self.why(K.RECEIVED, mg=OTHER_MG) == ("It holds 28 mg; the dose is 12 mg.",)

    @pytest.mark.parametrize(
        ("steps", "hours", "said"),
        [
            (
                (K.RECEIVED, OUT_BARE),
                31,
                "It was outside the refrigerator without its carton for 1 d 7 h in all; 30 hours are allowed.",
            ),
            (
                (K.RECEIVED, OUT_BOXED),
                14 * 24 + 1,
                "It was outside the refrigerator in its carton for 14 d 1 h in all; 14 days are allowed.",
            ),
            ((K.RECEIVED, K.DRAWN), 4.5, "It was drawn up 4 h 30 min ago; it must be given within 4 hours."),
        ],
        ids=["without carton", "in carton", "drawn up"],
    )
    def test_a_vial_over_its_clock_cannot(self, steps: tuple[object, ...], hours: float, said: str) -> None:
        assert self.why(*steps, at=hours) == (said,)

    @pytest.mark.parametrize(
        ("steps", "hours", "said"),
        [
            (
                (K.RECEIVED, OUT_BARE),
                31,
                "without its carton for longer than 30 hours.",
            ),
            ((K.RECEIVED, K.DRAWN), 4.5, "It was drawn up longer ago than 4 hours."),
        ],
    )
    def test_where_somebody_confirms_the_sentence_it_does_not_count_the_minutes(
        self, steps: tuple[object, ...], hours: float, said: str
    ) -> None:
        for later in (0, 0.5):
            now = after(hours + later)
            (why,) = vials.unfit(vial(*steps), mg=MG, day=DAY, at=now, to_the_minute=False)
            assert why.endswith(said)

    def test_every_reason_is_said(self) -> None:
        found = self.why(K.RECEIVED, OUT_BARE, (K.WASTED, 40), mg=OTHER_MG, day=DAY + timedelta(days=9))
        assert len(found) == 4

    def test_reading_the_clocks_back_in_time_counts_nothing_twice(self) -> None:
        assert vials.clocks(vial(K.RECEIVED, (K.TAKEN_OUT, 5)), after(1))[0].used == timedelta(0)


def test_the_ledger_is_read_move_by_move() -> None:
    moves = ledger(K.ORDERED, K.RECEIVED, K.RESERVED, K.TAKEN_OUT, K.DRAWN, K.GIVEN, K.RESTORED)
    standing: Standing | None = None
    for move in moves:
        standing = vials.after(standing, move)
    assert standing == vials.stand(moves)
    assert all(earlier.at <= later.at for earlier, later in pairwise(moves))
    assert isinstance(moves[0], Move)
