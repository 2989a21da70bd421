"""Where the stories of the demonstration take place."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from clinic.audit.trail import Actor, person_actor
from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from monographs.models import Regimen


@dataclass(frozen=True, slots=True)
class Stage:
    """Who and what the stories are about, and when they are told."""

    now: datetime
    sites: dict[str, Site]
    people: dict[str, User]
    regimens: dict[str, Regimen]
    default: str

    def today(self, patient: Patient) -> date:
        """Return the day at the patient's site."""
        return patient.site.today(self.now)

    def at(self, patient: Patient, day: date, hour: int = 10) -> datetime:
        """Return a clock time of a day at the patient's site, never later than now."""
        return min(self.now, datetime.combine(day, time(hour), tzinfo=patient.site.zone).astimezone(UTC))

    def nurse(self, site: Site) -> User:
        """Return who draws blood and gives doses at this site."""
        return self.people["nurse" if site.name == "Northfield" else "lakeside-nurse"]

    def prescriber(self) -> Actor:
        """Return who decides."""
        return person_actor(self.people["prescriber"])
