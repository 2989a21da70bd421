"""The pages of the monographs: the list, one monograph, and the search. Everybody who is signed in may read them."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.staff.access import StaffRequest, may_somewhere
from clinic.staff.roles import Permission
from monographs import queries
from monographs.access import monograph_or_404
from monographs.forms import SearchForm


@require_safe
def monograph_list(request: StaffRequest) -> HttpResponse:
    """Show every monograph in force."""
    rows = queries.monographs_in_force(today=timezone.now().date())
    may_view = may_somewhere(request.user, Permission.VIEW_PATIENTS)
    return render(request, "monographs/list.html", {"rows": rows, "form": SearchForm(), "may_view": may_view})


@require_safe
def detail(request: StaffRequest, slug: str) -> HttpResponse:
    """Show one monograph; `?version=n` shows one that is no longer in force, and says so."""
    page = monograph_or_404(slug, request.GET.get("version"), today=timezone.now().date())
    return render(request, "monographs/detail.html", {"page": page})


@require_safe
def search(request: StaffRequest) -> HttpResponse:
    """Show where the words asked for stand in the monographs in force."""
    form = SearchForm(request.GET)
    asked = form.cleaned_data["q"] if form.is_valid() else ""
    return render(request, "monographs/search.html", {"form": form, "asked": asked, "results": queries.search(asked)})
