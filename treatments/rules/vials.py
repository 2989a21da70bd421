"""A vial's ledger: which moves are legal, what they lead to, its storage clocks, and whether it can be chosen.

"The dose day" of clinical-rules.md. A vial is what its ledger says: `stand` replays the moves from the first one, and
nothing about a vial's state is believed that the replay does not give. Taking back what was recorded of a dose restores
the very state before it, whether the vial was given or wasted. The limits come from the product record; both clocks
outside the refrigerator count every stay together, so that going back in renews neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from monographs.rules.product import Storage, in_words
from treatments.rules.schedule_words import in_words as day_in_words


class State(StrEnum):
    """What a vial is; the values are keys of `clinic.statuses.VIAL`."""

    ORDERED = "ordered"
    RECEIVED = "received"
    RESERVED = "reserved"
    OUT = "out"
    DRAWN = "drawn"
    GIVEN = "given"
    WASTED = "wasted"
    RETURNED = "returned"
    QUARANTINED = "quarantined"


class Kind(StrEnum):
    """One move of a vial."""

    ORDERED = "ordered"
    RECEIVED = "received"
    RESERVED = "reserved"
    RELEASED = "released"
    TAKEN_OUT = "taken_out"
    UNBOXED = "unboxed"
    PUT_BACK = "put_back"
    DRAWN = "drawn"
    GIVEN = "given"
    RESTORED = "restored"
    WASTED = "wasted"
    RETURNED = "returned"
    QUARANTINED = "quarantined"
    FREED = "freed"


_S = State
# From which states each move may be made. None: the vial is not in the ledger yet.
FROM: dict[Kind, frozenset[State | None]] = {
    Kind.ORDERED: frozenset({None}),
    Kind.RECEIVED: frozenset({None, _S.ORDERED}),
    Kind.RESERVED: frozenset({_S.RECEIVED, _S.OUT}),
    Kind.RELEASED: frozenset({_S.RESERVED, _S.OUT, _S.DRAWN}),
    Kind.TAKEN_OUT: frozenset({_S.RECEIVED, _S.RESERVED}),
    Kind.UNBOXED: frozenset({_S.OUT}),
    Kind.PUT_BACK: frozenset({_S.OUT, _S.QUARANTINED}),
    Kind.DRAWN: frozenset({_S.RECEIVED, _S.RESERVED, _S.OUT}),
    Kind.GIVEN: frozenset({_S.RECEIVED, _S.RESERVED, _S.OUT, _S.DRAWN}),
    Kind.RESTORED: frozenset({_S.GIVEN, _S.WASTED}),
    Kind.WASTED: frozenset({_S.RECEIVED, _S.RESERVED, _S.OUT, _S.DRAWN, _S.QUARANTINED}),
    Kind.RETURNED: frozenset({_S.RECEIVED, _S.OUT, _S.QUARANTINED}),
    Kind.QUARANTINED: frozenset({_S.RECEIVED, _S.RESERVED, _S.OUT, _S.DRAWN}),
    Kind.FREED: frozenset({_S.QUARANTINED}),
}
# By how much each move changes what is on hand: the sum over the ledger is the stock.
CHANGE: dict[Kind, int] = dict.fromkeys(Kind, 0) | {
    Kind.RECEIVED: 1,
    Kind.GIVEN: -1,
    Kind.RESTORED: 1,
    Kind.WASTED: -1,
    Kind.RETURNED: -1,
}
# Moves after which the vial is still in stock, whoever it is for and wherever it stands.
_WITHIN = frozenset({Kind.RESERVED, Kind.RELEASED, Kind.TAKEN_OUT, Kind.UNBOXED, Kind.PUT_BACK, Kind.DRAWN})
_ON_PAPER = frozenset({Kind.RESERVED, Kind.RELEASED})
NEEDS_REASON = frozenset({Kind.RELEASED, Kind.RESTORED, Kind.WASTED, Kind.RETURNED, Kind.QUARANTINED, Kind.FREED})
ON_HAND = frozenset({_S.RECEIVED, _S.RESERVED, _S.OUT, _S.DRAWN, _S.QUARANTINED})
# What can still become somebody's dose.
USABLE = frozenset({_S.RECEIVED, _S.RESERVED, _S.OUT, _S.DRAWN})

_WORDS = {
    _S.ORDERED: "on order",
    _S.RECEIVED: "in stock",
    _S.RESERVED: "reserved for a dose",
    _S.OUT: "out of the refrigerator",
    _S.DRAWN: "drawn up",
    _S.GIVEN: "given",
    _S.WASTED: "wasted",
    _S.RETURNED: "returned",
    _S.QUARANTINED: "in quarantine",
}
_DONE = {
    Kind.ORDERED: "ordered",
    Kind.RECEIVED: "received",
    Kind.RESERVED: "reserved",
    Kind.RELEASED: "released",
    Kind.TAKEN_OUT: "taken out of the refrigerator",
    Kind.UNBOXED: "taken out of its carton",
    Kind.PUT_BACK: "put back into the refrigerator",
    Kind.DRAWN: "drawn up",
    Kind.GIVEN: "given",
    Kind.RESTORED: "restored",
    Kind.WASTED: "wasted",
    Kind.RETURNED: "returned",
    Kind.QUARANTINED: "put in quarantine",
    Kind.FREED: "released from quarantine",
}


class IllegalMove(ValueError):
    """The vial cannot make this move from where it is. The message says both."""


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the ledger, at an instant. `dose` is the caller's own key of the dose a vial is reserved for or given.

    `in_carton` belongs to taking out: whether the vial stays in its carton, which keeps the light from it.
    """

    kind: Kind
    at: datetime
    dose: str = ""
    in_carton: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a vial stands since `at`. `dose` is whom it is reserved for; `is_out`: it is outside the refrigerator.

    `boxed` and `bare` are the times it had spent outside by then, in its carton and without. `before` is the standing
    that taking the record of a dose back restores.
    """

    stage: State
    at: datetime
    dose: str = ""
    is_out: bool = False
    in_carton: bool = True
    boxed: timedelta = timedelta(0)
    bare: timedelta = timedelta(0)
    drawn_at: datetime | None = None
    before: "Standing | None" = None

    @property
    def state(self) -> State:
        """Return the one word for it: outside the refrigerator comes before reserved, drawn up before both."""
        if self.stage is not State.RECEIVED:
            return self.stage
        if self.is_out:
            return State.OUT
        return State.RESERVED if self.dose else State.RECEIVED

    def until(self, at: datetime) -> "Standing":
        """Return the same standing at a later instant, the time outside until then counted."""
        spent = max(at - self.at, timedelta(0)) if self.is_out and self.stage in ON_HAND else timedelta(0)
        if self.in_carton:
            return replace(self, at=at, boxed=self.boxed + spent)
        return replace(self, at=at, bare=self.bare + spent)


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a vial has been somewhere in all, against its limit. `running`: it is there now."""

    about: str
    used: timedelta
    limit: timedelta
    running: bool

    @property
    def left(self) -> timedelta:
        """Return what is left, nothing once it is used up."""
        return max(self.limit - self.used, timedelta(0))

    @property
    def is_over(self) -> bool:
        """Say whether the limit was passed; reaching it is allowed."""
        return self.used > self.limit


