"""Write down what a site decided about its dose days."""

from datetime import date, datetime
from typing import Any

from clinic.audit.trail import Actor
from clinic.staff import services as staff
from clinic.staff.models import Site
from treatments.dose_day import events
from treatments.dose_day.models import DoseDayPolicy


def set_dose_day_policy(
    *, site: Site, effective_from: date, source: str, by: Actor, at: datetime, **values: Any
) -> DoseDayPolicy:
    """Write down how long a site watches and when it calls, from a day on; earlier rows stay. Raises ValidationError.

    What `values` leave out is as the application proposes.
    """
    policy = DoseDayPolicy(site=site, effective_from=effective_from, source=source, **values)
    return staff.added(policy, event=events.POLICY_SET, by=by, at=at)
