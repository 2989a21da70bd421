"""Every page that keeps drafts, walked: typed, kept, found again, sent once, and nobody else's business."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.drafts import queries
from clinic.drafts.models import Draft
from clinic.drafts.places import Place
from clinic.patients.models import Patient
from clinic.staff.models import Membership, Site, User
from clinic.staff.roles import Role
from tests.factories import AT
from tests.treatments.adverse_events import builders as events
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import told
from tests.treatments.labs.builders import log, reported
from tests.treatments.pages import filled, soup, text
from treatments.adverse_events.models import AdverseEvent
from treatments.courses.models import Administration, Decision
from treatments.labs.models import LabResult

pytestmark = pytest.mark.usefixtures("at_noon")
LOADING = (date(2025, 7, 9), date(2025, 7, 23), date(2025, 8, 6), date(2025, 9, 5))
NAMES = ["event", "event again", "labs", "labs again", "decision", "patient", "dose", "no dose"]
KEPT_BEFORE = "This was already saved; nothing was saved twice."


@dataclass(frozen=True)
class Form:
    """A page that keeps drafts: its address, what is typed, where a word of it is seen again, and what it makes."""

    url: str
    above: str
    typed: dict[str, Any]
    word: tuple[str, str]
    makes: type[models.Model]


@pytest.fixture
def petra(person: Callable[..., User]) -> User:
    return person(Role.PRESCRIBER, Role.NURSE, full_name="Petra Prescriber", username="petra")


@pytest.fixture
def tab(signed_in: Callable[..., Client], petra: User) -> Client:
    return signed_in(user=petra)


@pytest.fixture
def form(request: pytest.FixtureRequest, site: Site, petra: User) -> Form:
    """Return one of the pages, by its name."""
    made: Form = {
        "event": _event,
        "event again": _event_again,
        "labs": _labs,
        "labs again": _labs_again,
        "decision": _decision,
        "dose": _dose,
        "no dose": _no_dose,
        "patient": _patient,
    }[request.param](site, petra)
    return made


def _event(site: Site, user: User) -> Form:
    patient = courses.patient(site)
    typed: dict[str, Any] = {"term_other": "Hiccups", "onset_on": "2026-07-02", "known_on": "2026-07-03"}
    typed |= {"severity": "2", "action": "none", "outcome": "ongoing", "criteria": ["hospitalisation", "disability"]}
    typed |= {"narrative": "Ünwell\r\n\r\n2"}
    url = reverse("adverse_events:add", args=[patient.pk])
    return Form(url, reverse("chart", args=[patient.pk]), typed, ("narrative", "Ünwell\n\n2"), AdverseEvent)


def _event_again(site: Site, user: User) -> Form:
    event = events.record(courses.patient(site), term="Hiccups")
    typed = {"narrative": "Went on for a day", "reason": "The family called"}
    url, above = (reverse(f"adverse_events:{name}", args=[event.pk]) for name in ("correct", "event"))
    return Form(url, above, typed, ("narrative", "Went on for a day"), AdverseEvent)


def _labs(site: Site, user: User) -> Form:
    patient = courses.patient(site)
    typed = {"collected_on": "2026-07-02", "collected_time": "09:30", "laboratory": "Räntgen"}
    typed |= {"platelets_value": "212", "platelets_unit": "10*9/L", "platelets_comparator": ""}
    return Form(
        reverse("labs:add", args=[patient.pk]),
        reverse("chart", args=[patient.pk]),
        typed,
        ("platelets_value", "212"),
        LabResult,
    )


def _labs_again(site: Site, user: User) -> Form:
    patient = courses.patient(site)
    log(patient, reported())
    (result,) = LabResult.objects.all()
    typed = {"platelets_value": "213", "reason": "Read from the wrong line"}
    url = reverse("labs:correct", args=[result.pk])
    return Form(url, reverse("chart", args=[patient.pk]), typed, ("platelets_value", "213"), LabResult)


def _decision(site: Site, user: User) -> Form:
    course = courses.course(courses.patient(site), planned_start=LOADING[0])
    for day in LOADING:
        courses.give(course, day)
    typed = {"choice": "nothing", "reason": "The family asks for time", "look_again_on": "2026-07-18"}
    return Form(
        reverse("courses:decide", args=[course.pk]),
        reverse("chart", args=[course.patient_id]),
        typed,
        ("reason", "The family asks for time"),
        Decision,
    )


def _dose(site: Site, user: User) -> Form:
    dose = courses.next_dose(courses.course(courses.patient(site), planned_start=date(2026, 7, 1)))
    typed = {"vial": "other", "lot": "NF2610", "vial_expires_on": "2027-01-31", "performer": str(user.pk)}
    url, above = reverse("dose_day:give", args=[dose.pk]), reverse("dose_day:day", args=[dose.pk])
    return Form(url, above, typed, ("lot", "NF2610"), Administration)


def _no_dose(site: Site, user: User) -> Form:
    dose = courses.next_dose(courses.course(courses.patient(site), planned_start=date(2026, 7, 1)))
    typed = {"outcome": "not_done", "reason": Administration.Reason.values[0], "note": "Fever", "next_step": "hold"}
    url, above = reverse("dose_day:not_given", args=[dose.pk]), reverse("dose_day:day", args=[dose.pk])
    return Form(url, above, typed, ("note", "Fever"), Administration)


def _patient(site: Site, user: User) -> Form:
    typed = {"given_name": "Ana", "family_name": "Berg", "born_on": "2020-05-17", "sex": "female"}
    return Form(reverse("patients:register"), reverse("patients:find"), typed, ("given_name", "Ana"), Patient)


every_page = pytest.mark.parametrize("form", NAMES, indirect=True)


def keep(client: Client, form: Form, **more: Any) -> Any:
    """Open the form, type, and press “Keep for later”."""
    page = soup(client.get(form.url))
    (button,) = page.select("main form[data-once] button[formaction]")
    assert text(button) == "Keep for later"
    return client.post(str(button["formaction"]), filled(page) | form.typed | more)


def restored(client: Client, form: Form) -> dict[str, Any]:
    """Open the form and return what it would send as it stands, every ticked box included."""
    page = soup(client.get(form.url))
    boxes: dict[str, list[str]] = {}
    for box in page.select("main form[data-once] [type=checkbox][checked]"):
        boxes.setdefault(str(box["name"]), []).append(str(box["value"]))
    return filled(page) | boxes


def send(client: Client, form: Form, typed: dict[str, Any]) -> Any:
    """Send the form as it stands, and once more with every box ticked that the page asks to confirm."""
    answer = client.post(form.url, typed)
    asked = [str(box["value"]) for box in soup(answer).select("[name=confirmed]")]
    return client.post(form.url, typed | {"confirmed": asked}) if asked else answer


def notice(client: Client, form: Form) -> str:
    """Return what the page says of a draft, nothing where it begins fresh."""
    return " ".join(text(found) for found in soup(client.get(form.url)).select(".start-afresh"))


def shown(client: Client, form: Form) -> str:
    """Return what stands in the field by which a draft is known again."""
    return str(restored(client, form).get(form.word[0], "")).replace("\r\n", "\n").strip()


@every_page
class TestEveryPage:
    def test_what_is_kept_for_later_is_there_when_the_form_is_opened_again(self, tab: Client, form: Form) -> None:
        assert notice(tab, form) == ""
        answer = keep(tab, form)
        assert (answer.status_code, answer["Location"]) == (302, form.above)
        assert notice(tab, form) == "What you typed at 13:00 was kept. Start afresh"
        assert shown(tab, form) == form.word[1]

    def test_it_is_sent_as_it_was_kept_and_the_draft_goes_with_it(self, tab: Client, form: Form) -> None:
        before = standing(form)
        keep(tab, form)
        answer = send(tab, form, restored(tab, form))
        assert answer.status_code == 302, text(soup(answer))
        assert standing(form) == before + 1
        assert not Draft.objects.exists()

    def test_sent_twice_it_counts_once(self, tab: Client, form: Form) -> None:
        before = standing(form)
        keep(tab, form)
        twice = restored(tab, form)
        for _ in range(2):
            send(tab, form, twice)
        assert standing(form) == before + 1

    def test_begun_afresh_nothing_of_it_is_left(self, tab: Client, form: Form) -> None:
        keep(tab, form)
        (afresh,) = soup(tab.get(form.url)).select("form.start-afresh")
        hidden = {str(field["name"]): str(field["value"]) for field in afresh.select("input")}
        answer = tab.post(str(afresh["action"]), hidden)
        assert (answer["Location"], notice(tab, form)) == (form.url, "")
        assert shown(tab, form) != form.word[1]
        assert not Draft.objects.exists()

    def test_another_person_finds_nothing(self, tab: Client, form: Form, signed_in: Callable[..., Client]) -> None:
        keep(tab, form)
        other = signed_in(Role.PRESCRIBER, Role.NURSE)
        assert notice(other, form) == ""
        assert shown(other, form) != form.word[1]

    def test_what_was_refused_is_kept_as_it_was_sent(self, tab: Client, form: Form) -> None:
        broken = filled(soup(tab.get(form.url))) | form.typed | {"submission": "none", "version": "none"}
        assert tab.post(form.url, broken).status_code == 422
        assert shown(tab, form) == form.word[1]

    def test_sent_after_the_session_ended_it_is_there_after_the_sign_in(
        self, tab: Client, form: Form, petra: User, signed_in: Callable[..., Client]
    ) -> None:
        before, page = standing(form), filled(soup(tab.get(form.url)))
        Session.objects.all().delete()
        answer = tab.post(form.url, page | form.typed)
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/sign-in/?next={form.url}")
        assert standing(form) == before
        assert shown(signed_in(user=petra), form) == form.word[1]

    def test_showing_a_draft_costs_no_query_but_for_the_home_site_where_there_is_no_patient(
        self, tab: Client, form: Form
    ) -> None:
        def asked() -> int:
            with CaptureQueriesContext(connection) as taken:
                tab.get(form.url)
            return len(taken)

        without = asked()
        keep(tab, form)
        assert asked() == without + (form.makes is Patient)

    def test_the_button_that_saves_comes_before_the_one_that_keeps(self, tab: Client, form: Form) -> None:
        first, second, *_ = soup(tab.get(form.url)).select("main form[data-once] button[type=submit]")
        assert not first.has_attr("formaction")
        assert second["formaction"] == "/drafts/keep/"


def standing(form: Form) -> int:
    """Count what the page makes; what a correction makes is a change, counted by the versions of the rows."""
    if form.url.endswith("/correct/") and form.makes is AdverseEvent:
        return sum(AdverseEvent.objects.values_list("version", flat=True))
    return form.makes._default_manager.count()


@pytest.mark.parametrize("form", ["event", "labs", "patient", "dose", "no dose"], indirect=True)
def test_a_form_that_a_slow_script_keeps_once_more_after_it_was_saved_is_not_saved_twice(
    tab: Client, form: Form
) -> None:
    keep(tab, form)
    typed = restored(tab, form)
    send(tab, form, typed)
    tab.post("/drafts/keep/", typed, headers={"X-Requested-With": "fetch"})
    answer = tab.post(form.url, typed)
    assert told(answer) == [KEPT_BEFORE]
    assert standing(form) == 1
    assert not Draft.objects.exists()


@pytest.mark.parametrize("form", ["event again"], indirect=True)
def test_a_draft_of_an_older_version_leads_to_both_versions(tab: Client, form: Form, petra: User) -> None:
    keep(tab, form)
    draft = restored(tab, form)
    other = filled(soup(tab.get(form.url))) | {"narrative": "Somebody else was first", "reason": "New"}
    tab.post(form.url, other)
    tab.post("/drafts/keep/", draft)
    answer = tab.post(form.url, restored(tab, form))
    assert answer.status_code == 409
    assert "This was changed in the meantime" in text(soup(answer))
    assert AdverseEvent.objects.get().narrative == "Somebody else was first"
    assert restored(tab, form)["version"] == "1"


@pytest.mark.parametrize("form", ["event"], indirect=True)
def test_what_was_confirmed_is_asked_again(tab: Client, form: Form) -> None:
    events.record(Patient.objects.get(), term="Hiccups")
    first = tab.post(form.url, filled(soup(tab.get(form.url))) | form.typed)
    (box,) = soup(first).select("[name=confirmed]")
    ticked = filled(soup(first)) | {"confirmed": str(box["value"])}
    tab.post("/drafts/keep/", ticked)
    answer = tab.post(form.url, restored(tab, form))
    assert answer.status_code == 422
    assert soup(answer).select("[name=confirmed]:not([checked])")
    assert AdverseEvent.objects.count() == 1


@pytest.mark.parametrize("form", ["decision"], indirect=True)
def test_a_preview_that_was_seen_is_shown_again(tab: Client, form: Form) -> None:
    page = soup(tab.get(form.url))
    previewed = soup(tab.post(form.url, filled(page) | {"day": "2026-07-13"}))
    assert previewed.select("#preview")
    tab.post("/drafts/keep/", filled(previewed))
    answer = tab.post(form.url, restored(tab, form))
    assert (answer.status_code, bool(soup(answer).select("#preview"))) == (200, True)
    assert not Decision.objects.exists()


@pytest.mark.parametrize("form", ["decision"], indirect=True)
def test_a_decision_begun_about_another_matter_is_not_shown_under_this_one(tab: Client, form: Form) -> None:
    keep(tab, form, matter="restart")
    assert notice(tab, form) == ""
    assert shown(tab, form) == ""


@pytest.mark.parametrize("form", ["patient"], indirect=True)
def test_that_somebody_is_another_person_is_said_again(tab: Client, form: Form, site: Site) -> None:
    courses.patient(site, "Berg", given_name="Ana", born_on=date(2020, 5, 17))
    asked = soup(tab.post(form.url, filled(soup(tab.get(form.url))) | form.typed))
    tab.post("/drafts/keep/", filled(asked) | {"another_person": "on"})
    answer = tab.post(form.url, restored(tab, form))
    assert answer.status_code == 422
    assert "Is it one of these?" in text(soup(answer))
    assert Patient.objects.count() == 1


@pytest.mark.parametrize("form", ["event"], indirect=True)
class TestOneForm:
    def test_every_ticked_box_comes_back(self, tab: Client, form: Form) -> None:
        keep(tab, form)
        assert restored(tab, form)["criteria"] == ["hospitalisation", "disability"]

    def test_a_record_that_one_may_not_see_any_more_shows_nothing(self, tab: Client, form: Form, petra: User) -> None:
        keep(tab, form)
        Membership.objects.filter(user=petra).delete()
        assert tab.get(form.url).status_code == 404

    def test_the_draft_of_another_patient_is_another(self, tab: Client, form: Form, site: Site) -> None:
        keep(tab, form)
        other = courses.patient(site, "Birch")
        page = soup(tab.get(reverse("adverse_events:add", args=[other.pk])))
        assert not page.select(".start-afresh")

    def test_the_day_is_told_when_it_is_not_today(
        self, tab: Client, form: Form, at_noon: time_machine.Traveller
    ) -> None:
        keep(tab, form)
        at_noon.shift(timedelta(hours=10, minutes=59))
        assert notice(tab, form).startswith("What you typed at 13:00 was kept.")
        at_noon.shift(timedelta(minutes=1))
        assert notice(tab, form).startswith("What you typed on 4 Jul 2026 at 13:00 was kept.")

    def test_the_place_of_a_draft_is_the_form_and_the_record(self, tab: Client, form: Form, petra: User) -> None:
        keep(tab, form)
        assert queries.find(Place(petra.pk, "adverse_events:add", str(Patient.objects.get().pk)), AT)

    def test_looking_for_similar_events_keeps_what_was_typed_and_does_not_show_the_draft(
        self, tab: Client, form: Form
    ) -> None:
        keep(tab, form, narrative="Before")
        page = filled(soup(tab.get(form.url))) | {"look": "1", "narrative": "After"}
        answer = soup(tab.post(form.url, page))
        assert filled(answer)["narrative"].strip() == "After"
        assert not answer.select(".start-afresh")
        assert restored(tab, form)["narrative"].strip() == "After"


@pytest.mark.parametrize("form", ["patient"], indirect=True)
def test_without_a_patient_and_a_home_site_the_time_is_utc(tab: Client, form: Form, petra: User) -> None:
    keep(tab, form)
    User.objects.filter(pk=petra.pk).update(home_site=None)
    assert notice(tab, form).startswith("What you typed at 12:00 was kept.")


def test_a_page_that_keeps_nothing_offers_nothing(tab: Client, site: Site) -> None:
    event = events.record(courses.patient(site))
    page = soup(tab.get(reverse("adverse_events:void", args=[event.pk])))
    assert not page.select("[name=draft], [formaction], .draft-state")
