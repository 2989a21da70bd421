from datetime import date

import pytest

from monographs.rules.document import parse
from monographs.rules.front_matter import LONGEST_NAME
from tests.monographs.rules.documents import problems_of

NO_KEY = "regimens: each regimen needs a `key` of small letters, digits and single hyphens."
REGIMEN = """  - key: {key}
    name: Example
    source: Example label
    minimum_interval: 14 days
    loading:
      - {{mg: 12, ml: 5, after: 0 days}}
    maintenance: {{mg: 12, ml: 5, every: 4 months}}
"""


def with_front(front: str) -> str:
    """Return a document whose front matter begins on line 2 with its title."""
    return f"---\ntitle: Examplin\n{front}---\n"


def with_regimens(*keys: str, extra: str = "") -> str:
    """Return a document with regimens of seven lines each from line 4 on; `extra` lines end the last one."""
    return with_front("regimens:\n" + "".join(REGIMEN.format(key=key) for key in keys) + extra)


FULL = """---
layout: minimal-medicine
title: '  Examplin  '
generic_name: examplinum
reviewed_on: 2026-03-30
reviewed_by: A. Reviewer
sources:
  - Label of
    2026
  - A paper
tags: [ignored]
---
"""


def test_front_matter_says_title_layout_review_and_sources() -> None:
    document = parse(FULL)

    assert (document.layout, document.title, document.generic_name) == ("minimal-medicine", "Examplin", "examplinum")
    assert (document.reviewed_on, document.reviewed_by) == (date(2026, 3, 30), "A. Reviewer")
    assert document.sources == ("Label of 2026", "A paper")


def test_all_but_the_title_may_be_left_out() -> None:
    document = parse("---\ntitle: Examplin\n---\n")

    assert (document.layout, document.generic_name, document.reviewed_on, document.reviewed_by) == (
        "",
        "Examplin",
        None,
        "",
    )
    assert (document.sources, document.regimens, document.sections) == ((), (), ())


def test_names_without_a_value_count_as_left_out() -> None:
    document = parse(with_front("layout:\nreviewed_on:\nreviewed_by:\nsources:\nregimens:\n"))

    assert (document.layout, document.reviewed_on, document.sources, document.regimens) == ("", None, (), ())


@pytest.mark.parametrize("opening", ["\n\n", "\ufeff", " \n"])
def test_blank_lines_and_a_byte_order_mark_before_the_front_matter_are_passed_over(opening: str) -> None:
    assert parse(f"{opening}---  \ntitle: Examplin\n...\t\n").title == "Examplin"


@pytest.mark.parametrize("text", ["", "\n\n", "# Examplin\n", "title: Examplin\n", "----\ntitle: Examplin\n----\n"])
def test_a_document_without_front_matter_is_refused(text: str) -> None:
    assert problems_of(text)[0] == (
        1,
        "The document has no front matter; begin it with a line ---, then title: and its name, then ---.",
    )


def test_the_body_of_a_document_without_front_matter_is_checked_all_the_same() -> None:
    assert [line for line, _ in problems_of("\n# Examplin\n\n* one\n*\n")] == [2, 5]


@pytest.mark.parametrize("body", ["", "\n# Examplin\n", "# Examplin\n"])
def test_front_matter_that_is_never_closed_is_refused_where_it_opens(body: str) -> None:
    assert problems_of(f"\n---\ntitle: Examplin\n{body}") == [
        (2, "The front matter opened here is never closed; add a line --- after its last entry.")
    ]


def test_the_body_after_front_matter_that_is_never_closed_is_checked_all_the_same() -> None:
    assert [line for line, _ in problems_of("---\ntitle: Examplin\n\n* one\n*\n")] == [1, 5]


@pytest.mark.parametrize("front", ["", "layout: x\n", "title:\n", "title: ''\n", "title: '  '\n"])
def test_a_document_without_a_title_is_refused(front: str) -> None:
    assert problems_of(f"---\n{front}---\n") == [
        (1, "The front matter has no title; add a line title: with the name of the medicine.")
    ]


@pytest.mark.parametrize("name", ["title", "layout", "generic_name"])
@pytest.mark.parametrize("value", ["12", "[a]", "2026-03-30", "true"])
def test_a_name_that_is_not_text_is_refused(name: str, value: str) -> None:
    front = f"{name}: {value}\n" if name == "title" else f"title: Examplin\n{name}: {value}\n"

    assert problems_of(f"---\n{front}---\n") == [
        (front.count("\n") + 1, f"“{name}” is not text; put quotes around it.")
    ]


def test_a_name_may_be_as_long_as_the_limit() -> None:
    assert len(parse(f"---\ntitle: {'x' * LONGEST_NAME}\n---\n").title) == LONGEST_NAME


