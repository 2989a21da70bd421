"""A running course takes a newer version of its regimen or policy: only when somebody says so, and then throughout."""

from datetime import date
from typing import Any

import pytest

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records.writing import StaleRecord
from clinic.staff.models import Site, SitePolicy, User
from monographs.models import Regimen, Version
from tests.factories import BY
from tests.treatments.courses import builders
from tests.treatments.courses.builders import US_12MG
from tests.treatments.courses.decided import (
    NOW,
    TODAY,
    TWO,
    begun,
    counted_anew,
    day,
    decide,
    high_dose,
    next_policy,
    next_version,
    planned,
    series_as_stored,
)
from treatments.courses import services
from treatments.courses.models import Booking, Course, Decision
from treatments.courses.series import series_of
from treatments.courses.services.migrating import migrated
from treatments.rules.proposals import Matter
from treatments.rules.schedule import forecast

# Loaded so that M1 falls due on 30 November.
LOADED = ("2026-05-25", "2026-06-08", "2026-06-22", "2026-07-30")
FIVE_MONTHS = US_12MG["maintenance"] | {"every": "5 months"}
LONGER = [*US_12MG["loading"][:3], US_12MG["loading"][3] | {"after": "35 days"}]


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


@pytest.fixture
def course(patient: Patient) -> Course:
    return begun(patient, *LOADED)


def migrate(course: Course, regimen: Regimen | None = None, policy: SitePolicy | None = None, **facts: Any) -> Course:
    values: dict[str, Any] = {"reason": "The label changed", "by": BY, "at": NOW} | facts
    return services.migrate_course(
        course=course, regimen=regimen or course.regimen, policy=policy or course.policy, **values
    )


class TestWhatMoves:
    def test_a_version_that_is_merely_published_moves_nothing(self, course: Course, site: Site) -> None:
        before = series_as_stored(course)
        next_version(course.regimen, maintenance=FIVE_MONTHS)
        next_policy(site, maintenance_days_before=3)
        counted_anew(course)
        assert series_as_stored(course) == before

    def test_the_date_is_what_the_new_version_says(self, course: Course) -> None:
        migrate(course, next_version(course.regimen, maintenance=FIVE_MONTHS))
        stored = planned(course)
        assert (stored["label"], stored["target"], stored["opens"]) == ("M1", day("2026-12-30"), day("2026-12-23"))

    def test_the_window_is_what_the_new_policy_says(self, course: Course, site: Site) -> None:
        migrate(course, policy=next_policy(site, maintenance_days_before=3, maintenance_days_after=5))
        stored = planned(course)
        assert (stored["target"], stored["opens"], stored["closes"]) == tuple(
            map(day, ("2026-11-30", "2026-11-27", "2026-12-05"))
        )

    def test_everything_else_about_the_dose_stays(self, course: Course) -> None:
        before = planned(course)
        migrate(course, next_version(course.regimen, maintenance=FIVE_MONTHS))
        changed = {name for name, value in planned(course).items() if value != before[name]}
        assert changed == {"target", "opens", "closes", "why"}

    def test_other_courses_stay_where_they_stand(self, course: Course, site: Site) -> None:
        other = begun(builders.patient(site, "Birch"), *LOADED)
        before = series_as_stored(other)
        migrate(course, next_version(course.regimen, maintenance=FIVE_MONTHS))
        counted_anew(other)
        assert series_as_stored(other) == before

    def test_doses_behind_are_counted_anew_and_keep_their_days(self, patient: Patient, site: Site) -> None:
        """Six days early satisfied the place on 30 November; at most three days early it would not have."""
        course = begun(patient, *LOADED, "2026-11-24")
        assert planned(course)["target"] == day("2027-03-30")
        migrate(course, policy=next_policy(site, early_days=3))
        stored = planned(course)
        assert (stored["target"], stored["flags"]) == (day("2027-03-24"), ["early_reanchored"])
        given = course.administrations.order_by("given_on").values_list("given_on", flat=True)
        assert [each.isoformat() for each in given] == [*LOADED, "2026-11-24"]

    def test_a_booking_stays_where_it_was(self, course: Course) -> None:
        dose = builders.next_dose(course)
        services.book(dose=dose, on=day("2026-11-30"), at_time=None, place="", by=BY, at=NOW)
        migrate(course, next_version(course.regimen, maintenance=FIVE_MONTHS))
        booking = Booking.objects.get()
        assert (booking.on, booking.dose, booking.cancelled_at) == (day("2026-11-30"), builders.next_dose(course), None)

    def test_a_decision_in_force_stays_in_force(self, patient: Patient) -> None:
        course = begun(patient)
        decide(course, Matter.INTERRUPTED, TWO, "2026-12-01")
        migrate(course, next_version(course.regimen, maintenance=FIVE_MONTHS))
        assert (planned(course)["label"], planned(course)["target"]) == ("C1", day("2026-12-01"))

    def test_what_is_stored_is_the_replay_under_the_new_versions(self, course: Course, site: Site) -> None:
        regimen = next_version(course.regimen, maintenance=FIVE_MONTHS, loading=LONGER)
        policy = next_policy(site, maintenance_days_after=20)
        expected = forecast(migrated(series_of(course), regimen, policy), TODAY).next
        new = migrate(course, regimen, policy)
        stored = planned(new)
        assert (stored["target"], stored["closes"], stored["why"]) == (expected.target, expected.closes, expected.why)
        before = series_as_stored(new)
        counted_anew(new)
        assert series_as_stored(new) == before

    def test_another_migration_undoes_it(self, course: Course) -> None:
        old, before = course.regimen, planned(course)
        migrate(migrate(course, next_version(old, maintenance=FIVE_MONTHS)), old, reason="Too early")
        assert planned(course) == before


