import pytest

from monographs.rules.document import Document, SectionKind
from monographs.rules.rendering import LONGEST_TEXT
from monographs.rules.sections import LONGEST_TITLE, MOST_SECTIONS, kind_of
from tests.monographs.rules.documents import only_problem, problems_of, read, with_body


def outline(document: Document) -> list[tuple[str, str]]:
    return [(section.title, section.body) for section in document.sections]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Generic Name", SectionKind.GENERIC_NAME),
        ("Usage", SectionKind.USAGE),
        ("INDICATIONS AND USAGE", SectionKind.USAGE),
        ("What Examplin Is Used For", SectionKind.USAGE),
        ("Dosage", SectionKind.DOSAGE),
        ("**Dosage & Administration**", SectionKind.DOSAGE),
        ("Dosing:", SectionKind.DOSAGE),
        ("Side Effects", SectionKind.SIDE_EFFECTS),
        ("side effects:", SectionKind.SIDE_EFFECTS),
        ("Adverse Reactions", SectionKind.SIDE_EFFECTS),
        ("How it Works", SectionKind.MECHANISM),
        ("How Examplin works", SectionKind.MECHANISM),
        ("Mechanism of Action", SectionKind.MECHANISM),
        ("Precautions", SectionKind.PRECAUTIONS),
        ("Warnings and Precautions", SectionKind.PRECAUTIONS),
        ("FAQ", SectionKind.FAQS),
        ("Frequently Asked Questions", SectionKind.FAQS),
        ("Disclaimer", SectionKind.DISCLAIMER),
        ("Late and Missed Doses", SectionKind.LATE_DOSES),
        ("Missed dose", SectionKind.LATE_DOSES),
        ("Monitoring Before Each Dose", SectionKind.MONITORING),
        ("Preparation and Administration", SectionKind.ADMINISTRATION),
        ("Storage", SectionKind.STORAGE),
        ("High-Dose Regimen", SectionKind.OTHER),
        ("Dosage in Japan", SectionKind.OTHER),
        ("Common Side Effects (>10%)", SectionKind.OTHER),
        ("", SectionKind.OTHER),
    ],
)
def test_a_section_is_known_by_the_words_of_its_heading(heading: str, kind: SectionKind) -> None:
    assert kind_of(heading) is kind


def test_sections_keep_their_order_line_text_and_address() -> None:
    document = read("\n# Examplin\n### Usage\nFor examples.\n\nOnly.\n\n\n### Odd Things\n* one\n\n  two  \n")

    first, second = document.sections
    assert (first.anchor, first.title, first.kind, first.order, first.line) == (
        "usage",
        "Usage",
        SectionKind.USAGE,
        0,
        7,
    )
    assert first.body == "For examples.\n\nOnly."
    assert (second.anchor, second.kind, second.order, second.line) == ("odd-things", SectionKind.OTHER, 1, 13)
    assert second.body == "* one\n\n  two  "


@pytest.mark.parametrize("marks", ["#", "##", "###", "####", "######"])
def test_sections_may_stand_at_any_level(marks: str) -> None:
    document = read(f"# Examplin\n{marks} Usage\nFor examples.\n{marks} Odd Things\nOdd.\n")

    assert outline(document) == [("Usage", "For examples."), ("Odd Things", "Odd.")]


def test_a_heading_deeper_than_its_section_stays_in_it() -> None:
    document = read("# Examplin\n## Usage\nIn all.\n### Children\nAs well.\n## Odd Things\nOdd.\n")

    assert outline(document) == [("Usage", "In all.\n### Children\nAs well."), ("Odd Things", "Odd.")]


def test_a_known_heading_begins_a_section_at_whatever_level_it_stands() -> None:
    document = read("## Usage\nFor examples.\n### Dosage\nSome.\n### Odd Things\nOdd.\n#### FAQs\nNone.\n")

    assert [section.title for section in document.sections] == ["Usage", "Dosage", "Odd Things", "FAQs"]


def test_monitoring_below_precautions_belongs_to_them() -> None:
    document = read("## Precautions\n### Monitoring\nCheck blood.\n## Monitoring\nOften.\n")

    assert [section.title for section in document.sections] == ["Precautions", "Monitoring"]
    assert [precaution.label for precaution in document.precautions] == ["Monitoring"]


