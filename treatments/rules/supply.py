"""Is there a vial for this dose, does the payer cover it, and how many will be needed? Pure: no clock, no database.

"The dose day" and "Reminders" of clinical-rules.md; gate case G12 of the clinical reference: an authorisation that
ends before a dose never moves the dose. All figures here are the site's policy; the limits of a product are its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from monographs.rules.dates import add_months
from treatments.rules.lights import Light, Lit, Signal
from treatments.rules.schedule_words import in_words


@dataclass(frozen=True, slots=True)
class SupplyPolicy:
    """What a site decides about vials and authorisations, in days and doses. None of it is from a label.

    `label` names the region whose label counts after drawing up, "" for the strictest known. An authorisation is
    told of from `authorisation_days` before its end, or when no more than `authorisation_doses` are left of it.
    """

    label: str = ""
    expiring_days: int = 60
    authorisation_days: int = 45
    authorisation_doses: int = 1
    authorisation_needed: bool = True


# --- The drug's light -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrugFacts:
    """What stands ready for one dose of `mg` on a local day.

    `reserved` says that a vial is reserved, `unfit` why that very vial cannot be given. `free` counts the vials that
    could still be reserved for it, `rejected` those in stock that could not, `ordered` those on order.
    """

    mg: Decimal
    day: date
    reserved: bool = False
    unfit: tuple[str, ...] = ()
    free: int = 0
    rejected: int = 0
    ordered: int = 0


def drug_light(facts: DrugFacts) -> Lit:
    """Return how the drug's light stands: a right vial reserved is ready; in stock, unreserved, or on order asks."""
    strength = f"{facts.mg.normalize():f} mg"
    if facts.reserved and facts.unfit:
        return _drug(Signal.NOT_READY, f"The reserved vial cannot be given. {' '.join(facts.unfit)}")
    if facts.reserved:
        return _drug(Signal.READY, f"A vial of {strength} is reserved.")
    if facts.free:
        return _drug(Signal.ATTENTION, f"{_count(facts.free, strength)} in stock, none reserved.")
    rejected = f" {_count(facts.rejected, strength)} in stock cannot be used on that day." if facts.rejected else ""
    if facts.ordered:
        return _drug(Signal.ATTENTION, f"{_count(facts.ordered, strength)} on order, not received yet.{rejected}")
    said = rejected.strip() or f"No vial of {strength} in stock or on order."
    return Lit(Light.DRUG, Signal.NOT_READY, said, rules=(f"drug:no vial of {strength}",))


def _count(count: int, strength: str) -> str:
    return f"{count} vial{'' if count == 1 else 's'} of {strength}"


def _drug(signal: Signal, reason: str) -> Lit:
    return Lit(Light.DRUG, signal, reason)


# --- Authorisations ---------------------------------------------------------------------------------------------------


# What the light names as standing in the way where there is no authorisation at all.
NONE_REGISTERED = "authorisation:none"


class Standing(StrEnum):
    """Where an authorisation stands on a day; the values are keys of `clinic.statuses.AUTHORISATION`."""

    NOT_BEGUN = "not_begun"
    IN_FORCE = "in_force"
    ENDING = "ending"
    USED_UP = "used_up"
    ENDED = "ended"
    RENEWED = "renewed"


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A payer's word: so many doses of a strength from one day to another, both included. `mg` None: any strength."""

    key: str
    starts_on: date
    ends_on: date
    approved: int
    mg: Decimal | None = None
    renewed: bool = False

    def covers(self, day: date, mg: Decimal) -> bool:
        """Say whether a dose of `mg` on a day falls under it, whether or not one is left."""
        return self.starts_on <= day <= self.ends_on and self.mg in {None, mg}


@dataclass(frozen=True, slots=True)
class GivenDose:
    """A dose that a payer may be charged for: its local day and its planned amount."""

    on: date
    mg: Decimal


def charged(authorisations: Sequence[Authorisation], given: Iterable[GivenDose]) -> dict[str, tuple[date, ...]]:
    """Return the days of the doses that each authorisation was used for, by its key.

    Every dose is charged once: in the order of their days to the covering authorisation that ends first and has a
    dose left; to the first of them when none has, so that what was given beyond it shows.
    """
    days: dict[str, list[date]] = {one.key: [] for one in authorisations}
    in_order = sorted(authorisations, key=lambda one: (one.ends_on, one.starts_on, one.key))
    for dose in sorted(given, key=lambda dose: dose.on):
        covering = [one for one in in_order if one.covers(dose.on, dose.mg)]
        first = next((one for one in covering if len(days[one.key]) < one.approved), covering[0] if covering else None)
        if first is not None:
            days[first.key].append(dose.on)
    return {key: tuple(found) for key, found in days.items()}


def standing(one: Authorisation, used_doses: int, policy: SupplyPolicy, today: date) -> Standing:
    """Return where an authorisation stands on a day, the reason for which somebody acts first."""
    left = one.approved - used_doses
    if one.ends_on < today:
        return Standing.ENDED
    if left <= 0:
        return Standing.USED_UP
    if one.renewed:
        return Standing.RENEWED
    if today < one.starts_on:
        return Standing.NOT_BEGUN
    if one.ends_on - timedelta(days=policy.authorisation_days) <= today or left <= policy.authorisation_doses:
        return Standing.ENDING
    return Standing.IN_FORCE


