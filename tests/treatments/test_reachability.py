"""All of it in two steps: whatever a person may open is within two clicks of the worklist, and of a patient's chart.

A click follows a link, or sends a form, on a page as the person sees it. The stage holds somebody in every situation
in which a page has something to do. What is further away, or deliberately not linked, is named in a table with why;
no page is named there that is nearer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urldefrag, urljoin

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from clinic.patients.facts import CarerFacts, ConsentFacts
from clinic.patients.models import Patient
from clinic.staff.models import Site
from clinic.staff.roles import GRANTS, Permission, Role
from tests import factories
from tests.clinic.patients import builders as patients
from tests.factories import AT, BY
from tests.test_permissions import ANYBODY, OPEN, RIGHTS
from tests.treatments.adverse_events import builders as adverse_events
from tests.treatments.courses import builders as courses
from tests.treatments.courses import newer
from tests.treatments.courses.decided import elsewhere, high_dose
from tests.treatments.dose_day import builders as dose_day
from tests.treatments.labs import builders as labs
from tests.treatments.outcomes import builders as outcomes
from tests.treatments.pages import soup
from tests.treatments.readiness import builders as readiness
from tests.treatments.reminders import builders as reminders
from tests.treatments.supply import builders as supply
from treatments.courses import services
from treatments.courses.models import Dose
from treatments.worklist.tabs import ABOUT

TODAY = AT.date()

# Sign-in and what it asks of somebody who is on their way in; no page of the application leads there.
NO_PAGE_LEADS_THERE = {
    "account_set_password": "for an account that has no password; the mail with its link leads there",
    "account_reauthenticate": "the sign-in asks for it by itself before something delicate",
    "drafts:keep": "a form keeps what is typed by itself",
    "drafts:drop": "offered on a form while something is kept of it",
}
# The administration pages keep rights of their own; an address without a name is a file.
NOT_OURS = {"", "admin:index"}
# What changes one record is offered on the page of that record, which is itself within two steps.
ON_THE_VIAL = "on the page of the vial, from Supply"
ON_THE_EVENT = "on the page of the adverse event, from the chart"
ON_THE_AUTHORISATION = "beside the authorisation, on the patient’s authorisations"
ON_THE_DOSE_DAY = "on the page of the dose day, from Dose days"
ON_THE_DECISION = "on the page of the decision, from the chart and from Review"
FROM_ANYWHERE_FURTHER = {
    "reminders:test_mail": "on the preview, from Reminders",
    "supply:move": ON_THE_VIAL,
    "supply:correct": ON_THE_VIAL,
    "supply:void": ON_THE_VIAL,
    "dose_day:correct": ON_THE_DOSE_DAY,
    "dose_day:go_home": ON_THE_DOSE_DAY,
}
# Whoever gives doses is led to the dose day by the worklist and the chart; everybody else by Dose days.
FOR_WHO_GIVES_NONE_FURTHER = {
    "dose_day:confirm": ON_THE_DOSE_DAY,
    "dose_day:advice": ON_THE_DOSE_DAY,
}
FROM_THE_WORKLIST_FURTHER = FROM_ANYWHERE_FURTHER | {
    "adverse_events:summary": ON_THE_EVENT,
    "adverse_events:correct": ON_THE_EVENT,
    "adverse_events:close": ON_THE_EVENT,
    "adverse_events:void": ON_THE_EVENT,
    "supply:renew_authorisation": ON_THE_AUTHORISATION,
    "supply:correct_authorisation": ON_THE_AUTHORISATION,
    "supply:void_authorisation": ON_THE_AUTHORISATION,
    "courses:confirm_decision": ON_THE_DECISION,
    "courses:withdraw_decision": ON_THE_DECISION,
    "patients:void_part": "on the form that corrects the part, from the chart",
    "courses:start": "for somebody who is on no list yet: Patients leads to the chart, which offers it",
}
FROM_A_CHART_FURTHER = FROM_ANYWHERE_FURTHER | {
    "courses:migrate": "on the list of courses on older versions, from Monographs and the worklist",
}


@dataclass
class Walk:
    """What somebody found: the names of the pages within two steps, and the links that did not open."""

    names: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(module_database: None) -> Site:
    return factories.site("Northfield", "Europe/London")


@pytest.fixture(scope="module")
def everybody(site: Site) -> list[Patient]:
    """Return one patient for each situation in which something can be done."""
    labs.policy(site, may_skip=True)
    supply.vial(site)
    people = [make(site) for make in (busy, plain, here_today, held, interrupted, sooner, two_people, without_course)]
    high_dose()
    newer.policy(site)
    return people


def busy(site: Site) -> Patient:
    """Somebody who has one of everything, with the second dose booked."""
    of = patients.patient(
        site,
        "Busy",
        mrn="MRN-1",
        carers=[CarerFacts("Sam", email="sam@example.org")],
        consents=[ConsentFacts("treatment", date(2026, 1, 5), "Sam")],
    )
    patients.allergy(of)
    patients.access_plan(of)
    patients.measurement(of, weight_kg=Decimal(18))
    patients.therapy(of)
    course = courses.course(of, planned_start=date(2026, 6, 20))
    courses.give(course, date(2026, 6, 20))
    dose = courses.next_dose(course)
    services.book(dose=dose, on=date(2026, 7, 6), at_time=None, place="", by=BY, at=AT)
    adverse_events.record(of)
    outcomes.score(of)
    supply.authorisation(of)
    readiness.one_of_each(dose)
    reminders.one_of_each(dose)
    return of


def plain(site: Site) -> Patient:
    """Somebody of whom nothing is known but a first dose that is overdue, and a value to look at."""
    of = courses.patient(site, "Plain")
    courses.course(of, planned_start=date(2026, 6, 1))
    labs.log(of, labs.reported(value="96"))
    return of


def here_today(site: Site) -> Patient:
    """Somebody booked for today, at whose first attempt nothing was given; and who is to be called."""
    of = courses.patient(site, "Today")
    dose = courses.next_dose(courses.course(of, planned_start=TODAY))
    services.book(dose=dose, on=TODAY, at_time=None, place="", by=BY, at=AT)
    dose_day.one_of_each(dose)
    return of


def held(site: Site) -> Patient:
    of = courses.patient(site, "Held")
    pause: dict[str, Any] = {"from_on": TODAY, "reason": "Surgery", "review_on": TODAY, "by": BY, "at": AT}
    services.hold_course(course=courses.course(of, planned_start=TODAY), **pause)
    return of


def interrupted(site: Site) -> Patient:
    """Somebody loaded long ago and not seen since, who waits for a prescriber."""
    of = courses.patient(site, "Interrupted")
    elsewhere(courses.course(of, planned_start=date(2025, 1, 5)), "2025-01-05", "2025-01-19", "2025-02-02", at=AT)
    return of


def sooner(site: Site) -> Patient:
    """Somebody whose last dose is so near that an earlier day than planned needs two people."""
    of = courses.patient(site, "Sooner")
    course = courses.course(of, planned_start=date(2026, 6, 25))
    courses.give(course, date(2026, 6, 25))
    return of


def two_people(site: Site) -> Patient:
    """Somebody for whom such a day waits for its second person."""
    of = sooner(site)
    dose = Dose.objects.get(patient=of, is_next=True)
    ask: dict[str, Any] = {"day": date(2026, 7, 7), "reason": "Surgery", "by": BY, "at": AT}
    services.ask_for_too_soon(dose=dose, **ask)
    return of


def without_course(site: Site) -> Patient:
    return courses.patient(site, "Without")


@pytest.fixture(scope="module")
def sessions(site: Site) -> dict[Role, str]:
    """Return a session for each role."""
    found = {}
    for role in Role:
        client = Client()
        person = factories.user(role, site=site)
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        found[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return found


@pytest.fixture
def client_of(db: None, everybody: list[Patient], sessions: dict[Role, str]) -> Callable[[Role], Client]:
    def make(role: Role) -> Client:
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = sessions[role]
        return client

    return make


def links(client: Client, url: str) -> Iterator[str] | None:
    """Return where a page leads, every address once; None where it does not open."""
    answer = client.get(url, follow=True)
    if answer.status_code != 200 or answer.resolver_match.view_name == "account_login":
        return None
    page = soup(answer)
    found = [str(link["href"]) for link in page.select("a[href]")]
    found += [str(form["action"]) for form in page.select("form[action]")]
    here = answer.redirect_chain[-1][0] if answer.redirect_chain else url
    return iter({urldefrag(urljoin(here, each))[0] for each in found})


def name_of(url: str) -> str:
    try:
        return resolve(url.partition("?")[0]).view_name
    except Resolver404:
        return ""


def walk(client: Client, *starts: str) -> Walk:
    """Follow every link of these pages, and name every link of the pages that those lead to."""
    found, seen = Walk(), set(starts)
    for start in starts:
        found.names |= {name_of(start)}
        ways = links(client, start)
        assert ways is not None, start
        for url in sorted(ways):
            if url in seen or name_of(url) in {"", "account_logout"} or name_of(url).startswith("admin:"):
                found.names |= {name_of(url)}
                continue
            seen.add(url)
            found.names |= {name_of(url)}
            beyond = links(client, url)
            if beyond is None:
                found.broken.append(url)
            found.names |= {name_of(each) for each in beyond or ()}
    return found


def further(role: Role, table: dict[str, str]) -> set[str]:
    """Return the names of the pages that are further away for somebody in this role, or that no page leads to."""
    found = NO_PAGE_LEADS_THERE.keys() | table.keys()
    if Permission.RECORD_DOSES not in GRANTS[role]:
        found |= FOR_WHO_GIVES_NONE_FURTHER.keys()
    return found & allowed(role)


def allowed(role: Role) -> set[str]:
    """Return the names of all pages that somebody in this role may open."""
    return ANYBODY | {name for name, permission in RIGHTS.items() if permission in GRANTS[role]}


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.mark.parametrize("role", Role)
def test_everything_a_role_may_open_is_two_steps_from_the_worklist(
    client_of: Callable[[Role], Client], role: Role
) -> None:
    found = walk(client_of(role), *(f"/?tab={tab.value}" for tab in ABOUT))
    assert found.broken == []
    assert found.names - allowed(role) <= OPEN | NOT_OURS
    assert allowed(role) - found.names == further(role, FROM_THE_WORKLIST_FURTHER)


@pytest.mark.parametrize("role", Role)
def test_everything_a_role_may_open_is_two_steps_from_a_chart(
    everybody: list[Patient], client_of: Callable[[Role], Client], role: Role
) -> None:
    found = walk(client_of(role), *(reverse("chart", args=[patient.pk]) for patient in everybody))
    assert found.broken == []
    assert found.names - allowed(role) <= OPEN | NOT_OURS
    assert allowed(role) - found.names == further(role, FROM_A_CHART_FURTHER)
