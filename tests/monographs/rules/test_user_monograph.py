"""The document the user gave, as it is."""

import pytest

from monographs.rules.document import Frequency, PrecautionKind, SectionKind, parse
from tests.monographs.rules import nusinersen
from tests.monographs.rules.documents import USER_MONOGRAPH

DOCUMENT = parse(USER_MONOGRAPH)


def test_title_layout_and_generic_name_are_read() -> None:
    assert (DOCUMENT.title, DOCUMENT.layout, DOCUMENT.generic_name) == ("Nusinersen", "minimal-medicine", "Nusinersen")


def test_its_seven_sections_are_known_by_kind() -> None:
    assert [(section.title, section.kind, section.line) for section in DOCUMENT.sections] == [
        ("Generic Name", SectionKind.GENERIC_NAME, 7),
        ("Usage", SectionKind.USAGE, 10),
        ("Dosage", SectionKind.DOSAGE, 13),
        ("Side Effects", SectionKind.SIDE_EFFECTS, 22),
        ("How it Works", SectionKind.MECHANISM, 64),
        ("Precautions", SectionKind.PRECAUTIONS, 68),
        ("FAQs", SectionKind.FAQS, 74),
    ]


def test_the_effect_groups_keep_their_wording() -> None:
    assert [(group.frequency, group.heading, group.line) for group in DOCUMENT.effect_groups] == [
        (Frequency.COMMON, "Common Side Effects (>10%)", 25),
        (Frequency.LESS_COMMON, "Less Common Side Effects (1-10%)", 37),
        (
            Frequency.SERIOUS,
            "Serious but Less Common Side Effects (<1%, post-marketing, and/or case reports)",
            50,
        ),
    ]


def test_all_twenty_six_effects_are_read_with_their_explanations() -> None:
    assert [(effect.frequency, effect.term, effect.explanation) for effect in DOCUMENT.effects] == (
        nusinersen.ALL_EFFECTS
    )


def test_each_effect_knows_its_line() -> None:
    lines = USER_MONOGRAPH.split("\n")

    assert all(lines[effect.line - 1] == f"* {effect}" for effect in DOCUMENT.effects)


def test_the_three_dosage_statements_are_understood() -> None:
    assert DOCUMENT.statements == nusinersen.STATEMENTS


def test_the_four_precautions_are_known_by_kind() -> None:
    assert [(item.kind, item.label, item.line) for item in DOCUMENT.precautions] == [
        (PrecautionKind.CONTRAINDICATION, "Contraindications", 69),
        (PrecautionKind.RISK, "Increased Risk", 70),
        (PrecautionKind.PREGNANCY, "Pregnancy and Breastfeeding", 71),
        (PrecautionKind.MONITORING, "Monitoring", 72),
    ]


def test_the_six_questions_are_read() -> None:
    assert [faq.question for faq in DOCUMENT.faqs] == [
        "How is Nusinersen administered?",
        "How long does it take to see results?",
        "How is Nusinersen stored?",
        "Are there any drug interactions?",
        "What should I do if I miss a dose?",
        "What if I experience side effects?",
    ]


@pytest.mark.parametrize("number", range(6))
def test_each_answer_is_read_whole(number: int) -> None:
    assert nusinersen.missing(DOCUMENT.faqs[number].answer, nusinersen.FAQS[number]) == []


def test_the_disclaimer_is_read_whole_and_once() -> None:
    assert DOCUMENT.disclaimer.startswith("This information is intended for educational purposes only")
    assert DOCUMENT.disclaimer.endswith("the most complete and up-to-date details.")
    assert all("Disclaimer" not in section.body for section in DOCUMENT.sections)


@pytest.mark.parametrize("kind", nusinersen.SECTION_FACTS)
def test_the_prose_of_each_section_is_kept(kind: SectionKind) -> None:
    (section,) = [section for section in DOCUMENT.sections if section.kind is kind]

    assert nusinersen.missing(section.body, nusinersen.SECTION_FACTS[kind]) == []


def test_no_word_of_the_document_is_lost() -> None:
    kept = "\n".join(
        [f"### {section.title}\n{section.body}" for section in DOCUMENT.sections]
        + [f"# {DOCUMENT.title}", f"**Disclaimer:** {DOCUMENT.disclaimer}"]
    )

    assert sorted(kept.split()) == sorted(USER_MONOGRAPH.split("---\n", 2)[2].split())


def test_it_has_no_regimens_sources_or_review() -> None:
    assert (DOCUMENT.regimens, DOCUMENT.sources, DOCUMENT.reviewed_on, DOCUMENT.reviewed_by) == ((), (), None, "")
