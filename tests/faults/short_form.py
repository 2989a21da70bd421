"""The fault bench in its short form, each guard beside the failure that comes without it.

Its rows go by the clock, so that it wants a quiet machine: `python -m pytest tests/faults/short_form.py` plays it, and
`make test` does not.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.faults import servers
from tests.faults.ledger import CUT, DROPPED, TAKEN, Count, Entry, Fault, judge
from tests.faults.nursery import Nursery, open_nursery
from tests.faults.report import Result, shortfalls, table
from tests.faults.rows import ROWS, play
from treatments.reminders.models import Reminder

BY_NAME = {row.name: row for row in ROWS}
Play = Callable[..., Result]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with open_nursery() as made:
        yield made


@pytest.fixture
def bench(nursery: Nursery, transactional_db: None) -> Play:
    """Return a way to play a row in its short form; it skips what this database or this machine does not allow."""

    def played(name: str, **told: Any) -> Result:
        row = BY_NAME[name]
        if connection.vendor not in row.databases:
            pytest.skip("This fault does not exist on this database.")
        if lacking := row.lacking():
            pytest.skip(lacking)
        return play(row, nursery, short=True, say=lambda _text: None, **told)

    return played


@pytest.mark.parametrize("name", [row.name for row in ROWS if row.name != "restart"])
def test_nothing_is_lost_and_no_copy_is_unexplained(bench: Play, name: str) -> None:
    result = bench(name)
    assert result.holds, table([result])
    assert result.count.owed > 0


class TestWithoutTheGuard:
    """The same rows with one guard missing: if these fail, the rows above may prove nothing."""

    def test_a_lease_that_never_ends_loses_what_a_dead_sender_held(self, bench: Play) -> None:
        assert bench("points", off=("lease",), lease=0.5, seconds=5).count.lost > 0

    def test_a_late_sender_overwrites_the_record_without_a_token(self, bench: Play) -> None:
        result = bench("stop", off=("token",), size=(4, 1), lease=1.0)
        assert result.figures["overwritten"] == 1

    def test_a_mail_tells_what_no_longer_holds_without_a_second_look(self, bench: Play) -> None:
        assert bench("races", off=("look",), size=(4, 4), seconds=30).figures["wrong"] > 0

    def test_a_sender_that_does_not_finish_leaves_a_copy(self, bench: Play) -> None:
        result = bench("term", off=("drain",), size=(20, 4), lease=1.0, think=0.1)
        assert result.count.doubled > 0

    def test_one_poisoned_mail_holds_up_all_others(self, bench: Play) -> None:
        assert bench("poison", off=("aside",), seconds=3).count.lost == 12

    def test_what_the_server_puts_off_is_lost_without_a_second_try(self, bench: Play) -> None:
        assert bench("smtp", off=("later",), size=(20, 8), seconds=4).count.lost > 0

    def test_a_record_that_is_tried_once_leads_to_a_copy(self, bench: Play) -> None:
        result = bench("terminate", off=("insist",), size=(20, 8), lease=1.0, think=0.05)
        assert result.count.doubled > result.count.explained

    def test_planners_at_once_write_a_line_twice_without_its_key(self, bench: Play) -> None:
        key = next(one for one in Reminder._meta.constraints if one.name == "a_line_is_owed_once_to_a_person")
        with connection.schema_editor() as editor:
            editor.remove_constraint(Reminder, key)
        try:
            result = bench("planners")
        finally:
            with connection.schema_editor() as editor:
                editor.add_constraint(Reminder, key)
        assert result.figures["doubled lines"] > 0


def mail(to: str, *, by: int = 1, at: float = 0, copy: int = 1, what: str = TAKEN, message: str = "") -> Entry:
    return Entry(what, by, at, message or f"<{to}>", to, attempt=copy)


class TestTheJudge:
    """Who counts is counted: what a row calls lost, doubled and explained."""

    def test_everybody_with_one_mail_is_right(self) -> None:
        assert judge([mail("a"), mail("b")], {"a", "b"}) == Count(2, 2, 0, 0, 0, 0)

    def test_who_has_none_has_lost_it(self) -> None:
        assert judge([mail("a")], {"a", "b"}) == Count(2, 1, 1, 0, 0, 0)

    def test_a_mail_that_nobody_is_owed_is_unexpected(self) -> None:
        assert judge([mail("a"), mail("c")], {"a"}).unexpected == 1

    @pytest.mark.parametrize(
        ("faults", "explained"),
        [([Fault(1, 0.5)], 1), ([Fault(2, 0.5)], 0), ([], 0), ([Fault(1, -0.5, 0.5)], 1), ([Fault(1, -9, -8)], 0)],
    )
    def test_a_copy_is_explained_by_what_was_done_to_the_one_before(self, faults: list[Fault], explained: int) -> None:
        copies = [mail("a"), mail("a", by=2, at=1, copy=2)]
        assert judge(copies, {"a"}, faults) == Count(1, 1, 0, 1, explained, 0)

    def test_a_kill_explains_only_the_last_mail_of_its_process(self) -> None:
        entries = [mail("a"), mail("b", at=0.1), mail("a", by=2, at=1, copy=2)]
        assert judge(entries, {"a", "b"}, [Fault(1, 0.5)]).explained == 0

    def test_a_drop_by_the_server_explains_itself(self) -> None:
        assert judge([mail("a", what=DROPPED), mail("a", at=1, copy=2)], {"a"}) == Count(1, 1, 0, 1, 1, 0)

    def test_a_copy_under_another_id_is_unexpected(self) -> None:
        assert judge([mail("a"), mail("a", at=1, copy=2, message="<other>")], {"a"}).unexpected == 1

    def test_a_copy_that_does_not_say_so_is_unexpected(self) -> None:
        assert judge([mail("a"), mail("a", at=1)], {"a"}).unexpected == 1

    def test_a_connection_that_was_cut_is_no_mail(self) -> None:
        assert judge([mail("a"), mail("a", what=CUT, at=1)], {"a"}) == Count(1, 1, 0, 0, 0, 0)


class TestTheVerdict:
    @pytest.mark.parametrize(
        ("count", "allowed", "holds"),
        [
            (Count(9, 9, 0, 0, 0, 0), 0, True),
            (Count(9, 8, 1, 0, 0, 0), 0, False),
            (Count(9, 9, 0, 2, 2, 0), 2, True),
            (Count(9, 9, 0, 3, 3, 0), 2, False),
            (Count(9, 9, 0, 2, 1, 0), 2, False),
            (Count(9, 9, 0, 0, 0, 1), 0, False),
        ],
    )
    def test_a_row_holds_up_to_its_bound(self, count: Count, allowed: int, holds: bool) -> None:
        assert Result("row", count, 0, shortfalls(count, most_doubled=allowed)).holds is holds

    def test_what_else_must_hold_is_said_in_words(self) -> None:
        assert shortfalls(Count(1, 1, 0, 0, 0, 0), all_is_well=False) == ("not so: all is well",)

    def test_the_table_says_which_row_falls_short(self) -> None:
        bad, good = Result("one", Count(1, 0, 1, 0, 0, 0), 3, ("1 lost",)), Result("two", Count(1, 1, 0, 0, 0, 0), 3)
        lines = table([bad, good]).splitlines()
        assert [line.split()[0] for line in lines if "FALLS SHORT" in line] == ["one"]
        assert "one: 1 lost" in lines


def test_a_server_of_its_own_ends_with_the_bench(tmp_path: Path) -> None:
    if not servers.OWN_REDIS:
        pytest.skip("redis-server is not here.")
    redis = servers.Redis(tmp_path)
    redis.start()
    process = redis.process
    redis.flush()
    redis.stop()
    assert process is not None
    assert process.poll() is not None


def test_what_a_row_started_has_ended_by_the_time_it_is_judged(bench: Play, nursery: Nursery) -> None:
    began = time.monotonic()
    assert not bench("kill", size=(500, 0), seconds=1).holds
    assert time.monotonic() - began < 30
    assert not nursery.alive
    assert not Reminder.objects.exists()
