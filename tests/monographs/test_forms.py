import pytest

from monographs.forms import LONGEST_QUESTION, SearchForm


def test_an_empty_question_is_no_error() -> None:
    assert SearchForm({}).is_valid()
    assert SearchForm({"q": "  "}).is_valid()


def test_blanks_around_the_words_are_dropped() -> None:
    form = SearchForm({"q": "  low platelet "})
    assert form.is_valid()
    assert form.cleaned_data["q"] == "low platelet"


@pytest.mark.parametrize(("length", "valid"), [(LONGEST_QUESTION, True), (LONGEST_QUESTION + 1, False)])
def test_a_question_has_a_longest_length(length: int, *, valid: bool) -> None:
    assert SearchForm({"q": "x" * length}).is_valid() is valid


def test_a_character_that_no_text_holds_is_refused() -> None:
    assert not SearchForm({"q": "a\0b"}).is_valid()
