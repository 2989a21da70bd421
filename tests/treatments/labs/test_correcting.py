"""Putting the right result in the place of a wrong one."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses.pages import problems, told
from tests.treatments.labs.builders import COLLECTED, log, reported, review
from tests.treatments.pages import filled, send, soup, text
from treatments.labs import queries, services
from treatments.labs.models import LabResult, LabReview
from treatments.rules.monitoring import Implausible
from treatments.rules.monitoring_terms import Level

WHY = "Read from the wrong line"


@pytest.fixture
def wrong(patient: Patient) -> LabResult:
    (row,) = log(patient, reported(value="96000", unit="/uL", low="150000", high="400000"))
    return row


def correct(row: LabResult, typed: str = "196", *, person: User | None = None, **facts: Any) -> LabResult:
    values: dict[str, Any] = {
        "collected_at": row.collected_at,
        "laboratory": row.laboratory,
        "value": reported(value=typed),
        "reason": WHY,
        "expected": row.version,
    } | facts
    nurse = person or factories.user(Role.NURSE, site=row.site)
    return services.correct_result(result=row, by=person_actor(nurse), at=AT, **values)


class TestCorrecting:
    def test_the_right_one_counts_and_the_wrong_one_stays_with_the_reason(self, wrong: LabResult) -> None:
        right = correct(wrong)
        wrong.refresh_from_db()
        assert (wrong.void_reason, right.kept, right.corrects) == (WHY, Decimal(196), wrong)
        assert list(LabResult.objects.standing()) == [right]

    def test_the_trail_tells_of_both_with_the_reason(self, wrong: LabResult) -> None:
        right = correct(wrong)
        told_of = Entry.objects.filter(target_id__in=[str(wrong.pk), str(right.pk)]).order_by("id")
        assert [entry.event for entry in told_of][-2:] == ["labs.result_corrected", "labs.result_logged"]

    def test_what_was_answered_for_the_wrong_one_does_not_answer_for_the_right_one(self, wrong: LabResult) -> None:
        review(wrong, Level.SIGN_OFF)
        right = correct(wrong, "95")
        reading = queries.reading_of(right, AT)
        assert reading is not None
        assert (reading.level, reading.settled) == (Level.SIGN_OFF, False)
        assert LabReview.objects.standing().get().result_id == wrong.pk

    def test_another_time_of_collection_is_a_correction(self, wrong: LabResult) -> None:
        right = correct(wrong, value=reported(value="96000", unit="/uL", low="150000", high="400000"), collected_at=AT)
        assert right.collected_at == AT

    def test_nothing_that_differs_is_no_correction(self, wrong: LabResult) -> None:
        with pytest.raises(services.NothingDiffers):
            correct(wrong, value=reported(value="96000", unit="/uL", low="150000", high="400000"))

    def test_it_needs_a_reason(self, wrong: LabResult) -> None:
        with pytest.raises(services.NoReason):
            correct(wrong, reason=" ")

    def test_an_implausible_value_leaves_the_wrong_one_in_force(self, wrong: LabResult) -> None:
        with pytest.raises(Implausible):
            correct(wrong, "250000")
        assert LabResult.objects.standing().get() == wrong

    def test_a_time_that_another_value_has_is_refused(self, patient: Patient, wrong: LabResult) -> None:
        log(patient, reported(value="180"), collected_at=COLLECTED - timedelta(days=1))
        with pytest.raises(services.SameSample, match="Platelets"):
            correct(wrong, collected_at=COLLECTED - timedelta(days=1))
        assert LabResult.objects.standing().count() == 2

    def test_what_is_still_to_come_is_refused(self, wrong: LabResult) -> None:
        with pytest.raises(services.CollectedLater):
            correct(wrong, collected_at=AT + timedelta(minutes=1))


class TestTwoPeopleAtOnce:
    def test_the_second_to_correct_is_told_and_changes_nothing(self, wrong: LabResult) -> None:
        right = correct(wrong)
        with pytest.raises(services.AlreadyVoided):
            correct(wrong, "190")
        assert LabResult.objects.standing().get() == right

    def test_whoever_had_an_older_version_on_screen_is_told(self, wrong: LabResult) -> None:
        with pytest.raises(StaleRecord):
            correct(wrong, expected=wrong.version + 1)

    def test_the_same_form_twice_corrects_once(self, wrong: LabResult) -> None:
        key = uuid4()
        right = correct(wrong, submission=key)
        with pytest.raises(AlreadySubmitted) as again:
            correct(wrong, submission=key)
        assert again.value.record == right


@pytest.mark.usefixtures("at_noon")
class TestThePage:
    def url(self, row: LabResult) -> str:
        return reverse("labs:correct", args=[row.pk])

    def test_it_begins_with_what_the_report_said(self, nurse: Client, wrong: LabResult) -> None:
        page = soup(nurse.get(self.url(wrong)))
        shown = filled(page)
        assert {name: shown[f"platelets_{name}"] for name in ("value", "unit", "low", "high")} == {
            "value": "96000",
            "unit": "/uL",
            "low": "150000",
            "high": "400000",
        }
        assert (shown["collected_on"], shown["collected_time"]) == ("2026-07-02", "09:30")
        assert [text(label) for label in page.select("tbody th label")] == ["Platelets"]

    def test_a_correction_leads_back_to_the_chart_where_both_are_seen(
        self, nurse: Client, patient: Patient, wrong: LabResult
    ) -> None:
        answer = send(nurse, self.url(wrong), platelets_value="196000", reason=WHY)
        assert answer["Location"] == reverse("chart", args=[patient.pk])
        rows = [text(row) for row in soup(nurse.get(answer["Location"])).select("#labs tbody tr")]
        assert len(rows) == 2
        assert "196000 /µL" in rows[0]
        assert f"96000 /µL Voided: {WHY}" in rows[1]

    def test_a_unit_with_another_name_is_shown_as_the_form_offers_it(self, nurse: Client, patient: Patient) -> None:
        (row,) = log(patient, reported(value="200", unit="G/L"))
        assert filled(soup(nurse.get(self.url(row))))["platelets_unit"] == "10*9/L"

    def test_without_a_reason_nothing_is_saved_and_the_typed_work_is_kept(
        self, nurse: Client, wrong: LabResult
    ) -> None:
        answer = send(nurse, self.url(wrong), platelets_value="196000")
        assert answer.status_code == 422
        assert problems(answer) == ["Why it is corrected : Write the reason in a few words."]
        assert filled(soup(answer))["platelets_value"] == "196000"
        assert LabResult.objects.standing().get() == wrong

    def test_the_loser_of_two_sees_what_happened_and_keeps_what_was_typed(
        self, nurse: Client, wrong: LabResult
    ) -> None:
        opened = filled(soup(nurse.get(self.url(wrong)))) | {"platelets_value": "190000", "reason": "Mine"}
        services.void_result(result=wrong, reason="Wrong patient", by=BY, at=AT)
        answer = nurse.post(self.url(wrong), opened)
        assert answer.status_code == 422
        assert problems(answer) == ["This result was voided already."]
        assert filled(soup(answer))["platelets_value"] == "190000"

    def test_one_that_was_voided_is_not_opened(self, nurse: Client, patient: Patient, wrong: LabResult) -> None:
        services.void_result(result=wrong, reason="Wrong patient", by=BY, at=AT)
        answer = nurse.get(self.url(wrong))
        assert answer["Location"] == reverse("chart", args=[patient.pk])
        assert told(answer) == ["This result was voided already."]
