"""Newer versions for the tests: of the regimen that the builders publish, and of a site's policy."""

from datetime import date
from decimal import Decimal
from typing import Any

from clinic.staff import services as staff
from clinic.staff.models import Site, SitePolicy
from monographs.models import Regimen, Version
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.builders import US_12MG
from treatments.courses import services
from treatments.courses.models import Course

FIVE_MONTHS: dict[str, Any] = {"mg": 12, "ml": 5, "every": "5 months"}
TODAY = date(2026, 7, 4)
# A patient loaded on these days has M1 due on 4 November 2026.
LOADED = (date(2026, 5, 7), date(2026, 5, 21), date(2026, 6, 4), date(2026, 7, 4))


def version(of: dict[str, Any] = US_12MG, **changes: Any) -> Regimen:
    """Put the next version of the monograph in force, its only regimen changed like this."""
    last = builders.regimen(of).version.monograph.versions.order_by("-number")[0]
    Version.objects.filter(monograph=last.monograph).supersede()
    number = last.number + 1
    new = Version.objects.create(
        monograph=last.monograph,
        number=number,
        fingerprint=f"{number:064}",
        source="text",
        state=Version.State.PUBLISHED,
        imported_at=AT,
        published_at=AT,
    )
    data = {key: value for key, value in (of | changes).items() if value is not None}
    return Regimen.objects.create(version=new, key=of["key"], order=1, name=of["name"], is_default=True, data=data)


def policy(site: Site, on: date = TODAY, **days: int) -> SitePolicy:
    """Write what the site decides from a day on."""
    return staff.set_policy(site=site, effective_from=on, source="Board of June", by=BY, at=AT, **days)


def loaded(site: Site, family_name: str, doses: int = 4) -> Course:
    """Start a course whose last loading dose was given today, or with fewer doses of it."""
    course = builders.course(builders.patient(site, family_name), planned_start=LOADED[0])
    for day in LOADED[:doses]:
        services.record_elsewhere(course=course, given_on=day, mg=Decimal(12), place="Eastbrook", by=BY, at=AT)
    return course
