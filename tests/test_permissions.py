"""Every address, walked: signed out, by every role at its own site, and from another site.

`OPEN`, `ANYBODY` and `RIGHTS` say what each address asks for. An address that is in none of them fails the first test,
so that nobody adds a page without saying who may see it.
"""

import functools
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from clinic.audit.trail import person_actor
from clinic.patients import services as patients
from clinic.patients.facts import CarerFacts, ConsentFacts
from clinic.patients.models import Carer, Consent, Patient
from clinic.patients.parts import KINDS
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.adverse_events.builders import record as record_event
from tests.treatments.courses import builders
from tests.treatments.dose_day import builders as dose_day
from tests.treatments.outcomes.builders import score as record_score
from tests.treatments.readiness import builders as readiness
from tests.treatments.reminders import builders as reminders
from tests.treatments.supply import builders as supply
from treatments.courses import services as courses
from treatments.courses.models import Course
from treatments.labs.services import log_results
from treatments.rules.monitoring import Reported

OPEN = {
    "health_live",
    "health_ready",
    "account_login",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
ANYBODY = {
    "account_logout",
    "account_change_password",
    "account_set_password",
    "account_reauthenticate",
    "monographs:list",
    "monographs:detail",
    "monographs:search",
    "drafts:keep",
    "drafts:drop",
}
RIGHTS: dict[str, Permission] = {
    "worklist": Permission.VIEW_PATIENTS,
    "calculator": Permission.VIEW_PATIENTS,
    "rules": Permission.VIEW_PATIENTS,
    "chart": Permission.VIEW_PATIENTS,
    "timeline": Permission.VIEW_PATIENTS,
    "patients:find": Permission.VIEW_PATIENTS,
    "patients:history": Permission.VIEW_PATIENTS,
    "patients:register": Permission.REGISTER_PATIENTS,
    "patients:correct": Permission.REGISTER_PATIENTS,
    "patients:profile": Permission.REGISTER_PATIENTS,
    "patients:care_status": Permission.REGISTER_PATIENTS,
    "patients:add_part": Permission.REGISTER_PATIENTS,
    "patients:correct_part": Permission.REGISTER_PATIENTS,
    "patients:void_part": Permission.REGISTER_PATIENTS,
    "patients:withdraw_consent": Permission.REGISTER_PATIENTS,
    "courses:start": Permission.MANAGE_COURSES,
    "courses:hold": Permission.MANAGE_COURSES,
    "courses:resume": Permission.MANAGE_COURSES,
    "courses:stop": Permission.MANAGE_COURSES,
    "courses:elsewhere": Permission.RECORD_DOSES,
    "courses:decide": Permission.DECIDE,
    "courses:switch": Permission.DECIDE,
    "courses:decision": Permission.VIEW_PATIENTS,
    "courses:confirm_decision": Permission.SECOND,
    "courses:withdraw_decision": Permission.DECIDE,
    "courses:versions": Permission.VIEW_PATIENTS,
    "courses:migrate": Permission.DECIDE,
    "courses:dose": Permission.VIEW_PATIENTS,
    "courses:too_soon": Permission.DECIDE,
    "dose_day:today": Permission.VIEW_PATIENTS,
    "dose_day:day": Permission.VIEW_PATIENTS,
    "dose_day:advice": Permission.VIEW_PATIENTS,
    "dose_day:checklist": Permission.RECORD_DOSES,
    "dose_day:confirm": Permission.SECOND,
    "dose_day:give": Permission.RECORD_DOSES,
    "dose_day:not_given": Permission.RECORD_DOSES,
    "dose_day:correct": Permission.RECORD_DOSES,
    "dose_day:take_back": Permission.RECORD_DOSES,
    "dose_day:observe": Permission.RECORD_DOSES,
    "dose_day:void_observation": Permission.RECORD_DOSES,
    "dose_day:go_home": Permission.RECORD_DOSES,
    "dose_day:call": Permission.RECORD_EVENTS,
    "courses:book": Permission.BOOK_DOSES,
    "courses:move": Permission.BOOK_DOSES,
    "courses:cancel": Permission.BOOK_DOSES,
    "labs:add": Permission.RECORD_LABS,
    "labs:void": Permission.RECORD_LABS,
    "outcomes:add": Permission.RECORD_SCORES,
    "outcomes:void": Permission.RECORD_SCORES,
    "adverse_events:of_patient": Permission.VIEW_PATIENTS,
    "adverse_events:report": Permission.VIEW_PATIENTS,
    "adverse_events:event": Permission.VIEW_PATIENTS,
    "adverse_events:summary": Permission.VIEW_PATIENTS,
    "adverse_events:add": Permission.RECORD_EVENTS,
    "adverse_events:correct": Permission.RECORD_EVENTS,
    "adverse_events:close": Permission.RECORD_EVENTS,
    "adverse_events:void": Permission.RECORD_EVENTS,
    "supply:stock": Permission.VIEW_SUPPLY,
    "supply:demand": Permission.VIEW_SUPPLY,
    "supply:recall": Permission.VIEW_SUPPLY,
    "supply:authorisations": Permission.VIEW_SUPPLY,
    "supply:vial": Permission.VIEW_SUPPLY,
    "supply:of_patient": Permission.VIEW_SUPPLY,
    "supply:order": Permission.MANAGE_SUPPLY,
    "supply:receive": Permission.MANAGE_SUPPLY,
    "supply:correct": Permission.MANAGE_SUPPLY,
    "supply:void": Permission.MANAGE_SUPPLY,
    "supply:move": Permission.MANAGE_SUPPLY,
    "supply:for_dose": Permission.MANAGE_SUPPLY,
    "supply:add_authorisation": Permission.MANAGE_AUTHORISATIONS,
    "supply:renew_authorisation": Permission.MANAGE_AUTHORISATIONS,
    "supply:correct_authorisation": Permission.MANAGE_AUTHORISATIONS,
    "supply:void_authorisation": Permission.MANAGE_AUTHORISATIONS,
    "labs:correct": Permission.RECORD_LABS,
    "labs:review": Permission.REVIEW_LABS,
    "labs:confirm_review": Permission.SECOND,
    "labs:withdraw_review": Permission.REVIEW_LABS,
    "labs:not_indicated": Permission.SIGN_OFF,
    "labs:ask_again": Permission.SIGN_OFF,
    "readiness:inbox": Permission.VIEW_PATIENTS,
    "readiness:dose": Permission.VIEW_PATIENTS,
    "readiness:override": Permission.OVERRIDE_LIGHTS,
    "readiness:confirm": Permission.SECOND,
    "readiness:withdraw": Permission.OVERRIDE_LIGHTS,
    "reminders:ledger": Permission.VIEW_REMINDERS,
    "reminders:preferences": Permission.VIEW_REMINDERS,
    "reminders:preview": Permission.VIEW_REMINDERS,
    "reminders:test_mail": Permission.VIEW_REMINDERS,
    "reminders:put_off": Permission.MANAGE_REMINDERS,
    "reminders:again": Permission.MANAGE_REMINDERS,
}

EVENTS = ("adverse_events_adverseevent", "outcomes_motorscore")


def addresses() -> Iterator[tuple[str, str]]:
    """Yield (name, route) of every address but those of the administration pages."""

    def walk(patterns: list[URLPattern | URLResolver], namespace: str, route: str) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            here = route + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                inside = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern.url_patterns, inside, here)
            else:
                yield f"{namespace}{pattern.name}", here

    yield from (pair for pair in walk(get_resolver().url_patterns, "", "") if not pair[0].startswith("admin:"))


