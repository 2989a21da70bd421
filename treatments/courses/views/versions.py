"""Running courses on older versions: the list, one course before and after, and the step to the newer version."""

import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import formatting
from clinic.audit.trail import person_actor
from clinic.records.forms import Once
from clinic.staff.access import StaffRequest, require, requires, site_ids, sites
from clinic.staff.models import Site
from clinic.staff.roles import Permission
from treatments.courses.access import course_or_404
from treatments.courses.forms.versions import MigrateForm, TogetherForm, written
from treatments.courses.models import Course
from treatments.courses.queries import versions as queries
from treatments.courses.queries.versions import COUNTED, Behind, Comparison, Cursor
from treatments.courses.services import together
from treatments.courses.views.previews import preview
from treatments.courses.views.shared import SAVED_BEFORE, Page, Refusals, once, save, show, turn

_MOVING = {"something": True, "nothing": False}
_REFUSALS: Refusals = dict.fromkeys(together.REFUSALS)
_NEWEST = "This course stands on the newest versions."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list's address asks for; whatever it does not understand means everything, from the beginning."""

    site_id: uuid.UUID | None = None
    moves: str = ""
    cursor: Cursor | None = None

    def url(self, **more: str) -> str:
        """Return the address."""
        asked = {"site": str(self.site_id)} if self.site_id else {}
        asked |= {"moves": self.moves} if self.moves else {}
        if self.cursor is not None:
            at = f"{self.cursor.day.isoformat()}.{self.cursor.dose_id.hex}"
            asked["before" if self.cursor.backward else "after"] = at
        query = urlencode(asked | more)
        return reverse("courses:versions") + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class Line:
    """A course of the list. `url` leads to its own page, empty where this person may not decide; `value` is its box's.

    A course that cannot take the newer version has no box.
    """

    behind: Behind
    url: str
    value: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """One course that was not migrated, and why."""

    patient: str
    url: str
    why: str


@requires(Permission.VIEW_PATIENTS)
@require_http_methods(["GET", "POST"])
def versions(request: StaffRequest) -> HttpResponseBase:
    """List the courses on older versions; those that are ticked take the newer ones together."""
    now = timezone.now()
    if request.method == "POST":
        return _together(request, now)
    return _list(request, TogetherForm(once=_once(request)), now, tick_all=request.GET.get("tick") == "all")


@requires(Permission.DECIDE)
def _together(request: StaffRequest, now: datetime) -> HttpResponse:
    form = TogetherForm(request.POST, once=_once(request))
    if not form.is_valid():
        return _list(request, form, now, ticked=request.POST.getlist("ticked"), status=422)
    values = form.cleaned_data
    known = queries.names([each.course_id for each in values["ticked"]], site_ids(request.user, Permission.DECIDE))
    if any(each.course_id not in known for each in values["ticked"]):
        raise Http404("There is no such course.")
    came = together.migrate_together(
        shown=values["ticked"],
        reason=values["reason"],
        by=person_actor(request.user),
        at=now,
        submission=values["submission"],
    )
    refused = [Refused(known[each.course_id], _one(each.course_id), each.refusal) for each in came if each.refusal]
    done = sum(not each.refusal and not each.before for each in came)
    if done:
        stand = "stands on the newer version" if done == 1 else "stand on the newer versions"
        messages.success(request, f"{formatting.plural(done, 'course')} now {stand}.")
    elif not refused:
        messages.info(request, SAVED_BEFORE)
    if refused:
        again = TogetherForm(once=_once(request), initial={"reason": values["reason"]})
        return _list(request, again, now, refused=refused, status=409)
    return redirect(_asked(request, sites(request.user, Permission.VIEW_PATIENTS)).url())


def _list(
    request: StaffRequest,
    form: TogetherForm,
    now: datetime,
    *,
    ticked: Collection[str] = (),
    tick_all: bool = False,
    refused: Collection[Refused] = (),
    status: int = 200,
) -> HttpResponse:
    mine = sites(request.user, Permission.VIEW_PATIENTS)
    asked = _asked(request, mine)
    chosen = [site for site in mine if asked.site_id in {None, site.pk}]
    newer = queries.newer(chosen, now)
    page = queries.page(chosen, newer, now, asked.cursor, moving=_MOVING.get(asked.moves))
    decides = site_ids(request.user, Permission.DECIDE)
    lines = [_line(row, decides, ticked, tick_all=tick_all) for row in page.rows]
    first = replace(asked, cursor=None)
    context = {
        "lines": lines,
        "form": form,
        "may_decide": any(line.url for line in lines),
        "refused": refused,
        "sites": mine if len(mine) > 1 else [],
        "show_site": len(chosen) > 1,
        "asked": asked,
        "action_url": asked.url(),
        "tick_url": asked.url(tick="all"),
        "first_url": first.url(),
        "everything_url": Asked().url(),
        "shown": _shown(page, asked, queries.count(chosen, newer)),
        "previous_url": replace(asked, cursor=page.previous).url() if page.previous else "",
        "next_url": replace(asked, cursor=page.next).url() if page.next else "",
    }
    return render(request, "courses/versions.html", context, status=status)


