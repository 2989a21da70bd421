"""What the dose day has to know of a patient."""

from clinic.patients import choices
from clinic.patients.models import Patient
from treatments.rules.dose_day import Person


def person_of(patient: Patient) -> Person:
    """Return a patient as the checklist sees them: nobody who was registered as male is asked about pregnancy."""
    return Person(patient.born_on, patient.sex != choices.Sex.MALE)
