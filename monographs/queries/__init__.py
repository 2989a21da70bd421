"""What the pages, and the rooms above, ask of the monographs. Every answer is frozen and complete."""

from monographs.queries.pages import MonographPage, MonographRow, monograph_page, monographs_in_force
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
    "Hit",
    "MonographPage",
    "MonographRow",
    "Results",
    "default_regimen",
    "is_in_force",
    "keys_in_force",
    "monograph_page",
    "monographs_in_force",
    "newer_regimens",
    "regimens_in_force",
    "regimens_of",
    "search",
    "startable_regimens",
    "switches_from",
]
