from typing import Any

import pytest

from monographs.rules.problems import InvalidDocument, Problem, Problems
from monographs.rules.yaml_values import DEEPEST_VALUE, LONGEST_NUMBER, MOST_CHARACTERS, Entry, mapping_in
from tests.monographs.rules.documents import bounded_time


def entries_of(text: str, first: int = 1) -> dict[str, Entry]:
    problems = Problems()
    entries = mapping_in(text, first, problems)
    problems.refuse()
    assert entries is not None
    return entries


def values_of(text: str) -> dict[str, Any]:
    return {name: entry.value for name, entry in entries_of(text).items()}


def refused(text: str) -> tuple[Problem, ...]:
    """Return the problems of a text that begins on line 2 of its file, found in bounded time."""
    with bounded_time(), pytest.raises(InvalidDocument) as caught:
        entries_of(text, first=2)
    return caught.value.problems


def test_values_keep_their_plain_types() -> None:
    assert values_of("a: text\nb: 12\nc: 9.6\nd: true\ne: [1, x]\nf: {g: ~}\n") == {
        "a": "text",
        "b": 12,
        "c": 9.6,
        "d": True,
        "e": [1, "x"],
        "f": {"g": None},
    }


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n"])
def test_an_empty_text_has_no_entries(text: str) -> None:
    assert entries_of(text) == {}


def test_each_entry_knows_its_line() -> None:
    entries = entries_of("a: 1\n\nb:\n  - x\n  - y\n", first=2)

    assert {name: entry.line for name, entry in entries.items()} == {"a": 2, "b": 4}
    assert [(item.value, item.line) for item in entries["b"].items()] == [("x", 5), ("y", 6)]
    assert entries["a"].items() == ()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("loading[2].mg", 5),
        ("loading[1].ml", 4),
        ("loading[2].unknown", 5),
        ("loading[0]", 3),
        ("loading[3]", 3),
        ("loading[2].mg.deeper", 5),
        ("unknown", 2),
        ("", 2),
    ],
)
def test_a_path_leads_to_the_line_of_the_deepest_part_that_exists(path: str, line: int) -> None:
    (item,) = entries_of("list:\n  - loading:\n    - mg: 1\n      ml: 5\n    - mg: 2\n")["list"].items()

    assert item.line_of(path) == line


def test_exotic_line_ends_are_not_counted_as_lines() -> None:
    assert entries_of("a: 'x\u2028y'\nb: 1\n")["b"].line == 2


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: c: d\n", 3, "mapping values are not allowed here"),
        ("a: [1\nb: 2\n", 3, "expected ',' or ']'"),
        ("a: 'open\n", 3, "found unexpected end of stream"),
        ("\ta: 1\n", 2, "cannot start any token"),
        ("- a\n- b\n", 2, "it is not a list of names and values"),
        ("just text\n", 2, "it is not a list of names and values"),
        ("a: !!python/object:os.system x\n", 2, "a tag (!) is not allowed here"),
        ("a: !secret x\n", 2, "a tag (!) is not allowed here"),
        ("a: &x [1]\nb: *x\n", 3, "an alias (*) is not allowed here"),
        ("a: 2026-02-30\n", 2, "“a” has a value that is not possible"),
        ("a: {[x]: y}\n", 2, "found unhashable key"),
        ("ok: 1\na: =\n", 3, "could not determine a constructor"),
        ("a: \x00\n", 2, "it has a character that YAML does not allow"),
        (f"a: {'9' * (LONGEST_NUMBER + 1)}\n", 2, "a number or date is far too long"),
        (f"a: 1{':1' * LONGEST_NUMBER}\n", 2, "a number or date is far too long"),
        (f"a: {'[' * DEEPEST_VALUE}{']' * DEEPEST_VALUE}\n", 2, f"values are nested more than {DEEPEST_VALUE} deep"),
        (f"a: {'[' * 50_000}\n", 2, f"values are nested more than {DEEPEST_VALUE} deep"),
        (f"a: {'{a: ' * 10_000}\n", 2, f"values are nested more than {DEEPEST_VALUE} deep"),
    ],
)
def test_what_yaml_cannot_be_is_refused_by_line(text: str, line: int, reason: str) -> None:
    (problem,) = refused(text)

    assert problem.line == line
    assert problem.message.startswith("The front matter cannot be read as YAML (")
    assert reason in problem.message
    assert problem.message.endswith("put quotes around text that has a colon or a special sign.")


def test_a_billion_laughs_are_refused_at_the_first_alias() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))

    (problem,) = refused(bomb)

    assert problem.line == 3


def test_values_nested_as_deep_as_the_limit_are_read() -> None:
    depth = DEEPEST_VALUE - 2

    assert list(values_of(f"a: {'[' * depth}{']' * depth}")) == ["a"]


def test_a_number_as_long_as_the_limit_is_read_and_text_may_be_longer() -> None:
    number, text = "9" * LONGEST_NUMBER, "x" * (LONGEST_NUMBER + 1)

    assert values_of(f"a: {number}\nb: {text}") == {"a": int(number), "b": text}


def test_every_value_that_is_not_possible_is_reported_and_the_others_are_read() -> None:
    problems = Problems()

    entries = mapping_in("a: 2026-02-30\nb: fine\nc: 2026-13-01\n", 2, problems)

    assert entries is not None
    assert list(entries) == ["b"]
    with pytest.raises(InvalidDocument) as caught:
        problems.refuse()
    assert [problem.line for problem in caught.value.problems] == [2, 4]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 4, "“a” is given twice in the front matter (first on line 2); keep one."),
        ("b:\n  - {c: 1, c: 2}\n", 3, "“c” is given twice in the front matter (first on line 3); keep one."),
        ("b:\n  c:\n    d: 1\n    d: 2\n", 5, "“d” is given twice in the front matter (first on line 4); keep one."),
    ],
)
def test_a_name_given_twice_is_refused_at_any_depth(text: str, line: int, message: str) -> None:
    assert refused(text) == (Problem(line, message),)


def test_the_same_name_in_two_mappings_is_no_repetition() -> None:
    assert values_of("a: {x: 1}\nb: {x: 2}") == {"a": {"x": 1}, "b": {"x": 2}}


def test_front_matter_may_be_as_long_as_the_limit_and_no_longer() -> None:
    fitting = "a: " + "x" * (MOST_CHARACTERS - 3)

    assert len(values_of(fitting)["a"]) == MOST_CHARACTERS - 3
    (problem,) = refused(fitting + "x")
    assert problem.message.startswith("The front matter is longer than 64000 characters")
