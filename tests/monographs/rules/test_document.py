import re

import pytest

from monographs.rules.document import MOST_BYTES, MOST_LINES, Document, InvalidDocument, parse
from tests.monographs.rules.documents import USER_MONOGRAPH, only_problem, problems_of, read, with_body

DISCLAIMER = "Ask a doctor.\nAlways."


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: "\n\n" + text,
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n\n",
        lambda text: text.replace("### ", "## "),
        lambda text: text.replace("### ", "# "),
        lambda text: text.replace("### Dosage", "## Dosage").replace("### FAQs", "#### FAQs"),
        lambda text: re.sub(r"(?m)^( *)\* ", r"\1- ", text),
        lambda text: re.sub(r"(?m)^( *)\* ", r"\1+   ", text),
        lambda text: text.replace("### Side Effects", "### SIDE EFFECTS:").replace("Common", "COMMON"),
        lambda text: text.replace("    * **A", "\t* **A"),
        lambda text: text.replace("    * **A", "  * **A"),
        lambda text: text.replace("    * **A", "        * **A"),
        lambda text: text.replace(":**", "**:"),
        lambda text: text.replace("**", "__"),
        lambda text: text.replace(".  ", ". "),
        lambda text: re.sub(r"\n+(?!If you|The med)", "\n", text),
        lambda text: text.replace("\n\n", "\n \n\n"),
        lambda text: text.replace(">10%", "&gt; 10 %").replace("1-10%", "1 \u2013 10 %").replace("<1%", "< 1 %"),
    ],
)
def test_another_dress_of_the_same_document_says_the_same(change: object) -> None:
    assert callable(change)

    assert _said(parse(change(USER_MONOGRAPH))) == _said(parse(USER_MONOGRAPH))


def _said(document: Document) -> object:
    """Return what was understood, without lines, marks and the width of gaps."""
    return (
        document.title,
        document.layout,
        document.generic_name,
        [(section.anchor, section.kind) for section in document.sections],
        [group.frequency for group in document.effect_groups],
        [(effect.frequency, effect.term, effect.explanation) for effect in document.effects],
        [(item.kind, item.label, " ".join(item.text.split())) for item in document.precautions],
        [(faq.question, " ".join(faq.answer.split())) for faq in document.faqs],
        " ".join(document.disclaimer.split()),
        document.statements,
    )


def test_two_readings_of_one_text_are_equal() -> None:
    assert parse(USER_MONOGRAPH) == parse(USER_MONOGRAPH)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("### Generic Name\n*Examplinum*\n\nAlso known as more.\n", "Examplinum"),
        ("### Generic Name\n* Examplinum\n", "Examplinum"),
        ("### Generic Name\n```\nExamplinum\n```\n", "Examplin"),
        ("### Usage\nFor examples.\n", "Examplin"),
    ],
)
def test_the_generic_name_is_the_first_line_of_its_section_or_the_title(body: str, name: str) -> None:
    assert read(body).generic_name == name


def test_a_generic_name_may_be_as_long_as_the_limit() -> None:
    assert read(f"### Generic Name\n{'x' * 200}\n").generic_name == "x" * 200


def test_a_longer_generic_name_is_refused() -> None:
    assert only_problem(f"### Generic Name\n\n{'x' * 201}\n") == (
        7,
        "The generic name is longer than 200 characters; begin with the name.",
    )


@pytest.mark.parametrize(
    "body",
    [
        f"### Usage\nFor examples.\n\n**Disclaimer:** {DISCLAIMER}\n",
        f"### Usage\nFor examples.\n\n**DISCLAIMER**: {DISCLAIMER}\n",
        f"### Usage\nFor examples.\n\n**Disclaimer**\n\n{DISCLAIMER}\n",
        f"### Usage\nFor examples.\n\n### Disclaimer\n{DISCLAIMER}\n",
        f"**Disclaimer:** {DISCLAIMER}\n\n### Usage\nFor examples.\n",
        f"### Disclaimer\n\n{DISCLAIMER}\n\n### Usage\nFor examples.\n",
        f"# Examplin\n**Disclaimer:** {DISCLAIMER}\n\n### Usage\n\nFor examples.\n",
    ],
)
def test_the_disclaimer_is_read_apart_from_the_sections(body: str) -> None:
    document = read(body)

    assert document.disclaimer == DISCLAIMER
    assert [(section.title, section.body) for section in document.sections] == [("Usage", "For examples.")]


