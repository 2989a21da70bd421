"""The effects that a monograph lists today."""

import pytest
from pytest_django import DjangoAssertNumQueries

from monographs.models import Monograph
from monographs.queries import EffectList, effects_in_force
from tests.monographs.builders import BODY, SEED_TEXT, USER_TEXT, document, imported, in_force

pytestmark = pytest.mark.django_db
WITHOUT_EFFECTS = BODY.split("### Side Effects")[0] + "### Precautions" + BODY.split("### Precautions")[1]


def effects() -> EffectList:
    found = effects_in_force(Monograph.objects.get().pk)
    assert found is not None
    return found


def test_none_is_listed_before_anything_is_published() -> None:
    imported(SEED_TEXT, publish=False)
    assert effects_in_force(Monograph.objects.get().pk) is None


def test_each_stands_in_its_frequency_group_in_the_documents_order() -> None:
    in_force(document())
    found = effects()
    assert [(each.frequency, each.heading, each.term, each.explanation) for each in found.effects] == [
        ("common", "Common (>10%)", "Headache", ""),
        ("common", "Common (>10%)", "Proteinuria", "protein in the urine"),
        ("serious", "Serious (<1%)", "Rash", ""),
    ]
    assert (found.source, found.slug, found.anchor) == ("Examplin, version 1", "examplin", "side-effects")


def test_those_of_the_version_in_force_are_listed() -> None:
    in_force(SEED_TEXT)
    in_force(USER_TEXT)
    assert effects().number == 2


def test_a_text_without_effects_takes_none_away() -> None:
    in_force(document())
    in_force(document(body=WITHOUT_EFFECTS))
    assert (effects().number, len(effects().effects)) == (1, 3)


def test_they_take_three_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    in_force(SEED_TEXT)
    with django_assert_num_queries(4):  # one of them finds the monograph
        assert len(effects().effects) == 26
