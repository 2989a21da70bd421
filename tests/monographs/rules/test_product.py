"""A product read from front matter: the shipped ones, what is refused and by which name, and that storage keeps it."""

import json
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from monographs.rules.document import parse
from monographs.rules.product import (
    DrawnUp,
    InvalidProduct,
    Product,
    Stay,
    in_words,
    length_from,
    product_data,
    product_from,
)
from tests.monographs.rules.documents import FRONT, SEED_MONOGRAPH, problems_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DATA: dict[str, Any] = {
    "key": "examplin-12mg",
    "name": "Examplin 12 mg",
    "mg": 12,
    "ml": "5",
    "gtins": ["00364406058011"],
    "source": "Example label",
    "effective_from": "2026-03-30",
    "storage": {
        "refrigerator": {"from": 2, "to": 8},
        "in_carton": {"lasts": "14 days", "up_to": 30},
        "out_of_carton": {"lasts": "30 hours", "up_to": 25},
        "drawn_up": {"us": "4 hours", "eu": "6 hours"},
        "source": "Example label",
        "confirmed": True,
    },
}
SHIPPED = {product.key: product for product in parse(SEED_MONOGRAPH).products}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the data with one value replaced, or taken out where the value is None."""
    data = deepcopy(DATA)
    *above, last = path.split(".")
    place = data
    for step in above:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return data


def test_the_monograph_ships_three_strengths_of_five_millilitres() -> None:
    assert [(int(product.mg), int(product.ml)) for product in SHIPPED.values()] == [(12, 5), (28, 5), (50, 5)]


@pytest.mark.parametrize("product", SHIPPED.values(), ids=SHIPPED)
def test_every_strength_carries_the_limits_with_source_and_day(product: Product) -> None:
    storage = product.storage
    assert (storage.coldest, storage.warmest) == (Decimal(2), Decimal(8))
    assert storage.in_carton == Stay(14 * DAY, Decimal(30))
    assert storage.out_of_carton == Stay(30 * HOUR, Decimal(25))
    assert storage.drawn_up == (DrawnUp("us", 4 * HOUR), DrawnUp("eu", 6 * HOUR))
    assert product.source
    assert storage.source
    assert product.effective_from <= date(2026, 3, 30)


def test_only_twelve_milligrams_is_confirmed_and_the_others_say_so() -> None:
    confirmed = {key: product.storage.confirmed for key, product in SHIPPED.items()}
    assert confirmed == {"nusinersen-12mg": True, "nusinersen-28mg": False, "nusinersen-50mg": False}
    assert all("Not confirmed" in SHIPPED[f"nusinersen-{mg}mg"].storage.note for mg in (28, 50))


@pytest.mark.parametrize(("label", "hours"), [("us", 4), ("eu", 6), ("", 4), ("jp", 4)])
def test_an_unnamed_label_gets_the_strictest_limit(label: str, hours: int) -> None:
    assert product_from(DATA).storage.drawn_up_limit(label) == hours * HOUR


@pytest.mark.parametrize("product", [product_from(DATA), *SHIPPED.values()], ids=str)
def test_what_is_stored_reads_back_as_the_same_product(product: Product) -> None:
    assert product_from(json.loads(json.dumps(product_data(product)))) == product


@pytest.mark.parametrize(
    ("length", "words"),
    [(HOUR, "1 hour"), (30 * HOUR, "30 hours"), (2 * DAY, "48 hours"), (3 * DAY, "3 days"), (73 * HOUR, "73 hours")],
)
def test_a_length_in_words_reads_back_as_itself(length: timedelta, words: str) -> None:
    assert in_words(length) == words
    assert length_from(words, "here") == length


@pytest.mark.parametrize("text", ["", "30", "30 minutes", "0 hours", "-3 days", "12345 days", "thirty hours"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidProduct, match=r"here: .* is not a length of time"):
        length_from(text, "here")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("key", "Examplin 12", "products: each product needs"),
        ("name", "", r"examplin-12mg\.name: write it as text"),
        ("mg", "a few", r"examplin-12mg\.mg: 'a few' is not an amount"),
        ("mg", "NaN", r"examplin-12mg\.mg: 'NaN' is not an amount"),
        ("ml", "0.005", r"examplin-12mg\.ml: '0.005' is not an amount"),
        ("mg", 1001, r"examplin-12mg\.mg: 1001 is not an amount"),
        ("gtins", ["123"], r"examplin-12mg\.gtins: list each GTIN with its 14 digits"),
        ("gtins", "00364406058011", r"examplin-12mg\.gtins"),
        ("source", None, r"examplin-12mg\.source"),
        ("effective_from", "soon", r"examplin-12mg\.effective_from: 'soon' is not a date"),
        ("colour", "white", "examplin-12mg: unknown colour; known are"),
        ("storage", None, r"examplin-12mg\.storage: write "),
        ("storage.refrigerator", {"from": 8, "to": 2}, r"storage\.refrigerator: it begins at 8 and ends at 2"),
        ("storage.refrigerator", {"from": 2, "to": 200}, r"storage\.refrigerator\.to: 200 is not a temperature"),
        ("storage.in_carton.lasts", "long", r"storage\.in_carton\.lasts: 'long' is not a length of time"),
        ("storage.drawn_up", {}, r"storage\.drawn_up: name at least one label"),
        ("storage.confirmed", "yes", r"storage\.confirmed: say true, or false with a note"),
        ("storage.confirmed", False, r"storage\.note: limits that are not confirmed need a note"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(path: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidProduct, match=message):
        product_from(changed(path, value))


def in_document(products: str) -> str:
    """Return a document whose products begin on line 4."""
    return FRONT.removesuffix("---\n") + products + "---\n"


GOOD = "  - " + json.dumps(DATA) + "\n"


def test_every_problem_of_the_products_is_found_at_its_line() -> None:
    bad = "  - " + json.dumps(changed("mg", "a few")) + "\n"
    found = problems_of(in_document(f"products:\n{GOOD}{bad}  - aspirin\n{GOOD}") + "\n# Examplin\n")
    assert [(line, message.split(";")[0].split(".")[0]) for line, message in found] == [
        (6, "A product cannot be read"),
        (7, "This product is not a list of names and values"),
        (8, "The product “examplin-12mg” is given twice"),
    ]


def test_products_that_are_no_list_are_refused() -> None:
    ((line, message),) = problems_of(in_document("products: many\n") + "\n# Examplin\n")
    assert line == 4
    assert message.startswith("“products” is not a list")


@pytest.mark.parametrize("said", ["", "products:\n"])
def test_a_document_need_not_carry_products(said: str) -> None:
    assert parse(in_document(said) + "\n# Examplin\n").products == ()
