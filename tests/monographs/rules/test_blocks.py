import pytest

from monographs.rules.blocks import DEEPEST_LIST, Block, BlockKind, blocks_in
from monographs.rules.problems import InvalidDocument, Problem, Problems


def blocks_of(text: str, first: int = 1) -> tuple[Block, ...]:
    """Return the blocks of a text without problems."""
    problems = Problems()
    blocks = blocks_in(text.split("\n"), first, problems)
    problems.refuse()
    return blocks


def outline(text: str) -> list[tuple[str, int, str, int]]:
    return [(str(block.kind), block.level, block.text, block.line) for block in blocks_of(text)]


def problems_in(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocument) as refused:
        blocks_of(text)
    return refused.value.problems


def test_headings_bullets_and_paragraphs_come_in_order_with_their_lines() -> None:
    text = "# Title\n\nProse on\ntwo lines.\n\n* one\n* two\n  goes on\n\n  and on\n    - nested\n\n### Next ###\n"

    assert outline(text) == [
        ("heading", 1, "Title", 1),
        ("text", 0, "Prose on\ntwo lines.", 3),
        ("bullet", 1, "one", 6),
        ("bullet", 1, "two\ngoes on", 7),
        ("text", 1, "and on", 10),
        ("bullet", 2, "nested", 11),
        ("heading", 3, "Next", 13),
    ]


def test_lines_are_counted_from_the_first_one_given() -> None:
    assert blocks_of("\ntext\nmore", first=10) == (Block(BlockKind.TEXT, 0, "text\nmore", line=11, end=13),)


@pytest.mark.parametrize("marker", ["*", "-", "+", "1."])
def test_every_list_marker_makes_bullets(marker: str) -> None:
    assert outline(f"{marker} one") == [("bullet", 1, "one", 1)]


@pytest.mark.parametrize("indent", ["  ", "    ", "\t", "      ", "        "])
def test_a_nested_bullet_is_found_however_deep_it_is_indented(indent: str) -> None:
    assert outline(f"* one\n{indent}* two") == [("bullet", 1, "one", 1), ("bullet", 2, "two", 2)]


def test_deep_indentation_splits_a_paragraph_at_each_bullet() -> None:
    assert outline("* one\n        * two\n        * three") == [
        ("bullet", 1, "one", 1),
        ("bullet", 2, "two", 2),
        ("bullet", 2, "three", 3),
    ]


def test_indented_text_is_text_and_an_underline_makes_no_heading() -> None:
    assert outline("    indented\n\nText\n====") == [("text", 0, "indented", 1), ("text", 0, "Text\n====", 3)]


def test_quotations_are_text_and_a_heading_in_one_is_no_section() -> None:
    assert outline("> quoted\n>\n> ## heading\n\n* # in a bullet") == [
        ("text", 0, "quoted", 1),
        ("text", 0, "heading", 3),
        ("bullet", 1, "in a bullet", 5),
    ]


def test_tables_code_and_rules_are_left_to_the_page() -> None:
    assert outline("| a | b |\n|---|---|\n| c | d |\n\n```\n# code\n```\n\n---\n\nend") == [("text", 0, "end", 11)]


@pytest.mark.parametrize(
    "text", ["* one\n*\n* three", "* one\n*   \n* three", "* one\n* * nested", "Prose\n*", "Prose\n -"]
)
def test_an_empty_bullet_is_reported_on_its_line(text: str) -> None:
    assert problems_in(text) == (Problem(2, "This bullet is empty; write its text or remove it."),)


@pytest.mark.parametrize("text", ["* one\n*", "* one\n* \n\nProse"])
def test_an_empty_last_bullet_is_reported(text: str) -> None:
    assert [problem.line for problem in problems_in(text)] == [2]


@pytest.mark.parametrize(
    "text", ["* ```\n  code\n  ```", "*\n  text below", "* ---", "* > quoted", "* | a |\n  |---|\n"]
)
def test_a_bullet_with_anything_in_it_is_not_empty(text: str) -> None:
    blocks_of(text)


