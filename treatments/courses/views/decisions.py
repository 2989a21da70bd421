"""Answer what the rules propose; read a decision, confirm it as the second person, withdraw it."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.records.forms import VersionedForm
from clinic.records.writing import StaleRecord
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from treatments.courses import forms, queries, services
from treatments.courses.access import course_or_404, decision_or_404, dose_or_404
from treatments.courses.models import Course, Dose
from treatments.courses.queries import Waiting
from treatments.courses.series import decisions_of, series_of
from treatments.courses.services import Answer
from treatments.courses.services.deciding import COMPARED
from treatments.courses.views.previews import Preview, preview
from treatments.courses.views.shared import Page, Refusals, banner, chart, once, save, show, turn
from treatments.rules.comparing import as_planned, compare
from treatments.rules.proposals import Matter
from treatments.rules.replay import walk
from treatments.rules.schedule_reading import Reading, read

_REFUSALS: Refusals = {
    services.NothingToDecide: None,
    services.DayMissing: "day",
    services.DecidedForTooSoon: "day",
    services.ReasonMissing: "reason",
    services.LookAgainMissing: "look_again_on",
    services.CourseStopped: None,
    services.PatientNotInCare: None,
}
_TOO_SOON_REFUSALS: Refusals = {
    services.NothingToDecide: "day",
    services.DecidedForTooSoon: "day",
    services.ReasonMissing: "reason",
    services.CourseStopped: None,
    services.PatientNotInCare: None,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the page asks about: the course as read today, and the proposal that comes first."""

    course: Course
    reading: Reading
    waiting: Waiting


@require_http_methods(["GET", "POST"])
def decide(request: StaffRequest, course_id: uuid.UUID) -> HttpResponse:
    """Answer the proposal that comes first: as proposed, differently with a reason, or not for now."""
    course = course_or_404(request.user, course_id)
    require(request.user, Permission.DECIDE, course.site_id)
    now = timezone.now()
    today = course.site.today(now)
    reading = read(series_of(course), today)
    first = next(iter(queries.waiting(reading)), None)
    if first is None:
        return turn(request, "Nothing waits for a decision on this course.", chart(course.patient))
    asked = _Asked(course, reading, first)
    page = Page(
        first.title,
        "Record the decision",
        chart(course.patient),
        template="courses/decide.html",
        previewed=True,
        draft=True,
    )
    form = _form(request, asked)
    beside = {"waiting": first, "declined": _declined(asked)}
    if request.method != "POST":
        return show(request, form, page, course.patient, now=now, beside=lambda: beside)

    def work(values: dict[str, Any]) -> None:
        services.decide(
            course=course,
            answer=_answer(asked, values),
            by=person_actor(request.user),
            at=now,
            confirmed=values["confirmed"],
            submission=values["submission"],
        )

    return save(
        request,
        form,
        page,
        course.patient,
        now=now,
        work=work,
        refusals=_REFUSALS,
        done="The decision was recorded.",
        beside=lambda: beside,
        first=lambda values: _preview(asked, _answer(asked, values)),
    )


def _form(request: StaffRequest, asked: _Asked) -> forms.DecideForm:
    """Return the form, with what is proposed chosen already: a date is proposed, never an open question's answer."""
    waiting = asked.waiting
    initial: dict[str, Any] = {"matter": waiting.matter, "attempt": waiting.attempt, "day": waiting.day}
    if not waiting.is_open:
        initial["choice"] = waiting.choices[0][0]
    return forms.DecideForm(
        request.POST or None,
        initial=initial,
        choices=list(waiting.choices),
        sets_a_day=waiting.sets_a_day,
        once=once(request, "decide", asked.course),
    )


def _answer(asked: _Asked, values: dict[str, Any]) -> Answer:
    """Return what was answered, about the proposal that the person had in front of them."""
    matter, attempt = values["matter"], values["attempt"]
    same = (matter, attempt) == (asked.waiting.matter, asked.waiting.attempt)
    if matter not in set(Matter) or not same:
        raise services.NothingToDecide("Something else waits by now; look at the course again.")
    choice = None
    if values["choice"] != forms.NOTHING:
        answered = Answer(Matter(matter), None, attempt=attempt)
        choice = queries.choice_of(services.standing_proposal(asked.reading, answered), values["choice"])
    return Answer(
        matter=Matter(matter),
        choice=choice,
        day=values.get("day") if choice is not None and choice.sets_a_day else None,
        reason=values["reason"],
        look_again_on=values["look_again_on"] if choice is None else None,
        attempt=attempt,
    )


def _preview(asked: _Asked, answer: Answer) -> Preview | None:
    """Show the plan as it stood and as it would be; declining moves nothing, so there is nothing to look at."""
    if answer.choice is None:
        return None
    before = as_planned(asked.reading.series, asked.reading.on, COMPARED)
    return preview(compare(before, services.following(asked.reading, answer)), of=answer)


