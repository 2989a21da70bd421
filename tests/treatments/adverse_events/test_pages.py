"""The pages of adverse events, as somebody uses them."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.patients.models import Patient
from clinic.staff.models import Site
from clinic.staff.roles import GRANTS, Permission, Role
from monographs.models import Version
from tests.treatments.adverse_events.builders import ONSET, record
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import again, asked, entries, panel, problems, queries, title, told
from tests.treatments.pages import filled, send, soup, text
from treatments.adverse_events.models import AdverseEvent

pytestmark = pytest.mark.usefixtures("at_noon")
TYPED: dict[str, Any] = {
    "term_other": "Hiccups",
    "onset_on": "2026-07-02",
    "severity": "2",
    "action": "none",
    "outcome": "ongoing",
}


def address(name: str, of: Patient | AdverseEvent) -> str:
    return reverse(f"adverse_events:{name}", args=[of.pk])


def only() -> AdverseEvent:
    return AdverseEvent.objects.get()


@pytest.mark.parametrize("role", Role)
def test_who_may_record(patient: Patient, signed_in: Callable[..., Client], role: Role) -> None:
    may = Permission.RECORD_EVENTS in GRANTS[role]
    client = signed_in(role)
    event = record(patient)
    urls = [address("add", patient), *(address(name, event) for name in ("correct", "close", "void"))]
    assert [client.get(url).status_code for url in urls] == [200 if may else 403] * 4
    assert may == (role in {Role.COORDINATOR, Role.NURSE, Role.PRESCRIBER, Role.PROCEDURALIST})
    assert ("Record an adverse event" in text(soup(client.get(address("of_patient", patient))))) is may


class TestRecording:
    def test_an_event_is_recorded_and_listed(self, nurse: Client, patient: Patient) -> None:
        response = send(nurse, address("add", patient), **TYPED, causality_drug="possible", narrative="After lunch.")
        assert response["Location"] == address("of_patient", patient)
        event = only()
        assert (event.term, event.severity, event.causality_drug, event.known_on) == (
            "Hiccups",
            2,
            "possible",
            date(2026, 7, 4),
        )
        page = nurse.get(response["Location"])
        assert told(page) == ["The event was recorded."]
        assert "Hiccups" in text(soup(page))

    def test_the_effects_of_the_monograph_are_offered_by_frequency(
        self, nurse: Client, patient: Patient, text: Version
    ) -> None:
        page = soup(nurse.get(address("add", patient)))
        groups = {
            str(group["label"]): [str(one["value"]) for one in group.select("option")]
            for group in page.select("[name=term_listed] optgroup")
        }
        assert groups == {
            "Common (>10%)": ["Headache", "Thrombocytopenia"],
            "Serious (<1%)": ["Aseptic meningitis"],
        }
        assert page.select_one('a[href="/monographs/nusinersen/#side-effects"]')

    def test_a_listed_effect_is_chosen_and_kept_as_listed(self, nurse: Client, patient: Patient, text: Version) -> None:
        send(nurse, address("add", patient), **TYPED | {"term_listed": "Thrombocytopenia", "term_other": ""})
        assert (only().term, only().listed, only().frequency) == ("Thrombocytopenia", True, "common")

    def test_another_effect_is_written(self, nurse: Client, patient: Patient, text: Version) -> None:
        send(nurse, address("add", patient), **TYPED | {"term_listed": "-"})
        assert (only().term, only().listed) == ("Hiccups", False)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"term_listed": "", "term_other": ""}, "Effect : Choose the effect; the last choice"),
            ({"term_listed": "-", "term_other": ""}, "Effect in your own words : Write what happened."),
            ({"term_listed": "Headache"}, "Effect in your own words : Choose from the list or write it yourself"),
            ({"term_listed": "-", "onset_on": "2026-07-05"}, "Began on : This day lies in the future."),
            ({"term_listed": "-", "severity": ""}, "Severity (CTCAE grade) : Choose the grade."),
            ({"term_listed": "-", "severity": "5"}, "Serious, because of : Tick death"),
            ({"term_listed": "-", "outcome": "resolved"}, "Ended on : Enter the day on which it ended."),
        ],
    )
    def test_what_cannot_be_true_is_said_beside_its_field_and_nothing_is_lost(
        self, nurse: Client, patient: Patient, text: Version, typed: dict[str, str], said: str
    ) -> None:
        response = send(nurse, address("add", patient), **TYPED | typed, narrative="Kept.")
        assert response.status_code == 422
        assert any(line.startswith(said) for line in problems(response)), problems(response)
        assert filled(soup(response))["narrative"].strip() == "Kept."
        assert not AdverseEvent.objects.exists()

    def test_the_same_event_again_is_asked_about_and_shown(self, nurse: Client, patient: Patient) -> None:
        record(patient, term="Hiccups")
        response = send(nurse, address("add", patient), **TYPED)
        assert response.status_code == 422
        (sentence,) = asked(response)
        assert "Similar events of this patient" in text(soup(response))
        confirmed = nurse.post(address("add", patient), again(response, confirmed=sentence, severity="2"))
        assert confirmed.status_code == 302
        assert AdverseEvent.objects.count() == 2

    def test_a_form_sent_twice_makes_one_event(self, nurse: Client, patient: Patient) -> None:
        values = filled(soup(nurse.get(address("add", patient)))) | TYPED
        nurse.post(address("add", patient), values)
        second = nurse.post(address("add", patient), values)
        assert second.status_code == 302
        assert AdverseEvent.objects.count() == 1


class TestSimilarEarlierEvents:
    def test_a_script_gets_them_alone_while_somebody_types(self, nurse: Client, patient: Patient) -> None:
        event = record(patient, term="Headache", severity=3)
        answer = nurse.post(
            address("add", patient), {"look": "1", "term_other": "heada"}, headers={"HX-Request": "true"}
        )
        found = soup(answer)
        assert answer.status_code == 200
        assert not found.select("form, title, header")
        assert found.select_one(f'a[href="{address("event", event)}"]')
        assert "Headache , began 2 Jul 2026, Grade 3: severe: Ongoing" in text(found)
        assert AdverseEvent.objects.count() == 1

    def test_choosing_from_the_list_asks_as_well(self, nurse: Client, patient: Patient, text: Version) -> None:
        record(patient, term="Headache")
        typed = {"look": "1", "term_listed": "Headache", "term_other": ""}
        answer = nurse.post(address("add", patient), typed, headers={"HX-Request": "true"})
        assert soup(answer).select("li")

    def test_the_term_is_never_in_an_address(self, nurse: Client, patient: Patient) -> None:
        page = soup(nurse.get(address("add", patient)))
        assert not page.select("[hx-get], form[method=get] [name^=term]")
        assert page.select_one("[hx-post]")

    def test_without_a_script_the_second_button_shows_them_and_keeps_what_was_typed(
        self, nurse: Client, patient: Patient
    ) -> None:
        record(patient, term="Headache")
        values = filled(soup(nurse.get(address("add", patient))))
        typed = {"look": "1", "term_other": "headache again", "onset_on": "2026-07-03", "criteria": ["disability"]}
        page = nurse.post(address("add", patient), values | typed)
        assert page.status_code == 200
        assert problems(page) == []
        assert "Similar events of this patient" in text(soup(page))
        kept = filled(soup(page))
        assert (kept["term_other"], kept["onset_on"], kept["criteria"]) == (
            "headache again",
            "2026-07-03",
            "disability",
        )
        assert AdverseEvent.objects.count() == 1

    def test_another_patients_events_are_not_shown(self, nurse: Client, patient: Patient) -> None:
        record(courses.patient(patient.site, "Birch"), term="Headache")
        answer = nurse.post(
            address("add", patient), {"look": "1", "term_other": "Headache"}, headers={"HX-Request": "true"}
        )
        assert "No similar event of this patient is recorded." in text(soup(answer))

    def test_a_correction_is_not_similar_to_itself(self, nurse: Client, patient: Patient) -> None:
        event = record(patient, term="Headache")
        answer = nurse.post(
            address("correct", event), {"look": "1", "term_other": "Headache"}, headers={"HX-Request": "true"}
        )
        assert not soup(answer).select("li")


class TestFollowingUp:
    def test_the_form_holds_what_is_recorded(self, nurse: Client, patient: Patient, text: Version) -> None:
        event = record(patient, severity=3, criteria={"disability"}, narrative="Lay flat.")
        values = filled(soup(nurse.get(address("correct", event))))
        assert {name: values[name].strip() for name in ("term_listed", "term_other", "severity", "criteria")} == {
            "term_listed": "Headache",
            "term_other": "",
            "severity": "3",
            "criteria": "disability",
        }

    def test_the_version_before_is_shown_in_the_history(self, nurse: Client, patient: Patient) -> None:
        event = record(patient)
        response = send(nurse, address("correct", event), severity="3", reason="Could not stand")
        assert response["Location"] == address("event", event)
        said = panel(nurse.get(response["Location"]), "History")
        assert re.search(
            r"Adverse event corrected .* Could not stand Severity was Grade 1: mild .* Grade 3: severe", said
        )

    def test_a_reason_is_asked_for(self, nurse: Client, patient: Patient) -> None:
        response = send(nurse, address("correct", record(patient)), severity="3")
        assert problems(response)[0].startswith("What became known, or what was wrong : Say what became known")

    def test_who_saves_second_sees_both_versions(self, nurse: Client, patient: Patient) -> None:
        event = record(patient)
        mine = filled(soup(nurse.get(address("correct", event)))) | {"severity": "4", "reason": "Mine"}
        send(nurse, address("correct", event), severity="3", reason="Theirs")
        clash = nurse.post(address("correct", event), mine)
        assert clash.status_code == 409
        said = text(soup(clash))
        assert "Grade 4: life-threatening" in said
        assert "Grade 3: severe" in said

    def test_closing_says_how_it_ended(self, nurse: Client, patient: Patient) -> None:
        event = record(patient)
        response = send(nurse, address("close", event), outcome="resolved", ended_on="2026-07-03")
        assert response["Location"] == address("event", event)
        assert "Resolved on 3 Jul 2026" in text(soup(nurse.get(response["Location"])))
        assert nurse.get(address("close", event)).status_code == 302

    def test_an_end_before_the_onset_is_said_beside_the_day(self, nurse: Client, patient: Patient) -> None:
        response = send(nurse, address("close", record(patient)), outcome="resolved", ended_on="2026-07-01")
        assert problems(response) == ["Ended on : It cannot end before it began on 2 Jul 2026."]

    def test_voiding_asks_for_a_reason_and_leaves_it_visible(self, nurse: Client, patient: Patient) -> None:
        event = record(patient)
        send(nurse, address("void", event), reason="Another patient")
        page = soup(nurse.get(address("event", event)))
        assert "Voided: Another patient" in text(page)
        assert not page.select(f'a[href="{address("correct", event)}"]')
        assert [nurse.get(address(name, event)).status_code for name in ("void", "correct", "close")] == [302] * 3


class TestTheSummary:
    def test_paper_carries_no_name_unless_it_is_asked_for(self, nurse: Client, patient: Patient) -> None:
        event = record(patient)
        page = soup(nurse.get(address("summary", event)))
        for left_out in page.select(".screen-only"):
            left_out.decompose()
        assert "Quillfeather" not in text(page)
        assert "QUILLFEATHER" not in text(page)
        assert "QUILLFEATHER, Ottoline" in panel_of(nurse.get(f"{address('summary', event)}?identified=yes"))

    def test_it_says_that_it_is_no_submission(self, nurse: Client, patient: Patient) -> None:
        page = nurse.get(address("summary", record(patient)))
        assert "This is not a submission" in text(soup(page))

    def test_a_voided_event_says_that_it_must_not_be_reported(self, nurse: Client, patient: Patient) -> None:
        event = record(patient)
        send(nurse, address("void", event), reason="Another patient")
        assert "must not be reported" in text(soup(nurse.get(address("summary", event))))


def panel_of(response: Any) -> str:
    found = soup(response).select_one("main .panel")
    assert found is not None
    return text(found)


class TestTheReport:
    URL = "/adverse-events/"

    def test_the_last_year_at_the_first_site_is_shown(self, nurse: Client, patient: Patient) -> None:
        courses.give(courses.course(patient, planned_start=date(2026, 6, 29)), date(2026, 6, 29))
        record(patient)
        page = soup(nurse.get(self.URL))
        assert "Northfield, 5 Jul 2025 – 4 Jul 2026: 1 event after 1 dose, 100.0 per 100 doses." in text(page)
        assert [text(cell) for cell in page.select("tbody tr")[0].select("td")][:3] == ["1", "1", "100.0"]

    def test_a_period_is_chosen_in_the_address(self, nurse: Client, patient: Patient) -> None:
        record(patient)
        page = nurse.get(self.URL, {"first": "2026-01-01", "last": "2026-06-30"})
        assert "No event in this period" in text(soup(page))

    @pytest.mark.parametrize("days", [{"first": "2026-07-02", "last": "2026-07-01"}, {"first": "soon"}])
    def test_a_period_that_is_none_is_said(self, nurse: Client, patient: Patient, days: dict[str, str]) -> None:
        response = nurse.get(self.URL, days)
        assert response.status_code == 422
        assert problems(response)

    def test_another_sites_numbers_are_not_shown(
        self, patient: Patient, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        record(patient)
        client = signed_in(Role.NURSE, at=other_site)
        page = client.get(self.URL, {"site": str(patient.site_id)})
        assert page.status_code == 422
        assert "Headache" not in text(soup(page))

    def test_what_is_not_counted_is_said(self, nurse: Client, patient: Patient) -> None:
        record(patient)
        assert "1 more event began before any dose" in text(soup(nurse.get(self.URL)))


class TestTheChart:
    def test_it_shows_the_events_with_their_status(self, nurse: Client, patient: Patient) -> None:
        record(patient, criteria={"hospitalisation"})
        said = panel(nurse.get(reverse("chart", args=[patient.pk])), "Adverse events")
        assert "Headache" in said
        assert "Open, serious" in said

    def test_none_is_said_too(self, nurse: Client, patient: Patient) -> None:
        assert "None is recorded." in panel(nurse.get(reverse("chart", args=[patient.pk])), "Adverse events")

    def test_more_events_ask_no_more_queries(self, nurse: Client, patient: Patient) -> None:
        record(patient)
        chart, listed = reverse("chart", args=[patient.pk]), address("of_patient", patient)
        before = [queries(nurse, url) for url in (chart, listed)]
        for day in range(1, 5):
            record(patient, onset_on=date(2026, 6, day))
        assert [queries(nurse, url) for url in (chart, listed)] == before


def test_no_title_names_anybody_or_what_they_have(nurse: Client, patient: Patient) -> None:
    event = record(patient)
    urls = [address(name, patient) for name in ("of_patient", "add")]
    urls += [address(name, event) for name in ("event", "correct", "close", "void", "summary")]
    titles = {title(nurse.get(url)) for url in urls}
    assert not any("Headache" in one or "Quillfeather" in one for one in titles)


def test_reading_leaves_no_entry(nurse: Client, patient: Patient) -> None:
    event, before = record(patient), 0
    before = entries()
    for name in ("event", "summary", "correct", "close", "void"):
        nurse.get(address(name, event))
    nurse.post(address("add", patient), {"look": "1", "term_other": "x"}, headers={"HX-Request": "true"})
    assert entries() == before
    assert str(ONSET) == "2026-07-02"
