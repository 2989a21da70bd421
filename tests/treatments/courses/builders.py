"""Courses for the tests, built through the services."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from clinic.patients.facts import PersonFacts
from clinic.patients.models import Patient
from clinic.patients.services import register
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from monographs.models import Monograph, Regimen, Version
from tests import factories
from tests.factories import AT, BY
from treatments.courses import services
from treatments.courses.models import Administration, Course, Dose
from treatments.rules.cautions import CODES

US_12MG: dict[str, Any] = {
    "key": "nusinersen-12mg-us",
    "name": "Nusinersen 12 mg",
    "default": True,
    "source": "Test label",
    "minimum_interval": "14 days",
    "loading": [{"mg": 12, "ml": 5, "after": after} for after in ("0 days", "14 days", "14 days", "30 days")],
    "maintenance": {"mg": 12, "ml": 5, "every": "4 months"},
    "late_maintenance": {
        "source": "Test label",
        "bands": [
            {"from": "8 months", "doses": 2, "apart": "14 days"},
            {"from": "16 months", "doses": 3, "apart": "14 days"},
            {"from": "40 months", "restart": True},
        ],
    },
}


def regimen(data: dict[str, Any] = US_12MG) -> Regimen:
    """Publish a monograph that carries one regimen; the same one when it is there already."""
    monograph, _ = Monograph.objects.get_or_create(
        slug="nusinersen", defaults={"title": "Nusinersen", "generic_name": "Nusinersen"}
    )
    version, _ = Version.objects.get_or_create(
        monograph=monograph,
        number=1,
        defaults={
            "fingerprint": "0" * 64,
            "source": "text",
            "state": Version.State.PUBLISHED,
            "imported_at": AT,
            "published_at": AT,
        },
    )
    row, _ = Regimen.objects.get_or_create(
        version=version, key=data["key"], defaults={"order": 1, "name": data["name"], "is_default": True, "data": data}
    )
    return row


def patient(site: Site, family_name: str = "Alder", **facts: Any) -> Patient:
    """Register a patient born in 2020."""
    values: dict[str, Any] = {"given_name": "Robin", "born_on": date(2020, 5, 17), "sex": "female"} | facts
    return register(site=site, person=PersonFacts(family_name=family_name, **values), by=BY, at=AT)


def course(of: Patient, *, planned_start: date = date(2026, 1, 5), on: Regimen | None = None) -> Course:
    """Start a course; the first dose is planned for 5 January 2026 unless said otherwise."""
    return services.start_course(patient=of, regimen=on or regimen(), planned_start=planned_start, by=BY, at=AT)


def next_dose(of: Course) -> Dose:
    """Return the dose that comes next."""
    return Dose.objects.standing().get(course=of, is_next=True)


def give(of: Course, day: date, *, performer: User | None = None, at: datetime = AT, **facts: Any) -> Administration:
    """Record the next dose as given at ten in the morning of the site, confirming whatever is asked."""
    given_at = datetime.combine(day, time(10), tzinfo=of.site.zone)
    submission = facts.pop("submission", None)
    values: dict[str, Any] = {
        "mg": Decimal(12),
        "ml": Decimal(5),
        "lot": "LOT1",
        "vial_expires_on": day + timedelta(days=300),
        "performer": performer or factories.user(Role.NURSE, site=of.site),
    }
    return services.record_given(
        dose=next_dose(of),
        given=services.Given(at=given_at, **(values | facts)),
        submission=submission,
        by=BY,
        at=max(at, given_at.astimezone(UTC)),
        confirmed=CODES,
    )