@functools.cache
def routes() -> dict[str, str]:
    """Return the route of every name."""
    return dict(addresses())


@pytest.fixture(scope="module")
def site(module_database: None) -> Site:
    return factories.site("Northfield", "Europe/London")


@pytest.fixture(scope="module")
def other_site(module_database: None) -> Site:
    return factories.site("Southgate", "America/New_York")


@pytest.fixture(scope="module")
def stage(site: Site) -> dict[str, str]:
    """Return an argument for every placeholder of every route, all of one patient at `site`."""
    patient = builders.patient(site)
    consent = ConsentFacts("treatment", date(2026, 1, 1), "Mother")
    carer = patients.add_part(
        patient=patient, kind=KINDS["carer"], facts=CarerFacts("Sam", email="sam@example.org"), by=BY, at=AT
    )
    given = patients.add_part(patient=patient, kind=KINDS["consent"], facts=consent, by=BY, at=AT)
    course = builders.course(patient, planned_start=date(2026, 7, 6))
    dose = builders.next_dose(course)
    booking = courses.book(dose=dose, on=date(2026, 7, 6), at_time=None, place="", by=BY, at=AT)
    courses.hold_course(
        course=course, from_on=date(2026, 7, 4), reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )
    decision = courses.decline_switch(course=course, regimen=course.regimen, reason="Does well", by=BY, at=AT)
    assert isinstance(carer, Carer)
    assert isinstance(given, Consent)
    return {
        "patient_id": str(patient.pk),
        "course_id": str(course.pk),
        "dose_id": str(dose.pk),
        "booking_id": str(booking.pk),
        "decision_id": str(decision.pk),
        "result_id": str(_result(course)),
        "score_id": str(record_score(patient).pk),
        "event_id": str(record_event(patient).pk),
        "vial_id": str(supply.vial(site).pk),
        "move": "waste",
        "authorisation_id": str(supply.authorisation(patient).pk),
        "light": "labs",
        **readiness.one_of_each(dose),
        **dose_day.one_of_each(dose),
        "part_id": str(carer.pk),
        "kind": "carer",
        "consent": str(given.pk),
        **reminders.one_of_each(dose),
        "slug": "nusinersen",
        "uidb36": "1",
        "key": "none",
    }


