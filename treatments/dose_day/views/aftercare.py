"""Watch, send home, call."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.staff.access import StaffRequest, require
from clinic.staff.roles import Permission
from treatments.courses import queries as courses
from treatments.courses.access import dose_or_404
from treatments.courses.forms import ReasonForm
from treatments.courses.models import Dose
from treatments.courses.views.shared import Page, Refusals, once, save, show, turn
from treatments.dose_day import forms, queries, services
from treatments.dose_day.access import discharge_or_404, observation_or_404
from treatments.dose_day.models import FollowUpCall
from treatments.dose_day.views.days import address_of, asked_day
from treatments.rules import dose_day as rules

_OBSERVE_REFUSALS: Refusals = {services.NothingObserved: None, services.InTheFuture: "time"}
_HOME_REFUSALS: Refusals = {
    services.NothingRecorded: None,
    services.InTheFuture: "left_time",
    services.AdviceMissing: "advice_to",
    services.NoNextDate: "no_booking_reason",
    services.CalledTooEarly: "call_on",
}
_CALL_REFUSALS: Refusals = {
    services.NobodyToCall: None,
    services.CalledTooEarly: "again_on",
    services.NothingToldOf: "symptoms",
}


@require_http_methods(["GET", "POST"])
def observe(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Write down how the patient is now."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    local = now.astimezone(row.site.zone)
    page = Page("Add an observation", "Save the observation", address_of(row), above_label="Dose day")
    form = forms.ObservationForm(
        request.POST or None,
        initial={"time": local.time().replace(second=0, microsecond=0)},
        day=local.date(),
        zone=row.site.zone,
        once=once(request, "observe", row),
    )
    if request.method != "POST":
        return show(request, form, page, row.patient, now=now)

    def work(values: dict[str, Any]) -> None:
        figures = ("at", "pulse", "systolic", "diastolic", "saturation", "temperature", "pain", "note")
        seen = services.Observed(**{name: values[name] for name in figures})
        submission = values["submission"]
        services.observe(dose=row, observed=seen, submission=submission, by=person_actor(request.user), at=now)

    done = "The observation was saved."
    return save(request, form, page, row.patient, now=now, work=work, refusals=_OBSERVE_REFUSALS, done=done)


@require_http_methods(["GET", "POST"])
def void_observation(request: StaffRequest, observation_id: uuid.UUID) -> HttpResponse:
    """Take an observation back."""
    row = observation_or_404(request.user, observation_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    what = (
        f"The observation of {formatting.moment(row.observed_at, row.site.zone)} stays in the trail with your reason."
    )
    back = address_of(row.dose, row.on)
    page = Page("Take an observation back", "Take it back", back, what, danger=True, above_label="Dose day")
    form = ReasonForm(request.POST or None, initial={"version": row.version})
    if request.method != "POST":
        return show(request, form, page, row.patient, now=now)

    def work(values: dict[str, Any]) -> None:
        services.void_observation(
            observation=row, reason=values["reason"], expected=values["version"], by=person_actor(request.user), at=now
        )

    done = "The observation was taken back."
    return save(request, form, page, row.patient, now=now, work=work, refusals={}, done=done)


@require_http_methods(["GET", "POST"])
def go_home(request: StaffRequest, dose_id: uuid.UUID) -> HttpResponse:
    """Record that the patient went home: advised, with a next date, and with a day for the call."""
    row = dose_or_404(request.user, dose_id)
    require(request.user, Permission.RECORD_DOSES, row.site_id)
    now = timezone.now()
    local, on = now.astimezone(row.site.zone), asked_day(request, row, row.site.today(now))
    page = Page(
        "Going home",
        "Record it",
        address_of(row, on),
        f"After the dose day of {formatting.day(on)}.",
        template="dose_day/go_home.html",
        above_label="Dose day",
    )
    booked, sentence, next_id = _next_date(row, on)
    form = forms.HomeForm(
        request.POST or None,
        initial={
            "left_on": local.date(),
            "left_time": local.time().replace(second=0, microsecond=0),
            "call_on": rules.call_on(on, queries.policy_of(row, on).call_after_days),
        },
        zone=row.site.zone,
        next_is_booked=booked,
        once=once(request, "go home", row),
    )
    beside = {"next_sentence": sentence, "next_id": next_id, "is_booked": booked, "advice_url": _advice(row, on)}
    if request.method != "POST":
        if queries.home_card(row, on, row.site.today(now)) is not None:
            return turn(request, "Going home was recorded already.", page.back)
        return show(request, form, page, row.patient, now=now, beside=lambda: beside)

    def work(values: dict[str, Any]) -> None:
        names = ("left_at", "advice_to", "call_on", "no_booking_reason", "note")
        services.go_home(
            dose=row,
            on=on,
            home=services.Home(**{name: values[name] for name in names}),
            confirmed=values["confirmed"],
            submission=values["submission"],
            by=person_actor(request.user),
            at=now,
        )

    done = "Going home was recorded."
    return save(
        request, form, page, row.patient, now=now, work=work, refusals=_HOME_REFUSALS, done=done, beside=lambda: beside
    )


def _next_date(row: Dose, on: date) -> tuple[bool, str, uuid.UUID | None]:
    """Return whether the next date is booked, what to say of it, and the dose to book, None where none is to come."""
    if not (row.course.is_open and row.patient.in_care):
        return True, "", None
    coming = courses.next_dose(row.course)
    booking = queries.next_date(coming, on)
    return booking is not None, queries.booked_words(coming, booking), coming.pk


def _advice(row: Dose, on: Any) -> str:
    return f"{reverse('dose_day:advice', args=[row.pk])}?on={on.isoformat()}"


@require_http_methods(["GET", "POST"])
def call(request: StaffRequest, discharge_id: uuid.UUID) -> HttpResponse:
    """Record what came of a call."""
    row = discharge_or_404(request.user, discharge_id)
    require(request.user, Permission.RECORD_EVENTS, row.site_id)
    now = timezone.now()
    page = Page(
        "Call after the dose day",
        "Save the call",
        reverse("dose_day:today"),
        f"After {row.dose.label} on {formatting.day(row.on)}.",
        template="dose_day/call.html",
        above_label="Dose days",
    )
    form = forms.CallForm(
        request.POST or None,
        initial={"again_on": row.site.today(now) + timedelta(days=1)},
        once=once(request, "call after a dose", row),
    )
    beside = {
        "telephones": [carer for carer in row.patient.carers.standing() if carer.phone],
        "calls": queries.calls_of(row.pk),
        "events_url": reverse("adverse_events:add", args=[row.patient_id]),
    }
    if request.method != "POST":
        if row.call_due_on is None:
            return turn(request, "Nobody has to call any more.", address_of(row.dose, row.on))
        return show(request, form, page, row.patient, now=now, beside=lambda: beside)

    def work(values: dict[str, Any]) -> None:
        not_reached = values["outcome"] in FollowUpCall.NOT_REACHED
        told = services.Told(
            values["outcome"],
            tuple(values["symptoms"]),
            values["note"],
            values["again_on"] if not_reached else None,
        )
        submission = values["submission"]
        services.call(discharge=row, told=told, submission=submission, by=person_actor(request.user), at=now)

    return save(
        request,
        form,
        page,
        row.patient,
        now=now,
        work=work,
        refusals=_CALL_REFUSALS,
        done="The call was saved.",
        beside=lambda: beside,
    )
