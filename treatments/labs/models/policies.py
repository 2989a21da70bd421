"""What each site decided about laboratory values: a row per decision with its first day, never edited."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from clinic.staff.models import Site
from treatments.rules.monitoring_defaults import DEFAULT, LABEL, groups
from treatments.rules.monitoring_terms import Basis, LabPolicy, Limit, Limits, Place, Young

P = TypeVar("P", bound="DatedPolicy")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class InForce(Generic[R]):
    """What some sites decided that counts on a day: one for a regimen where there is one, else the site's own.

    `proposed` stands where a site has written nothing down.
    """

    rules: Mapping[tuple[uuid.UUID, str], R]
    proposed: R

    def of(self, site_id: uuid.UUID, regimen_key: str) -> R:
        """Return what counts for a regimen at a site."""
        own = self.rules.get((site_id, ""), self.proposed)
        return self.rules.get((site_id, regimen_key), own)


class DatedPolicyQuerySet(models.QuerySet[P]):
    """Which policies count on a day."""

    def in_force(self, days: Mapping[uuid.UUID, date]) -> list[P]:
        """Return for each site and regimen the latest policy that has taken effect by the site's day. One query."""
        rows = self.filter(site_id__in=days, effective_from__lte=max(days.values(), default=date.min))
        counting = (row for row in rows.order_by("effective_from") if row.effective_from <= days[row.site_id])
        return list({(row.site_id, row.regimen_key): row for row in counting}.values())


class DatedPolicy(models.Model):
    """A decision of a site with its first day and source; a change is a new row.

    Unlike the windows around a target, it is not kept with a course: a limit that protects counts from the day on which
    it was decided, for everybody.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    regimen_key = models.CharField(
        "regimen",
        max_length=200,
        blank=True,
        help_text="The key of the regimen that this is for, such as nusinersen-12mg-eu. Empty: for every regimen"
        + " without a row of its own; a row of its own always comes first.",
    )
    effective_from = models.DateField("in force from")
    source = models.CharField(max_length=200, help_text="Who decided this, and where it is written down.")

    objects = DatedPolicyQuerySet.as_manager()

    class Meta:
        """Abstract."""

        abstract = True
        ordering = ["site", "regimen_key", "-effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "regimen_key", "effective_from"], name="%(app_label)s_%(class)s_once_a_day"
            )
        ]

    def __str__(self) -> str:
        """Say whose policy this is, for which regimen, and since when."""
        about = f", {self.regimen_key}" if self.regimen_key else ""
        return f"{self.site}{about} from {self.effective_from:%Y-%m-%d}"

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this policy belongs to."""
        return self.site_id


def proposed(analyte: str, level: str) -> Decimal:
    """Return the figure that the application proposes for a level of an analyte; "young" is its watch for the youngest.

    Raises KeyError for a level at which it proposes nothing.
    """
    limits = DEFAULT.limits[analyte]
    young = None if limits.young is None else limits.young.watch
    known = {"watch": limits.watch, "sign_off": limits.sign_off, "stop": limits.stop, "young": young}
    return {name: limit.at for name, limit in known.items() if limit is not None}[level]


def limit_field(analyte: str, level: str, label: str, help_text: str) -> Any:
    """Return a column for one limit, which begins with what the application proposes."""
    return models.DecimalField(
        label,
        max_digits=8,
        decimal_places=3,
        default=proposed(analyte, level),
        validators=[MinValueValidator(Decimal(0))],
        help_text=help_text,
    )


def days_field(place: Place, label: str, help_text: str) -> Any:
    """Return a column for the age of a sample."""
    return models.PositiveSmallIntegerField(
        label,
        default=DEFAULT.ages[place],
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=help_text,
    )


_ULN = "In multiples of the upper end of the laboratory's own range."


