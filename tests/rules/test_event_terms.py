"""Which effect a term names, and which earlier events sound like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.event_terms import Effect, folded, listed, similar

HEADACHE = Effect("Headache", "", "common")
PLATELETS = Effect("Thrombocytopenia", "low platelet count", "common")
RASH = Effect("Skin rash", "", "serious")
EFFECTS = (HEADACHE, PLATELETS, RASH)
EARLIER = [(effect.term, effect) for effect in EFFECTS]


@pytest.mark.parametrize(
    ("term", "effect"),
    [
        ("Headache", HEADACHE),
        ("  headACHE ", HEADACHE),
        ("Low platelet  count", PLATELETS),
        ("Thrombocytopénia", PLATELETS),
        ("Headaches", None),
        ("Post-lumbar puncture headache", None),
        ("rash", None),
        ("", None),
    ],
)
def test_a_term_is_listed_only_under_the_effects_own_name_or_explanation(term: str, effect: Effect | None) -> None:
    assert listed(term, EFFECTS) == effect


def test_nothing_is_listed_where_there_is_no_list() -> None:
    assert listed("Headache", ()) is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hea", [HEADACHE]),
        ("he", []),
        ("Headache after the puncture", [HEADACHE]),
        ("maculopapular rash", [RASH]),
        ("RASHES", [RASH]),
        ("low mood", []),
        ("", []),
        ("thrombo rash", [PLATELETS, RASH]),
    ],
)
def test_an_earlier_event_sounds_alike_when_it_shares_a_word_or_its_beginning(typed: str, found: list[Effect]) -> None:
    assert list(similar(typed, EARLIER)) == found


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(max_size=40))
def test_anything_may_be_typed(text: str) -> None:
    assert set(similar(text, EARLIER)) <= set(EFFECTS)
    assert listed(text, EFFECTS) in {None, *EFFECTS}