@dataclass(frozen=True, slots=True)
class Vial:
    """What choosing a vial depends on. `storage` are its product's limits, `label` the region whose label a site uses.

    `expires_on` is None while it is on order.
    """

    mg: Decimal
    expires_on: date | None
    moves: tuple[Move, ...]
    storage: Storage
    label: str = ""


def stand(moves: Sequence[Move]) -> Standing:
    """Return where the moves lead. Raises IllegalMove for the first one that could not have been made."""
    standing: Standing | None = None
    for move in moves:
        standing = after(standing, move)
    if standing is None:
        raise IllegalMove("A vial begins by being ordered or received.")
    return standing


def after(standing: Standing | None, move: Move) -> Standing:
    """Return where one move leads. Raises IllegalMove."""
    _allow(standing, move)
    if standing is None or move.kind in {Kind.ORDERED, Kind.RECEIVED}:
        return Standing(State.ORDERED if move.kind is Kind.ORDERED else State.RECEIVED, move.at)
    if move.kind is Kind.RESTORED:
        # As if it had never been used: the time since its last move before that counts on.
        return standing.before or standing
    if move.kind in _WITHIN:
        # Whom it is for moves no vial: what was done with it may still be written down as earlier than that.
        here = standing if move.kind in _ON_PAPER else standing.until(move.at)
        return replace(here, **_within(move))
    return _to_stage(standing, move)


def _within(move: Move) -> dict[str, Any]:
    """Return what a move changes of a vial that stays in stock."""
    changes: dict[Kind, dict[str, Any]] = {
        Kind.RESERVED: {"dose": move.dose},
        Kind.RELEASED: {"dose": ""},
        Kind.TAKEN_OUT: {"is_out": True, "in_carton": move.in_carton},
        Kind.UNBOXED: {"in_carton": False},
        Kind.PUT_BACK: {"is_out": False},
        Kind.DRAWN: {"stage": State.DRAWN, "drawn_at": move.at, "is_out": False, "in_carton": False},
    }
    return changes[move.kind]


def _to_stage(standing: Standing, move: Move) -> Standing:
    """Return where giving, wasting, returning, quarantining and releasing from quarantine lead: nobody's vial."""
    stage = State.RECEIVED if move.kind is Kind.FREED else State(move.kind.value)
    if stage is State.RECEIVED and standing.drawn_at is not None:
        stage = State.DRAWN
    before = standing if stage in {State.GIVEN, State.WASTED} else None
    return replace(standing.until(move.at), stage=stage, dose="", before=before)