@pytest.mark.parametrize("line", ["**Serious:** more", "**Serious:**", "**Serious**", "__Serious__: more"])
def test_a_bold_label_after_a_bullet_begins_a_paragraph(line: str) -> None:
    assert outline(f"* one\n{line}") == [("bullet", 1, "one", 1), ("text", 0, line, 2)]


def test_a_bold_label_in_prose_begins_a_paragraph_and_mere_emphasis_does_not() -> None:
    assert outline("Prose\n**Serious:** more\n**very**\nmuch") == [
        ("text", 0, "Prose", 1),
        ("text", 0, "**Serious:** more\n**very**\nmuch", 2),
    ]


def test_a_bold_label_indented_below_its_bullet_stays_in_it() -> None:
    assert outline("* one\n  **Serious:** more\n  **very**") == [
        ("bullet", 1, "one", 1),
        ("text", 1, "**Serious:** more\n**very**", 2),
    ]


@pytest.mark.parametrize("text", ["* one\nIf so", "* one\n  two\nthree", "* **Q: How?**\n    * **A:** So.\nMore."])
def test_a_line_after_a_bullet_that_may_or_may_not_belong_to_it_is_reported(text: str) -> None:
    message = "This line follows a bullet: indent it if it is part of the bullet, else put a blank line before it."

    assert problems_in(text) == (Problem(text.count("\n") + 1, message),)


@pytest.mark.parametrize("text", ["* one\n two", "* one\n\nIf so", "* one\n# Heading", "* one\n> quoted", "* one\n---"])
def test_a_line_that_can_only_be_one_thing_is_accepted(text: str) -> None:
    assert blocks_of(text)


def test_an_empty_heading_is_reported() -> None:
    assert problems_in("text\n\n###\n") == (Problem(3, "This heading is empty; write its text or remove it."),)


@pytest.mark.parametrize("line", ["###Usage", "#Usage"])
def test_a_heading_without_its_space_is_reported(line: str) -> None:
    assert problems_in(f"text\n{line}") == (Problem(2, "This looks like a heading; put a space after the #."),)


@pytest.mark.parametrize("line", ["#1 in the list", "#_tag", "C# is no heading", "####### seven"])
def test_other_number_signs_are_prose(line: str) -> None:
    assert outline(line) == [("text", 0, line, 1)]


@pytest.mark.parametrize(
    "text", ["```\ncode", "```", "text\n\n~~~\ncode\n```", "````\ncode\n```", "* ```\n  code\n\ntext"]
)
def test_a_code_block_that_is_never_closed_is_reported_where_it_opens(text: str) -> None:
    (problem,) = problems_in(text)

    assert text.split("\n")[problem.line - 1].lstrip("* ")[:3] in {"```", "~~~"}
    assert problem.message.startswith("The code block opened here is never closed; close it with ")


@pytest.mark.parametrize("text", ["```\ncode\n```", "```text\ncode\n`````", "~~~\n~~~", "> ```\n> code\n> ```"])
def test_a_closed_code_block_is_accepted(text: str) -> None:
    assert blocks_of(text) == ()


def nested_list(levels: int) -> str:
    return "\n".join(f"{'  ' * level}* level {level}" for level in range(levels))


def test_lists_may_be_nested_as_deep_as_the_limit() -> None:
    assert blocks_of(nested_list(DEEPEST_LIST))[-1].level == DEEPEST_LIST


@pytest.mark.parametrize(
    "text", [nested_list(DEEPEST_LIST + 1), nested_list(400), ">" * 5000 + " deep", "- " * 3000 + "x"]
)
def test_deeper_nesting_is_reported(text: str) -> None:
    assert "This is nested more than 6 lists deep; use fewer levels." in {item.message for item in problems_in(text)}
