"""How stored results are read for the dose that comes next, for one patient or for many."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.labs.builders import COLLECTED, log, policy, reported, review, whole_set
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.labs import queries, services
from treatments.rules.lights import Signal
from treatments.rules.monitoring_terms import Lapse, Level, Place

GIVEN, TARGET = date(2026, 6, 25), date(2026, 7, 9)


def asked(patient: Patient) -> queries.Asked:
    (found,) = queries.asked_of([patient.pk], AT)
    return found


def standing(patient: Patient, analyte: str = "platelets") -> Level | Lapse:
    return {each.analyte: each.standing for each in queries.sheet_of(patient, AT).readings}[analyte]


class TestForWhichDoseItIsAsked:
    def test_the_next_dose_on_its_target_with_the_dose_before_it(self, begun: Course, patient: Patient) -> None:
        found = asked(patient)
        assert (found.dose_id, found.dose.on, found.dose.place) == (
            courses.next_dose(begun).pk,
            TARGET,
            Place.LOADING,
        )
        assert (found.dose.previous_on, found.dose.previous_at) == (GIVEN, datetime(2026, 6, 25, 9, tzinfo=UTC))
        assert (found.regimen_key, found.site_id, found.dose.born_on) == (
            "nusinersen-12mg-us",
            patient.site_id,
            patient.born_on,
        )

    def test_the_booked_day_comes_before_the_target(self, dose: Dose, patient: Patient) -> None:
        course_services.book(dose=dose, on=date(2026, 7, 11), at_time=None, place="", by=BY, at=AT)
        assert asked(patient).dose.on == date(2026, 7, 11)

    def test_a_day_that_has_passed_counts_as_today(self, patient: Patient) -> None:
        courses.course(patient, planned_start=date(2026, 6, 1))
        assert asked(patient).dose.on == AT.date()

    def test_a_dose_given_elsewhere_may_lack_its_hour(self, patient: Patient) -> None:
        course = courses.course(patient, planned_start=GIVEN)
        course_services.record_elsewhere(course=course, given_on=GIVEN, mg=12, place="East", by=BY, at=AT)  # type: ignore[arg-type]
        assert asked(patient).dose.previous_at is None

    @pytest.mark.parametrize(
        ("last", "place"),
        [
            (date(2026, 3, 4), Place.MAINTENANCE),
            (date(2025, 11, 5), Place.MAINTENANCE),
            (date(2025, 11, 4), Place.CATCH_UP),
            (date(2023, 3, 5), Place.CATCH_UP),
            (date(2023, 3, 4), Place.FIRST),
        ],
    )
    def test_a_maintenance_dose_that_is_late_enough_becomes_another(
        self, patient: Patient, last: date, place: Place
    ) -> None:
        days = [last - timedelta(days=days) for days in (58, 44, 30, 0)]
        course = courses.course(patient, planned_start=days[0])
        for day in days:
            courses.give(course, day)
        assert asked(patient).dose.place is place

    def test_without_a_course_for_a_first_dose_today(self, patient: Patient) -> None:
        found = asked(patient)
        assert (found.dose_id, found.dose.on, found.dose.place) == (None, AT.date(), Place.FIRST)


@pytest.mark.usefixtures("begun")
class TestHowItIsRead:
    def test_by_the_sites_own_policy(self, patient: Patient) -> None:
        whole_set(patient, platelets=reported(value="80"))
        assert standing(patient) is Level.SIGN_OFF
        policy(patient.site, platelets_sign_off="70", platelets_stop="40")
        assert standing(patient) is Level.WATCH

    def test_a_sample_of_the_previous_doses_day_counts_from_its_hour(self, patient: Patient) -> None:
        log(patient, collected_at=datetime.combine(GIVEN, time(9), tzinfo=UTC))
        assert standing(patient) is Lapse.BEFORE_PREVIOUS
        log(patient, collected_at=datetime.combine(GIVEN, time(9, 1), tzinfo=UTC))
        assert standing(patient) is Level.WITHIN

    def test_a_voided_value_does_not_count(self, patient: Patient) -> None:
        row = whole_set(patient)["platelets"]
        services.void_result(result=row, reason="Clotted", by=BY, at=AT)
        assert standing(patient) is Lapse.MISSING

    def test_the_fall_is_from_the_first_value_on_record_however_many_lie_between(self, patient: Patient) -> None:
        for days, value in ((400, "400"), (300, "260"), (200, "260"), (100, "260")):
            log(patient, reported(value=value), collected_at=COLLECTED - timedelta(days=days))
        whole_set(patient, platelets=reported(value="250"))
        (reading,) = [each for each in queries.sheet_of(patient, AT).readings if each.analyte == "platelets"]
        assert (reading.level, reading.change and reading.change.percent) == (Level.WATCH, -37)

    def test_a_repeat_is_the_sample_just_before(self, patient: Patient) -> None:
        for minutes, value in ((0, "0.25"), (1, "0.10"), (2, "0.25")):
            urine = reported("urine_protein", value, "g/L")
            log(patient, urine, collected_at=COLLECTED + timedelta(minutes=minutes))
        assert standing(patient, "urine_protein") is Level.WATCH
        log(patient, reported("urine_protein", "0.25", "g/L"), collected_at=COLLECTED + timedelta(minutes=3))
        assert standing(patient, "urine_protein") is Level.SIGN_OFF

    def test_an_answer_that_was_taken_back_does_not_count(self, patient: Patient) -> None:
        row = whole_set(patient, platelets=reported(value="80"))["platelets"]
        saved = review(row, Level.SIGN_OFF)
        assert queries.sheet_of(patient, AT).lit.signal is Signal.READY
        services.withdraw_review(review=saved, reason="Misread", by=BY, at=AT)
        assert queries.sheet_of(patient, AT).lit.signal is Signal.NOT_READY


class TestManyAtOnce:
    def test_ten_patients_take_the_queries_of_one(
        self, site: Site, petra: User, nadia: User, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        patients = [courses.patient(site, f"Alder {number}") for number in range(10)]
        for patient in patients[:9]:
            courses.course(patient, planned_start=date(2026, 7, 6))
            row = log(patient, reported(value="80"), reported("inr", "1.0", "{INR}"), person=nadia)[0]
            review(row, Level.SIGN_OFF, person=petra)
        for some in (patients[:1], patients):
            with django_assert_num_queries(5 if len(some) == 10 else 4):
                found = queries.sheets(queries.asked_of([patient.pk for patient in some], AT))
            assert set(found) == {patient.pk for patient in some}
            assert all(sheet.lit.signal is Signal.NOT_READY for sheet in found.values())

    def test_nobody_asks_nothing(self, db: None, django_assert_num_queries: Callable[..., Any]) -> None:
        with django_assert_num_queries(0):
            assert queries.sheets([]) == {}


class TestWhatIsLeftToReview:
    def listed(self, *sites: Site) -> list[tuple[str, str]]:
        return [(row.patient, row.status.key) for row in queries.to_review(sites, AT)]

    def test_the_worst_comes_first_and_what_is_in_order_is_left_out(self, site: Site) -> None:
        for name, value in (("Alder", "140"), ("Birch", "49"), ("Cedar", "250"), ("Dogwood", "96")):
            log(courses.patient(site, name), reported(value=value))
        assert self.listed(site) == [
            ("BIRCH, Robin", "stop"),
            ("DOGWOOD, Robin", "sign_off"),
            ("ALDER, Robin", "watch"),
        ]

    def test_a_row_says_what_to_know(self, dose: Dose, patient: Patient) -> None:
        row = log(patient, reported(value="96"))[0]
        (found,) = queries.to_review([patient.site], AT)
        assert (found.value, found.collected, found.dose_day, found.url) == (
            "Platelets 96 ×10⁹/L",
            "2 Jul 2026",
            "9 Jul 2026",
            f"/labs/{row.pk}/review/",
        )

    def test_what_was_answered_for_is_left_out(self, site: Site) -> None:
        patient = courses.patient(site)
        review(log(patient, reported(value="96"))[0], Level.SIGN_OFF)
        assert self.listed(site) == []

    def test_a_stop_stays_until_the_second_person_confirmed_but_moves_to_those_who_wait(
        self, site: Site, petra: User, nadia: User
    ) -> None:
        patient = courses.patient(site)
        saved = review(log(patient, reported(value="49"))[0], Level.STOP, person=petra)
        assert self.listed(site) == []
        (waiting,) = queries.waiting_reviews([site], nadia.pk)
        assert (waiting.about, waiting.by, waiting.own) == ("Platelets 49 ×10⁹/L", "Petra Prescriber", False)
        assert queries.waiting_reviews([site], petra.pk)[0].own
        services.confirm_review(review=saved, by=person_actor(nadia), at=AT)
        assert queries.waiting_reviews([site], nadia.pk) == ()

    @pytest.mark.parametrize(
        ("value", "listed"),
        [
            (reported("inr", "1.2", "{INR}"), False),
            (reported("inr", "1.21", "{INR}"), True),
            (reported("aptt", "38", "s", high="38"), False),
            (reported("aptt", "38.1", "s", high="38"), True),
            (reported("aptt", "30", "s"), True),
            (reported("urine_protein", "0.2", "g/L"), False),
            (reported("urine_protein", "0.21", "g/L"), True),
            (reported("urine_protein", "0.3", "g/L", comparator="<"), True),
            (reported("urine_pcr", "0.21", "g/g"), True),
            (reported(value="155", low="160"), True),
        ],
        ids=lambda value: f"{value.comparator}{value.value} {value.analyte}" if hasattr(value, "value") else "",
    )
    def test_the_list_finds_what_the_rules_find(self, site: Site, value: Any, listed: bool) -> None:
        log(courses.patient(site), value)
        assert bool(self.listed(site)) is listed

    def test_a_fall_from_the_first_value_is_found(self, site: Site) -> None:
        patient = courses.patient(site)
        log(patient, reported(value="400"), collected_at=COLLECTED - timedelta(days=300))
        log(patient, reported(value="281"), collected_at=COLLECTED - timedelta(days=1))
        assert self.listed(site) == []
        log(patient, reported(value="280"))
        assert self.listed(site) == [("ALDER, Robin", "watch")]

    def test_a_looser_policy_of_one_regimen_takes_nothing_from_the_list_of_others(self, site: Site) -> None:
        policy(site, regimen_key="nusinersen-12mg-us", platelets_watch="100")
        patient = courses.patient(site)
        courses.course(patient)
        log(patient, reported(value="140"))
        log(courses.patient(site, "Birch"), reported(value="140"))
        assert self.listed(site) == [("BIRCH, Robin", "watch")]

    def test_old_values_other_sites_and_those_who_left_are_left_out(self, site: Site, other_site: Site) -> None:
        log(courses.patient(site), reported(value="49"), collected_at=AT - timedelta(days=90, seconds=1))
        log(courses.patient(other_site, "Birch"), reported(value="49"))
        assert self.listed(site) == []
        assert self.listed() == []

    def test_a_sample_from_before_the_last_dose_asks_for_nothing_more(self, begun: Course, patient: Patient) -> None:
        log(patient, reported(value="49"), collected_at=AT - timedelta(days=20))
        assert self.listed(patient.site) == []

    def test_ten_results_take_the_queries_of_one(
        self, site: Site, nadia: User, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        for number in range(10):
            patient = courses.patient(site, f"Alder {number}")
            log(patient, reported(value="96"), person=nadia)
        with django_assert_max_num_queries(7):
            assert len(self.listed(site)) == 10
