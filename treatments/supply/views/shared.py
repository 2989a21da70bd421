"""What the pages of this room have in common."""

from collections.abc import Iterable

from clinic.staff.models import Site, User


def home_first(user: User, sites: Iterable[Site]) -> list[Site]:
    """Return the sites with the person's own first, which is the one most of their work is about."""
    return sorted(sites, key=lambda site: site.pk != user.home_site_id)
