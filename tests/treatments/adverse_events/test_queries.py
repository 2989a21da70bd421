"""What lists, lights, the report and the summary say of adverse events."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from clinic.patients import parts
from clinic.patients.models import Patient
from clinic.patients.services import void_part
from clinic.staff.models import Site
from monographs.models import Version
from tests import factories
from tests.clinic.patients.builders import allergy
from tests.factories import AT, BY
from tests.treatments.adverse_events.builders import ONSET, record
from tests.treatments.courses import builders as courses
from treatments.adverse_events import queries, services
from treatments.adverse_events.models import AdverseEvent
from treatments.courses.models import Course
from treatments.courses.services import record_elsewhere
from treatments.rules.lights import Lit, Signal


@pytest.fixture
def course(patient: Patient) -> Course:
    """Return a course with doses given on 10 and 29 June 2026."""
    begun = courses.course(patient, planned_start=date(2026, 6, 10))
    courses.give(begun, date(2026, 6, 10), lot="EARLY")
    courses.give(begun, date(2026, 6, 29), lot="LATE7")
    return begun


def void(event: AdverseEvent) -> None:
    services.void_event(event=event, reason="Another patient", by=BY, at=AT)


def flat(sections: tuple[queries.Section, ...]) -> dict[str, str]:
    return {term: said for section in sections for term, said in section.rows}


class TestTheList:
    def test_open_events_come_first_then_the_latest_and_the_voided_last(self, patient: Patient) -> None:
        record(patient, term="Old", onset_on=date(2026, 5, 1), outcome="resolved", ended_on=date(2026, 5, 2))
        record(patient, term="Open", onset_on=date(2026, 4, 1))
        record(patient, term="Recent", outcome="resolved", ended_on=ONSET)
        void(record(patient, term="Wrong"))
        lines = queries.events_of(patient)
        assert [(line.term, line.status.key) for line in lines] == [
            ("Open", "open"),
            ("Recent", "closed"),
            ("Old", "closed"),
            ("Wrong", "voided"),
        ]
        assert [line.is_void for line in lines] == [False, False, False, True]

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ({"severity": 2}, "open"),
            ({"severity": 3}, "severe"),
            ({"severity": 1, "criteria": {"disability"}}, "serious"),
            ({"severity": 4, "criteria": {"life_threatening"}}, "serious"),
        ],
    )
    def test_serious_goes_before_severe(self, patient: Patient, said: dict[str, Any], status: str) -> None:
        record(patient, **said)
        assert queries.events_of(patient)[0].status.key == status

    @pytest.mark.parametrize(
        ("onset_on", "words"),
        [
            (date(2026, 6, 9), "No dose before it"),
            (date(2026, 6, 10), "On the day of a dose"),
            (date(2026, 6, 11), "1 day after the last dose"),
            (date(2026, 6, 28), "18 days after the last dose"),
            (date(2026, 6, 29), "On the day of a dose"),
            (date(2026, 7, 2), "3 days after the last dose"),
        ],
    )
    def test_days_are_counted_from_the_last_dose_before_it(
        self, patient: Patient, course: Course, onset_on: date, words: str
    ) -> None:
        record(patient, onset_on=onset_on)
        assert queries.events_of(patient)[0].since_dose == words

    def test_it_says_in_which_group_and_version_the_event_is_listed(self, patient: Patient, text: Version) -> None:
        record(patient, term="Headache")
        record(patient, term="Hiccups", onset_on=date(2026, 6, 1))
        said = [line.listed for line in queries.events_of(patient)]
        assert said == ["Listed: common (more than 10 %) (Nusinersen, version 1)", "Not listed (Nusinersen, version 1)"]

    def test_the_chart_shows_all_that_are_open_and_else_the_latest_five(self, patient: Patient) -> None:
        for days in range(7):
            day = ONSET - timedelta(days=days)
            record(patient, term=f"Closed {days}", onset_on=day, outcome="resolved", ended_on=day)
        void(record(patient, term="Wrong"))
        assert [line.term for line in queries.panel(patient)] == [f"Closed {days}" for days in range(5)]
        for days in range(6):
            record(patient, term=f"Open {days}", onset_on=ONSET - timedelta(days=days))
        assert [line.term for line in queries.panel(patient)] == [f"Open {days}" for days in range(6)]

    @pytest.mark.parametrize("events", [1, 4])
    def test_it_takes_two_queries_however_many_there_are(
        self, patient: Patient, course: Course, events: int, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        for _ in range(events):
            record(patient)
        with django_assert_num_queries(2):
            assert len(queries.events_of(patient)) == events


class TestSimilarEvents:
    def test_those_that_share_a_word_are_found_the_latest_first(self, patient: Patient) -> None:
        record(patient, term="Headache", onset_on=date(2026, 6, 1))
        record(patient, term="Post-puncture headache")
        record(patient, term="Fever")
        assert [line.term for line in queries.similar_to(patient, "heada")] == ["Post-puncture headache", "Headache"]

    def test_neither_a_voided_one_nor_another_patients_nor_the_event_itself(self, patient: Patient) -> None:
        void(record(patient))
        record(courses.patient(patient.site, "Birch"))
        itself = record(patient)
        assert queries.similar_to(patient, "Headache", besides=itself.pk) == ()
        assert [line.id for line in queries.similar_to(patient, "Headache")] == [itself.pk]

    @pytest.mark.parametrize("typed", ["", "  "])
    def test_nothing_typed_is_similar_to_nothing(self, patient: Patient, typed: str) -> None:
        record(patient)
        assert queries.similar_to(patient, typed) == ()


def light_of(patient: Patient) -> Lit:
    return queries.lights_of([patient.pk])[patient.pk]


class TestTheLight:
    def test_it_is_ready_before_the_dose_of_somebody_without_events(self, patient: Patient) -> None:
        assert light_of(patient).signal is Signal.READY

    def test_open_events_of_this_patient_decide_it(self, patient: Patient) -> None:
        record(courses.patient(patient.site, "Birch"), criteria={"disability"})
        void(record(patient, term="Wrong", criteria={"disability"}))
        record(patient, severity=3, outcome="resolved", ended_on=ONSET)
        assert light_of(patient).signal is Signal.READY
        record(patient, severity=3)
        assert light_of(patient).signal is Signal.ATTENTION
        event = record(patient, term="Meningitis", criteria={"hospitalisation"})
        assert light_of(patient).reason == "Open serious event: Meningitis, grade 1, since 2 Jul 2026."
        services.close_event(event=event, outcome="resolved", ended_on=ONSET, by=BY, at=AT)
        assert light_of(patient).signal is Signal.ATTENTION

    def test_a_known_hypersensitivity_is_a_contraindication_until_it_is_taken_back(self, patient: Patient) -> None:
        allergy(patient, "Latex")
        assert light_of(patient).signal is Signal.READY
        found = allergy(patient, "nusinersen", kind="hypersensitivity", reaction="rash")
        lit = light_of(patient)
        assert (lit.signal, lit.contraindicated) == (Signal.NOT_READY, True)
        assert "nusinersen (rash)" in lit.reason
        void_part(kind=parts.ALLERGY, part=found, reason="Tested negative", by=BY, at=AT)
        assert not light_of(patient).contraindicated

    @pytest.mark.parametrize("count", [1, 3])
    def test_many_patients_take_as_many_queries_as_one(
        self, site: Site, count: int, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        people = []
        for number in range(count):
            somebody = courses.patient(site, f"Patient {number}")
            record(somebody, criteria={"disability"} if number else ())
            people.append(somebody.pk)
        with django_assert_num_queries(2):
            lights = queries.lights_of(people)
        expected = [Signal.NOT_READY if number else Signal.READY for number in range(count)]
        assert [lights[pk].signal for pk in people] == expected


class TestTheReport:
    FIRST, LAST = date(2026, 6, 1), date(2026, 7, 4)

    def test_it_counts_events_over_doses_by_term(self, patient: Patient, course: Course, text: Version) -> None:
        record(patient, term="Headache", onset_on=date(2026, 6, 11), criteria={"hospitalisation"})
        record(patient, term="headache", causality=(("drug", "unlikely"),))
        record(patient, term="Hiccups")
        found = queries.report(patient.site, self.FIRST, self.LAST)
        assert (found.doses, found.events, found.left_out, found.all_rate) == (2, 3, 0, "150.0")
        assert [(row.term, row.events, row.patients, row.serious, row.related, row.rate) for row in found.rows] == [
            ("Headache", 2, 1, 1, 1, "100.0"),
            ("Hiccups", 1, 1, 0, 1, "50.0"),
        ]
        assert [row.listed for row in found.rows] == ["Common (more than 10 %)", "Not listed"]

    def test_both_ends_of_the_period_belong_to_it(self, patient: Patient, course: Course) -> None:
        record(patient, onset_on=date(2026, 6, 10))
        record(patient, onset_on=date(2026, 6, 29))
        whole = queries.report(patient.site, date(2026, 6, 10), date(2026, 6, 29))
        inside = queries.report(patient.site, date(2026, 6, 11), date(2026, 6, 28))
        assert (whole.events, whole.doses) == (2, 2)
        assert (inside.events, inside.doses, inside.all_rate) == (0, 0, "–")

    def test_what_began_before_any_dose_is_left_out_and_said(self, patient: Patient, course: Course) -> None:
        record(patient, onset_on=date(2026, 6, 9))
        found = queries.report(patient.site, self.FIRST, self.LAST)
        assert (found.events, found.left_out, found.rows) == (0, 1, ())

    def test_a_dose_elsewhere_and_what_followed_it_are_left_out(self, patient: Patient) -> None:
        course = courses.course(patient, planned_start=date(2026, 6, 1))
        record_elsewhere(course=course, given_on=date(2026, 6, 1), mg=12, place="Eastbrook", by=BY, at=AT)  # type: ignore[arg-type]
        record(patient)
        found = queries.report(patient.site, self.FIRST, self.LAST)
        assert (found.doses, found.events, found.left_out) == (0, 0, 1)

    def test_voided_events_and_another_site_do_not_count(self, patient: Patient, course: Course) -> None:
        void(record(patient))
        assert queries.report(patient.site, self.FIRST, self.LAST).events == 0
        record(patient)
        assert queries.report(factories.site("Elsewhere"), self.FIRST, self.LAST).events == 0

    @pytest.mark.parametrize("events", [1, 4])
    def test_it_takes_two_queries_however_many_there_are(
        self, patient: Patient, course: Course, events: int, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        for number in range(events):
            record(patient, term=f"Event {number}")
        with django_assert_num_queries(2):
            assert len(queries.report(patient.site, self.FIRST, self.LAST).rows) == events


class TestTheSummary:
    def test_the_patient_stands_there_by_initials_age_and_sex(self, patient: Patient, course: Course) -> None:
        said = flat(queries.summary(record(patient), identified=False))
        assert (said["Initials"], said["Age at onset"], said["Sex"]) == ("O. Q.", "6 y 1 m", "Female")
        assert "Quillfeather" not in str(said)
        assert "17 May 2020" not in str(said)

    def test_for_our_own_file_the_name_stands_there(self, patient: Patient, course: Course) -> None:
        said = flat(queries.summary(record(patient), identified=True))
        assert (said["Name"], said["Born"]) == ("QUILLFEATHER, Ottoline", "17 May 2020")

    def test_it_names_the_medicine_and_the_batch_of_the_last_dose_before_the_event(
        self, patient: Patient, course: Course
    ) -> None:
        said = flat(queries.summary(record(patient, onset_on=date(2026, 6, 28)), identified=False))
        assert said["Medicine"] == "Nusinersen, intrathecal"
        assert said["Last dose before the event"] == "L1, 12 mg, 10 Jun 2026"
        assert said["Batch (lot)"] == "EARLY"
        assert flat(queries.summary(record(patient), identified=False))["Batch (lot)"] == "LATE7"

    def test_without_a_dose_it_says_so(self, patient: Patient) -> None:
        said = flat(queries.summary(record(patient), identified=False))
        assert said["Last dose before the event"] == "None recorded"

    def test_it_says_grade_criteria_causality_action_outcome_and_dates(self, patient: Patient, text: Version) -> None:
        event = record(patient, severity=3, criteria={"hospitalisation", "disability"}, narrative="Lay flat.")
        said = flat(queries.summary(event, identified=False))
        assert said["Severity (CTCAE)"] == "Grade 3: severe"
        assert said["Serious"] == ("Yes: hospitalisation, or a longer stay; persistent or significant disability")
        assert [said[cause] for cause in ("The drug", "The procedure", "The sedation", "The disease")] == [
            "Possible",
            "Probable",
            "Not assessed",
            "Unlikely",
        ]
        assert (said["Action taken"], said["Outcome"], said["What is known"]) == ("None", "Ongoing", "Lay flat.")
        assert (said["Known to the site since"], said["Version of this record"]) == ("2 Jul 2026", "1")

    def test_a_birth_corrected_to_after_the_onset_breaks_nothing(self, patient: Patient) -> None:
        event = record(patient)
        event.patient.born_on = ONSET + timedelta(days=1)
        assert flat(queries.summary(event, identified=False))["Age at onset"] == "0 d"
