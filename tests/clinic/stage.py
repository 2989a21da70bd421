"""One row of every clinical table, written through the services, for the checks that walk the tables."""

from datetime import date
from decimal import Decimal

from django.db import models

from clinic.patients.facts import CarerFacts, ConsentFacts
from clinic.patients.models import Patient
from clinic.staff.models import Site
from tests.clinic.patients import builders as patients
from tests.factories import AT, BY
from tests.treatments.adverse_events import builders as adverse_events
from tests.treatments.courses import builders as courses
from tests.treatments.dose_day import builders as dose_day
from tests.treatments.labs import builders as labs
from tests.treatments.outcomes import builders as outcomes
from tests.treatments.readiness import builders as readiness
from tests.treatments.reminders import builders as reminders
from tests.treatments.supply import builders as supply
from treatments.courses import services


def one_of_each(site: Site, family_name: str = "Alder") -> Patient:
    """Register a patient with everything there is: parts, a course with a dose given and one booked, labs, a hold."""
    patient = patients.patient(
        site,
        family_name,
        mrn=f"MRN-{family_name}",
        carers=[CarerFacts(name=f"Sam {family_name}", email="sam@example.org")],
        consents=[ConsentFacts("treatment", date(2026, 1, 5), "Sam")],
    )
    patients.allergy(patient)
    patients.access_plan(patient)
    patients.measurement(patient, weight_kg=Decimal(18))
    patients.therapy(patient)
    course = courses.course(patient, planned_start=date(2026, 6, 22))
    courses.give(course, date(2026, 6, 22))
    services.book(dose=courses.next_dose(course), on=date(2026, 7, 6), at_time=None, place="", by=BY, at=AT)
    services.hold_course(
        course=course, from_on=date(2026, 7, 4), reason="Infection", review_on=date(2026, 7, 5), by=BY, at=AT
    )
    labs.log(patient, labs.reported())
    adverse_events.record(patient)
    outcomes.score(patient)
    supply.vial(site)
    supply.authorisation(patient)
    readiness.one_of_each(courses.next_dose(course))
    dose_day.one_of_each(courses.next_dose(course))
    services.decline_switch(course=course, regimen=course.regimen, reason="Does well", by=BY, at=AT)
    reminders.one_of_each(courses.next_dose(course))
    return patient


def row_of(model: type[models.Model]) -> models.Model:
    """Return a row of a table, voided or not."""
    row = model._base_manager.order_by("pk").first()
    assert row is not None, model
    return row
