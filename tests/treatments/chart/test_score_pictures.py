"""Motor scores as pictures: finished numbers, words, and the lines from which a change matters."""

from datetime import date
from uuid import uuid4

import pytest

from treatments.chart.pictures import DoseDay
from treatments.chart.score_pictures import ScorePicture, score_pictures
from treatments.outcomes.queries import ScorePoint, ScoreTrend
from treatments.rules.motor_scores import SCALES

TODAY = date(2026, 7, 4)
FIRST, SECOND, LAST = date(2026, 1, 5), date(2026, 4, 5), date(2026, 7, 2)


def trend(*values: int, scale: str = "hfmse") -> ScoreTrend:
    days = (FIRST, SECOND, LAST)
    points = tuple(ScorePoint(uuid4(), day, value, "Fay", "") for day, value in zip(days, values, strict=False))
    return ScoreTrend(SCALES[scale], points)


def drawn(*values: int, scale: str = "hfmse") -> ScorePicture:
    found = score_pictures((trend(*values, scale=scale),), (), TODAY)
    assert found is not None
    return found.pictures[0]


def test_without_scores_nothing_is_drawn() -> None:
    assert score_pictures((), (DoseDay(FIRST, "L1", "given"),), TODAY) is None


def test_all_scales_share_one_axis_with_the_doses_and_today() -> None:
    found = score_pictures((trend(30, 33), trend(20, scale="rulm")), (DoseDay(FIRST, "L1", "given"),), TODAY)
    assert found is not None
    assert [picture.name for picture in found.pictures] == ["HFMSE", "RULM"]
    assert found.doses[0].x == found.pictures[0].dots[0].x == found.pictures[1].dots[0].x
    assert found.today == "98.5%"


@pytest.mark.parametrize(
    ("values", "scale", "lines"),
    [
        ((30, 33), "hfmse", ["27", "33"]),
        ((1, 2), "hfmse", ["4"]),
        ((65,), "hfmse", ["62"]),
        ((300,), "six_minute_walk", ["270", "330"]),
        ((3, 4), "who_milestones", []),
    ],
)
def test_the_lines_lie_one_smallest_change_from_the_first_score_within_the_scale(
    values: tuple[int, ...], scale: str, lines: list[str]
) -> None:
    assert [line.label for line in drawn(*values, scale=scale).lines] == lines


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ((30,), "first score"),
        ((30, 30), "as at first"),
        ((30, 32), "+2 since 5 Jan 2026"),
        ((30, 33), "+3 since 5 Jan 2026, a change that matters"),
        ((30, 27), "-3 since 5 Jan 2026, a change that matters"),
        ((30, 20, 30), "as at first"),
    ],
)
def test_the_last_score_is_compared_with_the_first(values: tuple[int, ...], since: str) -> None:
    assert drawn(*values).since == since


def test_a_higher_score_is_drawn_higher_and_a_dot_says_its_day() -> None:
    low, high = drawn(30, 33).dots
    assert float(high.y) < float(low.y)
    assert high.about == "5 Apr 2026: 33"
    assert len(drawn(30, 33, 35).segments) == 2


def test_without_lines_the_first_and_the_last_score_are_written_at_the_edge() -> None:
    assert [mark.label for mark in drawn(3, 5, 4, scale="who_milestones").marks] == ["3", "4"]
    assert drawn(30, 33).marks == ()


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ("hfmse", "Dashed: 3 points more or less than at first, the smallest change that matters."),
        ("six_minute_walk", "Dashed: 30 m more or less than at first"),
        ("who_milestones", "No smallest change that matters is known for WHO milestones"),
    ],
)
def test_what_the_lines_are_is_said_or_that_no_smallest_change_is_known(scale: str, said: str) -> None:
    assert drawn(3, scale=scale).about_change.startswith(said)


def test_the_sources_and_how_exact_the_measuring_is_stand_beside_it() -> None:
    said = drawn(30).sources
    assert said.startswith("Smallest change that matters: thresholds of a series of 120 treated patients")
    assert said.endswith("Measuring by itself varies by 4.7 points in 26 patients (doi 10.2490/prm.20250001).")
    assert "Measuring" not in drawn(30, scale="chop_intend").sources
    assert drawn(3, scale="who_milestones").sources == ""


def test_the_picture_is_told_in_a_sentence() -> None:
    assert drawn(30).summary == "1 score of HFMSE: 30 on 5 Jan 2026."
    assert drawn(30, 33).summary == (
        "2 scores of HFMSE between 5 Jan 2026 and 5 Apr 2026; first 30, last 33, +3 since 5 Jan 2026, a change that"
        + " matters."
    )


def test_the_table_lists_every_score_the_newest_first_with_its_share() -> None:
    assert [(row.when, row.score) for row in drawn(48, 51, scale="mfm32").rows] == [
        ("5 Apr 2026", "51 (53 %)"),
        ("5 Jan 2026", "48 (50 %)"),
    ]
