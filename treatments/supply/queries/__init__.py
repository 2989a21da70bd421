"""What the pages, and the rooms above, ask about vials and authorisations."""

from treatments.supply.queries.authorisations import (
    AuthorisationEnd,
    AuthorisationRow,
    Ending,
    Wanted,
    authorisation_ends,
    authorisation_lights,
    authorisations_of,
    ending_authorisations,
)
from treatments.supply.queries.demand import DemandPage, demand_at
from treatments.supply.queries.doses import (
    Choice,
    DosePanel,
    choices_for,
    dose_panel,
    drug_lights,
    unfit_for,
    vial_of_lot,
    wanted_for,
)
from treatments.supply.queries.ledgers import facts_of, ledgers_of, policies_of, policy_at
from treatments.supply.queries.recall import Recall, recall
from treatments.supply.queries.stock import (
    ALL,
    ON_HAND,
    Asked,
    Cursor,
    Page,
    StrengthLine,
    VialEnd,
    VialRow,
    page,
    strengths,
    vial_ends,
)
from treatments.supply.queries.vials import VialPage, vial_page

__all__ = [
    "ALL",
    "ON_HAND",
    "Asked",
    "AuthorisationEnd",
    "AuthorisationRow",
    "Choice",
    "Cursor",
    "DemandPage",
    "DosePanel",
    "Ending",
    "Page",
    "Recall",
    "StrengthLine",
    "VialEnd",
    "VialPage",
    "VialRow",
    "Wanted",
    "authorisation_ends",
    "authorisation_lights",
    "authorisations_of",
    "choices_for",
    "demand_at",
    "dose_panel",
    "drug_lights",
    "ending_authorisations",
    "facts_of",
    "ledgers_of",
    "page",
    "policies_of",
    "policy_at",
    "recall",
    "strengths",
    "unfit_for",
    "vial_ends",
    "vial_of_lot",
    "vial_page",
    "wanted_for",
]
