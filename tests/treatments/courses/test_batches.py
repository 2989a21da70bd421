"""Several courses read together are what each of them is alone, for a fixed number of queries."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from clinic.staff.models import Site
from monographs.models import Regimen
from tests.factories import AT, BY
from tests.treatments.courses import builders, newer
from tests.treatments.courses.builders import US_12MG
from treatments.courses import services
from treatments.courses.batches import histories
from treatments.courses.models import Administration, Course, Dose, Hold
from treatments.courses.series import series_of
from treatments.rules.proposals import Choice, Matter, Verdict

JOINED = ("site", "patient", "regimen__version", "policy")


@pytest.fixture
def high(db: None) -> Regimen:
    """A regimen to which the usual one can be changed."""
    switch = {"from": [US_12MG["key"]], "mg": 50, "ml": 5}
    return builders.regimen(US_12MG | {"key": "high", "name": "High dose", "default": False, "switch": switch})


def read(*courses: Course) -> list[Course]:
    rows = Course.objects.select_related(*JOINED).in_bulk([course.pk for course in courses])
    return [rows[course.pk] for course in courses]


def same(*courses: Course) -> bool:
    found = read(*courses)
    together = histories(found)
    return [together.series_of(course) for course in found] == [series_of(course) for course in found]


def partly(course: Course) -> Administration:
    tried = services.Attempted(on=newer.TODAY, reason="no_access", mg=Decimal(6))
    return services.record_partial(dose=builders.next_dose(course), attempted=tried, by=BY, at=AT)


def held(course: Course) -> Hold:
    return services.hold_course(
        course=course, from_on=newer.TODAY, reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )


def test_each_is_what_it_is_alone(site: Site) -> None:
    new, begun, loaded = (newer.loaded(site, f"P{doses}", doses) for doses in (0, 2, 4))
    assert same(new, begun, loaded)


def test_a_hold_is_told_while_it_stands(site: Site) -> None:
    on_hold, resumed = newer.loaded(site, "Alder"), newer.loaded(site, "Birch")
    held(on_hold)
    services.resume_course(hold=held(resumed), on=newer.TODAY, by=BY, at=AT)
    assert same(on_hold, resumed)
    together = histories(read(on_hold, resumed))
    assert [together.series_of(course).held for course in read(on_hold, resumed)] == [True, False]


def test_decisions_are_read_and_those_withdrawn_are_not(site: Site) -> None:
    kept, taken_back = newer.loaded(site, "Alder", 2), newer.loaded(site, "Birch", 2)
    for course in (kept, taken_back):
        attempt = partly(course)
        answer = services.Answer(
            Matter.PARTIAL, Choice(Verdict.COUNTS), attempt=str(attempt.pk), reason="Enough went in"
        )
        decision = services.decide(course=course, answer=answer, by=BY, at=AT)
    services.withdraw_decision(decision=decision, reason="Slip", by=BY, at=AT)
    assert same(kept, taken_back)
    together = histories(read(kept, taken_back))
    assert [len(together.decisions.get(course.pk, [])) for course in (kept, taken_back)] == [1, 0]


def test_a_voided_administration_is_not_read(site: Site) -> None:
    course = newer.loaded(site, "Alder", 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE courses_administration SET voided_at = %s, void_reason = 'Slip'", [AT])
    assert same(course)
    assert histories(read(course)).administrations == {}


def test_a_course_after_a_switch_knows_the_dose_before_it(site: Site, high: Regimen) -> None:
    before, alone = newer.loaded(site, "Alder"), newer.loaded(site, "Birch")
    day = builders.next_dose(before).target
    assert day is not None
    after = services.switch_course(course=before, regimen=high, day=day, reason="Stronger", by=BY, at=AT)
    assert same(after, alone)
    assert histories(read(after)).series_of(after).previous_on == newer.TODAY


def test_a_rule_is_read_once_for_all_courses_on_it(site: Site) -> None:
    courses = read(newer.loaded(site, "Alder", 0), newer.loaded(site, "Birch", 0))
    together = histories(courses)
    first, second = (together.series_of(course).regimen for course in courses)
    assert first is second
    assert together.rule_of(courses[0].regimen) is first


def test_no_course_takes_no_query_beyond_the_empty_ones(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert histories([]).administrations == {}


def test_the_queries_do_not_grow_with_the_courses(site: Site, high: Regimen) -> None:
    courses = [newer.loaded(site, f"P{number}", number) for number in range(5)]
    with CaptureQueriesContext(connection) as one:
        histories(read(courses[0]))
    with CaptureQueriesContext(connection) as all_of_them:
        found = read(*courses)
        together = histories(found)
        assert len([together.series_of(course) for course in found]) == 5
    assert len(one) == len(all_of_them) == 4
    day = Dose.objects.get(course=courses[4], is_next=True).target
    assert day is not None
    switched = services.switch_course(course=courses[4], regimen=high, day=day, reason="Stronger", by=BY, at=AT)
    with CaptureQueriesContext(connection) as with_a_switch:
        histories(read(*courses[:4], switched))
    assert len(with_a_switch) == 5