def _result(course: Course) -> uuid.UUID:
    nurse = factories.user(Role.NURSE, site=course.site)
    values = (Reported("platelets", Decimal(250), "10*9/L"),)
    rows = log_results(
        patient=course.patient, collected_at=AT, laboratory="", values=values, by=person_actor(nurse), at=AT
    )
    return rows[0].pk


def filled(name: str, stage: dict[str, str]) -> str:
    """Return the address of a name, its placeholders taken from the stage."""
    route = routes()[name]
    wanted = [part.split(">")[0].split(":")[-1] for part in route.split("<")[1:]]
    if name == "patients:withdraw_consent":
        stage = stage | {"part_id": stage["consent"]}
    return resolve_again(name, {placeholder: stage[placeholder] for placeholder in wanted})


def resolve_again(name: str, values: dict[str, str]) -> str:
    """Return the address; a kind of part is named by its word, which its converter turns into the kind itself."""
    kinds: dict[str, object] = {"kind": KINDS[values["kind"]]} if "kind" in values else {}
    return reverse(name, kwargs=values | kinds)


@pytest.fixture(scope="module")
def sessions(site: Site, other_site: Site) -> dict[str, str]:
    """Return a session for each role at `site`, for somebody with none, and for every role at once here and there."""
    people = {role.value: factories.user(role, site=site) for role in Role}
    people |= {"nobody": factories.user(), "everything": factories.user(*Role, site=site)}
    people |= {"everything elsewhere": factories.user(*Role, site=other_site)}
    return {who: _session(person) for who, person in people.items()}


def _session(person: User) -> str:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def browser_of(db: None, sessions: dict[str, str]) -> Callable[..., Client]:
    """Return a maker of signed-in browsers, all of them new, whose sessions are those of the module."""

    def make(who: str, *, enforce_csrf_checks: bool = False) -> Client:
        client = Client(enforce_csrf_checks=enforce_csrf_checks)
        client.cookies[settings.SESSION_COOKIE_NAME] = sessions[who]
        return client

    return make


