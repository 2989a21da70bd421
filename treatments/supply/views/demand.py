"""What the coming months need, against what there is."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.staff.access import StaffRequest, requires, sites
from clinic.staff.roles import Permission
from treatments.supply import queries
from treatments.supply.views.shared import home_first


@requires(Permission.VIEW_SUPPLY)
@require_safe
def demand(request: StaffRequest) -> HttpResponse:
    """Show one site's demand by month and strength; its vials serve nobody else."""
    seen = home_first(request.user, sites(request.user, Permission.VIEW_SUPPLY))
    site = next((one for one in seen if str(one.pk) == request.GET.get("site")), seen[0])
    page = queries.demand_at(site, timezone.now())
    return render(request, "supply/demand.html", {"page": page, "site": site, "sites": seen})
