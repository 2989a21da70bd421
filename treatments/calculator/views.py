"""The calculator's page: a question in the address, its answer below. Nothing is written."""

from collections.abc import Mapping
from datetime import date, datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.staff.access import StaffRequest, requires, sites
from clinic.staff.models import User
from clinic.staff.roles import Permission
from monographs.queries import regimens_in_force
from monographs.rules.regimen import Regimen
from treatments.calculator.forms import ASKED, CalculatorForm
from treatments.calculator.results import Result, result_of
from treatments.rules.calculator import calculate
from treatments.rules.schedule import DoubleDose
from treatments.rules.schedule_entries import BadEntry


@requires(Permission.VIEW_PATIENTS)
@require_safe
def calculator(request: StaffRequest) -> HttpResponse:
    """Work out the schedule of any history. The address is the question, so it can be kept and gone back to."""
    regimens, today = regimens_in_force(), _today(request.user, timezone.now())
    asked = not ASKED.isdisjoint(request.GET)
    form = CalculatorForm(
        request.GET if asked else None,
        regimens=regimens,
        today=today,
        initial={"regimen": request.GET.get("regimen"), "on": today},
    )
    result = _result(form, regimens) if asked else None
    context = {"form": form, "result": result, "regimens": regimens}
    return render(request, "calculator/calculator.html", context, status=422 if form.errors else 200)


@requires(Permission.VIEW_PATIENTS)
@require_safe
def rules(request: StaffRequest) -> HttpResponse:
    """Say in clinic words what each numbered rule does, for whoever reads "rules 6 and 10" on a page."""
    return render(request, "calculator/rules.html")


def _result(form: CalculatorForm, regimens: Mapping[str, Regimen]) -> Result | None:
    """Return the answer, or None with the reason on the form."""
    if not form.is_valid():
        return None
    asked = form.cleaned_data
    try:
        answer = calculate(regimens, asked["regimen"], asked["given"], asked["on"], asked["until"])
    except DoubleDose as double:
        form.refuse_two_on(double.on)
    except BadEntry as beyond:
        form.add_error(None, str(beyond))
    else:
        return result_of(regimens[asked["regimen"]], answer)
    return None


def _today(user: User, now: datetime) -> date:
    """Return the day at the person's home site, or at the first of the sites where they work."""
    home = user.home_site or sites(user, Permission.VIEW_PATIENTS)[0]
    return home.today(now)
