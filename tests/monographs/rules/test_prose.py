import pytest

from monographs.rules.document import Section, SectionKind, parse
from monographs.rules.prose import Prose, heading_of, prose_of
from monographs.rules.wording import key_of
from tests.monographs.rules.documents import SEED_MONOGRAPH, USER_MONOGRAPH, read, with_body

EFFECTS = """### Side Effects
Seen in trials:

**Common (>10%):**

* Headache
* Fever (a high temperature)

Tell somebody.
"""
PRECAUTIONS = """### Precautions
Read these first.

* **Monitoring:** Count *platelets*.
    * Before each dose.

Ask when in doubt.
"""
FAQS = """### FAQs
People ask:

* **Q: How is it given?**
    * **A:** By injection.

      It takes three minutes.

Ask us more.
"""


def prose(body: str) -> Prose:
    """Return the prose of the only section of a body."""
    document = read(body)
    (section,) = document.sections
    return prose_of(section, document)


def test_the_sentences_around_the_effects_stay_before_and_after_them() -> None:
    assert prose(EFFECTS) == Prose("Seen in trials:", "Tell somebody.")


def test_the_sentences_around_the_precautions_stay_before_and_after_them() -> None:
    assert prose(PRECAUTIONS) == Prose("Read these first.", "Ask when in doubt.")


def test_the_sentences_around_the_questions_stay_before_and_after_them() -> None:
    assert prose(FAQS) == Prose("People ask:", "Ask us more.")


def test_a_section_that_holds_no_rows_keeps_all_its_text_before() -> None:
    assert prose("### Usage\nFor **everybody**.\n\n* One\n* Two\n") == Prose("For **everybody**.\n\n* One\n* Two", "")


def test_a_side_effects_section_without_any_group_keeps_its_list_as_prose() -> None:
    assert prose("### Side Effects\n* Headache\n* Fever\n") == Prose("* Headache\n* Fever", "")


def test_a_list_under_no_known_frequency_stays_prose_beside_a_group_that_is_known() -> None:
    found = prose(EFFECTS + "\n**Seen in animals:**\n\n* Sleepiness\n")
    assert found.before == "Seen in trials:"
    assert found.after.splitlines() == ["Tell somebody.", "", "**Seen in animals:**", "", "* Sleepiness"]


def test_a_group_heading_with_more_words_after_it_keeps_those_words() -> None:
    found = prose("### Side Effects\n**Common (>10%):** in 120 people\n\n* Headache\n")
    assert "in 120 people" in found.before


def test_a_heading_that_only_begins_like_a_label_is_kept() -> None:
    """Part of a text is enough for a sentence, never for a heading: a heading leads to what stands below it."""
    body = "### FAQs\n* **Q: When?**\n    * **A:** Storage is cold.\n\n#### Storage is\nOpen question.\n"
    document = read(body)
    section = document.sections[0]
    assert "#### Storage is" in prose_of(section, document).after


def test_a_table_in_a_section_with_rows_is_kept() -> None:
    found = prose(EFFECTS + "\n| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    assert "| 1 | 2 |" in found.after


def test_a_block_without_words_is_kept() -> None:
    assert prose(EFFECTS + "\n…\n").after.endswith("…")


def test_an_effect_written_over_two_lines_is_taken_out_whole() -> None:
    found = prose("### Side Effects\n**Common (>10%):**\n\n* Aseptic\n  meningitis\n* Fever\n\nEnd.\n")
    assert found == Prose("", "End.")


@pytest.mark.parametrize("text", [USER_MONOGRAPH, SEED_MONOGRAPH], ids=["user's", "shipped"])
@pytest.mark.parametrize("kind", [SectionKind.SIDE_EFFECTS, SectionKind.PRECAUTIONS, SectionKind.FAQS])
def test_no_row_of_the_real_monographs_is_repeated_in_the_prose(text: str, kind: SectionKind) -> None:
    document = parse(text)
    section = next(section for section in document.sections if section.kind is kind)
    found = prose_of(section, document)
    kept = key_of(f"{found.before}\n{found.after}")
    said = [effect.term for effect in document.effects if len(effect.term) > 12]
    said += [faq.question for faq in document.faqs] + [item.text for item in document.precautions]
    assert said
    assert [words for words in said if key_of(words) in kept] == []


@pytest.mark.parametrize("text", [USER_MONOGRAPH, SEED_MONOGRAPH], ids=["user's", "shipped"])
def test_no_word_of_the_real_monographs_is_lost(text: str) -> None:
    document = parse(text)
    for section in document.sections:
        shown = _shown(section, prose_of(section, document), document)
        lost = set(key_of(section.body).split()) - set(key_of(shown).split())
        # The letters that mark a question and its answer are the only words that no row says.
        assert lost <= {"q", "a"}, section.title


def _shown(section: Section, found: Prose, document: object) -> str:
    parts = [found.before, found.after]
    for name in ("effect_groups", "effects", "precautions", "faqs"):
        parts += [_words(item) for item in getattr(document, name)]
    return "\n".join(parts)


def _words(item: object) -> str:
    names = ("heading", "term", "explanation", "label", "text", "question", "answer")
    return " ".join(str(getattr(item, name, "")) for name in names)


def test_an_effect_belongs_to_the_last_heading_before_it() -> None:
    document = read("### Side Effects\n**Common (>10%):**\n\n* Fever\n\n**Serious (<1%):**\n\n* Rash\n")
    assert [heading_of(effect, document) for effect in document.effects] == ["Common (>10%)", "Serious (<1%)"]


def test_a_second_section_of_the_same_kind_repeats_none_of_the_rows() -> None:
    document = parse(
        with_body(EFFECTS + "\n### Adverse Reactions\n**Less common (1-10%):**\n\n* Falls\n\nRare indeed.\n")
    )
    second = document.sections[1]
    assert prose_of(second, document) == Prose("", "Rare indeed.")
