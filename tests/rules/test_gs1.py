"""Reading the code of a carton: both forms, every boundary of its dates, and a sentence for what cannot be read."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.gs1 import Scan, Scans, UnreadableScan, has_right_check_digit, read, read_all, year_of

TODAY = date(2026, 7, 4)
GTIN, GS = "00364406058011", "\x1d"
WHOLE = Scan(GTIN, "AB12", date(2028, 3, 31), "S-77")


def refusal(text: str) -> str:
    with pytest.raises(UnreadableScan) as refused:
        read(text, TODAY)
    return str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        f"(01){GTIN}(17)280331(10)AB12(21)S-77",
        f"(21)S-77(10)AB12(17)280331(01){GTIN}",
        f"01{GTIN}1728033110AB12{GS}21S-77",
        f"01{GTIN}1728033110AB12{GS}21S-77{GS}",
        f"01{GTIN}21S-77{GS}17280331{GS}10AB12",
        f"]d201{GTIN}1728033110AB12{GS}21S-77",
        f"{GS}01{GTIN}1728033110AB12{GS}21S-77",
        f"01{GTIN}1728033110AB12<GS>21S-77",
        f"01{GTIN}1728033110AB12␝21S-77",
        f"01{GTIN}1728033110AB12{{gs}}21S-77",
        f"  (01){GTIN}(17)280331(10)AB12{GS}(21)S-77\n",
        f"01{GTIN}1126010117280331301{GS}10AB12{GS}21S-77{GS}71400058",
    ],
)
def test_both_forms_say_the_same_in_any_order(text: str) -> None:
    assert read(text, TODAY) == WHOLE


def test_a_lot_may_hold_what_looks_like_an_identifier() -> None:
    assert read(f"1017280331{GS}17280331", TODAY) == Scan(lot="17280331", expires_on=date(2028, 3, 31))


def test_what_the_carton_does_not_say_is_left_open() -> None:
    assert read("(10)AB12", TODAY) == Scan(lot="AB12")


@pytest.mark.parametrize(
    ("digits", "day"),
    [
        ("280200", date(2028, 2, 29)),
        ("270200", date(2027, 2, 28)),
        ("261200", date(2026, 12, 31)),
        ("260430", date(2026, 4, 30)),
        ("280229", date(2028, 2, 29)),
    ],
)
def test_day_nought_is_the_last_of_the_month(digits: str, day: date) -> None:
    assert read(f"(17){digits}", TODAY).expires_on == day


@pytest.mark.parametrize("digits", ["260431", "270229", "261301", "260001", "260732"])
def test_a_day_that_is_none_is_refused(digits: str) -> None:
    assert refusal(f"(17){digits}") == f"The expiry {digits} is no day of the calendar, as year, month and day."


@pytest.mark.parametrize(
    ("two_digits", "year"), [(26, 2026), (76, 2076), (77, 1977), (99, 1999), (0, 2000), (25, 2025)]
)
def test_the_century_of_today(two_digits: int, year: int) -> None:
    assert year_of(two_digits, TODAY) == year


@pytest.mark.parametrize(("two_digits", "year"), [(0, 2100), (45, 2145), (49, 2049), (50, 2050), (46, 2046)])
def test_the_century_turns_fifty_years_behind(two_digits: int, year: int) -> None:
    assert year_of(two_digits, date(2095, 1, 1)) == year


@given(st.integers(0, 99), st.dates(date(2000, 1, 1), date(2199, 12, 31)))
def test_a_year_lies_from_49_behind_to_50_ahead(two_digits: int, today: date) -> None:
    year = year_of(two_digits, today)
    assert year % 100 == two_digits
    assert -49 <= year - today.year <= 50


@pytest.mark.parametrize("wrong", range(10))
def test_the_check_digit_is_checked(wrong: int) -> None:
    gtin = f"{GTIN[:-1]}{wrong}"
    assert has_right_check_digit(gtin) is (wrong == 1)


def test_a_wrong_check_digit_is_refused_by_number() -> None:
    assert refusal("(01)00364406058012") == (
        "The product number 00364406058012 has a wrong check digit; scan the carton again."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is nothing to read."),
        ("   ", "There is nothing to read."),
        ("(10)" + "A" * 400, "This is far longer than any carton’s code"),
        ("AB12", "“AB12” begins with no identifier known here."),
        ("(01)0036440605801", "The product number “0036440605801” does not have 14 digits"),
        ("010036440605801", "The product number “0036440605801” does not have 14 digits"),
        ("(01)0036440605801A", "The product number “0036440605801A” does not have 14 digits"),
        ("(17)28033", "The expiry “28033” does not have 6 digits"),
        ("(10)", "The lot “” is empty"),
        ("(10)AB 12", "The lot “AB 12” is empty or has a sign"),
        ("(10)ABé", "The lot “ABé” is empty or has a sign"),
        (f"01{GTIN}10{'A' * 21}", "The lot is longer than 20 signs: the scanner dropped a separator."),
        ("(10)A(10)B", "The code gives two values for the lot"),
        (f"(01){GTIN}17280331", "The product number"),
        ("(10)AB12(x)7", "“(x)7” is not an identifier in brackets"),
        ("(x)7(10)AB12", "“(x)7(10)AB12” is not an identifier in brackets"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


def test_the_same_value_twice_is_one_value() -> None:
    assert read("(10)A(10)A", TODAY).lot == "A"


def test_an_identifier_unknown_here_is_read_over_in_brackets() -> None:
    assert read("(8005)000123(10)A", TODAY).lot == "A"


values = st.text("ABCDEFGHabcdefgh0123456789-./", min_size=1, max_size=20)


@given(lot=values, serial=values, expires=st.dates(date(2010, 1, 1), date(2070, 12, 31)))
def test_every_code_that_is_written_right_is_read_right(lot: str, serial: str, expires: date) -> None:
    wanted = Scan(GTIN, lot, expires, serial)
    assert read(f"01{GTIN}17{expires:%y%m%d}10{lot}{GS}21{serial}", TODAY) == wanted
    assert read(f"(01){GTIN}(17){expires:%y%m%d}(10){lot}(21){serial}", TODAY) == wanted


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableScan):
        assert isinstance(read(text, TODAY), Scan)


class TestSeveralCartons:
    def line(self, serial: str = "", lot: str = "AB12") -> str:
        return f"(01){GTIN}(17)280331(10){lot}" + (f"(21){serial}" if serial else "")

    def test_one_line_is_one_carton(self) -> None:
        text = f"{self.line('S1')}\r\n\n{self.line('S2')}\n"
        first = Scan(GTIN, "AB12", date(2028, 3, 31), "S1")
        assert read_all(text, TODAY) == Scans(first, 2, ("S1", "S2"))

    def test_a_carton_without_a_serial_number_counts(self) -> None:
        found = read_all(f"{self.line()}\n{self.line()}\n{self.line('S1')}", TODAY)
        assert (found.count, found.serials) == (3, ("S1",))

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            (("AB12",), "Line 1: “AB12” begins with no identifier"),
            (("ok", "(17)269999"), "Line 2: The expiry 269999 is no day"),
            (("ok", "other"), "Line 2: another product, lot or expiry than line 1"),
            (("ok", "ok"), "Line 2: this carton was scanned already, on line 1."),
            ((), "There is nothing to read."),
        ],
    )
    def test_what_is_wrong_is_said_by_line(self, lines: tuple[str, ...], said: str) -> None:
        known = {"ok": self.line("S1"), "other": self.line("S1", "XY9")}
        with pytest.raises(UnreadableScan) as refused:
            read_all("\n".join(known.get(line, line) for line in lines), TODAY)
        assert str(refused.value).startswith(said)