def _declined(asked: _Asked) -> str:
    """Say that, and until when, the same was declined before."""
    last = asked.reading.walk.position.last
    row = queries.declined(asked.course, asked.waiting.matter, last)
    if row is None or row.look_again_on is None:
        return ""
    again = formatting.day(row.look_again_on)
    return f"Declined on {formatting.day(row.made_on)} by {row.decided_by}, to look again on {again}: {row.reason}"


@require_safe
def decision(request: StaffRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Show one decision: what was proposed, what was answered, and the doses on either side."""
    row = decision_or_404(request.user, decision_id)
    now = timezone.now()
    course, user = row.course, request.user
    rights = user.rights.get(row.site_id, frozenset())
    waits = row.needs_second and row.second_id is None and row.voided_at is None and course.is_open
    last = walk(series_of(course)).position.last
    context = {
        "patient": banner(row.patient, now),
        "decision": queries.decision_line(row, row.site.zone),
        "version": row.version,
        "decision_id": row.pk,
        "may_second": waits and Permission.SECOND in rights and row.decided_by_id != user.pk,
        "may_withdraw": course.is_open
        and Permission.DECIDE in rights
        and services.is_withdrawable(row, decisions_of(course), last),
        "chart_url": chart(row.patient),
    }
    return render(request, "courses/decision.html", context)


@require_http_methods(["GET", "POST"])
def confirm(request: StaffRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Confirm, as the second person, what one may not decide alone."""
    row = decision_or_404(request.user, decision_id)
    require(request.user, Permission.SECOND, row.site_id)
    back = reverse("courses:decision", args=[row.pk])
    if request.method != "POST":
        return redirect(back)
    form = VersionedForm(request.POST)
    expected = form.cleaned_data["version"] if form.is_valid() else row.version
    try:
        services.second(decision=row, by=person_actor(request.user), at=timezone.now(), expected=expected)
    except (services.SamePerson, services.NothingToDecide, services.CourseStopped, StaleRecord) as refused:
        return turn(request, str(refused), back)
    return turn(request, "You confirmed this as the second person. The day can be booked now.", back)


@require_http_methods(["GET", "POST"])
def withdraw(request: StaffRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Take a decision back, with the reason; the schedule is worked out again without it."""
    row = decision_or_404(request.user, decision_id)
    require(request.user, Permission.DECIDE, row.site_id)
    now = timezone.now()
    page = Page(
        "Withdraw the decision",
        "Withdraw it",
        chart(row.patient),
        "The decision stays on record, struck out, and the schedule is worked out again without it.",
        danger=True,
        above=reverse("courses:decision", args=[row.pk]),
        above_label="Decision",
        cancel_label="Keep the decision",
        stored_as={"reason": "void_reason"},
    )
    form = forms.ReasonForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        if row.voided_at is not None:
            return turn(request, "This decision was withdrawn already.", page.above)
        return show(request, form, page, row.patient, now=now)

    def work(values: dict[str, Any]) -> None:
        facts = {"reason": values["reason"], "expected": values["version"]}
        services.withdraw_decision(decision=row, by=person_actor(request.user), at=now, **facts)

    refusals: Refusals = {
        services.TooLateToWithdraw: None,
        services.CourseStopped: None,
        services.ReasonMissing: "reason",
    }
    done = "The decision was withdrawn."
    return save(request, form, page, row.patient, now=now, work=work, refusals=refusals, done=done)


@require_http_methods(["GET", "POST"])
def too_soon(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Ask that a dose may be booked before its earliest safe day; a second person confirms it."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.DECIDE, row.site_id)
    now = timezone.now()
    page = Page(
        f"Ask for a day before the earliest safe one, dose {row.label}",
        "Ask a second person",
        reverse("courses:dose", args=[row.pk]),
        _too_soon_lead(row, row.site.today(now)),
        above_label=f"Dose {row.label}",
    )
    form = forms.TooSoonForm(request.POST or None, once=once(request, "ask for too soon", row))
    if request.method != "POST":
        if not row.is_next or not row.course.is_open:
            return turn(request, "This dose is not planned any more.", page.back)
        return show(request, form, page, row.patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.ask_for_too_soon(dose=row, by=person_actor(request.user), at=now, **values)

    done = "A second person has to confirm this before the day can be booked."
    return save(request, form, page, row.patient, now=now, work=work, refusals=_TOO_SOON_REFUSALS, done=done)


def _too_soon_lead(row: Dose, today: date) -> str:
    if row.floor is None:
        return "This dose has no earliest safe day: book it as usual."
    near = formatting.until(row.floor, today)
    return (
        f"The earliest safe day is {formatting.day(row.floor)} ({near}). A dose sooner needs you and a second person."
    )
