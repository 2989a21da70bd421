"""The pages on which somebody answers for a value, confirms as the second person, or leaves a set out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests.factories import AT, BY
from tests.treatments.courses.pages import again, problems, title, told
from tests.treatments.labs.builders import COLLECTED, log, policy, reported, review
from tests.treatments.pages import filled, send, soup, text
from treatments.courses.models import Dose
from treatments.labs import queries, services
from treatments.labs.models import LabResult, LabReview, NotIndicated
from treatments.rules.monitoring_terms import Level

pytestmark = pytest.mark.usefixtures("at_noon", "begun")


def result(patient: Patient, value: str, **facts: Any) -> LabResult:
    return log(patient, reported(value=value), **facts)[0]


def url(row: LabResult) -> str:
    return reverse("labs:review", args=[row.pk])


def chart(patient: Patient) -> str:
    return reverse("chart", args=[patient.pk])


class TestAfterSavingASample:
    def test_the_person_is_told_what_asks_for_an_answer(self, nurse: Client, patient: Patient) -> None:
        sample = {"collected_on": "2026-07-02", "collected_time": "09:30", "platelets_value": "96"}
        answer = send(nurse, reverse("labs:add", args=[patient.pk]), **sample, platelets_unit="10*9/L", inr_value="1.3")
        assert told(answer) == [
            "The results were saved. To look at: Platelets (sign-off needed), INR (watch).",
        ]

    def test_a_set_in_order_asks_for_nothing(self, nurse: Client, patient: Patient) -> None:
        sample = {"collected_on": "2026-07-02", "collected_time": "09:30", "inr_value": "1.1"}
        assert told(send(nurse, reverse("labs:add", args=[patient.pk]), **sample)) == ["The results were saved."]


class TestTheReviewPage:
    def test_it_says_the_value_what_it_asks_for_and_whose_limit_it_is(
        self, prescriber: Client, patient: Patient
    ) -> None:
        answer = prescriber.get(url(result(patient, "96")))
        page = text(soup(answer))
        assert "below 100 ×10⁹/L; a prescriber signs it off before the dose." in page
        assert "Whose limit Policy: The application's proposal" in page
        assert title(answer) == "A value to sign off · Tidemark"

    def test_it_says_how_far_the_value_lies_from_the_first_and_who_answered_so_far(
        self, prescriber: Client, patient: Patient, petra: User, nadia: User
    ) -> None:
        result(patient, "200", collected_at=COLLECTED.replace(month=1))
        (row,) = log(patient, reported(value="140", low="150"))
        page = text(soup(prescriber.get(url(row))))
        assert "Laboratory’s range from 150" in page
        assert "Since the first value down 30 %, from 200 on 2 Jan 2026" in page
        review(row, Level.WATCH, person=nadia, reason="Bruise on the arm", at=AT - timedelta(minutes=1))
        policy(patient.site, platelets_sign_off="145", platelets_stop="141")
        stopped = review(row, Level.STOP, person=petra)
        services.confirm_review(review=stopped, by=person_actor(nadia), at=AT)
        assert [term for term, _ in queries.result_facts(row, None).rows][-2:] == ["Seen by", "Signed off by"]
        (*_, (_, said)) = queries.result_facts(row, None).rows
        assert said.endswith("Known and stable Confirmed by Nadia Nurse, 4 Jul 2026, 13:00.")

    def test_the_labels_figure_says_so(self, nurse: Client, patient: Patient) -> None:
        (row,) = log(patient, reported("urine_protein", "0.25", "g/L"))
        assert "Whose limit Label: US label" in text(soup(nurse.get(url(row))))

    def test_a_nurse_marks_a_value_to_watch_as_seen_without_a_word(
        self, nurse: Client, nadia: User, patient: Patient
    ) -> None:
        row = result(patient, "140")
        answer = send(nurse, url(row))
        assert (answer["Location"], told(answer)) == (chart(patient), ["Your answer was saved."])
        assert LabReview.objects.get().by == nadia

    def test_a_nurse_is_told_that_a_prescriber_signs_off(self, nurse: Client, patient: Patient) -> None:
        page = soup(nurse.get(url(result(patient, "96"))))
        assert "A prescriber signs it off." in text(page)
        assert not page.select("main form")

    def test_a_nurse_who_sends_it_anyway_is_refused(self, nurse: Client, patient: Patient) -> None:
        row = result(patient, "140")
        opened = filled(soup(nurse.get(url(row)))) | {"reason": "Stable"}
        policy(patient.site, platelets_sign_off="145")
        refused = nurse.post(url(row), opened | {"level": "sign_off"})
        assert problems(refused) == ["A prescriber signs this value off."]
        assert not LabReview.objects.exists()

    def test_a_prescriber_signs_off_with_a_reason(self, prescriber: Client, patient: Patient) -> None:
        row = result(patient, "96")
        refused = send(prescriber, url(row))
        assert problems(refused) == ["Why the dose can go ahead : Write the reason in a few words."]
        answer = prescriber.post(url(row), again(refused, reason="Stable since January"))
        assert answer["Location"] == chart(patient)
        assert LabReview.objects.get().reason == "Stable since January"

    def test_a_value_that_changed_meanwhile_is_shown_and_asked_about_anew(
        self, prescriber: Client, patient: Patient
    ) -> None:
        row = result(patient, "60")
        opened = filled(soup(prescriber.get(url(row)))) | {"reason": "Stable"}
        policy(patient.site, platelets_stop="70")
        refused = prescriber.post(url(row), opened)
        assert problems(refused) == ["This value is read differently now; look at it again before you answer."]
        assert "below 70 ×10⁹/L" in text(soup(refused))
        answer = prescriber.post(url(row), again(refused))
        assert told(answer) == ["Your sign-off was saved. It waits for a second person."]
        assert LabReview.objects.get().level == Level.STOP

    def test_the_same_form_twice_answers_once(self, prescriber: Client, patient: Patient) -> None:
        row = result(patient, "96")
        typed = filled(soup(prescriber.get(url(row)))) | {"reason": "Stable"}
        prescriber.post(url(row), typed)
        assert told(prescriber.post(url(row), typed)) == ["This was already saved; nothing was saved twice."]
        assert LabReview.objects.count() == 1

    def test_what_asks_for_nothing_leads_back_with_a_word(self, prescriber: Client, patient: Patient) -> None:
        older, newer = result(patient, "96"), result(patient, "250", collected_at=AT)
        assert told(prescriber.get(url(older))) == ["A newer result took this one’s place."]
        assert told(prescriber.get(url(newer))) == ["This value lies within limits and asks for nothing."]
        services.void_result(result=newer, reason="Clotted", by=BY, at=AT)
        assert told(prescriber.get(url(newer))) == ["This result was voided; there is nothing to answer for."]
        review(older, Level.SIGN_OFF)
        assert told(prescriber.get(url(older)))[0].startswith("This was answered for already. Platelets 96")


class TestTheSecondPerson:
    @pytest.fixture
    def saved(self, patient: Patient, petra: User) -> LabReview:
        return review(result(patient, "49"), Level.STOP, person=petra)

    def confirm_url(self, saved: LabReview) -> str:
        return reverse("labs:confirm_review", args=[saved.pk])

    def test_whoever_opens_the_value_is_led_to_confirm_it(self, nurse: Client, saved: LabReview) -> None:
        answer = nurse.get(url(saved.result))
        assert answer["Location"] == self.confirm_url(saved)
        assert told(answer) == ["Petra Prescriber signed this off. It waits for a second person."]

    def test_a_second_person_reads_the_reason_and_confirms(self, nurse: Client, nadia: User, saved: LabReview) -> None:
        page = text(soup(nurse.get(self.confirm_url(saved))))
        assert "Signed off by Petra Prescriber, 4 Jul 2026, 13:00: Known and stable" in page
        answer = send(nurse, self.confirm_url(saved))
        assert told(answer) == ["You confirmed it as the second person."]
        saved.refresh_from_db()
        assert saved.second == nadia

    def test_the_first_person_finds_no_button_and_is_refused(self, prescriber: Client, saved: LabReview) -> None:
        page = soup(prescriber.get(self.confirm_url(saved)))
        assert not page.select("main form")
        assert "somebody else has to confirm it" in text(page)
        answer = prescriber.post(self.confirm_url(saved), {"version": saved.version})
        assert answer.status_code == 422
        saved.refresh_from_db()
        assert saved.second is None

    def test_what_was_withdrawn_meanwhile_is_told(self, nurse: Client, saved: LabReview) -> None:
        opened = filled(soup(nurse.get(self.confirm_url(saved))))
        services.withdraw_review(review=saved, reason="Second thoughts", by=BY, at=AT)
        answer = nurse.post(self.confirm_url(saved), opened)
        assert answer.status_code == 409
        assert "Second thoughts" in text(soup(answer))
        assert told(nurse.get(self.confirm_url(saved))) == ["This sign-off was withdrawn: Second thoughts"]

    def test_what_waits_for_nobody_leads_back(self, nurse: Client, saved: LabReview, patient: Patient) -> None:
        send(nurse, self.confirm_url(saved))
        assert told(nurse.get(self.confirm_url(saved))) == ["Nadia Nurse confirmed this already."]
        plain = review(result(patient, "96", collected_at=AT), Level.SIGN_OFF)
        assert told(nurse.get(self.confirm_url(plain))) == ["This needs no second person."]
        services.void_result(result=saved.result, reason="Clotted", by=BY, at=AT)
        assert told(nurse.get(self.confirm_url(saved)))[0].startswith("This result was voided")

    def test_a_viewer_may_not(self, signed_in: Callable[..., Client], saved: LabReview) -> None:
        assert signed_in(Role.VIEWER).get(self.confirm_url(saved)).status_code == 403


class TestWithdrawing:
    def test_an_answer_is_taken_back_with_a_reason(self, nurse: Client, patient: Patient) -> None:
        saved = review(result(patient, "96"), Level.SIGN_OFF)
        place = reverse("labs:withdraw_review", args=[saved.pk])
        assert told(send(nurse, place, reason="Misread")) == ["The answer was withdrawn."]
        saved.refresh_from_db()
        assert saved.void_reason == "Misread"
        assert told(nurse.get(place)) == ["This answer was withdrawn already."]


class TestNotIndicated:
    def place(self, dose: Dose) -> str:
        return reverse("labs:not_indicated", args=[dose.pk])

    def test_a_prescriber_says_so_and_takes_it_back(self, prescriber: Client, dose: Dose) -> None:
        policy(dose.site, may_skip=True)
        answer = send(prescriber, self.place(dose), reason="No bleeding")
        assert answer["Location"] == reverse("readiness:dose", args=[dose.pk])
        said = NotIndicated.objects.get()
        back = reverse("labs:ask_again", args=[said.pk])
        page = text(soup(prescriber.get(answer["Location"])))
        assert "Not indicated: No bleeding Petra Prescriber, 4 Jul 2026, 13:00 Ask for them after all" in page
        assert told(send(prescriber, back, reason="Bruises")) == ["The set is asked for again."]
        assert told(prescriber.get(back)) == ["The set is asked for again already."]

    def test_where_the_policy_asks_for_the_set_the_page_leads_back(self, prescriber: Client, dose: Dose) -> None:
        answer = prescriber.get(self.place(dose))
        assert told(answer) == ["This site’s policy asks for the set before every dose."]

    def test_said_twice_it_is_told(self, prescriber: Client, dose: Dose) -> None:
        policy(dose.site, may_skip=True)
        send(prescriber, self.place(dose), reason="No bleeding")
        assert problems(send(prescriber, self.place(dose), reason="Again")) == [
            "Somebody said so for this dose already."
        ]

    def test_a_nurse_may_not(self, nurse: Client, dose: Dose) -> None:
        policy(dose.site, may_skip=True)
        assert nurse.get(self.place(dose)).status_code == 403
