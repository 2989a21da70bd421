"""A product as rows that a pharmacist can check against the label."""

from dataclasses import dataclass
from decimal import Decimal

from clinic.formatting import day, number, quantity
from monographs.rules.product import Product, Stay, in_words

_LABELS = {"us": "US label", "eu": "EU label"}


@dataclass(frozen=True, slots=True)
class ProductTable:
    """One product: its facts as (term, description), and a note where its limits are not confirmed, else ""."""

    key: str
    name: str
    rows: tuple[tuple[str, str], ...]
    unconfirmed: str


def product_table(product: Product) -> ProductTable:
    """Return the product in words."""
    storage = product.storage
    rows = (
        ("Strength", f"{quantity(product.mg, 'mg')} in {quantity(product.ml, 'mL')}"),
        ("GTIN", ", ".join(product.gtins) or "not known"),
        ("Source", product.source),
        ("Effective from", day(product.effective_from)),
        ("Refrigerator", f"{_degrees(storage.coldest)} to {_degrees(storage.warmest)}"),
        ("Outside, in its carton", _stay(storage.in_carton)),
        ("Outside, without carton", _stay(storage.out_of_carton)),
        *((f"After drawing up, {label_name(limit.label)}", in_words(limit.within)) for limit in storage.drawn_up),
        ("Source of the limits", storage.source),
    )
    return ProductTable(product.key, product.name, rows, "" if storage.confirmed else storage.note)


def label_name(label: str) -> str:
    """Return the name of a region's label: "EU label"."""
    return _LABELS.get(label, label)


def _stay(stay: Stay) -> str:
    return f"{in_words(stay.lasts)} in all, up to {_degrees(stay.up_to)}"


def _degrees(degrees: Decimal) -> str:
    return f"{number(degrees)} °C"
