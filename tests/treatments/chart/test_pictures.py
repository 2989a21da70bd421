"""Laboratory trends as pictures: what is drawn, and what is said to those who cannot see it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from treatments.chart.pictures import DoseDay, Picture, Pictures, pictures
from treatments.labs.queries import Point, Trend, Voided
from treatments.rules.monitoring import NO_RANGE, Range, analyte, standing

TODAY = date(2026, 7, 4)
LONDON = ZoneInfo("Europe/London")
NORMAL = Range(Decimal(150), Decimal(400))


def point(value: str, on: date = date(2026, 7, 2), **facts: Any) -> Point:
    """Return a platelet result unless `facts` say otherwise."""
    kept = Decimal(facts.pop("kept", value))
    comparator, reference = facts.pop("comparator", ""), facts.pop("reference", NO_RANGE)
    given: dict[str, Any] = {"laboratory": "Northlab", "entered_by": "Nadia", "unit": "10*9/L"}
    return Point(
        id=uuid4(),
        collected_at=datetime.combine(on, datetime.min.time(), tzinfo=UTC) + timedelta(hours=8),
        collected_on=on,
        value=Decimal(value),
        comparator=comparator,
        kept=kept,
        reference=reference,
        standing=standing(kept, comparator, reference),
        **(given | facts),
    )


def drawn(*points: Point, key: str = "platelets", doses: tuple[DoseDay, ...] = ()) -> Pictures:
    found = pictures((Trend(analyte(key), points),), doses, TODAY, LONDON)
    assert found is not None
    return found


def one(*points: Point, key: str = "platelets") -> Picture:
    (picture,) = drawn(*points, key=key).pictures
    return picture


def test_without_results_there_is_nothing_to_draw() -> None:
    assert pictures((), (DoseDay(TODAY, "L1", "given"),), TODAY, LONDON) is None


class TestTheLastValue:
    def test_it_is_said_in_words_with_its_day(self) -> None:
        picture = one(point("190", date(2026, 6, 1)), point("212"))
        assert (picture.name, picture.last) == ("Platelets", "212 ×10⁹/L")
        assert (picture.last_day, picture.last_ago, picture.last_standing) == ("2 Jul 2026", "2 days ago", "")

    @pytest.mark.parametrize(
        ("value", "reference", "words", "off"),
        [
            ("212", NORMAL, "within range, 150 to 400", False),
            ("149", NORMAL, "below range, 150 to 400", True),
            ("401", NORMAL, "above range, 150 to 400", True),
            ("212", Range(None, Decimal(400)), "within range, up to 400", False),
            ("212", Range(Decimal(150), None), "within range, from 150", False),
        ],
    )
    def test_it_is_compared_with_the_laboratorys_own_range(
        self, value: str, reference: Range, words: str, off: bool
    ) -> None:
        picture = one(point(value, reference=reference))
        assert (picture.last_standing, picture.is_off) == (words, off)

    def test_a_value_that_leaves_it_open_shows_the_range_without_a_verdict(self) -> None:
        picture = one(
            point("0.3", comparator="<", unit="g/L", reference=Range(None, Decimal("0.2"))), key="urine_protein"
        )
        assert (picture.last, picture.last_standing, picture.is_off) == ("<0.3 g/L", "up to 0.2", False)


class TestTheDrawing:
    def test_each_result_is_a_dot_joined_to_the_one_before(self) -> None:
        picture = one(point("190", date(2026, 5, 1)), point("160", date(2026, 6, 1)), point("212"))
        assert len(picture.dots) == 3
        assert [(line.x1, line.y1, line.x2, line.y2) for line in picture.segments] == [
            (one.x, one.y, other.x, other.y) for one, other in zip(picture.dots[:-1], picture.dots[1:], strict=True)
        ]
        heights = [float(dot.y) for dot in picture.dots]
        assert heights[1] > heights[0] > heights[2]

    def test_a_single_result_has_no_line(self) -> None:
        picture = one(point("212"))
        assert (len(picture.dots), picture.segments) == (1, ())

    def test_a_dot_says_what_it_is_and_stands_out_when_it_is_off(self) -> None:
        picture = one(point("90", date(2026, 6, 1), reference=NORMAL), point("212", reference=NORMAL))
        assert [(dot.about, dot.is_off) for dot in picture.dots] == [
            ("1 Jun 2026: 90 ×10⁹/L, below range", True),
            ("2 Jul 2026: 212 ×10⁹/L, within range", False),
        ]

    def test_the_band_is_the_newest_range_that_was_printed(self) -> None:
        old, new = Range(Decimal(100), Decimal(300)), NORMAL
        picture = one(
            point("190", date(2026, 5, 1), reference=old),
            point("190", date(2026, 6, 1), reference=new),
            point("212"),
        )
        assert [mark.label for mark in picture.marks] == ["150", "400"]
        assert picture.band is not None
        assert float(picture.band.y) == pytest.approx(float(picture.marks[1].y))

    def test_an_open_end_reaches_the_edge(self) -> None:
        picture = one(point("0.1", unit="g/L", reference=Range(None, Decimal("0.2"))), key="urine_protein")
        assert picture.band is not None
        assert float(picture.band.y) + float(picture.band.height) == pytest.approx(68.0)
        assert [mark.label for mark in picture.marks] == ["0.2"]

    def test_without_a_range_the_lowest_and_the_highest_are_written(self) -> None:
        picture = one(point("190", date(2026, 5, 1)), point("160", date(2026, 6, 1)), point("212"))
        assert picture.band is None
        assert [mark.label for mark in picture.marks] == ["160", "212"]

    def test_equal_values_are_written_once(self) -> None:
        picture = one(point("200", date(2026, 5, 1)), point("200"))
        assert [mark.label for mark in picture.marks] == ["200"]

    def test_all_pictures_share_one_time_axis(self) -> None:
        early, late = date(2025, 1, 1), date(2026, 7, 2)
        found = pictures(
            (
                Trend(analyte("platelets"), (point("190", early), point("212", late))),
                Trend(analyte("inr"), (point("1.1", late, unit="{INR}"),)),
            ),
            (),
            TODAY,
            LONDON,
        )
        assert found is not None
        platelets, inr = found.pictures
        assert platelets.dots[1].x == inr.dots[0].x


class TestTheDoses:
    def test_they_are_marked_on_the_same_axis_with_their_kind(self) -> None:
        doses = (DoseDay(date(2026, 7, 30), "M2", "planned"), DoseDay(date(2026, 3, 30), "M1", "given"))
        found = drawn(point("212"), doses=doses)
        assert [(mark.kind, mark.label, mark.about) for mark in found.doses] == [
            ("given", "M1", "M1, given 30 Mar 2026"),
            ("planned", "M2", "M2, planned for 30 Jul 2026"),
        ]
        assert float(found.doses[1].x.rstrip("%")) == pytest.approx(98.5)
        assert float(found.today.rstrip("%")) < 98.5

    def test_a_label_that_would_lie_on_another_is_left_out(self) -> None:
        days = [date(2024, 1, 1) + timedelta(days=14 * number) for number in range(4)]
        doses = tuple(DoseDay(day, f"L{number}", "given") for number, day in enumerate(days, 1))
        found = drawn(point("212"), doses=doses)
        assert [mark.label for mark in found.doses] == ["L1", "", "", ""]
        assert [mark.about for mark in found.doses][1] == "L2, given 15 Jan 2024"

    def test_how_many_were_given_is_said(self) -> None:
        doses = (DoseDay(date(2026, 3, 30), "M1", "given"), DoseDay(date(2026, 7, 30), "M2", "late"))
        assert drawn(point("212"), doses=doses).doses_about == "1 dose given between 30 Mar 2026 and 30 Jul 2026."


class TestWhatIsSaid:
    def test_the_picture_is_told_in_one_sentence(self) -> None:
        picture = one(point("190", date(2026, 5, 1)), point("160", date(2026, 6, 1)), point("212"))
        assert picture.summary == (
            "3 results between 1 May 2026 and 2 Jul 2026; lowest 160 ×10⁹/L, highest 212 ×10⁹/L, last 212 ×10⁹/L."
        )

    def test_the_table_holds_every_result_the_newest_first(self) -> None:
        old = point("90000", date(2026, 6, 1), unit="/uL", kept="90", reference=NORMAL)
        rows = one(old, point("212", reference=NORMAL)).rows
        assert [(row.when, row.result, row.kept, row.standing, row.is_off) for row in rows] == [
            ("2 Jul 2026, 09:00", "212 ×10⁹/L", "", "within range", False),
            ("1 Jun 2026, 09:00", "90000 /µL", "90 ×10⁹/L", "below range", True),
        ]
        assert {(row.reference, row.laboratory, row.entered_by) for row in rows} == {
            ("150 to 400 ×10⁹/L", "Northlab", "Nadia")
        }

    def test_a_result_without_a_range_has_none_in_the_table(self) -> None:
        assert one(point("212")).rows[0].reference == ""

    def test_an_inr_has_no_unit(self) -> None:
        picture = one(point("1.1", unit="1", reference=Range(Decimal("0.9"), Decimal("1.2"))), key="inr")
        assert (picture.last, picture.rows[0].result, picture.rows[0].reference) == ("1.1", "1.1", "0.9 to 1.2")


class TestTheChangeFromTheFirst:
    def change(self, *values: str, key: str = "platelets") -> str:
        points = (point(value, date(2026, 1, day)) for day, value in enumerate(values, 1))
        return one(*points, key=key).last_change

    def test_it_is_told_of_platelets_alone(self) -> None:
        assert self.change("400", "250", "256") == "down 36 % since the first"
        assert self.change("1.0", "1.2", key="inr") == ""

    def test_one_value_has_nothing_to_compare_with(self) -> None:
        assert self.change("400") == ""


def test_what_was_voided_stands_in_the_table_with_its_reason() -> None:
    gone = Voided(datetime(2026, 1, 2, 8, tzinfo=UTC), "21 ×10⁹/L", "Main", "Nadia Nurse", "Typing error")
    found = pictures((Trend(analyte("platelets"), (point("210"),), (gone,)),), (), TODAY, LONDON)
    assert found is not None
    (row,) = found.pictures[0].voided
    assert (row.when, row.result, row.reason) == ("2 Jan 2026, 08:00", "21 ×10⁹/L", "Typing error")
