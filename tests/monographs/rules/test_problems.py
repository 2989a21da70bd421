import pytest

from monographs.rules.problems import LONGEST_QUOTE, MOST_PROBLEMS, InvalidDocument, Problem, Problems, quoted


def refused(problems: Problems) -> InvalidDocument:
    with pytest.raises(InvalidDocument) as caught:
        problems.refuse()
    return caught.value


def test_without_problems_nothing_is_refused() -> None:
    Problems().refuse()


def test_problems_are_told_in_the_order_of_their_lines_and_each_once() -> None:
    problems = Problems()
    problems.add(9, "Second.")
    problems.add(3, "First.")
    problems.add(9, "Second.")

    error = refused(problems)

    assert error.problems == (Problem(3, "First."), Problem(9, "Second."))
    assert str(error) == "Line 3: First.\nLine 9: Second."


def test_as_many_problems_as_a_person_can_mend_are_told_one_by_one() -> None:
    problems = Problems()
    for line in range(1, MOST_PROBLEMS + 1):
        problems.add(line, "Wrong.")

    assert len(refused(problems).problems) == MOST_PROBLEMS


def test_of_more_problems_only_the_number_is_told() -> None:
    problems = Problems()
    for line in range(1, MOST_PROBLEMS + 3):
        problems.add(line, "Wrong.")

    last = refused(problems).problems[-1]

    assert last == Problem(101, "There are 2 more problems from here on; mend these first.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n b", "“a b”"),
        ("x" * LONGEST_QUOTE, f"“{'x' * LONGEST_QUOTE}”"),
        ("x" * (LONGEST_QUOTE + 1), f"“{'x' * LONGEST_QUOTE}…”"),
    ],
)
def test_a_quotation_is_one_short_line(text: str, expected: str) -> None:
    assert quoted(text) == expected
