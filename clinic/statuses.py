"""The one registry of status words: what each is called, and with which tone and shape it is shown.

Pages, exports and mails all read it, so that a word means the same everywhere and colour never stands alone. Whether
something has a status is decided elsewhere; nothing here looks at a date.

The tones are those of the specification: grey, nothing to do; blue, act now; orange, attention; green, ready; red,
overdue or cannot; white, done.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Tone(StrEnum):
    """What a status asks of the reader; the value names a class of the style sheet, `tone-…`."""

    NEUTRAL = "neutral"
    ACT = "act"
    ATTENTION = "attention"
    READY = "ready"
    DANGER = "danger"
    DONE = "done"


class Shape(StrEnum):
    """The sign beside the word; the value names a class of the style sheet, `shape-…`."""

    DASHED = "dashed"
    RING = "ring"
    DOT = "dot"
    WARNING = "warning"
    BROKEN = "broken"
    RESTART = "restart"
    QUESTION = "question"
    PAUSE = "pause"
    SQUARE = "square"
    TICK = "tick"
    MINUS = "minus"
    CROSS = "cross"
    STRUCK = "struck"
    HALF = "half"
    CLOCK = "clock"
    DAY = "day"
    ARROW = "arrow"
    NOTICE = "notice"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Status:
    """One status word. `key` is the stored or derived value, `label` what people read."""

    key: str
    label: str
    tone: Tone
    shape: Shape


def _registry(statuses: Iterable[Status]) -> Mapping[str, Status]:
    return MappingProxyType({status.key: status for status in statuses})


# Where a course's next dose stands, best first; worst first is the order of the clinical rules.
DOSE = _registry(
    (
        Status("not_started", "Not started", Tone.NEUTRAL, Shape.DASHED),
        Status("upcoming", "Upcoming", Tone.NEUTRAL, Shape.RING),
        Status("due", "Due", Tone.ACT, Shape.DOT),
        Status("overdue", "Overdue", Tone.DANGER, Shape.WARNING),
        Status("interrupted", "Interrupted", Tone.DANGER, Shape.BROKEN),
        Status("restart", "Restart needed", Tone.DANGER, Shape.RESTART),
        Status("review", "Needs decision", Tone.ATTENTION, Shape.QUESTION),
        Status("on_hold", "On hold", Tone.NEUTRAL, Shape.PAUSE),
        Status("stopped", "Stopped", Tone.DONE, Shape.SQUARE),
    )
)

# What happened at an attempt; the keys are those of FHIR's MedicationAdministration.
OUTCOME = _registry(
    (
        Status("completed", "Given", Tone.DONE, Shape.TICK),
        Status("partial", "Partly given", Tone.ATTENTION, Shape.HALF),
        Status("not_done", "Not given", Tone.NEUTRAL, Shape.MINUS),
        Status("entered_in_error", "Voided", Tone.NEUTRAL, Shape.STRUCK),
    )
)

BOOKING = _registry(
    (
        Status("none", "No booking", Tone.ATTENTION, Shape.NOTICE),
        Status("booked", "Booked", Tone.READY, Shape.DAY),
        Status("outside_window", "Outside the window", Tone.ATTENTION, Shape.WARNING),
        Status("passed", "Outcome missing", Tone.ACT, Shape.CLOCK),
        Status("cancelled", "Cancelled", Tone.NEUTRAL, Shape.STRUCK),
    )
)

# A mail that a server took is handed over, never "delivered": nobody knows that.
REMINDER = _registry(
    (
        Status("planned", "Planned", Tone.NEUTRAL, Shape.CLOCK),
        Status("claimed", "Being sent", Tone.ACT, Shape.ARROW),
        Status("handed_over", "Handed to mail server", Tone.DONE, Shape.TICK),
        Status("failed", "Failed", Tone.DANGER, Shape.CROSS),
        Status("cancelled", "Cancelled", Tone.NEUTRAL, Shape.STRUCK),
        Status("missed", "Missed", Tone.ATTENTION, Shape.NOTICE),
    )
)

CARE = _registry(
    (
        Status("active", "In our care", Tone.READY, Shape.DOT),
        Status("transferred", "Transferred", Tone.DONE, Shape.ARROW),
        Status("left", "Left our care", Tone.DONE, Shape.SQUARE),
        Status("died", "Died", Tone.DONE, Shape.MINUS),
    )
)

# One reason a dose can or cannot go ahead.
LIGHT = _registry(
    (
        Status("ready", "Ready", Tone.READY, Shape.TICK),
        Status("attention", "Check", Tone.ATTENTION, Shape.NOTICE),
        Status("not_ready", "Not ready", Tone.DANGER, Shape.CROSS),
        Status("not_needed", "Not needed", Tone.NEUTRAL, Shape.MINUS),
    )
)

# How far a laboratory value lies from what the site's policy accepts.
LAB = _registry(
    (
        Status("within", "Within limits", Tone.DONE, Shape.TICK),
        Status("watch", "Watch", Tone.ATTENTION, Shape.NOTICE),
        Status("sign_off", "Sign-off needed", Tone.ATTENTION, Shape.QUESTION),
        Status("stop", "Stop", Tone.DANGER, Shape.CROSS),
        Status("missing", "Missing", Tone.DANGER, Shape.DASHED),
        Status("too_old", "Too old", Tone.DANGER, Shape.CLOCK),
        Status("before_previous", "Before the last dose", Tone.DANGER, Shape.BROKEN),
    )
)

# What became of a decision to let a dose past a light.
OVERRIDE = _registry(
    (
        Status("in_force", "In force", Tone.READY, Shape.TICK),
        Status("waiting", "Waits for second person", Tone.ACT, Shape.HALF),
        Status("ended", "No longer counts", Tone.NEUTRAL, Shape.CLOCK),
        Status("withdrawn", "Withdrawn", Tone.NEUTRAL, Shape.STRUCK),
    )
)

# How far a step of the dose day has come.
STEP = _registry(
    (
        Status("todo", "To do", Tone.ACT, Shape.RING),
        Status("waiting", "Waits for second person", Tone.ACT, Shape.HALF),
        Status("attention", "Look at it", Tone.ATTENTION, Shape.NOTICE),
        Status("done", "Done", Tone.DONE, Shape.TICK),
        Status("later", "Later", Tone.NEUTRAL, Shape.DASHED),
    )
)

# What is known of allergies; that nobody asked is not that there are none.
ALLERGY = _registry(
    (
        Status("none_known", "None known", Tone.DONE, Shape.TICK),
        Status("not_asked", "Not asked", Tone.ATTENTION, Shape.QUESTION),
        Status("recorded", "Allergic", Tone.ATTENTION, Shape.NOTICE),
        Status("hypersensitivity", "Contraindication", Tone.DANGER, Shape.CROSS),
    )
)

# How an adverse event stands; serious goes before severe.
EVENT = _registry(
    (
        Status("serious", "Open, serious", Tone.DANGER, Shape.WARNING),
        Status("severe", "Open, severe", Tone.ATTENTION, Shape.NOTICE),
        Status("open", "Open", Tone.ACT, Shape.DOT),
        Status("closed", "Closed", Tone.DONE, Shape.TICK),
        Status("voided", "Voided", Tone.NEUTRAL, Shape.STRUCK),
    )
)

# What a vial is, and the one thing its ledger does not say: that its day has passed while it stood in stock.
VIAL = _registry(
    (
        Status("ordered", "On order", Tone.NEUTRAL, Shape.DASHED),
        Status("received", "In stock", Tone.READY, Shape.RING),
        Status("reserved", "Reserved", Tone.READY, Shape.TICK),
        Status("out", "Out of refrigerator", Tone.ATTENTION, Shape.CLOCK),
        Status("drawn", "Drawn up", Tone.ATTENTION, Shape.HALF),
        Status("given", "Given", Tone.DONE, Shape.TICK),
        Status("wasted", "Wasted", Tone.DONE, Shape.CROSS),
        Status("returned", "Returned", Tone.DONE, Shape.ARROW),
        Status("quarantined", "Quarantined", Tone.DANGER, Shape.PAUSE),
        Status("unusable", "Cannot be used", Tone.DANGER, Shape.CROSS),
    )
)

AUTHORISATION = _registry(
    (
        Status("in_force", "In force", Tone.READY, Shape.TICK),
        Status("ending", "Ending", Tone.ATTENTION, Shape.CLOCK),
        Status("not_begun", "Not begun", Tone.NEUTRAL, Shape.RING),
        Status("renewed", "Renewed", Tone.DONE, Shape.ARROW),
        Status("used_up", "Used up", Tone.DANGER, Shape.MINUS),
        Status("ended", "Ended", Tone.DONE, Shape.SQUARE),
        Status("void", "Voided", Tone.NEUTRAL, Shape.STRUCK),
    )
)

MONOGRAPH = _registry(
    (
        Status("draft", "Draft", Tone.NEUTRAL, Shape.DASHED),
        Status("published", "Published", Tone.READY, Shape.TICK),
        Status("superseded", "Superseded", Tone.DONE, Shape.STRUCK),
        Status("stale", "Review overdue", Tone.ATTENTION, Shape.CLOCK),
    )
)

# For templates, which name the registry: `{{ dose.status|status:"dose" }}`.
REGISTRIES: Mapping[str, Mapping[str, Status]] = MappingProxyType(
    {
        "dose": DOSE,
        "outcome": OUTCOME,
        "booking": BOOKING,
        "reminder": REMINDER,
        "care": CARE,
        "light": LIGHT,
        "lab": LAB,
        "allergy": ALLERGY,
        "event": EVENT,
        "vial": VIAL,
        "authorisation": AUTHORISATION,
        "override": OVERRIDE,
        "step": STEP,
        "monograph": MONOGRAPH,
    }
)
