from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from monographs import queries
from monographs.models import Regimen
from tests.monographs.builders import SEED_TEXT, USER_TEXT, document, imported, in_force, regimen_yaml

pytestmark = pytest.mark.django_db
SHIPPED = ["nusinersen-12mg-us", "nusinersen-12mg-eu", "nusinersen-high-dose"]


def test_no_regimen_is_in_force_before_anything_is_published() -> None:
    imported(SEED_TEXT, publish=False)
    assert queries.regimens_in_force() == {}
    assert queries.startable_regimens() == []


def test_the_default_is_missed_by_name_when_there_is_none() -> None:
    with pytest.raises(Regimen.DoesNotExist, match="import a monograph that carries one"):
        queries.default_regimen()


def test_the_regimens_of_the_version_in_force_are_those_to_start_on() -> None:
    in_force(SEED_TEXT)
    rules = queries.regimens_in_force()
    assert list(rules) == SHIPPED
    assert {rule.version for rule in rules.values()} == {1}
    assert [row.key for row in queries.startable_regimens()] == SHIPPED


def test_the_users_own_document_takes_no_shipped_regimen_away() -> None:
    in_force(SEED_TEXT)
    before = queries.regimens_in_force()
    assert in_force(USER_TEXT).number == 2
    assert queries.regimens_in_force() == before
    assert queries.default_regimen().key == "nusinersen-12mg-us"


def test_the_shipped_regimens_come_into_force_over_the_users_own_document() -> None:
    in_force(USER_TEXT)
    assert queries.regimens_in_force() == {}
    in_force(SEED_TEXT)
    assert {rule.version for rule in queries.regimens_in_force().values()} == {2}


def test_two_texts_without_regimens_in_a_row_still_leave_the_last_ones_in_force() -> None:
    in_force(document(regimen_yaml()))
    in_force(document(note="Two."))
    in_force(document(note="Three."))
    assert [row.version.number for row in queries.startable_regimens()] == [1]


def test_a_version_with_regimens_replaces_all_of_the_ones_before() -> None:
    in_force(document(regimen_yaml(), regimen_yaml("examplin-28mg", mg="28", default=False)))
    in_force(document(regimen_yaml(mg="15")))
    (rule,) = queries.regimens_in_force().values()
    assert (rule.key, rule.version, rule.maintenance.mg) == ("examplin-12mg", 2, Decimal(15))


def test_a_draft_changes_nothing_about_what_is_in_force() -> None:
    in_force(document(regimen_yaml()))
    imported(document(regimen_yaml(mg="15")), publish=False)
    (rule,) = queries.regimens_in_force().values()
    assert (rule.version, rule.maintenance.mg) == (1, Decimal(12))


def test_regimens_of_every_monograph_are_in_force_the_defaults_first() -> None:
    second = regimen_yaml("bexamplin-high", default=False)
    in_force(document(regimen_yaml("bexamplin"), second, title="Bexamplin"))
    in_force(document(regimen_yaml("aexamplin"), title="Aexamplin"))
    assert [row.key for row in queries.startable_regimens()] == ["aexamplin", "bexamplin", "bexamplin-high"]
    assert queries.default_regimen().key == "aexamplin"


def test_the_only_regimen_there_is_proposed_even_when_none_is_marked() -> None:
    in_force(document(regimen_yaml(default=False)))
    assert queries.default_regimen().key == "examplin-12mg"


def test_a_row_is_in_force_until_a_later_version_carries_its_own() -> None:
    row = in_force(document(regimen_yaml())).regimens.get()
    assert queries.is_in_force(row)
    in_force(document(note="Two."))
    assert queries.is_in_force(row)
    later = in_force(document(regimen_yaml(), note="Three.")).regimens.get()
    assert not queries.is_in_force(row)
    assert queries.is_in_force(later)


def test_a_row_of_a_draft_is_not_in_force() -> None:
    assert not queries.is_in_force(imported(document(regimen_yaml()), publish=False).version.regimens.get())


def test_a_running_courses_row_stays_readable_as_it_was() -> None:
    row = in_force(document(regimen_yaml())).regimens.get()
    in_force(document(regimen_yaml(mg="15")))
    row.refresh_from_db()
    assert (row.rule().maintenance.mg, row.rule().version) == (Decimal(12), 1)


def test_keys_in_force_are_told_with_their_monograph_besides_ones_own() -> None:
    version = in_force(document(regimen_yaml()))
    in_force(document(regimen_yaml("otherin"), title="Otherin"))
    assert queries.keys_in_force(besides=version.monograph_id) == {"otherin": "Otherin"}


def test_reading_all_regimens_takes_one_query_however_many_there_are(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    in_force(document(regimen_yaml()))
    with django_assert_num_queries(1):
        assert len(queries.regimens_in_force()) == 1
    in_force(SEED_TEXT)
    in_force(USER_TEXT)
    with django_assert_num_queries(1):
        assert len(queries.regimens_in_force()) == 4
    with django_assert_num_queries(1):
        assert queries.default_regimen().rule().version == 1


def test_every_row_of_a_key_that_stood_before_leads_to_the_one_in_force(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for note in ("One.", "Two.", "Three."):
        in_force(document(regimen_yaml(), note=note))
    first, second, third = Regimen.objects.order_by("version__number")
    with django_assert_num_queries(2):
        assert queries.newer_regimens() == {first.pk: third, second.pk: third}


def test_a_text_without_regimens_makes_nothing_older() -> None:
    in_force(document(regimen_yaml()))
    in_force(document(note="Two."))
    assert queries.newer_regimens() == {}


def test_a_draft_is_neither_newer_nor_older() -> None:
    in_force(document(regimen_yaml()))
    imported(document(regimen_yaml(mg="15")), publish=False)
    assert queries.newer_regimens() == {}


def test_a_key_that_is_in_force_no_more_leads_nowhere() -> None:
    in_force(document(regimen_yaml(), regimen_yaml("examplin-28mg", mg="28", default=False)))
    in_force(document(regimen_yaml(mg="15")))
    assert {row.key for row in queries.newer_regimens().values()} == {"examplin-12mg"}
    assert len(queries.newer_regimens()) == 1
