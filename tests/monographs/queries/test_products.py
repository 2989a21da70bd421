"""Which products are in force, by whose limits a vial is kept, and how they read on the monograph's page."""

from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from monographs import queries
from monographs.models import FixedRow, Product
from monographs.queries.product_tables import product_table
from tests.monographs.builders import SEED_TEXT, document, imported, in_force

DAY = date(2026, 7, 4)
TIGHTER = SEED_TEXT.replace("in_carton: {lasts: 14 days", "in_carton: {lasts: 7 days")
WITHOUT = SEED_TEXT[: SEED_TEXT.index("products:\n")] + SEED_TEXT[SEED_TEXT.index("---\n\n# Nusinersen") :]

pytestmark = pytest.mark.django_db


def test_products_come_in_the_documents_order(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    in_force(SEED_TEXT)
    with django_assert_num_queries(1):
        assert [f"{row} {row.version}" for row in queries.products_in_force()] == [
            f"Nusinersen {mg} mg in 5 mL Nusinersen version 1" for mg in (12, 28, 50)
        ]


def test_a_draft_brings_no_product_into_force() -> None:
    imported(SEED_TEXT, publish=False)
    assert queries.products_in_force() == []


def test_a_text_without_products_takes_none_away() -> None:
    in_force(SEED_TEXT)
    in_force(WITHOUT)
    assert {row.version.number for row in queries.products_in_force()} == {1}


def test_a_label_that_tightens_binds_what_is_already_in_the_refrigerator() -> None:
    in_force(SEED_TEXT)
    kept = Product.objects.get(key="nusinersen-12mg")
    in_force(TIGHTER)
    assert kept.rule().storage.in_carton.lasts == timedelta(days=14)
    assert queries.product_of(kept).storage.in_carton.lasts == timedelta(days=7)


def test_a_product_that_is_known_no_more_keeps_its_own_limits() -> None:
    in_force(SEED_TEXT)
    kept = Product.objects.get(key="nusinersen-12mg")
    in_force(SEED_TEXT.replace("key: nusinersen-12mg\n", "key: nusinersen-12mg-new\n"))
    assert queries.product_of(kept) == kept.rule()


def test_a_product_never_changes() -> None:
    in_force(SEED_TEXT)
    with pytest.raises(FixedRow):
        Product.objects.update(name="Another")
    with pytest.raises(FixedRow):
        Product.objects.all()[0].save()


def test_the_monographs_page_shows_the_products_and_which_are_not_confirmed() -> None:
    in_force(SEED_TEXT)
    page = queries.monograph_page("nusinersen", None, today=DAY)
    assert page is not None
    (section,) = [section for section in page.sections if section.products]
    assert [(table.name, bool(table.unconfirmed)) for table in section.products] == [
        ("Nusinersen 12 mg in 5 mL", False),
        ("Nusinersen 28 mg in 5 mL", True),
        ("Nusinersen 50 mg in 5 mL", True),
    ]


def test_an_older_version_shows_the_products_of_its_own_time() -> None:
    in_force(SEED_TEXT)
    in_force(WITHOUT)
    in_force(TIGHTER)
    lasting = []
    for number in (1, 2, 3):
        page = queries.monograph_page("nusinersen", number, today=DAY)
        assert page is not None
        tables = [table for section in page.sections for table in section.products]
        lasting.append(dict(tables[0].rows)["Outside, in its carton"])
    assert lasting == ["14 days in all, up to 30 °C", "14 days in all, up to 30 °C", "7 days in all, up to 30 °C"]


def test_a_monograph_without_products_has_no_such_section() -> None:
    in_force(document())
    page = queries.monograph_page("examplin", None, today=DAY)
    assert page is not None
    assert not any(section.products for section in page.sections)


def test_the_table_says_each_limit_with_its_unit() -> None:
    in_force(SEED_TEXT)
    rows = dict(product_table(Product.objects.get(key="nusinersen-12mg").rule()).rows)
    assert rows["Refrigerator"] == "2 °C to 8 °C"
    assert rows["Outside, without carton"] == "30 hours in all, up to 25 °C"
    assert (rows["After drawing up, US label"], rows["After drawing up, EU label"]) == ("4 hours", "6 hours")
    assert rows["Effective from"] == "1 Apr 2024"
