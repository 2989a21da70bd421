"""The calculator's answers, one at a time and in a batch."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from tests.rules.schedule_stage import LOADED, REGIMENS, attempts, day
from treatments.rules.calculator import Answer, UnknownRegimen, batch, calculate
from treatments.rules.schedule import DoubleDose
from treatments.rules.schedule_entries import BadEntry


def answer(given: str, on: str, regimen: str = "nusinersen-12mg-us", until: str | None = None) -> Answer:
    found = calculate(REGIMENS, regimen, attempts(given), day(on), day(until) if until else None)
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


class TestOneAnswer:
    def test_it_has_every_part_by_name(self) -> None:
        found = answer("2026-01-19:12 2026-01-05", "2026-02-20", until="2026-07-31")

        assert found["next"]["why"].startswith("14 days after loading dose L2 on 19 Jan 2026; the window closed")
        assert found == {
            "regimen": "nusinersen-12mg-us",
            "version": 1,
            "on": "2026-02-20",
            "history": [
                {"ordinal": 1, "label": "L1", "given_on": "2026-01-05", "mg": 12, "flags": []},
                {"ordinal": 2, "label": "L2", "given_on": "2026-01-19", "mg": 12, "flags": []},
            ],
            "next": {
                "ordinal": 3,
                "phase": "loading",
                "label": "L3",
                "mg": 12,
                "floor": "2026-02-02",
                "target": "2026-02-02",
                "opens": "2026-02-02",
                "closes": "2026-02-09",
                "status": "overdue",
                "underlying": None,
                "flags": [],
                "rules": [2, 9],
                "why": found["next"]["why"],
            },
            "projection": [
                {"ordinal": 3, "phase": "loading", "label": "L3", "mg": 12, "target": "2026-02-20"},
                {"ordinal": 4, "phase": "loading", "label": "L4", "mg": 12, "target": "2026-03-22"},
                {"ordinal": 5, "phase": "maintenance", "label": "M1", "mg": 12, "target": "2026-07-22"},
            ],
        }

    def test_dates_that_are_not_known_are_null(self) -> None:
        coming = answer("", "2026-01-05")["next"]

        assert [coming[name] for name in ("floor", "target", "opens", "closes", "underlying")] == [None] * 5
        assert answer("", "2026-01-05")["projection"] == []

    def test_the_flags_of_the_history_are_those_of_the_answer_too(self) -> None:
        found = answer(f"{LOADED} 2026-03-17 2026-07-20", "2026-07-21")

        assert [dose["flags"] for dose in found["history"]][4:] == [["interval_short", "early_reanchored"], []]
        assert found["next"]["flags"] == ["interval_short", "early_reanchored"]

    def test_what_a_review_hides_is_said(self) -> None:
        coming = answer("2026-05-04 2026-05-18", "2026-11-01", "nusinersen-high-dose")["next"]

        assert (coming["status"], coming["underlying"], coming["mg"]) == ("review", "overdue", 28)

    @pytest.mark.parametrize(("amount", "number"), [("12", "12"), ("12.0", "12"), ("9.6", "9.6")])
    def test_an_amount_is_a_number(self, amount: str, number: str) -> None:
        assert json.dumps(answer(f"2026-01-05:{amount}", "2026-01-06")["history"][0]["mg"]) == number

    def test_without_an_end_twelve_months_are_projected(self) -> None:
        targets = [dose["target"] for dose in answer(LOADED, "2026-07-04")["projection"]]

        assert targets == ["2026-07-04", "2026-11-04", "2027-03-04", "2027-07-04"]

    def test_an_unknown_regimen_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(UnknownRegimen, match="“oral”; there are nusinersen-12mg-eu, nusinersen-12mg-us, nusin"):
            calculate(REGIMENS, "oral", (), day("2026-01-05"))

    def test_where_there_are_no_regimens_it_says_so(self) -> None:
        with pytest.raises(UnknownRegimen, match="“oral”; there are none"):
            calculate({}, "oral", (), day("2026-01-05"))

    def test_two_doses_on_one_day_are_refused(self) -> None:
        with pytest.raises(DoubleDose, match="2026-01-05"):
            answer("2026-01-05 2026-01-05:6", "2026-01-06")

    @pytest.mark.parametrize("given", ["9999-12-25", "9999-08-01 9999-08-15 9999-08-29 9999-09-28"])
    def test_a_date_beyond_the_calendar_is_refused(self, given: str) -> None:
        with pytest.raises(BadEntry, match="beyond the end of the calendar"):
            answer(given, "9999-12-31")


def lines(*entries: Any) -> Iterator[Answer]:
    texts = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    return map(json.loads, batch(REGIMENS, texts))


GOOD = {"regimen": "nusinersen-12mg-us", "given": [["2026-01-05", 12]], "on": "2026-01-10"}


class TestABatch:
    def test_each_line_has_the_answer_it_would_have_alone(self) -> None:
        high = {"regimen": "nusinersen-high-dose", "given": [["2026-05-04", 50]], "on": "2026-05-10"}

        found = list(lines(GOOD, high))

        assert found == [
            answer("2026-01-05", "2026-01-10"),
            answer("2026-05-04", "2026-05-10", "nusinersen-high-dose"),
        ]

    def test_one_line_comes_out_for_one_line(self) -> None:
        (text,) = batch(REGIMENS, [json.dumps(GOOD) + "\n"])

        assert "\n" not in text

    def test_the_projection_ends_where_it_was_asked_to(self) -> None:
        (text,) = batch(REGIMENS, [json.dumps(GOOD)], day("2026-02-02"))

        assert [dose["label"] for dose in json.loads(text)["projection"]] == ["L2", "L3"]

    @pytest.mark.parametrize("given", [[["2026-01-05"]], [["2026-01-05", None]], [["2026-01-05", 12.0]]])
    def test_an_amount_may_be_left_out(self, given: object) -> None:
        (found,) = lines(GOOD | {"given": given})

        assert found["history"][0]["mg"] == 12

    def test_no_dose_given_may_be_left_out(self) -> None:
        (found,) = lines({"regimen": "nusinersen-12mg-us", "on": "2026-01-10"})

        assert found["next"]["status"] == "not_started"

    @pytest.mark.parametrize(
        ("bad", "error"),
        [
            ("", "The line is not JSON: Expecting value at character 1."),
            ("{", "The line is not JSON: "),
            ("[]", "A line is an object"),
            (GOOD | {"given": "2026-01-05"}, "A line is an object"),
            (GOOD | {"given": ["2026-01-05"]}, "A dose is written like"),
            (GOOD | {"given": [["2026-01-05", 12, 1]]}, "A dose is written like"),
            (GOOD | {"given": [["2026-13-05", 12]]}, "“2026-13-05” is not a date"),
            (GOOD | {"given": [["2026-01-05", "much"]]}, "“much” is not an amount in mg"),
            (GOOD | {"given": [["2026-01-05", 12], ["2026-01-05", 12]]}, "Two completed doses are recorded on 2026-01"),
            (GOOD | {"on": None}, "“None” is not a date"),
            (GOOD | {"regimen": "oral"}, "There is no regimen “oral”"),
            ({"given": [], "on": "2026-01-10"}, "There is no regimen “None”"),
            (GOOD | {"given": [["9999-12-25", 12]]}, "A date lies beyond the end of the calendar."),
            ('{"on": ' + "9" * 5000 + "}", "Exceeds the limit"),
            ('{"on": ' + "[" * 100_000, "maximum recursion depth exceeded"),
        ],
    )
    def test_a_bad_line_is_answered_in_its_place(self, bad: object, error: str) -> None:
        before, found, after = lines(GOOD, bad, GOOD)

        assert list(found) == ["error"]
        assert found["error"].startswith(error)
        assert before == after == answer("2026-01-05", "2026-01-10")

    def test_answers_come_as_the_lines_are_read(self) -> None:
        def endless() -> Iterator[str]:
            while True:
                yield json.dumps(GOOD)

        assert len(list(islice(batch(REGIMENS, endless()), 3))) == 3
