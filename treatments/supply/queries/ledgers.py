"""From rows to the rulebook's own words: a vial with its moves, its product's limits, and its site's policy."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from clinic.staff.models import Site
from monographs import queries as monographs
from monographs.rules.product import Storage
from treatments.rules import vials as rules
from treatments.rules.supply import SupplyPolicy
from treatments.supply.models import Movement, Vial
from treatments.supply.models import SupplyPolicy as SupplyPolicyRow


def move_of(row: Movement) -> rules.Move:
    """Return one row of a ledger as the rule reads it. A voided row stays: the row that takes it back follows."""
    kind = rules.Kind(row.kind)
    names_its_dose = kind in {rules.Kind.RESERVED, rules.Kind.GIVEN}
    return rules.Move(kind, row.happened_at, str(row.dose_id) if names_its_dose else "", row.in_carton)


def ledgers_of(vials: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[rules.Move, ...]]:
    """Return the moves of each of these vials, in order. One query."""
    found: dict[uuid.UUID, list[rules.Move]] = defaultdict(list)
    for row in Movement.objects.filter(vial__in=list(vials)).order_by("vial_id", "number"):
        found[row.vial_id].append(move_of(row))
    return {vial: tuple(moves) for vial, moves in found.items()}


def facts_of(vials: Collection[Vial], day: date) -> dict[uuid.UUID, rules.Vial]:
    """Return what choosing each of these vials depends on, by its key. Three queries; the product must be joined.

    `day` decides which policy of the vial's site counts.
    """
    moves, limits = ledgers_of(vial.pk for vial in vials), storages()
    policies = policies_of({vial.site_id for vial in vials}, day)
    return {
        vial.pk: rules.Vial(
            mg=vial.mg,
            expires_on=vial.expires_on,
            moves=moves.get(vial.pk, ()),
            storage=storage_of(vial, limits),
            label=policies[vial.site_id].label,
        )
        for vial in vials
    }


def storages() -> dict[str, Storage]:
    """Return the limits in force by the product's key. One query."""
    return {row.key: row.rule().storage for row in monographs.products_in_force()}


def storage_of(vial: Vial, limits: Mapping[str, Storage]) -> Storage:
    """Return the limits that bind a vial: those in force; its own product's where that is known no more."""
    return limits.get(vial.product.key) or vial.product.rule().storage


def policies_of(sites: Collection[uuid.UUID], day: date) -> dict[uuid.UUID, SupplyPolicy]:
    """Return the policy in force on a day at each of these sites; the usual one where none was written. One query."""
    found = policies_on({(site, day) for site in sites})
    return {site: policy for (site, _), policy in found.items()}


def policies_on(days: Collection[tuple[uuid.UUID, date]]) -> dict[tuple[uuid.UUID, date], SupplyPolicy]:
    """Return the policy in force at each of these sites on its day, each by its own day alone. One query."""
    last = max((day for _, day in days), default=date.min)
    rows = SupplyPolicyRow.objects.filter(site__in={site for site, _ in days}, effective_from__lte=last)
    written: dict[uuid.UUID, list[SupplyPolicyRow]] = defaultdict(list)
    for row in rows.order_by("-effective_from", "-pk"):
        written[row.site_id].append(row)
    return {(site, day): _rule_on(written[site], day) for site, day in days}


def _rule_on(newest_first: Iterable[SupplyPolicyRow], day: date) -> SupplyPolicy:
    return next((row.rule() for row in newest_first if row.effective_from <= day), SupplyPolicy())


def policy_at(site: Site, day: date) -> SupplyPolicy:
    """Return the policy of one site on a day. One query."""
    return policies_of({site.pk}, day)[site.pk]
