"""Courses take the versions in force as somebody saw them: each by itself, once, and none half."""

import uuid
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from clinic.audit.models import Entry
from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site, SitePolicy
from tests import factories
from tests.clinic.records.test_together import AT_ONCE, at_once
from tests.factories import AT, BY
from tests.treatments.courses import builders, newer
from tests.treatments.courses.builders import US_12MG
from tests.treatments.courses.newer import FIVE_MONTHS, TODAY
from treatments.courses import events, services
from treatments.courses.models import Course, Decision, Dose
from treatments.courses.queries import versions as queries
from treatments.courses.queries.versions import Shown
from treatments.courses.services.together import (
    Came,
    ChangedMeanwhile,
    migrate_as_shown,
    migrate_together,
)

MEANWHILE = "This course, or what is in force, changed meanwhile; look at it again."


@pytest.fixture
def courses(site: Site) -> list[Course]:
    """Three courses, of which M1 is due on 4 November; under version 2 it is 4 December."""
    courses = [newer.loaded(site, name) for name in ("Alder", "Birch", "Cedar")]
    newer.version(maintenance=FIVE_MONTHS)
    return courses


def seen(*courses: Course) -> list[Shown]:
    sites = [course.site for course in courses]
    rows = {row.course_id: row for row in queries.page(sites, queries.newer(sites, AT), AT, None).rows}
    return [Shown(course.pk, rows[course.pk].mark) for course in courses]


def together(shown: list[Shown], key: uuid.UUID | None = None, reason: str = "The label changed") -> list[Came]:
    return list(migrate_together(shown=shown, reason=reason, by=BY, at=AT, submission=key or uuid.uuid4()))


def versions() -> list[tuple[int, date | None]]:
    rows = Dose.objects.standing().filter(is_next=True).order_by("patient__family_name")
    return list(rows.values_list("course__regimen__version__number", "target"))


BEFORE, AFTER = (1, date(2026, 11, 4)), (2, date(2026, 12, 4))


class TestAsItWasShown:
    def test_a_course_as_it_was_seen_takes_both_newer_versions(self, site: Site, courses: list[Course]) -> None:
        policy = newer.policy(site, maintenance_days_after=10)
        (shown,) = seen(courses[0])
        course = migrate_as_shown(shown=shown, reason="The label changed", by=BY, at=AT)
        assert (course.regimen.version.number, course.policy) == (2, policy)
        dose = builders.next_dose(course)
        assert (dose.target, dose.closes) == (date(2026, 12, 4), date(2026, 12, 14))
        assert Decision.objects.get().reason == "The label changed"

    def test_a_dose_recorded_meanwhile_is_told_and_nothing_moves(self, courses: list[Course]) -> None:
        (shown,) = seen(courses[0])
        services.record_elsewhere(
            course=courses[0], given_on=date(2026, 7, 3), mg=Decimal(12), place="Eastbrook", by=BY, at=AT
        )
        with pytest.raises(ChangedMeanwhile, match=MEANWHILE):
            migrate_as_shown(shown=shown, reason="The label changed", by=BY, at=AT)
        assert not Decision.objects.exists()

    def test_a_version_published_meanwhile_is_told(self, courses: list[Course]) -> None:
        (shown,) = seen(courses[0])
        newer.version()
        with pytest.raises(ChangedMeanwhile):
            migrate_as_shown(shown=shown, reason="The label changed", by=BY, at=AT)

    def test_a_course_migrated_meanwhile_has_nothing_newer(self, courses: list[Course]) -> None:
        (shown,) = seen(courses[0])
        migrate_as_shown(shown=shown, reason="First", by=BY, at=AT)
        with pytest.raises(services.NothingNewer, match="newest versions already"):
            migrate_as_shown(shown=shown, reason="Second", by=BY, at=AT)

    def test_the_same_form_counts_once(self, courses: list[Course]) -> None:
        (shown,), key = seen(courses[0]), uuid.uuid4()
        migrate_as_shown(shown=shown, reason="First", by=BY, at=AT, submission=key)
        with pytest.raises(AlreadySubmitted):
            migrate_as_shown(shown=shown, reason="First", by=BY, at=AT, submission=key)
        assert Decision.objects.get().submission == key

    def test_without_a_reason_nothing_moves(self, courses: list[Course]) -> None:
        with pytest.raises(services.ReasonMissing):
            migrate_as_shown(shown=seen(courses[0])[0], reason="", by=BY, at=AT)
        assert versions() == [BEFORE] * 3

    def test_a_stopped_course_and_a_patient_who_left_are_refused(self, courses: list[Course]) -> None:
        stopped, left = seen(*courses[:2])
        services.stop_course(course=courses[0], on=TODAY, reason="Moved", by=BY, at=AT)
        change_care_status(
            patient=courses[1].patient, to=CareStatus.TRANSFERRED, on=TODAY, reason="Moved", by=BY, at=AT
        )
        with pytest.raises(services.CourseStopped):
            migrate_as_shown(shown=stopped, reason="The label changed", by=BY, at=AT)
        with pytest.raises(services.PatientNotInCare):
            migrate_as_shown(shown=left, reason="The label changed", by=BY, at=AT)

    def test_a_version_that_cannot_carry_the_course_is_refused(self, site: Site) -> None:
        course = newer.loaded(site, "Alder")
        high = US_12MG | {"key": "high", "name": "High dose", "default": False}
        regimen = builders.regimen(high | {"switch": {"from": [US_12MG["key"]], "mg": 50, "ml": 5}})
        day = builders.next_dose(course).target
        assert day is not None
        after = services.switch_course(course=course, regimen=regimen, day=day, reason="Stronger", by=BY, at=AT)
        newer.version(high)
        with pytest.raises(services.NotAvailableHere, match="does not know the switch"):
            migrate_as_shown(shown=seen(after)[0], reason="The label changed", by=BY, at=AT)


