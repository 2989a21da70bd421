"""What the pages, and the rooms above, ask of the monographs. Every answer is frozen and complete."""

from monographs.queries.effects import EffectList, ListedEffect, effects_in_force
from monographs.queries.pages import MonographPage, MonographRow, monograph_page, monographs_in_force
from monographs.queries.product_tables import ProductTable, label_name, product_table
from monographs.queries.products import product_of, products_in_force
from monographs.queries.regimens import (
    default_regimen,
    is_in_force,
    keys_in_force,
    newer_regimens,
    regimens_in_force,
    regimens_of,
    startable_regimens,
    switches_from,
)
from monographs.queries.searching import Hit, Results, search

__all__ = [
    "EffectList",
    "Hit",
    "ListedEffect",
    "MonographPage",
    "MonographRow",
    "ProductTable",
    "Results",
    "default_regimen",
    "effects_in_force",
    "is_in_force",
    "keys_in_force",
    "label_name",
    "monograph_page",
    "monographs_in_force",
    "newer_regimens",
    "product_of",
    "product_table",
    "products_in_force",
    "regimens_in_force",
    "regimens_of",
    "search",
    "startable_regimens",
    "switches_from",
]
