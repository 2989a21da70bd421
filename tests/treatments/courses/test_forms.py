"""What the forms take and refuse before any service is asked."""

import zoneinfo
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from crispy_forms.utils import render_crispy_form
from hypothesis import given
from hypothesis import strategies as st

from clinic.records.forms import Once
from tests.treatments.pages import text
from treatments.courses import forms
from treatments.courses.forms import EARLIEST, LATEST, instant
from treatments.rules.cautions import CODES, Caution

LONDON, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/London"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
ONCE = Once(user_id=1, action="test", subject="one")


def book(**typed: Any) -> forms.BookForm:
    return forms.BookForm({"submission": ONCE.issue(), "on": "2026-07-09"} | typed, once=ONCE)


def elsewhere(**typed: Any) -> forms.ElsewhereForm:
    values = {"submission": ONCE.issue(), "given_on": "2026-01-05", "mg": "12", "place": "Eastbrook"}
    return forms.ElsewhereForm(values | typed, once=ONCE)


class TestInstant:
    @pytest.mark.parametrize(
        ("day", "clock", "zone", "at"),
        [
            (date(2026, 1, 5), time(9, 30), LONDON, datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
            (date(2026, 7, 4), time(9, 30), LONDON, datetime(2026, 7, 4, 8, 30, tzinfo=UTC)),
            (date(2026, 1, 5), time(23, 30), NEW_YORK, datetime(2026, 1, 6, 4, 30, tzinfo=UTC)),
        ],
    )
    def test_a_clock_time_is_read_in_the_sites_zone(self, day: date, clock: time, zone: ZoneInfo, at: datetime) -> None:
        assert instant(day, clock, zone) == at

    @pytest.mark.parametrize(
        ("day", "zone", "before", "first", "last", "after"),
        [
            (date(2026, 3, 29), LONDON, time(0, 59), time(1, 0), time(1, 59), time(2, 0)),
            (date(2026, 3, 8), NEW_YORK, time(1, 59), time(2, 0), time(2, 59), time(3, 0)),
            (date(2026, 10, 4), LORD_HOWE, time(1, 59), time(2, 0), time(2, 29), time(2, 30)),
        ],
    )
    def test_a_time_that_the_clock_jumped_over_is_refused(
        self, day: date, zone: ZoneInfo, before: time, first: time, last: time, after: time
    ) -> None:
        for skipped in (first, last):
            with pytest.raises(ValueError, match=f"there was no {skipped:%H:%M}"):
                instant(day, skipped, zone)
        jump = instant(day, after, zone) - instant(day, before, zone)
        assert jump.total_seconds() == 60

    @pytest.mark.parametrize(
        ("day", "clock", "zone", "at"),
        [
            (date(2026, 10, 25), time(1, 0), LONDON, datetime(2026, 10, 25, 0, 0, tzinfo=UTC)),
            (date(2026, 10, 25), time(1, 59), LONDON, datetime(2026, 10, 25, 0, 59, tzinfo=UTC)),
            (date(2026, 10, 25), time(2, 0), LONDON, datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
            (date(2026, 11, 1), time(1, 30), NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ],
    )
    def test_a_time_that_the_clock_showed_twice_is_the_first(
        self, day: date, clock: time, zone: ZoneInfo, at: datetime
    ) -> None:
        assert instant(day, clock, zone) == at

    @given(
        st.dates(EARLIEST, LATEST), st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        st.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime"})),
    )  # fmt: skip
    def test_in_every_zone_the_clock_shows_what_was_typed_or_never_did(self, day: date, clock: time, name: str) -> None:
        zone = ZoneInfo(name)
        try:
            at = instant(day, clock, zone)
        except ValueError:
            return
        assert at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, clock)

    @pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Etc/GMT+12", "Etc/GMT-14", "Africa/Monrovia"])
    @pytest.mark.parametrize("day", [EARLIEST, LATEST])
    def test_the_first_and_the_last_day_that_can_be_typed_are_instants_everywhere(self, name: str, day: date) -> None:
        for clock in (time(0, 0), time(23, 59)):
            assert instant(day, clock, ZoneInfo(name)).tzinfo is UTC


class TestDays:
    @pytest.mark.parametrize(
        ("typed", "taken"),
        [("1899-12-31", False), ("1900-01-01", True), ("2199-12-31", True), ("2200-01-01", False)],
    )
    def test_a_year_that_can_only_be_a_slip_is_refused(self, typed: str, taken: bool) -> None:
        form = book(on=typed)
        assert form.is_valid() is taken
        assert taken or form.errors["on"] == [f"Check the year: {typed[:4]} is not between 1900 and 2199."]

    @pytest.mark.parametrize("typed", ["09.07.2026", "7/9/2026", "2026-02-29", "tomorrow", "12026-07-09"])
    def test_only_a_day_that_exists_in_the_one_unmistakable_form_is_taken(self, typed: str) -> None:
        assert book(on=typed).errors["on"] == ["Enter a day that exists, as year-month-day: 2026-05-17."]


class TestAmounts:
    @pytest.mark.parametrize(
        ("typed", "taken"),
        [
            ("0.01", "0.01"),
            ("12", "12"),
            ("12.50", "12.50"),
            (" 12 ", "12"),
            ("100", "100"),
            ("0", None),
            ("0.001", None),
            ("100.01", None),
            ("-1", None),
            ("12,5", None),
            ("1e400", None),
            ("Infinity", None),
            ("NaN", None),
            ("12 mg", None),
            ("", None),
        ],
    )
    def test_a_plain_number_above_zero_and_up_to_a_hundred_is_taken(self, typed: str, taken: str | None) -> None:
        form = elsewhere(mg=typed)
        assert form.is_valid() is (taken is not None)
        assert form.cleaned_data.get("mg") == (None if taken is None else Decimal(taken))

    def test_the_box_asks_a_phone_for_its_number_pad_and_turns_under_no_wheel(self) -> None:
        box = BeautifulSoup(str(elsewhere()["mg"]), "html.parser").select("input")[0]
        assert (box["type"], box["inputmode"], box["autocomplete"]) == ("text", "decimal", "off")


class TestConfirming:
    SENTENCES = ("11 mg was entered; the schedule says 12 mg.", "The course is on hold.")

    def asked(self, **typed: Any) -> BeautifulSoup:
        form = book(**typed)
        assert form.is_valid()
        form.ask(tuple(Caution("code", sentence) for sentence in self.SENTENCES))
        return BeautifulSoup(render_crispy_form(form), "html.parser")

    def test_nothing_is_asked_before_a_service_asks(self) -> None:
        form = book()
        assert form.is_valid()
        assert form.cleaned_data["confirmed"] == []
        assert "confirm" not in render_crispy_form(form)

    def test_each_sentence_has_its_own_box_and_none_is_ticked(self) -> None:
        page = self.asked()
        assert [str(box["value"]) for box in page.select("[name=confirmed]")] == list(self.SENTENCES)
        assert [text(label) for label in page.select(".form-check label")] == list(self.SENTENCES)
        assert not page.select("[checked]")
        assert text(page.select("legend")[0]) == "Please confirm *"

    def test_a_sentence_stays_ticked_as_long_as_it_is_asked(self) -> None:
        page = self.asked(confirmed=[self.SENTENCES[1], "Another sentence"])
        assert [str(box["value"]) for box in page.select("[checked]")] == [self.SENTENCES[1]]

    def test_any_sentence_is_let_through(self) -> None:
        form = book(confirmed=["Nobody asked this"])
        assert form.is_valid()
        assert form.cleaned_data["confirmed"] == ["Nobody asked this"]

    @pytest.mark.parametrize("code", CODES)
    def test_no_code_is(self, code: str) -> None:
        assert "confirmed" in book(confirmed=[self.SENTENCES[0], code]).errors

    def test_a_sentence_is_shown_as_text_whatever_it_contains(self) -> None:
        form = book()
        assert form.is_valid()
        form.ask((Caution("code", "<script>alert(1)</script>"),))
        assert "<script>" not in render_crispy_form(form)


class TestHold:
    @pytest.mark.parametrize(("review", "taken"), [("2026-07-03", False), ("2026-07-04", True)])
    def test_somebody_looks_again_on_the_first_day_at_the_earliest(self, review: str, taken: bool) -> None:
        values = {"submission": ONCE.issue(), "from_on": "2026-07-04", "review_on": review, "reason": "Infection"}
        form = forms.HoldForm(values, once=ONCE)
        assert form.is_valid() is taken
        assert taken or form.errors["review_on"] == ["Look again on or after the day the hold begins."]

    def test_a_day_that_cannot_be_read_is_told_once(self) -> None:
        values = {"submission": ONCE.issue(), "from_on": "", "review_on": "2026-07-04", "reason": "Infection"}
        assert list(forms.HoldForm(values, once=ONCE).errors) == ["from_on"]


def test_a_page_with_one_topic_has_no_legend_beside_its_heading() -> None:
    assert not BeautifulSoup(render_crispy_form(book()), "html.parser").select("fieldset")