def test_effect_groups_may_be_headings_of_the_sections_own_level() -> None:
    document = read("## Side Effects\n## Common (>10%)\n* Headache\n## Serious\n* Rash\n## Odd Things\nOdd.\n")

    assert [section.title for section in document.sections] == ["Side Effects", "Odd Things"]
    assert [effect.term for effect in document.effects] == ["Headache", "Rash"]


@pytest.mark.parametrize(
    "body",
    [
        "Before all.\n\n# Usage\nFor examples.\n",
        "# Examplin\nBefore all.\n\n## Usage\nFor examples.\n",
        "### Examplin\nBefore all.\n\n### Usage\nFor examples.\n",
        "# Examplin (brand)\nBefore all.\n\n## Usage\nFor examples.\n",
        "# Examplin\n\nBefore all.\n\n# Usage\nFor examples.\n",
    ],
)
def test_text_before_the_first_section_is_kept_under_the_documents_title(body: str) -> None:
    document = read(body)

    assert outline(document) == [("Examplin", "Before all."), ("Usage", "For examples.")]
    assert document.sections[0].kind is SectionKind.OTHER


def test_code_before_the_first_section_is_kept() -> None:
    assert outline(read("# Examplin\n```\ncode\n```\n# Usage\nFor examples.\n"))[0] == ("Examplin", "```\ncode\n```")


def test_a_first_heading_of_another_name_beside_others_of_its_level_is_a_section() -> None:
    assert outline(read("# Overview\nAll of it.\n# Usage\nFor examples.\n")) == [
        ("Overview", "All of it."),
        ("Usage", "For examples."),
    ]


def test_a_single_known_heading_is_a_section() -> None:
    assert outline(read("# Usage\nFor examples.\n")) == [("Usage", "For examples.")]


def test_a_document_without_headings_is_prose() -> None:
    assert outline(read("All of it.\n")) == [("Examplin", "All of it.")]


def test_a_section_named_like_the_document_is_no_repetition() -> None:
    document = read("# Examplin\nBefore.\n## Examplin\nAfter.\n")

    assert [section.anchor for section in document.sections] == ["examplin", "examplin-2"]


def test_headings_that_differ_in_punctuation_have_addresses_of_their_own() -> None:
    document = read("# Examplin\n## A_B\nOne.\n## A-B\nTwo.\n## A_B C\nThree.\n")

    assert [section.anchor for section in document.sections] == ["a_b", "a-b", "a_b-c"]


@pytest.mark.parametrize("second", ["### Odd Things", "## odd things:", "### **Odd  Things**"])
def test_a_heading_used_twice_is_refused(second: str) -> None:
    line, message = only_problem(f"### Odd Things\nOdd.\n{second}\nOdder.\n")

    assert line == 7
    assert message.endswith("exists already (line 5); join the two or rename one.")


def test_a_known_section_without_text_is_refused() -> None:
    assert only_problem("### Usage\n\n### Odd Things\nOdd.\n") == (
        5,
        "The section “Usage” is empty; write its text or remove the heading.",
    )


def test_another_section_without_text_is_kept() -> None:
    assert outline(read("# Examplin\n## Part One\n### Usage\nFor examples.\n"))[0] == ("Part One", "")


def test_a_heading_may_be_as_long_as_the_limit() -> None:
    assert len(read(f"# Examplin\n## {'x' * LONGEST_TITLE}\nText.\n").sections[0].title) == LONGEST_TITLE


def test_a_longer_heading_is_refused() -> None:
    assert only_problem(f"# Examplin\n## {'x' * (LONGEST_TITLE + 1)}\nText.\n") == (
        6,
        "This heading is longer than 200 characters; shorten it.",
    )


def test_a_section_may_be_as_long_as_a_page_can_show() -> None:
    assert len(read(f"## Usage\n{'x' * LONGEST_TEXT}\n").sections[0].body) == LONGEST_TEXT


def test_a_longer_section_is_refused() -> None:
    assert only_problem(f"## Usage\n{'x' * (LONGEST_TEXT + 1)}\n") == (
        5,
        "The section “Usage” is longer than 50000 characters; divide it.",
    )


def numbered_sections(count: int) -> str:
    return "".join(f"## Section {number}\nText.\n" for number in range(count))


def test_a_document_may_have_as_many_sections_as_the_limit() -> None:
    assert len(read(numbered_sections(MOST_SECTIONS)).sections) == MOST_SECTIONS


def test_more_sections_are_refused_at_the_first_one_too_many() -> None:
    assert problems_of(with_body(numbered_sections(MOST_SECTIONS + 2))) == [
        (405, "There are more than 200 sections; join some.")
    ]
