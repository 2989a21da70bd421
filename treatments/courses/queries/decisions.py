"""Decisions and what waits for one, as the pages show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from clinic import formatting
from clinic.staff.models import Site
from treatments.courses.models import Course, Decision, Dose
from treatments.rules.proposals import Choice, Proposal, in_words_of, proposals
from treatments.rules.schedule_reading import Reading

# Nobody confirms more in a day; the rest comes up as these are done.
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """One proposal that waits for a prescriber, ready to show.

    `choices` are (key, words), what is proposed first; `proposed` says that one again, empty where nothing is proposed.
    `day` is the earliest for the dose in question.
    """

    matter: str
    title: str
    says: str
    rules: str
    source: str
    proposed: str
    choices: tuple[tuple[str, str], ...]
    is_open: bool
    sets_a_day: bool
    attempt: str
    day: date


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """A decision, ready to show. `pairs` are (before, after) of the doses to come, in words.

    `waits`: a second person has still to confirm it. `void_reason`: why it was withdrawn, empty while it stands.
    """

    id: UUID
    title: str
    answer: str
    words: str
    proposal: str
    rules: str
    source: str
    reason: str
    made: str
    by: str
    day: str
    look_again: str
    second: str
    waits: bool
    void_reason: str
    pairs: tuple[tuple[str, str], ...]


def waiting(reading: Reading) -> tuple[Waiting, ...]:
    """Return what waits for a prescriber, in the order in which it is to be settled. No query."""
    return tuple(_waiting(proposal, reading) for proposal in proposals(reading))


def key_of(choice: Choice) -> str:
    """Return a choice as a form sends it: "catch_up:2:14"."""
    return f"{choice.plan.value}:{choice.doses}:{choice.apart_days}"


def choice_of(proposal: Proposal, key: str) -> Choice | None:
    """Return the choice of a proposal that has this key."""
    return next((choice for choice in proposal.choices if key_of(choice) == key), None)


def _waiting(proposal: Proposal, reading: Reading) -> Waiting:
    words = [(key_of(choice), in_words_of(choice, reading)) for choice in proposal.choices]
    proposed = "" if proposal.is_open else words[0][1]
    return Waiting(
        matter=proposal.matter.value,
        title=Decision.Matter(proposal.matter.value).label,
        says=f"{proposal.says}.",
        rules=rules_in_words(proposal.rules),
        source=proposal.source,
        proposed=proposed,
        choices=tuple(words),
        is_open=proposal.is_open,
        sets_a_day=any(choice.sets_a_day for choice in proposal.choices),
        attempt="" if proposal.attempt is None else proposal.attempt.key,
        day=proposal.day,
    )


def rules_in_words(rules: Iterable[int]) -> str:
    """Write "rules 6 and 10"."""
    numbers = [str(rule) for rule in rules]
    if len(numbers) < 2:
        return f"rule {''.join(numbers)}"
    return f"rules {', '.join(numbers[:-1])} and {numbers[-1]}"


def decision_line(row: Decision, zone: tzinfo) -> DecisionLine:
    """Return a decision in words. No query where its people are joined."""
    return DecisionLine(
        id=row.pk,
        title=row.get_matter_display(),
        answer=row.get_answer_display(),
        words=row.answer_words,
        proposal=row.proposal,
        rules=rules_in_words(row.rules),
        source=row.source,
        reason=row.reason,
        made=formatting.moment(row.created_at, zone),
        by=str(row.decided_by or "A process"),
        day="" if row.day is None else formatting.weekday(row.day),
        look_again="" if row.look_again_on is None else formatting.day(row.look_again_on),
        second="" if row.second is None else f"{row.second}, {_at(row, zone)}",
        waits=row.needs_second and row.second_id is None,
        void_reason=row.void_reason,
        pairs=_pairs(row),
    )


def _at(row: Decision, zone: tzinfo) -> str:
    return "" if row.seconded_at is None else formatting.moment(row.seconded_at, zone)


def _pairs(row: Decision) -> tuple[tuple[str, str], ...]:
    length = max(len(row.before), len(row.after))
    return tuple((_nth(row.before, place), _nth(row.after, place)) for place in range(length))


def _nth(doses: list[list[str]], place: int) -> str:
    if place >= len(doses):
        return "No date"
    label, on, mg = doses[place]
    return f"{label}, {formatting.quantity(Decimal(mg), 'mg')}: {formatting.weekday(date.fromisoformat(on))}"


def declined(course: Course, matter: str, after_on: date | None) -> Decision | None:
    """Return the latest answer that declined this very matter and stands, if the course has not moved on since."""
    rows = Decision.objects.standing().filter(course=course, matter=matter, after_on=after_on)
    latest = rows.select_related("decided_by").order_by("-created_at").first()
    return latest if latest is not None and latest.answer == Decision.Answer.DECLINED else None


@dataclass(frozen=True, slots=True)
class AwaitedDecision:
    """A decision that waits for its second person, ready to show. `own`: this person made it, and cannot confirm it."""

    patient: str
    chart_url: str
    about: str
    said: str
    by: str
    url: str
    own: bool


def awaited_decisions(sites: Sequence[Site], user_id: int, now: datetime) -> tuple[AwaitedDecision, ...]:
    """Return the decisions at these sites that a second person can still confirm, the longest waiting first. One query.

    The condition is that of `services.is_awaited`: no dose was given since, and the day has not passed.
    """
    here = Q(pk__in=[])
    for site in sites:
        here |= Q(site=site) & (Q(day=None) | Q(day__gte=site.today(now)))
    ahead = Dose.objects.standing().filter(
        course=OuterRef("course"), is_next=True, previous_on=OuterRef("after_on"), course__stopped_on=None
    )
    rows = Decision.objects.standing().filter(here, Exists(ahead), needs_second=True, second=None)
    joined = rows.select_related("decided_by", "patient").order_by("created_at")
    return tuple(_awaited(row, user_id) for row in joined[:AT_ONCE])


def _awaited(row: Decision, user_id: int) -> AwaitedDecision:
    return AwaitedDecision(
        patient=formatting.full_name(row.patient.family_name, row.patient.given_name),
        chart_url=reverse("chart", args=[row.patient_id]),
        about=row.answer_words,
        said=row.reason,
        by=str(row.decided_by or "A process"),
        url=reverse("courses:decision", args=[row.pk]),
        own=row.decided_by_id == user_id,
    )


def asked_too_soon(dose: Dose) -> Decision | None:
    """Return what was asked for this dose before its earliest safe day, waiting or agreed, the latest first."""
    rows = Decision.objects.standing().filter(
        course=dose.course_id, matter=Decision.Matter.TOO_SOON, after_on=dose.previous_on
    )
    return rows.select_related("decided_by", "second").order_by("-created_at").first()
