"""Any sequence of moves: a vial is given once, is wanted by one dose, and the ledger’s sum is what there is."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.rules.vial_stage import START, vial
from treatments.rules import vials
from treatments.rules.vials import CHANGE, ON_HAND, IllegalMove, Kind, Move, Standing, State

DOSES = ("L1", "L2")


class Ledgers(RuleBasedStateMachine):
    """Three vials and two doses, moved at random; whatever the rule refuses leaves no row."""

    @initialize(firsts=st.lists(st.sampled_from([Kind.ORDERED, Kind.RECEIVED]), min_size=3, max_size=3))
    def begin(self, firsts: list[Kind]) -> None:
        self.now = START
        self.ledgers = [[Move(kind, START)] for kind in firsts]

    @rule(
        which=st.integers(0, 2),
        kind=st.sampled_from(Kind),
        dose=st.sampled_from(DOSES),
        in_carton=st.booleans(),
        hours=st.integers(0, 9),
    )
    def move(self, which: int, kind: Kind, dose: str, in_carton: bool, hours: int) -> None:
        self.now += timedelta(hours=hours)
        ledger = self.ledgers[which]
        before = vials.stand(ledger)
        wanted = Move(kind, self.now, dose if kind in {Kind.RESERVED, Kind.GIVEN} else "", in_carton)
        try:
            standing = vials.after(before, wanted)
        except IllegalMove:
            assert kind not in vials.possible(before) or before.dose not in {"", dose}
            return
        ledger.append(wanted)
        if kind is Kind.RESTORED:
            assert standing == before.before

    @invariant()
    def the_stock_is_the_sum_of_the_ledger(self) -> None:
        for ledger, standing in self.standings():
            assert sum(CHANGE[move.kind] for move in ledger) == (standing.state in ON_HAND)

    @invariant()
    def a_vial_is_used_up_only_while_it_is_given_or_wasted(self) -> None:
        for ledger, standing in self.standings():
            used = sum((move.kind in {Kind.GIVEN, Kind.WASTED}) - (move.kind is Kind.RESTORED) for move in ledger)
            assert used == (standing.state in {State.GIVEN, State.WASTED})

    @invariant()
    def only_what_can_be_given_is_reserved(self) -> None:
        for _, standing in self.standings():
            assert not standing.dose or standing.state in {State.RESERVED, State.OUT, State.DRAWN}

    @invariant()
    def a_state_is_the_one_the_next_moves_ask_for(self) -> None:
        for _, standing in self.standings():
            assert all(standing.state in vials.FROM[kind] for kind in vials.possible(standing))

    @invariant()
    def clocks_run_only_outside_and_never_back(self) -> None:
        for ledger, standing in self.standings():
            one = replace(vial(), moves=tuple(ledger))
            now, later = (vials.clocks(one, self.now + timedelta(hours=ahead)) for ahead in (0, 1))
            for first, second in zip(now, later, strict=True):
                grew = second.used - first.used
                assert grew == (timedelta(hours=1) if first.running else timedelta(0))
                assert not first.running or standing.state in ON_HAND

    def standings(self) -> list[tuple[list[Move], Standing]]:
        return [(ledger, vials.stand(ledger)) for ledger in self.ledgers]


Ledgers.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLedgers = Ledgers.TestCase