class TestTogether:
    def test_all_take_the_newer_version_with_one_reason_and_a_trail_each(self, courses: list[Course]) -> None:
        assert together(seen(*courses)) == [Came(course.pk) for course in courses]
        assert versions() == [AFTER] * 3
        assert set(Decision.objects.values_list("matter", "reason")) == {("version", "The label changed")}
        migrated = Entry.objects.filter(event=events.COURSE_MIGRATED)
        assert set(migrated.values_list("target_id", flat=True)) == {str(course.pk) for course in courses}
        assert set(migrated.values_list("reason", flat=True)) == {"The label changed"}

    def test_one_that_changed_meanwhile_is_named_and_the_others_go_on(self, courses: list[Course]) -> None:
        shown = seen(*courses)
        services.stop_course(course=courses[0], on=TODAY, reason="Moved", by=BY, at=AT)
        services.record_elsewhere(
            course=courses[1], given_on=date(2026, 7, 3), mg=Decimal(12), place="Eastbrook", by=BY, at=AT
        )
        stopped, changed, migrated = together(shown)
        assert stopped.refusal.startswith("This course was stopped on 4 Jul 2026")
        assert (changed.refusal, migrated.refusal) == (MEANWHILE, "")
        assert [number for number, _ in versions()] == [1, 1, 2]
        assert Decision.objects.get().course == courses[2]

    def test_rows_that_cannot_be_as_they_are_stop_only_their_own_course(self, courses: list[Course]) -> None:
        shown = seen(*courses)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE courses_dose SET voided_at = %s, void_reason = 'Slip' WHERE label = 'L1' AND patient_id = %s",
                [AT, courses[0].patient_id.hex if connection.vendor == "sqlite" else courses[0].patient_id],
            )
        broken, *others = together(shown)
        assert broken.refusal == "Its doses cannot be worked out anew under the newer version."
        assert [each.refusal for each in others] == ["", ""]
        assert versions() == [BEFORE, AFTER, AFTER]
        assert not Entry.objects.filter(event=events.COURSE_MIGRATED, target_id=str(courses[0].pk)).exists()

    def test_the_same_form_twice_migrates_each_course_once(self, courses: list[Course]) -> None:
        shown, key = seen(*courses), uuid.uuid4()
        together(shown, key)
        assert together(shown, key) == [Came(course.pk, before=True) for course in courses]
        assert Decision.objects.count() == 3

    def test_a_course_that_was_refused_is_tried_again_by_the_same_form(self, courses: list[Course]) -> None:
        shown, key = seen(*courses[:2]), uuid.uuid4()
        stale = Shown(courses[1].pk, "0" * 32)
        assert [came.refusal for came in together([shown[0], stale], key)] == ["", MEANWHILE]
        assert together(shown, key) == [Came(courses[0].pk, before=True), Came(courses[1].pk)]


@pytest.mark.usefixtures("several_connections")
class TestAtOnce:
    def test_of_several_prescribers_one_migrates_each_course_and_the_others_are_told(self) -> None:
        site = factories.site("Northfield")
        courses = [newer.loaded(site, name, 1) for name in ("Alder", "Birch")]
        newer.version(maintenance=FIVE_MONTHS)
        newer.policy(site)
        shown = seen(*courses)

        refusals: list[str] = []

        def act(number: int) -> str:
            # Half of them begin at the other end of the list.
            refusals.extend(came.refusal for came in together(shown if number % 2 else shown[::-1]))
            return ""

        at_once(act)
        newest = "This course stands on the newest versions already."
        assert Counter(refusals) == {"": 2, newest: 2 * (AT_ONCE - 1)}
        assert Decision.objects.count() == 2
        assert Entry.objects.filter(event=events.COURSE_MIGRATED).count() == 2
        assert {course.policy_id for course in Course.objects.all()} == {SitePolicy.objects.latest("pk").pk}

    def test_one_form_sent_several_times_at_once_counts_once(self) -> None:
        course = newer.loaded(factories.site("Northfield"), "Alder", 1)
        newer.version(maintenance=FIVE_MONTHS)
        shown, key = seen(course), uuid.uuid4()

        def act(_: int) -> str:
            (came,) = together(shown, key)
            return came.refusal or ("before" if came.before else "migrated")

        assert at_once(act) == {"migrated": 1, "before": AT_ONCE - 1}
        assert Decision.objects.count() == 1
