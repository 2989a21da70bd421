"""Write down what a site decided about laboratory values."""

from datetime import date, datetime
from typing import Any

from clinic.audit.trail import Actor
from clinic.staff import services as staff
from clinic.staff.models import Site
from treatments.labs import events
from treatments.labs.models import MonitoringPolicy


def set_monitoring_policy(
    *, site: Site, effective_from: date, source: str, by: Actor, at: datetime, **values: Any
) -> MonitoringPolicy:
    """Write down a site's laboratory policy from a day on; earlier ones stay as they are. Raises ValidationError.

    What `values` leave out is as the application proposes.
    """
    policy = MonitoringPolicy(site=site, effective_from=effective_from, source=source, **values)
    return staff.added(policy, event=events.POLICY_SET, by=by, at=at)