def test_a_longer_name_is_refused() -> None:
    assert problems_of(f"---\ntitle: {'x' * (LONGEST_NAME + 1)}\n---\n") == [
        (2, "“title” is longer than 200 characters; shorten it.")
    ]


def test_yaml_that_cannot_be_read_is_refused_without_a_second_complaint_about_the_title() -> None:
    ((line, message),) = problems_of("---\nlayout: x\ntitle: a: b\n---\n")

    assert line == 3
    assert message.startswith("The front matter cannot be read as YAML")


@pytest.mark.parametrize("front", ["reviewed_on: 2026-03-30\n", "reviewed_by: A. Reviewer\n"])
def test_half_a_review_is_refused(front: str) -> None:
    assert problems_of(with_front(front)) == [
        (3, "A review needs both reviewed_on and reviewed_by; give both, or neither.")
    ]


@pytest.mark.parametrize("value", ["soon", "2026-03-30 12:00:00", "'2026-03-30'", "[2026-03-30]"])
def test_a_review_on_no_date_is_refused(value: str) -> None:
    assert problems_of(with_front(f"reviewed_by: A. Reviewer\nreviewed_on: {value}\n")) == [
        (4, "“reviewed_on” is not a date; write it like 2026-03-30, without quotes.")
    ]


def test_sources_that_are_no_list_are_refused() -> None:
    assert problems_of(with_front("sources: one\n")) == [
        (3, "“sources” is not a list; write each source on its own line after a dash.")
    ]


def test_each_source_that_is_no_text_is_refused_on_its_line() -> None:
    message = "This source is not text; put quotes around it."

    assert problems_of(with_front("sources:\n  - fine\n  - 12\n  - {a: b}\n  - ' '\n")) == [
        (5, message),
        (6, message),
        (7, message),
    ]


def test_regimens_are_of_the_version_asked_for() -> None:
    text = with_regimens("one", extra="    default: true\n")

    assert [regimen.version for regimen in parse(text).regimens] == [1]
    assert [regimen.version for regimen in parse(text, version=7).regimens] == [7]


def test_a_single_regimen_needs_no_default() -> None:
    assert [(regimen.key, regimen.is_default) for regimen in parse(with_regimens("one")).regimens] == [("one", False)]


def test_of_several_regimens_one_must_be_the_default() -> None:
    assert problems_of(with_regimens("one", "two")) == [
        (4, "No regimen is the default; write default: true on one of them.")
    ]


def test_only_one_regimen_may_be_the_default() -> None:
    default = "    default: true\n"
    text = with_regimens("one", extra=default + REGIMEN.format(key="two") + default)

    assert problems_of(text) == [(12, "More than one regimen says default: true; keep it on one of them.")]


def test_a_regimen_given_twice_is_refused() -> None:
    assert problems_of(with_regimens("one", "one", extra="    default: true\n")) == [
        (11, "The regimen “one” is given twice; keep one.")
    ]


def test_a_switch_names_regimens_of_the_same_document() -> None:
    extra = "    default: true\n    switch:\n      mg: 50\n      ml: 5\n      from: [one, three]\n"

    assert problems_of(with_regimens("one", "two", extra=extra)) == [
        (22, "“two” is switched to from “three”, which is not among the regimens; correct it.")
    ]


@pytest.mark.parametrize(
    ("front", "line", "message"),
    [
        ("regimens: one\n", 3, "“regimens” is not a list; begin each regimen with - key: on a line of its own."),
        (
            "regimens:\n  - one\n",
            4,
            "This regimen is not a list of names and values; begin it with - key: and its name.",
        ),
        (
            "regimens:\n  - name: x\n",
            4,
            f"A regimen cannot be read. {NO_KEY}",
        ),
    ],
)
def test_regimens_of_another_shape_are_refused_on_their_line(front: str, line: int, message: str) -> None:
    assert problems_of(with_front(front)) == [(line, message)]


@pytest.mark.parametrize(
    ("before", "after", "line", "path"),
    [
        ("mg: 12, ml: 5, after", "mg: 0, ml: 5, after", 9, "one.loading[1].mg: "),
        ("4 months", "4 moons", 10, "one.maintenance.every: "),
        ("name: Example", "name: 12", 5, "one.name: "),
        ("    source: Example label\n", "", 4, "one.source: "),
    ],
)
def test_a_wrong_value_in_a_regimen_is_refused_on_its_own_line(before: str, after: str, line: int, path: str) -> None:
    text = with_regimens("one")
    assert before in text

    ((found, message),) = problems_of(text.replace(before, after))

    assert found == line
    assert message.startswith(f"A regimen cannot be read. {path}")


def test_every_regimen_that_is_wrong_is_reported() -> None:
    text = with_regimens("one", "two", "three", extra="    default: true\n").replace("14 days", "14 suns")

    assert [line for line, _ in problems_of(text)] == [7, 14, 21]
