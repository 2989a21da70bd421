"""The pages of readiness, overrides, and what waits for somebody."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import again, panel, problems, queries, title, told
from tests.treatments.labs import builders as labs
from tests.treatments.pages import filled, send, soup, text
from tests.treatments.readiness.builders import confirm, override, policy
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.readiness import services
from treatments.readiness.models import Override
from treatments.rules.monitoring_terms import Level

pytestmark = pytest.mark.usefixtures("at_noon")
IN_FIVE_DAYS = AT.date() + timedelta(days=5)
INBOX = "/review/"


@pytest.fixture
def stop(dose: Dose, patient: Patient) -> Dose:
    labs.whole_set(patient, platelets=labs.reported(value="49"))
    return dose


def page_of(dose: Dose) -> str:
    return reverse("readiness:dose", args=[dose.pk])


def give_url(dose: Dose, light: str = "labs") -> str:
    return reverse("readiness:override", args=[dose.pk, light])


class TestTheReadinessPage:
    def test_it_gives_one_answer_and_six_lights_each_with_a_word(self, nurse: Client, dose: Dose) -> None:
        answer = nurse.get(page_of(dose))
        page = soup(answer)
        assert "What stands in the way of this dose: labs. For a dose on 9 Jul 2026." in text(page)
        lights = [text(row) for row in page.select(".light-row")]
        assert len(lights) == 6
        assert lights[0].startswith("Labs Not ready Platelets: no result.")
        assert title(answer) == "Readiness of dose L2 · Tidemark"

    def test_the_values_behind_the_light_stand_below_with_their_policy(self, nurse: Client, stop: Dose) -> None:
        shown = panel(nurse.get(page_of(stop)), "Laboratory values for this dose")
        assert "Platelets 49 ×10⁹/L 2 Jul 2026 Stop Below 50 ×10⁹/L; no dose" in shown
        assert "Limits and ages: The application's proposal" in shown

    def test_an_answer_for_a_value_can_be_taken_back_by_whoever_may_answer(
        self, nurse: Client, signed_in: Callable[..., Client], dose: Dose, patient: Patient, petra: User
    ) -> None:
        rows = labs.whole_set(patient, platelets=labs.reported(value="96"))
        assert not soup(nurse.get(page_of(dose))).select("a[href*='/labs/reviews/']")
        row = labs.review(rows["platelets"], Level.SIGN_OFF, person=petra)
        place = reverse("labs:withdraw_review", args=[row.pk])
        (link,) = soup(nurse.get(page_of(dose))).select(f"a[href='{place}']")
        assert text(link) == "Withdraw the answer for Platelets"
        assert not soup(signed_in(Role.VIEWER).get(page_of(dose))).select(f"a[href='{place}']")

    def test_a_dose_that_was_given_shows_what_was_decided_about_it(
        self, nurse: Client, begun: Course, dose: Dose
    ) -> None:
        override(dose)
        courses.give(begun, AT.date())
        page = text(soup(nurse.get(page_of(dose))))
        assert "This dose is not planned any more" in page
        assert "Treatment cannot wait: Seen by the haematologist" in page

    def test_a_site_that_asks_for_nothing_says_so(self, nurse: Client, dose: Dose) -> None:
        labs.policy(dose.site, asks_platelets=False, asks_prothrombin=False, asks_aptt=False, asks_urine=False)
        assert "This site asks for no laboratory values." in text(soup(nurse.get(page_of(dose))))

    def test_it_takes_the_same_queries_with_few_results_and_with_many(
        self, nurse: Client, dose: Dose, patient: Patient, nadia: User, petra: User
    ) -> None:
        high = labs.log(patient, labs.reported(value="96"), person=nadia)[0]
        labs.review(high, Level.SIGN_OFF, person=petra)
        few = queries(nurse, page_of(dose))
        for hours in range(1, 10):
            labs.log(patient, collected_at=labs.COLLECTED - timedelta(hours=hours), person=nadia)
        assert queries(nurse, page_of(dose)) == few <= 25

    def test_the_chart_and_the_dose_page_lead_to_it(self, nurse: Client, dose: Dose, patient: Patient) -> None:
        for place in (reverse("chart", args=[patient.pk]), reverse("courses:dose", args=[dose.pk])):
            assert soup(nurse.get(place)).select(f"a[href='{page_of(dose)}']")


class TestOverriding:
    def test_one_person_lets_a_dose_past_what_is_missing(self, nurse: Client, nadia: User, dose: Dose) -> None:
        page = soup(nurse.get(give_url(dose)))
        assert "Platelets: no result." in text(page)
        assert filled(page)["expires_on"] == "2026-07-09"
        answer = send(nurse, give_url(dose), reason_code="pending")
        assert (answer["Location"], told(answer)) == (page_of(dose), ["The override was saved."])
        assert Override.objects.get().by == nadia
        shown = text(soup(nurse.get(page_of(dose))))
        assert "The dose can go ahead; look at what is marked first." in shown
        assert "Overridden until 9 Jul 2026." in shown

    def test_without_a_reason_it_is_refused(self, nurse: Client, dose: Dose) -> None:
        assert problems(send(nurse, give_url(dose))) == ["Why the dose goes ahead : Choose a reason."]

    def test_a_day_too_far_ahead_is_refused_beside_the_day(self, nurse: Client, dose: Dose) -> None:
        answer = send(nurse, give_url(dose), reason_code="pending", expires_on="2026-07-12")
        assert problems(answer)[0].startswith("Counts until : Choose a day from today to 11 Jul 2026")

    def test_a_nurse_cannot_begin_what_two_people_decide(self, nurse: Client, stop: Dose) -> None:
        page = soup(nurse.get(give_url(stop)))
        assert "A prescriber begins this one" in text(page)
        assert not page.select("main form")

    def test_two_people_let_a_dose_past_a_stop(self, prescriber: Client, nurse: Client, stop: Dose) -> None:
        answer = send(prescriber, give_url(stop), reason_code="risk_accepted", reason="Discussed with haematology")
        assert told(answer) == ["The override was saved. It waits for a second person."]
        row = Override.objects.get()
        place = reverse("readiness:confirm", args=[row.pk])
        assert "The override waits for its second person." in text(soup(prescriber.get(page_of(stop))))
        assert soup(nurse.get(page_of(stop))).select(f".light-actions a[href='{place}']")
        assert not soup(prescriber.get(page_of(stop))).select(f".light-actions a[href='{place}']")
        assert told(prescriber.get(give_url(stop))) == ["An override waits for its second person already."]
        assert not soup(prescriber.get(place)).select("main form")
        assert prescriber.post(place, {"version": row.version}).status_code == 422
        assert "Discussed with haematology" in text(soup(nurse.get(place)))
        assert told(send(nurse, place)) == ["You confirmed the override as the second person."]
        assert "The dose can go ahead" in text(soup(nurse.get(page_of(stop))))
        assert told(nurse.get(place)) == ["This override waits for nobody."]

    def test_words_are_asked_for_where_a_second_person_reads_them(self, prescriber: Client, stop: Dose) -> None:
        answer = send(prescriber, give_url(stop), reason_code="risk_accepted")
        assert problems(answer) == ["In a few words : Write the reason in a few words."]

    def test_what_changed_meanwhile_is_shown_and_decided_anew(
        self, nurse: Client, dose: Dose, patient: Patient
    ) -> None:
        opened = filled(soup(nurse.get(give_url(dose)))) | {"reason_code": "pending"}
        labs.log(patient, labs.reported("inr", "1.0", "{INR}"))
        refused = nurse.post(give_url(dose), opened)
        assert problems(refused) == ["What stands in the way has changed; read it again before you decide."]
        assert "INR" not in text(soup(refused).select("section.panel")[0])
        typed = again(refused) | {"reason_code": "pending"}
        assert told(nurse.post(give_url(dose), typed)) == ["The override was saved."]

    def test_the_same_form_twice_gives_one(self, nurse: Client, dose: Dose) -> None:
        typed = filled(soup(nurse.get(give_url(dose)))) | {"reason_code": "pending"}
        nurse.post(give_url(dose), typed)
        assert told(nurse.post(give_url(dose), typed)) == ["This was already saved; nothing was saved twice."]
        assert Override.objects.count() == 1

    def test_a_light_that_stands_in_no_way_leads_back(self, nurse: Client, dose: Dose) -> None:
        assert told(nurse.get(give_url(dose, "drug"))) == ["This light does not stand in the way of the dose."]

    def test_a_dose_that_was_given_leads_back(self, nurse: Client, begun: Course, dose: Dose) -> None:
        courses.give(begun, AT.date())
        assert told(nurse.get(give_url(dose)))[0].startswith("This dose is not planned any more")

    def test_a_word_that_is_no_light_is_no_address(self, nurse: Client, dose: Dose) -> None:
        assert nurse.get(give_url(dose).replace("labs", "weather")).status_code == 404


class TestWithdrawing:
    def test_it_is_taken_back_with_a_reason_and_stays_in_sight(self, nurse: Client, dose: Dose) -> None:
        row = override(dose, expires_on=IN_FIVE_DAYS)
        place = reverse("readiness:withdraw", args=[row.pk])
        assert told(send(nurse, place, reason="The result came")) == ["The override was withdrawn."]
        assert "Withdrawn The result came" in panel(nurse.get(page_of(dose)), "Overrides")
        assert told(nurse.get(place)) == ["This override was withdrawn already."]

    def test_the_second_person_is_told_that_it_was(self, nurse: Client, stop: Dose, petra: User) -> None:
        row = override(stop, person=petra, expires_on=IN_FIVE_DAYS)
        place = reverse("readiness:confirm", args=[row.pk])
        opened = filled(soup(nurse.get(place)))
        services.withdraw_override(override=row, reason="Second thoughts", by=BY, at=AT)
        answer = nurse.post(place, opened)
        assert answer.status_code == 409
        assert "Second thoughts" in text(soup(answer))
        assert told(nurse.get(place)) == ["This override was withdrawn: Second thoughts"]


class TestWhatWaits:
    def test_results_sign_offs_and_overrides_are_listed_for_whoever_may_do_them(
        self, nurse: Client, stop: Dose, petra: User, site: Site
    ) -> None:
        override(stop, person=petra, expires_on=IN_FIVE_DAYS)
        other = courses.patient(site, "Birch")
        labs.review(labs.log(other, labs.reported("inr", "1.8", "{INR}"))[0], Level.STOP, person=petra)
        page = soup(nurse.get(INBOX))
        assert [text(heading) for heading in page.select("main h2")] == [
            "Results to look at (1)",
            "Waiting for a second person (2)",
        ]
        assert len(page.select("main td.do a")) == 3
        assert "INR 1.8" in text(page)

    def test_days_before_the_earliest_safe_one_are_listed_with_them(
        self, nurse: Client, prescriber: Client, begun: Course, petra: User
    ) -> None:
        dose = courses.next_dose(begun)
        assert dose.floor is not None
        day = dose.floor - timedelta(days=1)
        asked = course_services.ask_for_too_soon(dose=dose, day=day, reason="Surgery", by=person_actor(petra), at=AT)
        page = soup(nurse.get(INBOX))
        assert "Waiting for a second person (1)" in text(page)
        (link,) = page.select(f"td.do a[href='{reverse('courses:decision', args=[asked.pk])}']")
        assert text(link) == "Look at it , QUILLFEATHER, Ottoline"
        assert "Yours; somebody else confirms" in text(soup(prescriber.get(INBOX)))

    def test_ones_own_are_not_offered_to_confirm(self, prescriber: Client, stop: Dose, petra: User) -> None:
        override(stop, person=petra, expires_on=IN_FIVE_DAYS)
        page = soup(prescriber.get(INBOX))
        assert "Yours; somebody else confirms" in text(page)
        assert not page.select("a[href*='/confirm/']")

    def test_a_viewer_reads_and_is_led_nowhere(self, signed_in: Callable[..., Client], stop: Dose) -> None:
        page = soup(signed_in(Role.VIEWER).get(INBOX))
        assert "Platelets 49" in text(page)
        assert not page.select("main td.do a")

    def test_where_nothing_waits_it_says_so(self, nurse: Client) -> None:
        shown = text(soup(nurse.get(INBOX)))
        assert "Nothing to look at" in shown
        assert "Nobody is waited for" in shown

    def test_it_takes_the_same_queries_however_many_wait(self, nurse: Client, site: Site, nadia: User) -> None:
        labs.log(courses.patient(site), labs.reported(value="96"), person=nadia)
        few = queries(nurse, INBOX)
        for number in range(9):
            labs.log(courses.patient(site, f"Birch {number}"), labs.reported(value="96"), person=nadia)
        assert queries(nurse, INBOX) == few <= 15

    def test_the_title_names_nobody(self, nurse: Client, stop: Dose) -> None:
        assert title(nurse.get(INBOX)) == "Review · Tidemark"


def test_what_was_confirmed_names_both_people_on_the_page(nurse: Client, stop: Dose, petra: User, nadia: User) -> None:
    confirm(override(stop, person=petra, expires_on=IN_FIVE_DAYS), person=nadia)
    assert "Petra Prescriber, 4 Jul 2026, 13:00; confirmed by Nadia Nurse" in panel(
        nurse.get(page_of(stop)), "Overrides"
    )


def test_advice_is_marked_as_advice(nurse: Client, dose: Dose) -> None:
    policy(dose.site, labs="advisory")
    assert "This site takes it as advice." in text(soup(nurse.get(page_of(dose))))
