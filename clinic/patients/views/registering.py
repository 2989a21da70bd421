"""Register a patient, after a look at who they may already be."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.audit.trail import person_actor
from clinic.drafts import offering
from clinic.patients import queries, services
from clinic.patients.forms import RegisterForm
from clinic.patients.models import Patient
from clinic.patients.views.saving import Show, save, tell
from clinic.records.conflicts import Conflict
from clinic.records.forms import Once
from clinic.staff.access import StaffRequest, requires, sites
from clinic.staff.roles import Permission


@require_http_methods(["GET", "POST"])
@requires(Permission.REGISTER_PATIENTS)
def register(request: StaffRequest) -> HttpResponse:
    """Register a patient; somebody much like a known patient only once it is said that they are another person."""
    now = timezone.now()
    form = RegisterForm(
        request.POST or None,
        sites=sites(request.user, Permission.REGISTER_PATIENTS),
        now=now,
        once=Once(request.user.pk, "register a patient", ""),
    )
    if request.method == "GET":
        return _page(request, form, now)()
    matches = _matches(request, form) if form.is_valid() else ()
    show = _page(request, form, now, matches)
    if not form.is_valid():
        return show(status=422)

    def work() -> Patient:
        return services.register(
            site=form.site_chosen,
            person=form.person(),
            identifiers=form.numbers(),
            profile=form.profile(),
            carers=form.carers(),
            consents=form.consents(),
            reason="Said to be another person than somebody much alike." if matches else "",
            submission=form.cleaned_data["submission"],
            by=person_actor(request.user),
            at=now,
        )

    return save(request, form, show, work=work, done="The patient was registered.", draft=True)


def _matches(request: StaffRequest, form: RegisterForm) -> tuple[queries.Match, ...]:
    """Return who the person may already be; the form is no longer valid while that is an open question."""
    submission, numbers = form.cleaned_data["submission"], form.numbers()
    for holder in queries.holders(form.site_chosen, numbers, submission=submission):
        tell(form, services.IdentifierTaken(holder, None), field=holder.kind)
    matches = queries.possible_duplicates(
        request.user, person=form.person(), identifiers=numbers, submission=submission
    )
    patient_ids = [str(match.patient_id) for match in matches]
    if matches and not form.tells_apart_from(patient_ids):
        form.ask_about(patient_ids)
    return matches


def _page(request: StaffRequest, form: RegisterForm, now: datetime, matches: tuple[queries.Match, ...] = ()) -> Show:
    def show(*, status: int = 200, conflict: Conflict | None = None) -> HttpResponse:
        above = reverse("patients:find")
        draft = offering.offer(request, form, above=above, now=now)
        context = {"form": form, "matches": matches, "conflict": conflict, "cancel_url": above, "draft": draft}
        return render(request, "patients/register.html", context, status=status)

    return show
