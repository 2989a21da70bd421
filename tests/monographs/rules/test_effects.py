import pytest
from hypothesis import given
from hypothesis import strategies as st

from monographs.rules.document import Document
from monographs.rules.effects import (
    LONGEST_EXPLANATION,
    LONGEST_TERM,
    Effect,
    Frequency,
    effect_from,
    frequency_of,
)
from monographs.rules.problems import Problems
from tests.monographs.rules.documents import only_problem, problems_of, read, with_body

COMMON, LESS_COMMON, SERIOUS = Frequency
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
PHRASES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


def terms(document: Document) -> list[tuple[Frequency, str, str]]:
    return [(effect.frequency, effect.term, effect.explanation) for effect in document.effects]


@pytest.mark.parametrize(
    ("heading", "frequency"),
    [
        ("Common Side Effects (>10%)", COMMON),
        ("Common (&gt;10%)", COMMON),
        ("very common (≥ 10 %)", COMMON),
        ("Seen in more than 10% of people", COMMON),
        ("10% or more", COMMON),
        ("Very common (≥1/10)", COMMON),
        ("Common side effects", COMMON),
        ("Frequent", COMMON),
        ("Less Common Side Effects (1-10%)", LESS_COMMON),
        ("Less common (1\u201310 %)", LESS_COMMON),
        ("1% to 10%", LESS_COMMON),
        ("Common (≥1% to <10%)", LESS_COMMON),
        ("Common (≥1/100 to <1/10)", LESS_COMMON),
        ("Between 1 and 10 %", LESS_COMMON),
        ("Uncommon", LESS_COMMON),
        ("Serious but Less Common Side Effects (<1%, post-marketing, and/or case reports)", SERIOUS),
        ("Less common (less than 1 %)", SERIOUS),
        ("Uncommon (≥1/1,000 to <1/100)", SERIOUS),
        ("Uncommon (0.1-1%)", SERIOUS),
        ("Rare", SERIOUS),
        ("Serious side effects", SERIOUS),
        ("Postmarketing experience", SERIOUS),
        ("Known from case reports", SERIOUS),
        ("For adults", None),
        ("Seen in 10% of people", None),
        ("", None),
    ],
)
def test_a_group_is_recognised_by_its_figures_and_else_by_its_words(heading: str, frequency: Frequency | None) -> None:
    assert frequency_of(heading) is frequency


GROUP_LINES = [
    "**Common Side Effects (>10%):**",
    "**Common (>10%)**:",
    "**Common (>10%)**",
    "__Common (>10%):__",
    "*Common (>10%):*",
    "#### Common (>10%)",
    "Common side effects:",
    "More than 10%:",
]


@pytest.mark.parametrize("line", GROUP_LINES)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_group_is_headed_by_a_bold_line_a_heading_or_a_line_with_a_colon(line: str, gap: str) -> None:
    document = read(f"### Side Effects\n\n{line}{gap}* Headache\n- Fever\n")

    assert terms(document) == [(COMMON, "Headache", ""), (COMMON, "Fever", "")]


def test_groups_keep_their_wording_and_line() -> None:
    document = read("### Side Effects\n**Common (>10%):**\n* Headache\n\n**Serious**\n\n* Rash\n")

    assert [(group.frequency, group.heading, group.line) for group in document.effect_groups] == [
        (COMMON, "Common (>10%)", 6),
        (SERIOUS, "Serious", 9),
    ]


def test_prose_between_a_heading_and_its_list_does_not_part_them() -> None:
    document = read("### Side Effects\n**Common (>10%):**\n\nSeen in trials.\n\n* Headache\n")

    assert terms(document) == [(COMMON, "Headache", "")]


@pytest.mark.parametrize(
    "after",
    [
        "Tell your doctor:\n\n* about fever",
        "**Advice:**\n\n* about fever",
        "#### Advice\n\n* about fever",
        "If serious ones appear, seek help.\n\n* about fever",
    ],
)
def test_a_list_that_follows_other_words_is_prose(after: str) -> None:
    document = read(f"### Side Effects\n**Common (>10%):**\n\n* Headache\n\n{after}\n")

    assert terms(document) == [(COMMON, "Headache", "")]
    assert document.sections[0].body.endswith("* about fever")


@pytest.mark.parametrize(
    "prose",
    [
        "The following common side effects have been reported:",
        "**Call a doctor when you notice serious side effects.**",
        "**Note on serious side effects:** call a doctor.",
        "Side effects are common.",
        "* All of them are common:",
    ],
)
def test_prose_with_the_words_of_a_group_is_no_group(prose: str) -> None:
    document = read(f"### Side Effects\n{prose}\n\n**Common (>10%):**\n\n* Headache\n")

    assert terms(document) == [(COMMON, "Headache", "")]


def test_a_list_without_a_group_is_prose() -> None:
    document = read("### Side Effects\n* Headache\n")

    assert document.effects == ()
    assert document.sections[0].body == "* Headache"