class TestWhatIsKept:
    def test_which_versions_and_what_moved(self, course: Course, site: Site, petra: User) -> None:
        regimen, policy = next_version(course.regimen, maintenance=FIVE_MONTHS), next_policy(site)
        migrate(course, regimen, policy, by=person_actor(petra))
        decision = Decision.objects.get()
        assert (decision.matter, decision.answer, decision.plan, decision.rules) == ("version", "accepted", "", [10])
        stood = "The course stood on monograph version 1 and the policy of 1 Jan 2020"
        assert decision.proposal == stood
        assert decision.answer_words == "It stands on monograph version 2 and the policy of 24 Nov 2026"
        assert (decision.reason, decision.source) == ("The label changed", "Ward meeting")
        assert (decision.after_on, decision.made_on, decision.decided_by) == (day("2026-07-30"), TODAY, petra)
        assert decision.before[:2] == [["M1", "2026-11-30", "12"], ["M2", "2027-03-30", "12"]]
        assert decision.after[:2] == [["M1", "2026-12-30", "12"], ["M2", "2027-05-30", "12"]]

    def test_each_step_stands_in_the_trail(self, course: Course, petra: User) -> None:
        old = course.regimen
        regimen = next_version(old, maintenance=FIVE_MONTHS)
        migrate(course, regimen, by=person_actor(petra))
        events = Entry.objects.filter(person=petra).order_by("id").values_list("event", flat=True)
        assert list(events) == ["courses.course_migrated", "courses.dose_replanned", "courses.decided"]
        entry = Entry.objects.get(event="courses.course_migrated")
        assert entry.changes == {"regimen": [str(old.pk), str(regimen.pk)]}
        assert entry.reason == "The label changed"

    def test_it_is_not_withdrawn(self, course: Course) -> None:
        migrate(course, next_version(course.regimen))
        with pytest.raises(services.TooLateToWithdraw):
            services.withdraw_decision(decision=Decision.objects.get(), reason="No", by=BY, at=NOW)


class TestWhatIsRefused:
    def test_the_versions_it_stands_on(self, course: Course) -> None:
        with pytest.raises(services.NothingNewer, match=r"^This course stands on these versions already\.$"):
            migrate(course)

    def test_another_regimen(self, course: Course) -> None:
        with pytest.raises(services.NotAvailableHere, match="a version of another regimen, or the policy of another"):
            migrate(course, high_dose())

    def test_the_policy_of_another_site(self, course: Course, other_site: Site) -> None:
        with pytest.raises(services.NotAvailableHere):
            migrate(course, policy=SitePolicy.objects.get(site=other_site))

    def test_a_draft(self, course: Course) -> None:
        with pytest.raises(services.NotAvailableHere, match="is a draft; it must be published first"):
            migrate(course, next_version(course.regimen, state=Version.State.DRAFT))

    def test_a_policy_before_its_first_day(self, course: Course, site: Site) -> None:
        with pytest.raises(services.NotAvailableHere, match=r"^That policy is in force from 25 Nov 2026 on\.$"):
            migrate(course, policy=next_policy(site, day("2026-11-25")))
        assert migrate(course, policy=next_policy(site, day("2026-11-24"))).policy.source == "Ward meeting"

    def test_a_version_without_the_switch_dose_with_which_the_course_began(self, course: Course) -> None:
        facts: dict[str, Any] = {"reason": "Weaker", "by": BY, "at": NOW}
        new = services.switch_course(course=course, regimen=high_dose(), day=day("2026-11-30"), **facts)
        with pytest.raises(services.NotAvailableHere, match="knows no switch dose, with which this course began"):
            migrate(new, next_version(new.regimen, switch=None))
        assert migrate(new, next_version(new.regimen)).is_open

    def test_no_reason(self, course: Course) -> None:
        with pytest.raises(services.ReasonMissing, match=r"^Say why the course takes the new version\.$"):
            migrate(course, next_version(course.regimen), reason="")
        assert not Decision.objects.exists()

    def test_a_course_that_was_stopped(self, course: Course) -> None:
        services.stop_course(course=course, on=TODAY, reason="Another therapy", by=BY, at=NOW)
        with pytest.raises(services.CourseStopped):
            migrate(course, next_version(course.regimen))

    def test_a_form_made_from_another_version_of_the_course(self, course: Course) -> None:
        regimen = next_version(course.regimen, maintenance=FIVE_MONTHS)
        with pytest.raises(StaleRecord):
            migrate(course, regimen, expected=course.version + 1)
        assert planned(course)["target"] == date(2026, 11, 30)

    def test_the_same_form_twice_migrates_once(self, course: Course) -> None:
        regimen = next_version(course.regimen)
        migrate(course, regimen, expected=course.version)
        with pytest.raises(services.NothingNewer):
            migrate(course, regimen, expected=course.version)
        assert Decision.objects.count() == 1
