"""A dose's readiness in words: what `readiness/_lights.html` shows."""

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from clinic import formatting, statuses
from clinic.staff.roles import Permission
from clinic.statuses import Status
from treatments.labs.queries import Sheet
from treatments.readiness.models import Light
from treatments.readiness.providers import Shown
from treatments.readiness.queries.doses import DoseReadiness
from treatments.rules import lights
from treatments.rules.monitoring_terms import Basis, Reading
from treatments.rules.monitoring_words import change_in_words, value_in_words
from treatments.rules.readiness import Answer, Judged, Readiness, needs_two

_SENTENCES = {
    Answer.READY: "Nothing stands in the way of this dose.",
    Answer.CHECK: "The dose can go ahead; look at what is marked first.",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One link beside a light. `about` names the light for those who hear the page."""

    label: str
    url: str
    about: str


@dataclass(frozen=True, slots=True)
class LightRow:
    """One light: its word and shape, why, what is to be known of an override, and the links that mend it."""

    about: str
    status: Status
    reason: str
    notes: tuple[str, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One laboratory value as it stands for the dose. `withdraw_url` takes back what was answered for it.

    It is empty where nobody answered, or where this person may not.
    """

    name: str
    value: str
    collected: str
    status: Status
    limit: str
    change: str
    remark: str
    withdraw_url: str


@dataclass(frozen=True, slots=True)
class Board:
    """The one answer with its six lights. `day` is the day of the dose that the answer is about."""

    answer: Status
    sentence: str
    day: str
    lights: tuple[LightRow, ...]
    readings: tuple[ReadingRow, ...]
    policy: str
    may_skip: bool


def board_of(found: DoseReadiness, rights: Collection[Permission], user_id: int | None = None) -> Board:
    """Return the readiness of a dose for somebody with these rights. No query."""
    sheet = next((shown.labs for shown in found.shown if shown.labs is not None), None)
    answer = found.readiness.answer
    return Board(
        answer=statuses.LIGHT[answer.value],
        sentence=_sentence(found.readiness),
        day=formatting.day(found.asked.dose.on),
        lights=tuple(
            _row(judged, shown, found, rights, str(user_id))
            for judged, shown in zip(found.readiness.lights, found.shown, strict=True)
        ),
        readings=() if sheet is None else tuple(_reading(reading, rights) for reading in sheet.readings),
        policy="" if sheet is None else sheet.policy.source,
        may_skip=_may_skip(sheet, found, rights),
    )


def _sentence(readiness: Readiness) -> str:
    """Say what the answer means; of a dose that is not ready, which lights keep it."""
    if readiness.answer is not Answer.NOT_READY:
        return _SENTENCES[readiness.answer]
    keeping = [each for each in readiness.reasons if each.answer is Answer.NOT_READY]
    names = [Light(each.lit.light.value).label.lower() for each in keeping]
    return f"What stands in the way of this dose: {', '.join(names)}."


def _row(judged: Judged, shown: Shown, found: DoseReadiness, rights: Collection[Permission], user_id: str) -> LightRow:
    about = Light(judged.lit.light.value).label
    return LightRow(
        about=about,
        status=statuses.LIGHT[judged.lit.signal.value],
        reason=judged.lit.reason,
        notes=tuple(_notes(judged)),
        actions=tuple(_actions(judged, shown, found, rights, user_id)),
    )


def _notes(judged: Judged) -> list[str]:
    notes = [judged.note] if judged.note else []
    if judged.passed_by is not None:
        notes.append(f"Overridden until {formatting.day(judged.passed_by.expires_on)}.")
    elif judged.lit.signal is lights.Signal.NOT_READY and judged.answer is Answer.CHECK:
        notes.append("This site takes it as advice.")
    return notes


def _actions(
    judged: Judged, shown: Shown, found: DoseReadiness, rights: Collection[Permission], user_id: str
) -> list[Action]:
    if judged.lit.signal in {lights.Signal.READY, lights.Signal.NOT_NEEDED}:
        return []
    actions, about = [], Light(judged.lit.light.value).label
    if shown.fix is not None and shown.fix.permission in rights:
        actions.append(Action(shown.fix.label, shown.fix.url, about))
    if judged.waiting is not None:
        confirm = Action("Confirm", reverse("readiness:confirm", args=[judged.waiting.key]), about)
        may_confirm = Permission.SECOND in rights and judged.waiting.by != user_id
        return [*actions, confirm] if may_confirm else actions
    if judged.answer is Answer.NOT_READY and _may_override(judged, rights):
        url = reverse("readiness:override", args=[found.asked.dose_id, judged.lit.light.value])
        actions.append(Action("Override", url, about))
    return actions


def _may_override(judged: Judged, rights: Collection[Permission]) -> bool:
    return Permission.OVERRIDE_LIGHTS in rights and (not needs_two(judged.lit) or Permission.SIGN_OFF in rights)


def _may_skip(sheet: Sheet | None, found: DoseReadiness, rights: Collection[Permission]) -> bool:
    if sheet is None or not sheet.policy.may_skip or Permission.SIGN_OFF not in rights:
        return False
    return not found.asked.not_indicated and any(reading.lapse is not None for reading in sheet.readings)


def _reading(reading: Reading, rights: Collection[Permission]) -> ReadingRow:
    result = reading.result
    answers = () if result is None or Permission.REVIEW_LABS not in rights else result.reviews
    return ReadingRow(
        name=reading.name,
        value="" if result is None else _value(reading),
        collected="" if result is None else formatting.day(result.collected_on),
        status=statuses.LAB[reading.standing.value],
        limit=_limit(reading),
        change="" if reading.change is None else change_in_words(reading.change),
        remark=reading.remark if reading.rule or reading.settled else "",
        withdraw_url=reverse("labs:withdraw_review", args=[answers[0].key]) if answers else "",
    )


def _value(reading: Reading) -> str:
    """Return the value without the name, which stands beside it."""
    assert reading.result is not None  # noqa: S101 - the caller looked
    return value_in_words(reading.result).removeprefix(reading.name).strip()


def _limit(reading: Reading) -> str:
    if reading.limit is None or reading.lapse is not None:
        return ""
    return "label" if reading.limit.basis is Basis.LABEL else "policy"