def _allow(standing: Standing | None, move: Move) -> None:
    state = None if standing is None else standing.state
    if state not in FROM[move.kind]:
        where = "not in the ledger yet" if state is None else _WORDS[state]
        raise IllegalMove(f"This vial is {where}; it cannot be {_DONE[move.kind]}.")
    refusal = "" if standing is None else _refusal(standing, move)
    if refusal:
        raise IllegalMove(refusal)


def _refusal(standing: Standing, move: Move) -> str:
    """Return what stands in the way of a move besides the state, "" when nothing does."""
    kind, others = move.kind, standing.dose not in {"", move.dose}
    # A vial that is written off in stock names no dose, whomever it was for.
    at_a_dose = kind is Kind.GIVEN or (kind is Kind.WASTED and move.dose != "")
    refusals = (
        (move.at < standing.at, "The ledger goes forward: this time lies before the vial’s last move."),
        (kind is Kind.RESERVED and bool(standing.dose), "This vial is reserved for a dose already."),
        (kind is Kind.RESERVED and not move.dose, "A vial is reserved for a dose; name it."),
        (kind is Kind.RELEASED and not standing.dose, "This vial is reserved for no dose."),
        (at_a_dose and others, "This vial is reserved for another dose; release it first."),
        (kind is Kind.UNBOXED and not standing.in_carton, "This vial is out of its carton already."),
        (kind is Kind.PUT_BACK and not standing.is_out, "This vial is in the refrigerator."),
    )
    return next((sentence for applies, sentence in refusals if applies), "")


def possible(standing: Standing) -> tuple[Kind, ...]:
    """Return the moves that can be made now, in the order of the work."""
    legal = []
    for kind in Kind:
        try:
            after(standing, Move(kind, standing.at, dose="any" if kind is Kind.RESERVED else standing.dose))
        except IllegalMove:
            continue
        legal.append(kind)
    return tuple(legal)


def clocks(vial: Vial, at: datetime) -> tuple[Clock, ...]:
    """Return the storage clocks at an instant: outside in the carton, outside without it, and since drawing up.

    The last is there only for a vial that is drawn up. What is given, wasted or returned has stopped them all. A
    record that was taken back stopped none: the vial had stayed where it was.
    """
    last = stand(vial.moves)
    here = last.stage in ON_HAND
    now = last.until(at) if here else last
    outside, storage = here and now.is_out, vial.storage
    found = (
        Clock("Outside, in its carton", now.boxed, storage.in_carton.lasts, outside and now.in_carton),
        Clock("Outside, without carton", now.bare, storage.out_of_carton.lasts, outside and not now.in_carton),
    )
    if now.drawn_at is None:
        return found
    since = max(now.at - now.drawn_at, timedelta(0))
    return (*found, Clock("Since drawn up", since, storage.drawn_up_limit(vial.label), running=here))


def unfit(
    vial: Vial, *, mg: Decimal, day: date, at: datetime, dose: str = "", to_the_minute: bool = True
) -> tuple[str, ...]:
    """Return why a vial cannot be a dose of `mg` on a local day, as whole sentences; none when it can.

    `at` is the instant at which the clocks are read, `dose` the key of the dose it is wanted for. A sentence that
    somebody reads now and confirms in a while must not change in between: it leaves `to_the_minute` out.
    """
    standing = stand(vial.moves)
    reasons = []
    if standing.stage not in {State.RECEIVED, State.DRAWN}:
        reasons.append(f"It is {_WORDS[standing.state]}.")
    elif standing.dose not in {"", dose}:
        reasons.append("It is reserved for another dose.")
    if vial.mg != mg:
        reasons.append(f"It holds {_plain(vial.mg)} mg; the dose is {_plain(mg)} mg.")
    if vial.expires_on is not None and vial.expires_on < day:
        reasons.append(_too_old(vial.expires_on, day))
    reasons += [_over(clock, to_the_minute=to_the_minute) for clock in clocks(vial, at) if clock.is_over]
    return tuple(reasons)


def _too_old(expires_on: date, day: date) -> str:
    return f"It expires on {day_in_words(expires_on)}, before the dose on {day_in_words(day)}."


def _over(clock: Clock, *, to_the_minute: bool) -> str:
    told = {
        "Outside, in its carton": "It was outside the refrigerator in its carton for",
        "Outside, without carton": "It was outside the refrigerator without its carton for",
        "Since drawn up": "It was drawn up",
    }[clock.about]
    spent, drawn_up = duration(clock.used), clock.about == "Since drawn up"
    if not to_the_minute:
        return f"{told} {'longer ago' if drawn_up else 'longer'} than {in_words(clock.limit)}."
    if drawn_up:
        return f"{told} {spent} ago; it must be given within {in_words(clock.limit)}."
    return f"{told} {spent} in all; {in_words(clock.limit)} are allowed."


def duration(length: timedelta) -> str:
    """Say a measured time: "2 d 3 h", "5 h 20 min", "0 min"."""
    minutes = length // timedelta(minutes=1)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
