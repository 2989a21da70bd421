"""Answer what the rules propose: accept it, decide differently with a reason, or decline it for now."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import User
from treatments.courses import events
from treatments.courses.models import Administration, Booking, Course, Decision
from treatments.courses.series import decisions_of, series_of
from treatments.courses.services.keeping import PatientNotInCare, confirm, first_time, locked_open
from treatments.courses.services.replanning import last_given, replan
from treatments.rules import comparing
from treatments.rules.cautions import crossing
from treatments.rules.proposals import Choice, Matter, Proposal, Verdict, in_words_of, proposals, ruling
from treatments.rules.schedule import Outcome, ProjectedDose, Series, band_crossing, project
from treatments.rules.schedule_reading import Reading, read
from treatments.rules.schedule_words import in_words

# How many doses to come are kept on either side of a decision: three years of maintenance.
COMPARED = 9


class NothingToDecide(Exception):
    """The proposal does not stand any more: it was decided meanwhile, or what it rested on has changed."""


class DayMissing(Exception):
    """What was chosen is about a dose on a day, and no day was named."""


class DecidedForTooSoon(Exception):
    """The day lies before today or before the earliest safe day. The message names it."""


class ReasonMissing(Exception):
    """Only what was proposed may be accepted without a word; anything else needs a reason."""


class LookAgainMissing(Exception):
    """Declining for now needs a day on which somebody looks again, today or later."""


class TooLateToWithdraw(Exception):
    """A dose was given, or something else decided, since; a withdrawal would change what has happened."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `choice` None declines for now: `look_again_on` is then the day to look again.

    `day` is the local day of the next dose, where the choice is about one. `attempt` is the key of the partial dose.
    """

    matter: Matter
    choice: Choice | None
    day: date | None = None
    reason: str = ""
    look_again_on: date | None = None
    attempt: str = ""


@transaction.atomic
def decide(
    *,
    course: Course,
    answer: Answer,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = frozenset(),
    submission: uuid.UUID | None = None,
) -> Decision:
    """Record a prescriber's answer to a proposal that stands today, and plan what follows from it.

    Raises NothingToDecide, DayMissing, DecidedForTooSoon, ReasonMissing, LookAgainMissing, Unconfirmed for a day beyond
    a boundary of the late-dose rules, CourseStopped, PatientNotInCare, AlreadySubmitted.
    """
    course = locked_open(course.pk)
    first_time(Decision, submission)
    if not course.patient.in_care:
        raise PatientNotInCare("This patient is no longer in the site's care.")
    today = course.site.today(at)
    reading = read(series_of(course), today)
    proposal = standing_proposal(reading, answer)
    said = _checked(reading, proposal, answer, confirmed)
    row = Decision(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        matter=proposal.matter.value,
        made_on=today,
        after_on=last_given(reading.series),
        rules=list(proposal.rules),
        proposal=proposal.says,
        source=proposal.source[:200],
        reason=answer.reason,
        decided_by=cast("User | None", by.person),
        **_answered(reading, proposal, answer),
    )
    row = writing.add(row, event=events.DECIDED, by=by, at=at, reason=said, submission=submission)
    replan(course, by=by, at=at)
    return row


@transaction.atomic
def withdraw_decision(
    *, decision: Decision, reason: str, by: Actor, at: datetime, expected: int | None = None
) -> Decision:
    """Take back a decision on which nothing has been built yet.

    A switch and a new version are not taken back here: another switch, or another migration, undoes them. Raises
    ReasonMissing, TooLateToWithdraw, CourseStopped, StaleRecord, and AlreadySubmitted when it was withdrawn for that
    very reason.
    """
    course = locked_open(decision.course_id)
    decision = Decision.objects.select_related("administration").get(pk=decision.pk)
    _not_withdrawn(decision, reason)
    if not is_withdrawable(decision, decisions_of(course), last_given(series_of(course))):
        raise TooLateToWithdraw("A dose was given or something else was decided since; decide anew instead.")
    _nothing_is_booked_on(decision)
    decision = writing.void(decision, event=events.DECISION_WITHDRAWN, by=by, at=at, reason=reason, expected=expected)
    replan(course, by=by, at=at)
    return decision


def _nothing_is_booked_on(decision: Decision) -> None:
    """Refuse to leave an appointment before the earliest safe day that nobody allows any more."""
    if decision.matter != Decision.Matter.TOO_SOON or decision.day is None:
        return
    booked = Booking.objects.standing().filter(dose__course=decision.course_id, dose__is_next=True, cancelled_at=None)
    if booked.filter(on=decision.day).exists():
        day = in_words(decision.day)
        raise TooLateToWithdraw(f"The dose is booked on {day}; move or cancel that appointment first.")


def _not_withdrawn(decision: Decision, reason: str) -> None:
    """Refuse a withdrawal without a reason, and a second one; for the same reason, the same form came twice."""
    if not reason:
        raise ReasonMissing("Say why the decision is withdrawn.")
    if decision.voided_at is None:
        return
    if decision.void_reason == reason:
        raise AlreadySubmitted(decision)
    raise TooLateToWithdraw(f"This decision was withdrawn already: {decision.void_reason}")


def is_withdrawable(decision: Decision, decisions: Iterable[Decision], last: date | None) -> bool:
    """Say whether nothing has been built on a decision: it is the latest that stands, and no dose followed it."""
    if decision.voided_at is not None or decision.matter in {Decision.Matter.SWITCH, Decision.Matter.VERSION}:
        return False
    latest = max(decisions, key=lambda row: (row.created_at, row.pk), default=None)
    return latest is not None and latest.pk == decision.pk and last == _last_since(decision)


def _last_since(decision: Decision) -> date | None:
    """Return the day of the last dose as the decision left it: a partial dose that counts may be that dose itself."""
    attempt, after = decision.administration, decision.after_on
    if attempt is None or decision.plan != Decision.Plan.COUNTS:
        return after
    return attempt.given_on if after is None else max(after, attempt.given_on)


def standing_proposal(reading: Reading, answer: Answer) -> Proposal:
    """Return the proposal that an answer speaks of, if it stands. Raises NothingToDecide."""
    for proposal in proposals(reading):
        key = "" if proposal.attempt is None else proposal.attempt.key
        offered = answer.choice is None or answer.choice in proposal.choices
        if offered and (proposal.matter, key) == (answer.matter, answer.attempt):
            return proposal
    raise NothingToDecide("This was decided meanwhile, or what it rested on has changed; look at the course again.")


def following(reading: Reading, answer: Answer) -> tuple[ProjectedDose, ...]:
    """Return the doses to come if this is what is decided; as they are projected now when it is declined."""
    series, choice, on = reading.series, answer.choice, reading.on
    if choice is None:
        return project(series, on, count=COMPARED)
    if isinstance(choice.plan, Verdict):
        return project(_with_verdict(series, choice.plan, answer.attempt), on, count=COMPARED)
    decided = ruling(choice, answer.day, after=last_given(series), made_on=on)
    return () if decided is None else comparing.under(series, decided, on, COMPARED)


def _with_verdict(series: Series, verdict: Verdict, key: str) -> Series:
    outcome = Outcome.COMPLETED if verdict is Verdict.COUNTS else Outcome.NOT_DONE
    attempts = tuple(one._replace(outcome=outcome) if one.key == key else one for one in series.attempts)
    return replace(series, attempts=attempts)


def _checked(reading: Reading, proposal: Proposal, answer: Answer, confirmed: Collection[str]) -> str:
    """Return what was confirmed for the trail, if the answer can be taken at all."""
    if answer.choice is None:
        if answer.look_again_on is None or answer.look_again_on < reading.on:
            raise LookAgainMissing("Choose today or a later day on which somebody looks again.")
    elif answer.choice.sets_a_day:
        _day_is_safe(reading, answer.day)
    if not answer.reason and (answer.choice is None or not proposal.accepts(answer.choice, answer.day)):
        raise ReasonMissing("Give the reason: this is not what was proposed.")
    day = answer.day if answer.choice is not None and answer.choice.sets_a_day else None
    if day is None or not band_crossing(reading.series, reading.on, day):
        return ""
    return confirm((crossing(day),), confirmed)


def _day_is_safe(reading: Reading, day: date | None) -> None:
    floor = reading.window.floor
    if day is None:
        raise DayMissing("Enter the day of the next dose.")
    if day < reading.on:
        raise DecidedForTooSoon(f"{in_words(day)} has passed; choose today or a later day.")
    if floor is not None and day < floor:
        raise DecidedForTooSoon(
            f"{in_words(day)} is too soon after the last dose; the earliest safe day is {in_words(floor)}."
        )


def _answered(reading: Reading, proposal: Proposal, answer: Answer) -> dict[str, Any]:
    """Return the columns that hold the answer and what it changes."""
    choice = answer.choice
    before = comparing.as_planned(reading.series, reading.on, COMPARED)
    if choice is None:
        declined = {"answer": Decision.Answer.DECLINED, "answer_words": "Nothing for now"}
        return {**declined, "look_again_on": answer.look_again_on, **_partial_dose(proposal)}
    accepted = proposal.accepts(choice, answer.day)
    return {
        "answer": Decision.Answer.ACCEPTED if accepted else Decision.Answer.EDITED,
        "plan": choice.plan.value,
        "day": answer.day if choice.sets_a_day else None,
        "doses": choice.doses,
        "apart_days": choice.apart_days,
        "answer_words": in_words_of(choice, reading),
        "before": kept(before),
        "after": kept(following(reading, answer)),
        **_partial_dose(proposal),
    }


def _partial_dose(proposal: Proposal) -> dict[str, Any]:
    if proposal.attempt is None:
        return {}
    return {"administration": Administration.objects.get(pk=proposal.attempt.key)}


def kept(doses: Iterable[ProjectedDose]) -> list[list[str]]:
    """Return doses to come as they are kept with a decision: label, ISO date, mg."""
    return [[dose.label, dose.target.isoformat(), f"{dose.mg.normalize():f}"] for dose in doses]
