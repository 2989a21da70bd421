"""Small builders with valid defaults, all through the services, so that every row has its trail."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

from clinic.audit.trail import process_actor
from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role

AT = datetime(2026, 7, 4, 12, 0, tzinfo=UTC)
BY = process_actor("test stage")

_numbers = itertools.count(1)


def site(name: str = "", time_zone: str = "Europe/London", **policy: Any) -> Site:
    """Open a site with its policy in force since 2020."""
    opened = staff.open_site(name=name or f"Site {next(_numbers)}", time_zone=time_zone, by=BY, at=AT)
    staff.set_policy(site=opened, effective_from=date(2020, 1, 1), source="Test policy", by=BY, at=AT, **policy)
    return opened


def user(*roles: Role, site: Site | None = None, username: str = "", **facts: Any) -> User:
    """Open an account and give it these roles at the site."""
    name = username or f"{'-'.join(roles) or 'nobody'}-{next(_numbers)}"
    facts = {"full_name": name.replace("-", " ").title(), "email": f"{name}@example.org"} | facts
    made = staff.open_account(username=name, password="correct horse battery", by=BY, at=AT, **facts)
    for role in roles:
        assert site is not None, "a role is held at a site"
        staff.give_role(user=made, site=site, role=role, by=BY, at=AT)
    return User.objects.get(pk=made.pk)
