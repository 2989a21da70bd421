"""Whatever text comes, it is read or refused by line, in bounded time."""

from contextlib import suppress
from dataclasses import fields

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monographs.rules.document import Document, InvalidDocument, parse
from monographs.rules.rendering import to_html
from tests.monographs.rules.documents import FRONT, USER_MONOGRAPH, bounded_time, with_body

SCRAPS = st.sampled_from(
    [
        *("---\n", "title: x\n", "regimens:\n", "  - key: a\n", "sources: [a]\n", "&a ", "*a ", "!!x ", "{", "["),
        *("# ", "## ", "### ", "####### ", "Usage\n", "Dosage\n", "Side Effects\n", "Precautions\n", "FAQs\n"),
        *("**Common (>10%):**\n", "**Rare**\n", "* ", "- ", "    * ", "\t", "1. ", "> ", "```\n", "| a |\n|---|\n"),
        *("Headache", "(pain)", "(", ")", "**Q: How?**", "**A:** So.", "**Monitoring:** x", "**Disclaimer:** x"),
        *("12 mg every 14 days", "fourth dose", "**", "_", "`", "\\", "&gt;", "\n", "\n\n", " ", "\r\n", "\x00", "é"),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(SCRAPS, max_size=60).map("".join))


def lines_told(text: str) -> list[int]:
    """Return the lines of the problems of a text; [] when it is read, and never for a text that is refused."""
    try:
        parse(text)
    except InvalidDocument as refused:
        return [problem.line for problem in refused.problems] or [0]
    return []


@given(text=TEXTS)
@example("")
@example("---")
@example("---\n---")
@example("\ufeff---\r---\r")
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused_on_lines_that_it_has(text: str) -> None:
    count = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1

    assert all(1 <= line <= count for line in lines_told(text))


@given(body=TEXTS)
@settings(max_examples=400, deadline=None)
def test_any_body_is_read_or_refused_after_the_front_matter(body: str) -> None:
    assert all(line > FRONT.count("\n") for line in lines_told(with_body(body)))


@given(place=st.integers(0, len(USER_MONOGRAPH)), scrap=SCRAPS, cut=st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_the_users_document_with_something_changed_is_read_or_refused(place: int, scrap: str, cut: int) -> None:
    lines_told(USER_MONOGRAPH[:place] + scrap + USER_MONOGRAPH[place + cut :])


@given(body=TEXTS)
@settings(max_examples=200, deadline=None)
def test_what_is_read_fits_its_limits_and_can_be_shown(body: str) -> None:
    with suppress(InvalidDocument):
        document = parse(with_body(body))
        anchors = [section.anchor for section in document.sections]
        assert len(set(anchors)) == len(anchors)
        assert [section.order for section in document.sections] == list(range(len(anchors)))
        assert all(section.anchor and to_html(section.body) is not None for section in document.sections)
        assert all(isinstance(getattr(document, field.name), tuple | str | None) for field in fields(Document))


WORDS = st.text(st.characters(categories=["L"]), min_size=1, max_size=10)
PROSE = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)


@given(paragraphs=st.lists(PROSE, min_size=1, max_size=5))
@settings(deadline=None)
def test_prose_of_an_unknown_section_is_kept_word_for_word(paragraphs: list[str]) -> None:
    body = "\n\n".join(paragraphs)

    document = parse(with_body(f"# Examplin\n\n### Odd Things\n\n{body}\n\n### Usage\nFor examples.\n"))

    assert document.sections[0].body == body


MANY = 15_000
HOSTILE = {
    "a pile of brackets": FRONT + "### Side Effects\n" + "(" * 1_000_000,
    "a pile of stars": FRONT + "### FAQs\n" + "*" * 1_000_000,
    "a pile of underscores": FRONT + "### Precautions\n" + "_" * 1_000_000 + "a",
    "a pile of quotations": FRONT + ">" * 1_000_000,
    "a pile of number words": FRONT + "### Dosage\n" + "twelve mg every " * 60_000,
    "a pile of bullets": FRONT + "### FAQs\n" + "* Q: a?\n" * MANY,
    "a pile of headings": FRONT + "# a\n" * MANY,
    "a pile of groups": FRONT + "### Side Effects\n" + "**Rare:**\n\n" * (MANY // 2),
    "a pile of lists in lists": FRONT + "".join(f"{' ' * 2 * depth}* a\n" for depth in range(900)),
    "an endless heading": FRONT + "## " + "a" * 1_000_000,
    "an endless line before a list": FRONT + "### Side Effects\n" + "a " * 500_000 + ":\n* b",
    "deep flow values": "---\ntitle: " + "[" * 60_000 + "\n---\n",
    "deep block values": "---\n" + "".join(f"{' ' * depth}a:\n" for depth in range(300)) + "---\n",
    "many keys": "---\n" + "".join(f"a{number}:\n" for number in range(8_000)) + "---\n",
    "one key many times": "---\n" + "a: b\n" * 10_000 + "---\n",
    "an alias bomb": "---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n",
    "front matter without end": "---\n" + "title: x\n" * MANY,
    "nothing but NUL": "\x00" * 1_900_000,
    "a NUL on every line": "\x00\n" * MANY,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_documents_are_refused_in_bounded_time(text: str) -> None:
    with bounded_time(), pytest.raises(InvalidDocument) as refused:
        parse(text)

    assert all(len(str(problem)) < 500 for problem in refused.value.problems)