def without_token(page: HttpResponse) -> str:
    """Return the page but for the token of its sign-out form, which differs every time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())


def unknown(stage: dict[str, str]) -> dict[str, str]:
    """Return the stage with ids that nobody has."""
    return {name: str(uuid.uuid4()) if name.endswith("_id") else value for name, value in stage.items()}


def test_every_address_says_who_may_see_it() -> None:
    names = {name for name, _ in addresses()}
    assert names == OPEN | ANYBODY | set(RIGHTS)


@pytest.mark.parametrize("name", sorted(ANYBODY | set(RIGHTS)))
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_signed_out_leads_to_the_sign_in(db: None, stage: dict[str, str], name: str, method: str) -> None:
    page = getattr(Client(), method)(filled(name, stage))
    if page.status_code == 405:
        assert method in {"put", "delete"}
        return
    assert page.status_code == 302
    assert page["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", sorted(OPEN))
def test_open_addresses_answer_signed_out(db: None, stage: dict[str, str], name: str) -> None:
    assert Client().get(filled(name, stage)).status_code in {200, 302}


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_each_role_gets_what_the_table_says(
    stage: dict[str, str], browser_of: Callable[..., Client], name: str
) -> None:
    answers = {role: browser_of(role.value).get(filled(name, stage)).status_code for role in Role}
    expected = {role: RIGHTS[name] in GRANTS[role] for role in Role}
    assert {role: answer in {200, 302} for role, answer in answers.items()} == expected
    assert {answers[role] for role, granted in expected.items() if not granted} <= {403}


@pytest.mark.parametrize("name", sorted(name for name, route in addresses() if "_id>" in route))
@pytest.mark.parametrize("method", ["get", "post"])
def test_from_another_site_a_record_answers_like_one_that_does_not_exist(
    stage: dict[str, str], browser_of: Callable[..., Client], name: str, method: str
) -> None:
    client = browser_of("everything elsewhere")
    # Every page says by its minute when it was printed.
    with time_machine.travel(timezone.now(), tick=False):
        foreign, nobodys = (getattr(client, method)(filled(name, about)) for about in (stage, unknown(stage)))
    refused = {404} if method == "get" else {404, 405}
    assert foreign.status_code == nobodys.status_code
    assert foreign.status_code in refused
    assert without_token(foreign) == without_token(nobodys)


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_a_person_without_any_role_gets_nothing(
    stage: dict[str, str], browser_of: Callable[..., Client], name: str
) -> None:
    assert browser_of("nobody").get(filled(name, stage)).status_code in {403, 404}


@pytest.mark.parametrize("name", sorted(name for name in RIGHTS if name not in {"worklist", "reminders:ledger"}))
def test_a_post_without_its_token_is_refused(
    stage: dict[str, str], browser_of: Callable[..., Client], name: str
) -> None:
    client = browser_of("everything", enforce_csrf_checks=True)
    assert client.post(filled(name, stage)).status_code in {403, 405}


def test_reading_writes_nothing(stage: dict[str, str], browser_of: Callable[..., Client]) -> None:
    client = browser_of("everything")
    client.get(filled("worklist", stage))
    for name in sorted(set(RIGHTS) | ANYBODY):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(filled(name, stage))
        writes = [query["sql"] for query in asked if query["sql"].split(None, 1)[0] in {"INSERT", "UPDATE", "DELETE"}]
        assert [sql for sql in writes if "django_session" not in sql] == [], name


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_the_administration_pages_are_for_administrators(browser_of: Callable[..., Client], role: Role) -> None:
    page = browser_of(role.value).get(reverse("admin:index"))
    assert page.status_code == 302


def kept_at(model: type[Model], site_id: uuid.UUID) -> QuerySet[Any]:
    """Return the rows of a table, those of one site where rows have one: an administrator keeps no other."""
    rows = model._default_manager.all()
    if model is Site:
        return rows.filter(pk=site_id)
    return rows.filter(site=site_id) if any(field.name == "site" for field in model._meta.fields) else rows


def test_every_administration_page_opens_for_an_administrator(
    stage: dict[str, str], browser_of: Callable[..., Client]
) -> None:
    client, here = browser_of(Role.ADMINISTRATOR.value), Patient.objects.get(pk=stage["patient_id"]).site_id
    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"admin:{label}_changelist")).status_code == 200, label
        row = kept_at(model, here).first()
        if row is not None:
            assert client.get(reverse(f"admin:{label}_change", args=[row.pk])).status_code == 200, label
            deleted = client.post(reverse(f"admin:{label}_delete", args=[row.pk]), {"post": "yes"})
            assert deleted.status_code == 403, label


def test_an_administrator_of_another_site_sees_no_clinical_row(
    stage: dict[str, str], other_site: Site, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ADMINISTRATOR, at=other_site)
    for label in (
        "courses_course",
        "courses_dose",
        "courses_booking",
        "courses_hold",
        "labs_labresult",
        "supply_authorisation",
        "readiness_override",
        "dose_day_checklist",
        "dose_day_procedure",
        "dose_day_observation",
        "dose_day_discharge",
        "dose_day_followupcall",
        *EVENTS,
    ):
        assert b"Alder" not in client.get(reverse(f"admin:{label}_changelist")).content
    assert b"AB12" not in client.get(reverse("admin:supply_vial_changelist")).content
    assert client.get(reverse("admin:courses_course_change", args=[stage["course_id"]])).status_code == 302