class MonitoringPolicy(DatedPolicy):
    """The limits of each analyte, how old a sample may be, and what a set consists of.

    Every limit is strict: a value equal to it still passes. All of it is the site's policy but for one figure, the
    label's 0.2 g/L of urine protein.
    """

    platelets_watch = limit_field("platelets", "watch", "platelets, watch below", "×10⁹/L. Somebody looks at it.")
    platelets_sign_off = limit_field("platelets", "sign_off", "platelets, sign-off below", "×10⁹/L. By a prescriber.")
    platelets_stop = limit_field("platelets", "stop", "platelets, stop below", "×10⁹/L. Only two people pass it.")
    platelets_by_range = models.BooleanField(
        "platelets, the laboratory's own lower end first",
        default=True,
        help_text="Where the report prints a range, watch below its lower end instead: children have ranges of their"
        + " own. Sign-off and stop stay as they are.",
    )
    platelets_fall = models.PositiveSmallIntegerField(
        "platelets, watch a fall of",
        default=DEFAULT.limits["platelets"].fall_percent or 30,
        validators=[MinValueValidator(1), MaxValueValidator(99)],
        help_text="Percent below the first value on record, even within limits.",
    )
    inr_watch = limit_field("inr", "watch", "INR, watch above", "No unit.")
    inr_sign_off = limit_field("inr", "sign_off", "INR, sign-off above", "No unit.")
    inr_stop = limit_field("inr", "stop", "INR, stop above", "No unit.")
    pt_watch = limit_field("pt", "watch", "prothrombin time, watch above", _ULN)
    aptt_watch = limit_field("aptt", "watch", "aPTT, watch above", _ULN)
    aptt_sign_off = limit_field("aptt", "sign_off", "aPTT, sign-off above", _ULN)
    aptt_stop = limit_field("aptt", "stop", "aPTT, stop above", _ULN)
    protein_watch = limit_field(
        "urine_protein",
        "watch",
        "urine protein, repeat above",
        "g/L. The label's figure is 0.2. A later sample in order settles it; a second one above it asks for sign-off.",
    )
    protein_stop = limit_field("urine_protein", "stop", "urine protein, stop above", "g/L.")
    pcr_watch = limit_field("urine_pcr", "watch", "protein/creatinine, watch above", "g/g. Little muscle raises it.")
    pcr_watch_young = limit_field("urine_pcr", "young", "protein/creatinine of the youngest, watch above", "g/g.")
    pcr_young_years = models.PositiveSmallIntegerField(
        "the youngest are under",
        default=2,
        validators=[MaxValueValidator(18)],
        help_text="Years of age on the day of collection; 0: nobody.",
    )
    pcr_sign_off = limit_field("urine_pcr", "sign_off", "protein/creatinine, sign-off above", "g/g.")
    pcr_stop = limit_field("urine_pcr", "stop", "protein/creatinine, stop above", "g/g.")
    age_first = days_field(Place.FIRST, "days before the first dose", "The oldest sample that counts for L1.")
    age_loading = days_field(Place.LOADING, "days before L2 and later loading doses", "Counted from the collection.")
    age_maintenance = days_field(Place.MAINTENANCE, "days before a maintenance dose", "Counted from the collection.")
    age_catch_up = days_field(Place.CATCH_UP, "days before a catch-up dose", "Counted from the collection.")
    asks_platelets = models.BooleanField("asks for platelets", default=True)
    asks_prothrombin = models.BooleanField("asks for INR or prothrombin time", default=True)
    asks_aptt = models.BooleanField("asks for aPTT", default=True)
    asks_urine = models.BooleanField(
        "asks for urine protein", default=True, help_text="Quantitative, either one. A dipstick never counts."
    )
    may_skip = models.BooleanField(
        "may be left out",
        default=False,
        help_text="A clinician may say, with a reason, that the set is not indicated for a dose, as the EU label"
        + " allows. Values that are there count all the same.",
    )

    class Meta(DatedPolicy.Meta):
        """Limits are in order: what stops lies beyond what asks for sign-off, and that beyond what is watched."""

        verbose_name = "laboratory policy"
        verbose_name_plural = "laboratory policies"
        constraints = [
            *DatedPolicy.Meta.constraints,
            models.CheckConstraint(
                name="platelet_limits_are_in_order",
                condition=Q(platelets_watch__gte=F("platelets_sign_off"), platelets_sign_off__gte=F("platelets_stop")),
            ),
            models.CheckConstraint(
                name="coagulation_limits_are_in_order",
                condition=Q(
                    inr_watch__lte=F("inr_sign_off"),
                    inr_sign_off__lte=F("inr_stop"),
                    aptt_watch__lte=F("aptt_sign_off"),
                    aptt_sign_off__lte=F("aptt_stop"),
                ),
            ),
            models.CheckConstraint(
                name="urine_limits_are_in_order",
                condition=Q(
                    protein_watch__lte=F("protein_stop"),
                    pcr_watch__lte=F("pcr_sign_off"),
                    pcr_watch_young__lte=F("pcr_sign_off"),
                    pcr_sign_off__lte=F("pcr_stop"),
                ),
            ),
        ]

    def clean(self) -> None:
        """Say which limits are out of order, beside the first that is."""
        falling = ("platelets_watch", "platelets_sign_off", "platelets_stop")
        rising = (
            ("inr_watch", "inr_sign_off", "inr_stop"),
            ("aptt_watch", "aptt_sign_off", "aptt_stop"),
            ("protein_watch", "protein_stop"),
            ("pcr_watch", "pcr_sign_off", "pcr_stop"),
            ("pcr_watch_young", "pcr_sign_off"),
        )
        wrong = [*_disordered(self._numbers(falling), floor=True)]
        wrong += [name for names in rising for name in _disordered(self._numbers(names), floor=False)]
        if wrong:
            said = "This limit lies on the wrong side of the milder one before it."
            raise ValidationError(dict.fromkeys(wrong, said))

    def _numbers(self, names: Iterable[str]) -> list[tuple[str, Decimal]]:
        """Return the limits that could be read; the field itself says what is wrong with the others."""
        return [(name, getattr(self, name)) for name in names if isinstance(getattr(self, name), Decimal)]

    def rule(self) -> LabPolicy:
        """Return the policy as the rules read it."""
        return LabPolicy(
            limits=self._limits(),
            groups=groups(
                platelets=self.asks_platelets,
                prothrombin=self.asks_prothrombin,
                aptt=self.asks_aptt,
                urine=self.asks_urine,
            ),
            ages={
                Place.FIRST: self.age_first,
                Place.LOADING: self.age_loading,
                Place.MAINTENANCE: self.age_maintenance,
                Place.CATCH_UP: self.age_catch_up,
            },
            may_skip=self.may_skip,
            source=self.source,
        )

    def _limits(self) -> Mapping[str, Limits]:
        return {
            "platelets": Limits(
                watch=self._limit(self.platelets_watch, or_range=self.platelets_by_range),
                sign_off=self._limit(self.platelets_sign_off),
                stop=self._limit(self.platelets_stop),
                is_floor=True,
                fall_percent=self.platelets_fall,
            ),
            "inr": Limits(self._limit(self.inr_watch), self._limit(self.inr_sign_off), self._limit(self.inr_stop)),
            "pt": Limits(self._limit(self.pt_watch, of_upper=True)),
            "aptt": Limits(
                watch=self._limit(self.aptt_watch, of_upper=True),
                sign_off=self._limit(self.aptt_sign_off, of_upper=True),
                stop=self._limit(self.aptt_stop, of_upper=True),
            ),
            "urine_protein": Limits(watch=self._protein(), stop=self._limit(self.protein_stop), on_repeat=True),
            "urine_pcr": Limits(
                watch=self._limit(self.pcr_watch),
                sign_off=self._limit(self.pcr_sign_off),
                stop=self._limit(self.pcr_stop),
                young=Young(self.pcr_young_years, self._limit(self.pcr_watch_young)),
            ),
        }

    def _limit(self, at: Decimal, *, of_upper: bool = False, or_range: bool = False) -> Limit:
        return Limit(at, Basis.POLICY, self.source, of_upper=of_upper, or_range=or_range)

    def _protein(self) -> Limit:
        """Return the limit above which a sample is repeated; it is the label's while it equals the label's."""
        if self.protein_watch == proposed("urine_protein", "watch"):
            return Limit(self.protein_watch, Basis.LABEL, LABEL)
        return self._limit(self.protein_watch)


def _disordered(numbers: list[tuple[str, Decimal]], *, floor: bool) -> Iterable[str]:
    """Yield the names of limits that lie on the wrong side of the one before them."""
    for (_, milder), (name, harder) in pairwise(numbers):
        if harder > milder if floor else harder < milder:
            yield name
