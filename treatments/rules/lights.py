"""The six lights of a dose: each one reason why it can or cannot go ahead ("Words", clinical-rules.md).

Every room that knows about one of them says how it stands; `treatments.rules.readiness` makes one answer of the six.
"""

from dataclasses import dataclass
from enum import StrEnum


class Light(StrEnum):
    """What has to be in order before a dose, in the order in which it is looked at."""

    LABS = "labs"
    ADVERSE_EVENTS = "adverse_events"
    AUTHORISATION = "authorisation"
    DRUG = "drug"
    CONSENT = "consent"
    ACCESS_PLAN = "access_plan"


class Signal(StrEnum):
    """How a light stands; the values are the keys of `clinic.statuses.LIGHT`, best first."""

    NOT_NEEDED = "not_needed"
    READY = "ready"
    ATTENTION = "attention"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Lit:
    """One light as it stands on a day. `reason` is a sentence, empty only where there is nothing to say.

    `contraindicated`: only a prescriber with a second person may pass it. `two_people`: the same, for a laboratory
    value at which the site stops. `rules` name what stands in the way, one by one; an override covers what it names and
    no more, and without names it covers the very sentence of `reason`.
    """

    light: Light
    signal: Signal
    reason: str = ""
    contraindicated: bool = False
    two_people: bool = False
    rules: tuple[str, ...] = ()