def ending_since(one: Authorisation, used_doses: int, last_given: date | None, policy: SupplyPolicy) -> date | None:
    """Return the day from which the end is to be told: so many days before it, or when its last doses began.

    `last_given` is the day of the last dose charged to it. None once it is renewed: nobody need be told.
    """
    if one.renewed:
        return None
    by_date = one.ends_on - timedelta(days=policy.authorisation_days)
    if one.approved - used_doses > policy.authorisation_doses:
        return by_date
    return min(by_date, last_given or one.starts_on)


def authorisation_light(
    authorisations: Sequence[Authorisation], used: Mapping[str, int], mg: Decimal, day: date, policy: SupplyPolicy
) -> Lit:
    """Return how the authorisation's light stands for a dose of `mg` on a local day; it never moves the day."""
    if not policy.authorisation_needed:
        return Lit(Light.AUTHORISATION, Signal.NOT_NEEDED, "This site needs no authorisation.")
    covering = [one for one in authorisations if one.covers(day, mg)]
    best = max(covering, key=lambda one: (one.approved - used[one.key], one.ends_on), default=None)
    left = 0 if best is None else best.approved - used[best.key]
    if best is not None and left > 0:
        doses = f"{left} dose{'' if left == 1 else 's'} left"
        return Lit(Light.AUTHORISATION, Signal.READY, f"Covered until {in_words(best.ends_on)}, {doses}.")
    if best is not None:
        return _uncovered(
            f"authorisation:used up:{best.key}",
            f"All doses of the authorisation until {in_words(best.ends_on)} are used.",
        )
    return _why_uncovered(authorisations, mg, day)


def _why_uncovered(authorisations: Sequence[Authorisation], mg: Decimal, day: date) -> Lit:
    """Say what the nearest authorisation lacks for a dose that none covers."""
    matching = [one for one in authorisations if one.mg in {None, mg}]
    if not authorisations:
        return _uncovered(NONE_REGISTERED, "No authorisation is registered.")
    if not matching:
        strength = f"{mg.normalize():f} mg"
        return _uncovered(f"authorisation:none for {strength}", f"No authorisation is registered for {strength}.")
    last = max(matching, key=lambda one: one.ends_on)
    if last.ends_on < day:
        ends = in_words(last.ends_on)
        return _uncovered(
            f"authorisation:ends:{last.key}", f"The authorisation ends on {ends}, before the dose on {in_words(day)}."
        )
    first = min((one for one in matching if one.starts_on > day), key=lambda one: one.starts_on)
    begins = in_words(first.starts_on)
    return _uncovered(
        f"authorisation:begins:{first.key}", f"The authorisation begins on {begins}, after the dose on {in_words(day)}."
    )


def _uncovered(rule: str, reason: str) -> Lit:
    """Return the red light. An override covers what `rule` names: the sentence of an overdue dose changes every day."""
    return Lit(Light.AUTHORISATION, Signal.NOT_READY, reason, rules=(rule,))


# --- Demand -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """One dose to come: its strength, the day it is booked for or targeted at, and whether it is booked."""

    mg: Decimal
    on: date
    booked: bool = False


@dataclass(frozen=True, slots=True)
class Stocked:
    """One vial that can be used until it expires; None for one on order, whose expiry is not known yet."""

    mg: Decimal
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Month:
    """What one month needs of one strength. `short` are the doses of this month for which no vial is left."""

    first: date
    mg: Decimal
    booked: int
    projected: int
    from_stock: int
    from_order: int
    short: int

    @property
    def needed(self) -> int:
        """Return how many vials the month needs."""
        return self.booked + self.projected


def demand(needs: Iterable[Need], stock: Iterable[Stocked], today: date, months: int) -> tuple[Month, ...]:
    """Return what each month from this one on needs of each strength, and whether the vials there are will do.

    Doses take vials in the order of their days, each the one that expires first of those still good on its day; a
    vial on order only when none in stock is left. A need that lies before today counts for today.
    """
    left = list(stock)
    firsts = [add_months(today.replace(day=1), ahead) for ahead in range(months)]
    end = add_months(firsts[-1], 1)
    coming = sorted((max(need.on, today), need.mg, need.booked) for need in needs)
    counts: dict[tuple[date, Decimal], list[int]] = {}
    for on, mg, booked in coming:
        if on >= end:
            break
        row = counts.setdefault((on.replace(day=1), mg), [0, 0, 0, 0, 0])
        row[0 if booked else 1] += 1
        row[2 + _take(left, mg, on)] += 1
    strengths = sorted({mg for _, mg in counts} | {vial.mg for vial in left})
    return tuple(Month(first, mg, *counts.get((first, mg), (0, 0, 0, 0, 0))) for first in firsts for mg in strengths)


def _take(left: list[Stocked], mg: Decimal, on: date) -> int:
    """Take the vial that expires first from what is left: 0 from stock, 1 from order, 2 when there is none."""
    good = [vial for vial in left if vial.mg == mg and (vial.expires_on is None or vial.expires_on >= on)]
    if not good:
        return 2
    first = min(good, key=lambda vial: vial.expires_on or date.max)
    left.remove(first)
    return 1 if first.expires_on is None else 0
