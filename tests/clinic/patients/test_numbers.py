"""Numbers are brought into one form; an NHS number is checked by its own check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.patients.choices import IdentifierKind
from clinic.patients.numbers import LONGEST, RefusedNumber, normalise


@pytest.mark.parametrize(
    "typed", ["9434765919", "943 476 5919", " 943-476-5919 ", "943\u00a0476\u20095919", "\uff19\uff14\uff13 476 5919"]
)
def test_an_nhs_number_is_kept_as_ten_plain_digits(typed: str) -> None:
    assert normalise("nhs", typed) == "9434765919"


@pytest.mark.parametrize("typed", ["4010232137", "9434765870", "9876543210"])
def test_a_right_check_digit_passes(typed: str) -> None:
    assert normalise("nhs", typed) == typed


@pytest.mark.parametrize("typed", ["9434765918", "9434765910", "9434756919", "4010232138"])
def test_a_slip_in_an_nhs_number_is_found(typed: str) -> None:
    with pytest.raises(RefusedNumber, match="check digit"):
        normalise("nhs", typed)


def test_a_check_of_eleven_is_written_as_nought() -> None:
    assert normalise("nhs", "9434765870") == "9434765870"


@pytest.mark.parametrize("digit", "0123456789")
def test_a_check_of_ten_is_never_issued(digit: str) -> None:
    with pytest.raises(RefusedNumber, match="check digit"):
        normalise("nhs", f"123456789{digit}")


@pytest.mark.parametrize("typed", ["943476591", "94347659190", "", "943476591X", "٩٤٣٤٧٦٥٩١٩"])
def test_an_nhs_number_has_ten_digits(typed: str) -> None:
    with pytest.raises(RefusedNumber, match="10 digits"):
        normalise("nhs", typed)


@pytest.mark.parametrize("digit", "0123456789")
def test_one_digit_ten_times_is_a_placeholder(digit: str) -> None:
    with pytest.raises(RefusedNumber, match="same digit"):
        normalise("nhs", digit * 10)


@given(st.integers(0, 10**9 - 1), st.integers(0, 9))
def test_at_most_one_check_digit_fits_and_any_single_slip_is_found(first: int, place: int) -> None:
    def valid(number: str) -> bool:
        try:
            return normalise("nhs", number) == number
        except RefusedNumber:
            return False

    fitting = [number for number in (f"{first:09}{digit}" for digit in range(10)) if valid(number)]
    assert len(fitting) <= 1
    for number in fitting:
        slips = (number[:place] + digit + number[place + 1 :] for digit in "0123456789")
        assert [slip for slip in slips if valid(slip)] == [number]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("m 12 34", "M1234"), ("ab-12/3", "AB-12/3"), ("Ä1", "Ä1"), ("x_1.2", "X_1.2"), ("\uff4d\uff11", "M1")],
)
def test_other_numbers_lose_spaces_and_case(typed: str, kept: str) -> None:
    assert normalise("mrn", typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "-1", "_1", "M#1", "<b>", "M1;", "M\x001", "=1+1"])
def test_anything_but_letters_digits_and_a_few_signs_is_refused(typed: str) -> None:
    with pytest.raises(RefusedNumber, match="letters and digits"):
        normalise("registry", typed)


def test_forty_characters_fit_and_one_more_does_not() -> None:
    assert normalise("mrn", "A" * LONGEST) == "A" * LONGEST
    with pytest.raises(RefusedNumber, match="longer than 40"):
        normalise("mrn", "A" * (LONGEST + 1))


@given(st.sampled_from(IdentifierKind.values), st.text(max_size=50))
def test_a_number_is_refused_or_kept_in_a_form_that_stays(kind: str, typed: str) -> None:
    try:
        kept = normalise(kind, typed)
    except RefusedNumber:
        return
    assert normalise(kind, kept) == kept
    assert not any(char.isspace() for char in kept)