def _line(row: Behind, decides: Collection[uuid.UUID], ticked: Collection[str], *, tick_all: bool) -> Line:
    if row.site_id not in decides:
        return Line(row, "", "", ticked=False)
    value = "" if row.refusal else written(row.course_id, row.mark)
    return Line(row, _one(row.course_id), value, ticked=tick_all or value in ticked)


def _shown(page: queries.Page, asked: Asked, count: int) -> str:
    """Say how many of how many; a filter looks through a part of them at a time."""
    total = f"{COUNTED}+ courses" if count > COUNTED else formatting.plural(count, "course")
    if asked.moves and page.looked_at:
        return f"{len(page.rows)} of {page.looked_at} looked through, {total} in all"
    return f"{len(page.rows)} of {total}"


def _asked(request: StaffRequest, mine: Collection[Site]) -> Asked:
    params, site_id = request.GET, None
    with suppress(ValueError):
        site_id = uuid.UUID(params.get("site", ""))
    moves = params.get("moves", "")
    return Asked(
        site_id if site_id in {site.pk for site in mine} else None,
        moves if moves in _MOVING else "",
        _cursor(params.dict()),
    )


def _cursor(params: Mapping[str, str]) -> Cursor | None:
    name = "after" if "after" in params else "before"
    day, _, dose_id = params.get(name, "").partition(".")
    try:
        return Cursor(date.fromisoformat(day), uuid.UUID(dose_id), backward=name == "before")
    except ValueError:
        return None


def _once(request: StaffRequest) -> Once:
    return Once(user_id=request.user.pk, action="migrate courses together", subject="")


def _one(course_id: uuid.UUID) -> str:
    return reverse("courses:migrate", args=[course_id])


@require_http_methods(["GET", "POST"])
def migrate(request: StaffRequest, course_id: uuid.UUID) -> HttpResponse:
    """Show one course before and after, and let it take the newer version."""
    course = course_or_404(request.user, course_id)
    require(request.user, Permission.DECIDE, course.site_id)
    now, patient = timezone.now(), course.patient
    page = Page(
        "Migrate to the newer version",
        "Migrate this course",
        reverse("courses:versions"),
        "The course goes on under what is in force today. What was given stays as it was.",
        template="courses/migrate.html",
        above_label="Courses on older versions",
        cancel_label="Leave the course as it is",
    )
    found = queries.comparison(course, now)
    if request.method != "POST" and (closed := _closed(course, newest=found is None)):
        return turn(request, closed, page.back)
    form = MigrateForm(
        request.POST or None,
        once=once(request, "take a newer version", course),
        initial={"shown": "" if found is None else written(course.pk, found.behind.mark)},
    )

    def work(values: dict[str, Any]) -> None:
        together.migrate_as_shown(by=person_actor(request.user), at=now, **values)

    def beside() -> dict[str, Any]:
        found = _carried(form, course, now)
        return {"comparison": found, "later": () if found is None else preview(found.pairs).rows}

    if request.method != "POST":
        return show(request, form, page, patient, now=now, beside=beside)
    done = "The course stands on the newer version."
    return save(request, form, page, patient, now=now, work=work, refusals=_REFUSALS, done=done, beside=beside)


def _closed(course: Course, *, newest: bool) -> str:
    """Say why there is nothing to look at; empty when there is."""
    if not course.is_open:
        return "The course was stopped; it keeps the versions it ended under."
    if not course.patient.in_care:
        return "This patient is no longer in the site's care."
    return _NEWEST if newest else ""


def _carried(form: MigrateForm, course: Course, now: datetime) -> Comparison | None:
    """Return the comparison as it is now, and let a form that comes back carry it, so that sending again means it."""
    found = queries.comparison(course, now)
    if form.is_bound and found is not None:
        data = cast("QueryDict", form.data).copy()
        data["shown"] = written(course.pk, found.behind.mark)
        form.data = data
    return found
