"""The words of laboratory monitoring as plain values: what a policy says, what came, and how it is read.

All days are calendar days in the site's time zone; all values stand in the unit kept for their analyte. Limits, ages
and groups are data of a site's policy; what the application proposes is in `monitoring_defaults`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from treatments.rules.monitoring import NO_RANGE, Range


class Level(StrEnum):
    """How far a value lies from what the policy accepts, best first."""

    WITHIN = "within"
    WATCH = "watch"
    SIGN_OFF = "sign_off"
    STOP = "stop"

    @property
    def rank(self) -> int:
        """Return 0 for the best, 3 for the worst."""
        return tuple(Level).index(self)


class Lapse(StrEnum):
    """Why an analyte has no value that counts for a dose."""

    MISSING = "missing"
    TOO_OLD = "too_old"
    BEFORE_PREVIOUS = "before_previous"


class Basis(StrEnum):
    """Whose figure a limit is: the label's, or the site's own policy."""

    LABEL = "label"
    POLICY = "policy"


class Place(StrEnum):
    """Where in a series a dose stands, as far as the age of its sample is concerned."""

    FIRST = "first"
    LOADING = "loading"
    MAINTENANCE = "maintenance"
    CATCH_UP = "catch_up"


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a level begins: strictly beyond `at`, so that a value equal to it still passes.

    `at` stands in the kept unit, or, where it is `of_upper`, counts multiples of the upper end of the laboratory's own
    range. `or_range`: where the laboratory printed its own end on that side, that end takes the place of `at`.
    """

    at: Decimal
    basis: Basis = Basis.POLICY
    source: str = ""
    of_upper: bool = False
    or_range: bool = False


@dataclass(frozen=True, slots=True)
class Young:
    """Another limit to watch from, for a sample collected before the birthday that ends this age."""

    under_years: int
    watch: Limit


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one analyte. `is_floor`: it is too little that matters, as with platelets.

    `on_repeat`: the limit to watch from asks for sign-off when the sample before it lay beyond it too.
    `fall_percent`: a fall of this many percent from the first value on record is watched, whatever the limits say.
    """

    watch: Limit
    sign_off: Limit | None = None
    stop: Limit | None = None
    is_floor: bool = False
    young: Young | None = None
    on_repeat: bool = False
    fall_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What has to be measured: any one of its analytes will do. `name` begins a sentence."""

    key: str
    name: str
    analytes: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class LabPolicy:
    """What a site decided about the laboratory values of a dose.

    `ages` are the most days between the collection and the dose. `may_skip`: a clinician may say with a reason that
    the set is not indicated for a dose.
    """

    limits: Mapping[str, Limits]
    groups: tuple[Group, ...]
    ages: Mapping[Place, int]
    may_skip: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """Somebody looked at a result and answered for it, up to a level. `second` is the second person, if there was one.

    `by` and `second` are names as they were that day; `key` is opaque.
    """

    level: Level
    by: str
    second: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One standing result. `collected_on` is the local day; `reviews` are those that stand."""

    analyte: str
    collected_at: datetime
    collected_on: date
    kept: Decimal
    comparator: str = ""
    reference: Range = NO_RANGE
    reviews: tuple[Review, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class LabDose:
    """The dose that the values are for: its day, its place, and the dose before it, with the instant where known."""

    on: date
    place: Place
    born_on: date
    previous_on: date | None = None
    previous_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """How a value lies to the first one on record. `percent` is negative for a fall, rounded towards none."""

    percent: int
    first: Decimal
    first_on: date


@dataclass(frozen=True, slots=True)
class Reading:
    """How one analyte stands for one dose.

    `level` is the value's own, whether or not its sample counts for the dose; None where there is no value. `limit` is
    the one it lies beyond. `settled`: whoever has to answer for that level did. `rule` names what stands in the way,
    and is empty where nothing does.
    """

    analyte: str
    name: str
    result: Result | None
    level: Level | None
    lapse: Lapse | None
    limit: Limit | None
    change: Change | None
    settled: bool
    rule: str
    sentence: str

    @property
    def standing(self) -> Level | Lapse:
        """Return why no value counts, else the value's level."""
        if self.lapse is not None:
            return self.lapse
        return self.level or Level.WITHIN

    @property
    def remark(self) -> str:
        """Return the sentence without the value in front of it, for where the value stands beside it already."""
        said = self.sentence.partition(": ")[2]
        return said[:1].upper() + said[1:]