def test_a_disclaimer_after_the_questions_is_no_part_of_the_last_answer() -> None:
    document = read("### FAQs\n* **Q: How?**\n    * **A:** So.\n\n**Disclaimer:** Ask a doctor.\n")

    assert [faq.answer for faq in document.faqs] == ["So."]
    assert document.sections[0].body == "* **Q: How?**\n    * **A:** So."


def test_a_document_may_have_no_disclaimer() -> None:
    assert read("### Usage\nFor examples.\n").disclaimer == ""


@pytest.mark.parametrize(
    "body", ["**Disclaimer:**\n\n### Usage\nFor examples.\n", "### Disclaimer\n\n### Usage\nx\n", "**Disclaimer:**\n"]
)
def test_a_disclaimer_without_text_is_refused(body: str) -> None:
    assert only_problem(body) == (5, "The disclaimer has no text; write it after the label.")


@pytest.mark.parametrize("second", ["**Disclaimer:** Ask again.\n", "### Disclaimer\nAsk again.\n"])
def test_a_second_disclaimer_is_refused(second: str) -> None:
    assert only_problem(f"**Disclaimer:** Ask.\n\n{second}") == (
        7,
        "There is a disclaimer already (line 5); keep one.",
    )


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x0b", "\x7f", "\x80", "\ud800", "\ufffe"])
def test_a_control_character_is_refused_on_its_line(character: str) -> None:
    assert only_problem(f"### Usage\nFor{character}examples.{character}\n") == (
        6,
        f"This line holds the control character U+{ord(character):04X}, which is no text; remove it.",
    )


def test_control_characters_hide_no_other_problem() -> None:
    assert [line for line, _ in problems_of("---\ntitle: x\x00\n---\n* one\n*\x00\n")] == [2, 5, 5]


@pytest.mark.parametrize("character", ["\t", "é", "\xa0", "\u2028", "\U0001f489"])
def test_other_characters_are_text(character: str) -> None:
    assert character in read(f"### Usage\nFor{character}examples.\n").sections[0].body


def filled(size: int) -> str:
    """Return a document of `size` bytes in lines of two-byte letters, more of them than a section may hold."""
    letters = "é" * 500 + "\n"
    body = letters * (size // len(letters.encode()) - 1)
    text = with_body(body)
    return text + "x" * (size - len(text.encode()))


def test_a_document_may_be_as_large_as_the_limit() -> None:
    text = filled(MOST_BYTES)

    assert len(text.encode()) == MOST_BYTES
    assert all("is longer than" in message for _, message in problems_of(text))


@pytest.mark.parametrize("text", [filled(MOST_BYTES) + "x", "x" * (MOST_BYTES + 1), "\x00" * 5_000_000])
def test_a_larger_document_is_refused_at_once(text: str) -> None:
    assert problems_of(text) == [(1, "The document is larger than 2 MB; a monograph is far shorter.")]


def test_a_document_may_have_as_many_lines_as_the_limit() -> None:
    text = with_body("\n" * (MOST_LINES - 5))

    assert text.count("\n") + 1 == MOST_LINES
    assert parse(text).title == "Examplin"


def test_more_lines_are_refused_at_once() -> None:
    assert problems_of(with_body("\n" * (MOST_LINES - 4))) == [
        (MOST_LINES + 1, "The document has more than 20000 lines; a monograph is far shorter.")
    ]


WRONG_THROUGHOUT = """---
layout: 12
layout: x
regimens: none
---
### Usage
### Odd Things
###Tight

### Side Effects
**Common (>10%):**

**Rare:**
* Rash
* Rash
* Rash (red
*

### Precautions
* **Monitoring:**

### FAQs
* **Q: How?**

### odd things
Odd.

**Disclaimer:**
```
open
"""


def test_all_problems_of_a_document_are_reported_together_by_line() -> None:
    lines = [line for line, _ in problems_of(WRONG_THROUGHOUT)]

    assert lines == [1, 3, 4, 6, 8, 11, 15, 16, 17, 20, 23, 25, 28, 29]


def test_the_refusal_says_each_problem_on_a_line_of_its_own() -> None:
    with pytest.raises(InvalidDocument) as refused:
        parse("### Usage\n")

    assert str(refused.value).split("\n") == [
        "Line 1: The document has no front matter; begin it with a line ---, then title: and its name, then ---.",
        "Line 1: The section “Usage” is empty; write its text or remove the heading.",
    ]