def test_a_section_of_nothing_but_a_table_has_no_effects() -> None:
    assert read("### Side Effects\n| a |\n|---|\n| b |\n").effects == ()


def test_effects_outside_the_section_are_prose() -> None:
    assert read("### Odd Things\n**Common (>10%):**\n* Headache\n").effects == ()


@pytest.mark.parametrize(
    "line", ["**Common (>10%):**", "**Common (>10%)**", "#### Common", "**Common:**", "**Common (>10%):** Headache"]
)
@pytest.mark.parametrize("after", ["", "Prose.\n", "#### Advice\nProse.\n", "**Rare:**\n* Rash\n"])
def test_a_group_without_bullets_is_refused(line: str, after: str) -> None:
    number, message = only_problem(f"### Side Effects\n{line}\n\n{after}")

    assert number == 6
    assert message.endswith(" lists no effects; write each one below it on a line that begins with *.")


@pytest.mark.parametrize(
    ("bullet", "term", "explanation"),
    [
        ("Headache", "Headache", ""),
        ("**Headache**.", "Headache", ""),
        ("Proteinuria (protein in the urine)", "Proteinuria", "protein in the urine"),
        ("Proteinuria (*protein* in the urine).", "Proteinuria", "protein in the urine"),
        ("Proteinuria  (protein\n  in the urine)", "Proteinuria", "protein in the urine"),
        ("Rash (red (itchy) spots)", "Rash", "red (itchy) spots"),
        ("Rash (red) of the skin", "Rash (red) of the skin", ""),
        ("Rash ()", "Rash", ""),
        ("Rash (red), itchy (often)", "Rash (red), itchy", "often"),
    ],
)
def test_an_effect_is_a_term_and_the_explanation_in_its_last_brackets(bullet: str, term: str, explanation: str) -> None:
    assert terms(read(f"### Side Effects\n**Common (>10%):**\n* {bullet}\n")) == [(COMMON, term, explanation)]


def test_nested_bullets_are_effects_too() -> None:
    document = read("### Side Effects\n**Common (>10%):**\n* Infections\n    * Ear infection\n")

    assert [effect.term for effect in document.effects] == ["Infections", "Ear infection"]


@pytest.mark.parametrize("bullet", ["Rash (red", "Rash red)", "Rash )red(", "Rash ((red)"])
def test_brackets_that_do_not_match_are_refused(bullet: str) -> None:
    assert only_problem(f"### Side Effects\n**Common (>10%):**\n* Fever\n* {bullet}\n") == (
        8,
        f"The brackets in “{bullet}” do not match; write it as: term (explanation).",
    )


@pytest.mark.parametrize("bullet", ["(low platelet count)", "... (low)", "…"])
def test_an_explanation_without_a_term_is_refused(bullet: str) -> None:
    number, message = only_problem(f"### Side Effects\n**Common (>10%):**\n* {bullet}\n")

    assert number == 7
    assert message.endswith(" has an explanation but no term; write it as: term (explanation).")


def test_term_and_explanation_may_be_as_long_as_their_limits() -> None:
    bullet = f"{'t' * LONGEST_TERM} ({'e' * LONGEST_EXPLANATION})"

    assert len(terms(read(f"### Side Effects\n**Common (>10%):**\n* {bullet}\n"))) == 1


@pytest.mark.parametrize("bullet", ["t" * (LONGEST_TERM + 1), f"Term ({'e' * (LONGEST_EXPLANATION + 1)})"])
def test_longer_ones_are_refused(bullet: str) -> None:
    number, message = only_problem(f"### Side Effects\n**Common (>10%):**\n* {bullet}\n")

    assert number == 7
    assert message.endswith(" is too long for an effect; give a short term, then (explanation).")


@pytest.mark.parametrize("second", ["Headache", "headache (pain)", "**Headache**"])
def test_an_effect_listed_twice_is_refused_whatever_its_group(second: str) -> None:
    body = f"### Side Effects\n**Common (>10%):**\n* Headache\n* Fever\n\n**Rare:**\n* {second}\n"

    number, message = only_problem(body)

    assert number == 11
    assert message.endswith(" is listed twice (first on line 7); keep it in one group.")


def test_an_effect_listed_in_two_sections_is_refused() -> None:
    body = "### Side Effects\n**Rare:**\n* Rash\n### Adverse Reactions\n**Common:**\n* Rash\n"

    assert [line for line, _ in problems_of(with_body(body))] == [10]


def test_a_group_ends_with_its_section() -> None:
    document = read("### Side Effects\n**Rare:**\n* Rash\n### Adverse Reactions\n* Fever\n")

    assert terms(document) == [(SERIOUS, "Rash", "")]


@given(term=PHRASES, explanation=st.one_of(st.just(""), PHRASES), frequency=st.sampled_from(Frequency))
def test_an_effect_is_read_back_from_its_own_line(term: str, explanation: str, frequency: Frequency) -> None:
    effect = Effect(frequency, term, explanation, line=7)
    problems = Problems()

    again = effect_from(str(effect), frequency, 7, problems)

    assert again == effect
    problems.refuse()
