"""Recording an adverse event, following it up, closing it, and taking one back."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import User
from monographs.models import Version
from tests.factories import AT, BY
from tests.treatments.adverse_events.builders import ONSET, facts, list_effects, record
from tests.treatments.courses import builders as courses
from treatments.adverse_events import services
from treatments.adverse_events.models import AdverseEvent
from treatments.courses.services import Unconfirmed
from treatments.rules import adverse_events as rule


def correct(event: AdverseEvent, *, reason: str = "The family called", **said: Any) -> AdverseEvent:
    return services.correct_event(event=event, facts=facts(**said), reason=reason, by=BY, at=AT)


def close(
    event: AdverseEvent, outcome: str = "resolved", ended_on: date | None = ONSET, **options: Any
) -> AdverseEvent:
    return services.close_event(event=event, outcome=outcome, ended_on=ended_on, by=BY, at=AT, **options)


class TestRecording:
    def test_everything_that_was_said_is_kept_with_who_recorded_it(self, patient: Patient, nadia: User) -> None:
        said = facts(criteria={"hospitalisation"}, severity=3, narrative="Lay flat for two days.")
        made = services.record_event(patient=patient, facts=said, by=person_actor(nadia), at=AT)
        stored = AdverseEvent.objects.get(pk=made.pk)
        assert stored.facts == said
        assert (stored.recorded_by, stored.site_id, stored.version) == (nadia, patient.site_id, 1)

    def test_it_leaves_its_entry_in_the_trail(self, patient: Patient, nadia: User) -> None:
        event = record(patient, person=nadia)
        entry = Entry.objects.get(event="adverse_events.adverse_event_recorded")
        assert (entry.target_id, entry.patient_id, entry.person_id) == (str(event.pk), patient.pk, nadia.pk)

    @pytest.mark.parametrize(("criteria", "serious"), [((), False), (("medically_important",), True)])
    def test_one_criterion_makes_it_serious(self, patient: Patient, criteria: tuple[str, ...], serious: bool) -> None:
        event = record(patient, criteria=criteria)
        assert event.is_serious is serious
        assert AdverseEvent.objects.serious().filter(pk=event.pk).exists() is serious

    def test_severe_alone_is_not_serious(self, patient: Patient) -> None:
        assert not record(patient, severity=4).is_serious

    def test_what_cannot_be_true_is_refused_by_field(self, patient: Patient) -> None:
        with pytest.raises(services.Refused) as refused:
            record(patient, outcome="resolved")
        assert refused.value.problems == {"ended_on": "Enter the day on which it ended."}
        assert not AdverseEvent.objects.exists()

    def test_a_day_is_in_the_future_by_the_sites_own_calendar(self, patient: Patient) -> None:
        assert record(patient, onset_on=date(2026, 7, 4)).version == 1
        with pytest.raises(services.Refused):
            record(patient, onset_on=date(2026, 7, 5))

    def test_a_process_records_nothing(self, patient: Patient) -> None:
        with pytest.raises(services.NobodyRecorded):
            services.record_event(patient=patient, facts=facts(), by=BY, at=AT)

    def test_what_no_column_can_hold_is_refused_not_cut(self, patient: Patient) -> None:
        assert record(patient, term="t" * 200).version == 1
        with pytest.raises(ValidationError):
            record(patient, term="t" * 201)

    def test_the_same_form_makes_one_event(self, patient: Patient) -> None:
        key = uuid4()
        first = record(patient, submission=key)
        with pytest.raises(AlreadySubmitted) as again:
            record(patient, submission=key)
        assert again.value.record == first


class TestWhetherTheMonographListsIt:
    def test_a_listed_term_is_kept_in_the_monographs_words_with_its_group_and_version(
        self, patient: Patient, text: Version
    ) -> None:
        event = record(patient, term=" low platelet COUNT ")
        assert (event.term, event.listed, event.frequency, event.monograph_version) == (
            "Thrombocytopenia",
            True,
            "common",
            text,
        )

    def test_another_term_is_kept_as_it_was_written_and_not_listed(self, patient: Patient, text: Version) -> None:
        event = record(patient, term=" Hiccups ")
        assert (event.term, event.listed, event.frequency, event.monograph_version) == ("Hiccups", False, "", text)

    def test_without_a_text_nothing_is_said_about_it(self, patient: Patient) -> None:
        event = record(patient)
        assert (event.listed, event.frequency, event.monograph_version) == (None, "", None)

    def test_the_text_is_that_of_the_patients_own_course(self, patient: Patient, text: Version) -> None:
        course = courses.course(patient)
        assert record(patient).monograph_version == course.regimen.version

    def test_a_newer_text_does_not_change_what_was_listed_then(self, patient: Patient, text: Version) -> None:
        event = record(patient, term="Hiccups")
        newer = newer_text(text, "Hiccups")
        corrected = correct(event, term="hiccups", severity=2)
        assert (corrected.listed, corrected.monograph_version) == (False, text)
        assert record(patient, term="Hiccups").monograph_version == newer

    def test_another_term_is_looked_up_in_the_text_of_the_day(self, patient: Patient, text: Version) -> None:
        event = record(patient, term="Hiccups")
        newer = newer_text(text, "Singultus")
        corrected = correct(event, term="Singultus")
        assert (corrected.listed, corrected.frequency, corrected.monograph_version) == (True, "common", newer)


def newer_text(text: Version, term: str) -> Version:
    Version.objects.supersede()
    newer = Version.objects.create(
        monograph=text.monograph, number=2, fingerprint="1" * 64, source="text", imported_at=AT
    )
    Version.objects.filter(pk=newer.pk).publish(at=AT)
    list_effects(newer)
    newer.effects.create(order=9, frequency="common", heading="Common (>10%)", term=term)
    return newer


class TestAnEventThatMayBeRecordedAlready:
    def test_an_open_one_of_the_same_name_is_asked_about(self, patient: Patient) -> None:
        record(patient, onset_on=ONSET - timedelta(days=9))
        with pytest.raises(Unconfirmed) as asked:
            record(patient, term=" headache", confirmed=())
        (caution,) = asked.value.cautions
        assert caution.text == "Headache that began on 23 Jun 2026 is recorded already; this is another one."
        assert record(patient, confirmed=[caution.text]).version == 1

    def test_a_closed_one_of_another_day_is_not(self, patient: Patient) -> None:
        earlier = ONSET - timedelta(days=9)
        record(patient, onset_on=earlier, outcome="resolved", ended_on=earlier)
        assert record(patient, confirmed=()).version == 1

    def test_a_closed_one_of_the_same_day_is(self, patient: Patient) -> None:
        record(patient, outcome="resolved", ended_on=ONSET)
        with pytest.raises(Unconfirmed):
            record(patient, confirmed=())

    def test_another_name_a_voided_one_and_another_patients_are_not(self, patient: Patient) -> None:
        voided = record(patient)
        services.void_event(event=voided, reason="Another patient", by=BY, at=AT)
        record(courses.patient(patient.site, "Birch"))
        record(patient, term="Fever")
        assert record(patient, confirmed=()).version == 1

    def test_what_was_confirmed_stands_in_the_trail(self, patient: Patient) -> None:
        record(patient)
        event = record(patient)
        entry = Entry.objects.get(target_id=str(event.pk))
        assert entry.reason.startswith("Confirmed: Headache that began on 2 Jul 2026")


class TestFollowingUp:
    def test_the_version_before_stays_in_the_trail_with_the_reason(self, patient: Patient) -> None:
        event = correct(record(patient), severity=3, criteria={"hospitalisation"}, reason=" Admitted overnight ")
        assert (event.version, event.severity, event.is_serious) == (2, 3, True)
        entry = Entry.objects.get(event="adverse_events.adverse_event_corrected")
        assert entry.reason == "Admitted overnight"
        assert entry.changes == {"severity": [1, 3], "hospitalisation": [False, True]}

    def test_a_reason_is_needed(self, patient: Patient) -> None:
        with pytest.raises(services.NoReason):
            correct(record(patient), severity=2, reason="  ")

    def test_what_cannot_be_true_is_refused(self, patient: Patient) -> None:
        with pytest.raises(services.Refused):
            correct(record(patient), severity=5)

    def test_a_death_is_recorded_with_grade_criterion_outcome_and_day(self, patient: Patient) -> None:
        event = correct(record(patient), severity=5, criteria={"death"}, outcome="fatal", ended_on=AT.date())
        assert not event.is_open

    def test_who_saw_an_older_version_is_told(self, patient: Patient) -> None:
        event = record(patient)
        correct(event, severity=2)
        with pytest.raises(StaleRecord):
            correct(event, severity=3)

    def test_a_voided_event_is_not_corrected(self, patient: Patient) -> None:
        event = record(patient)
        services.void_event(event=event, reason="Another patient", by=BY, at=AT)
        with pytest.raises(StaleRecord):
            correct(event, severity=3)


class TestClosing:
    def test_it_has_an_outcome_and_an_end_and_leaves_an_entry(self, patient: Patient) -> None:
        event = close(record(patient), "sequelae", AT.date(), note="Some stiffness is left")
        assert (event.is_open, event.outcome, event.ended_on) == (False, "sequelae", AT.date())
        entry = Entry.objects.get(event="adverse_events.adverse_event_closed")
        assert entry.reason == "Some stiffness is left"

    @pytest.mark.parametrize("outcome", ["ongoing", "fatal", "nonsense"])
    def test_only_an_outcome_that_ends_it_closes_it(self, patient: Patient, outcome: str) -> None:
        with pytest.raises(services.Refused):
            close(record(patient), outcome)

    def test_an_unknown_outcome_needs_the_last_day_it_was_seen(self, patient: Patient) -> None:
        event = record(patient)
        with pytest.raises(services.Refused):
            close(event, "unknown", None)
        assert not close(event, "unknown", ONSET).is_open

    def test_it_does_not_end_before_it_began(self, patient: Patient) -> None:
        with pytest.raises(services.Refused):
            close(record(patient), ended_on=ONSET - timedelta(days=1))

    def test_it_is_closed_once(self, patient: Patient) -> None:
        with pytest.raises(services.AlreadyClosed, match="closed already: resolved"):
            close(close(record(patient)))


class TestTakingOneBack:
    def test_it_counts_no_longer_but_stays_with_the_reason(self, patient: Patient) -> None:
        event = services.void_event(event=record(patient), reason=" Another patient ", by=BY, at=AT)
        assert (event.void_reason, event.is_open) == ("Another patient", False)
        assert not AdverseEvent.objects.standing().exists()

    def test_a_reason_is_needed_and_once_is_enough(self, patient: Patient) -> None:
        event = record(patient)
        with pytest.raises(services.NoReason):
            services.void_event(event=event, reason=" ", by=BY, at=AT)
        voided = services.void_event(event=event, reason="Another patient", by=BY, at=AT)
        with pytest.raises(services.AlreadyVoided):
            services.void_event(event=voided, reason="Again", by=BY, at=AT)


class TestTheDatabase:
    """Refuses what a mistaken program could write past the rule."""

    @pytest.mark.parametrize(
        ("values", "constraint"),
        [
            ({"severity": 5}, "grade_5_death_and_fatal_agree"),
            ({"death": True}, "grade_5_death_and_fatal_agree"),
            ({"outcome": "fatal", "ended_on": ONSET}, "grade_5_death_and_fatal_agree"),
            ({"severity": 6}, "a_grade_is_one_to_five"),
            ({"term": ""}, "an_event_has_a_term"),
            ({"outcome": "resolved"}, "an_end_and_an_outcome_agree"),
            ({"ended_on": ONSET}, "an_end_and_an_outcome_agree"),
            ({"outcome": "unknown", "ended_on": ONSET - timedelta(days=1)}, "an_event_ends_after_it_began"),
            ({"known_on": ONSET - timedelta(days=1)}, "nobody_knows_before_it_began"),
            ({"listed": True}, "listed_is_said_with_its_source"),
            ({"frequency": "common"}, "listed_is_said_with_its_source"),
        ],
    )
    def test_it_keeps_what_must_be_true(self, patient: Patient, values: dict[str, Any], constraint: str) -> None:
        event = record(patient)
        rows: models.QuerySet[AdverseEvent] = models.QuerySet(model=AdverseEvent).filter(pk=event.pk)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            rows.update(**values)

    @pytest.mark.parametrize("outcome", rule.OUTCOME)
    @pytest.mark.parametrize("ended_on", [None, ONSET])
    def test_it_calls_open_what_the_rule_calls_open(
        self, patient: Patient, outcome: str, ended_on: date | None
    ) -> None:
        event = record(patient)
        fatal = {"severity": 5, "death": True} if outcome == "fatal" else {}
        try:
            with transaction.atomic():
                models.QuerySet(model=AdverseEvent).filter(pk=event.pk).update(
                    outcome=outcome, ended_on=ended_on, **fatal
                )
        except IntegrityError:
            return
        expected = rule.is_open(outcome, ended_on)
        assert AdverseEvent.objects.open().filter(pk=event.pk).exists() is expected
        assert AdverseEvent.objects.get(pk=event.pk).is_open is expected


def test_an_event_is_named_by_its_term_and_day_never_by_its_patient(patient: Patient) -> None:
    assert str(record(patient)) == "Headache, began 2 Jul 2026"
