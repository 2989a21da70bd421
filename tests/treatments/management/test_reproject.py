"""Replaying every open course: what has drifted is mended, with its trail; everything else stays."""

import gc
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from clinic.audit.models import Entry
from clinic.staff.models import Site
from tests.factories import AT, BY
from tests.treatments.courses import builders, newer
from treatments.courses import services
from treatments.courses.models import Course, Dose
from treatments.courses.services.keeping import locked_open
from treatments.management import reprojecting
from treatments.rules.proposals import Choice, Matter, Verdict

FIRST = date(2026, 1, 5)
DRIFTED = date(2031, 1, 1)
SQLITE = connection.vendor == "sqlite"


@pytest.fixture
def course(site: Site) -> Course:
    """A course with two doses given, 5 and 19 January 2026: the next is L3 on 2 February."""
    return treated(site, "Alder")


def treated(site: Site, family_name: str, doses: int = 2) -> Course:
    course = builders.course(builders.patient(site, family_name), planned_start=FIRST)
    for number in range(doses):
        builders.give(course, FIRST + timedelta(days=14 * number))
    return course


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("reproject", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def last_line(*arguments: str) -> str:
    return re.sub(r", \d+ a second$", "", run(*arguments).splitlines()[-1])


def raw(sql: str, *values: date | UUID) -> None:
    """Write past the services, as somebody at the database's own prompt would."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [value.hex if isinstance(value, UUID) and SQLITE else value for value in values])


def drift(course: Course) -> Dose:
    """Move the stored dates of the next dose, and mislabel a given one, behind everybody's back."""
    dose = builders.next_dose(course)
    raw("UPDATE courses_dose SET target = %s, closes = %s WHERE id = %s", DRIFTED, DRIFTED, dose.pk)
    return dose


def stored(course: Course) -> list[str]:
    return [str(row) for row in Dose.objects.filter(course=course).order_by("ordinal").values()]


def test_a_course_in_order_is_left_alone(course: Course) -> None:
    before, entries = stored(course), Entry.objects.count()

    assert last_line() == "Done: 1 of 1 courses, 0 changed, 0 not replayed"
    assert stored(course) == before
    assert Entry.objects.count() == entries


def test_a_drifted_dose_is_mended_and_the_trail_says_so(course: Course) -> None:
    dose = drift(course)

    assert last_line() == "Done: 1 of 1 courses, 1 changed, 0 not replayed"
    dose.refresh_from_db()
    assert (dose.target, dose.closes) == (date(2026, 2, 2), date(2026, 2, 9))
    entry = Entry.objects.filter(target_id=str(dose.pk)).latest("pk")
    assert (entry.event, entry.process, entry.person_id) == ("courses.dose_replanned", "reproject", None)
    assert entry.changes == {
        "target": [str(DRIFTED), "2026-02-02"],
        "closes": [str(DRIFTED), "2026-02-09"],
    }


def test_a_label_that_drifted_on_a_given_dose_is_mended(course: Course) -> None:
    dose = Dose.objects.get(course=course, ordinal=1)
    raw("UPDATE courses_dose SET label = 'M9' WHERE id = %s", dose.pk)

    assert last_line() == "Done: 1 of 1 courses, 1 changed, 0 not replayed"
    dose.refresh_from_db()
    assert dose.label == "L1"


def test_a_second_run_changes_nothing(course: Course) -> None:
    drift(course)
    run()
    before, entries = stored(course), Entry.objects.count()

    assert last_line() == "Done: 1 of 1 courses, 0 changed, 0 not replayed"
    assert (stored(course), Entry.objects.count()) == (before, entries)


def test_a_dry_run_counts_and_changes_nothing(course: Course) -> None:
    dose, entries = drift(course), Entry.objects.count()

    assert last_line("--dry-run") == "Would be: 1 of 1 courses, 1 changed, 0 not replayed"
    dose.refresh_from_db()
    assert dose.target == DRIFTED
    assert Entry.objects.count() == entries


def test_one_site_can_be_replayed_alone(course: Course, other_site: Site) -> None:
    there = drift(treated(other_site, "Birch"))
    drift(course)

    assert last_line("--site", "Northfield") == "Done: 1 of 1 courses, 1 changed, 0 not replayed"
    there.refresh_from_db()
    assert there.target == DRIFTED


def test_a_stopped_course_is_left_out(course: Course) -> None:
    services.stop_course(course=course, on=date(2026, 7, 1), reason="Moved", by=BY, at=AT)
    assert last_line() == "Done: 0 of 0 courses, 0 changed, 0 not replayed"


def test_a_hold_changes_nothing_that_is_stored(course: Course) -> None:
    services.hold_course(
        course=course, from_on=date(2026, 7, 1), reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )
    assert last_line() == "Done: 1 of 1 courses, 0 changed, 0 not replayed"


def test_a_course_that_cannot_be_replayed_is_named_by_its_id_and_the_next_one_follows(site: Site) -> None:
    courses = sorted((treated(site, name) for name in ("Alder", "Birch", "Cedar")), key=lambda course: course.pk)
    broken = courses[1]
    drift(courses[0])
    drift(courses[2])
    voided = "UPDATE courses_dose SET voided_at = %s, void_reason = 'Slip' WHERE course_id = %s AND ordinal = 1"
    raw(voided, AT, broken.pk)

    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="1 of 3 courses could not be replayed") as ended:
        call_command("reproject", stdout=out, stderr=err)
    assert ended.value.returncode == 1
    assert err.getvalue() == f"Course {broken.pk} could not be replayed: KeyError\n"
    assert "Done: 3 of 3 courses, 2 changed, 1 not replayed" in out.getvalue()


def test_an_unknown_site_ends_with_2_and_names_those_there_are(site: Site) -> None:
    with pytest.raises(CommandError, match="There is no site “Nowhere”; there are: Northfield") as ended:
        run("--site", "Nowhere")
    assert ended.value.returncode == 2


@pytest.mark.parametrize(("batch", "lines"), [(1, 4), (2, 2), (3, 2), (5, 1)])
def test_progress_is_told_after_every_batch(
    batch: int, lines: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Alder", "Birch", "Cedar"):
        treated(site, name, doses=0)
    monkeypatch.setattr("treatments.management.commands.reproject.BATCH", batch)
    monkeypatch.setattr(reprojecting, "BATCH", batch)

    told = run().splitlines()
    assert len(told) == lines
    assert told[-1].startswith("Done: 3 of 3 courses, 0 changed")
    assert all(
        re.fullmatch(r"(Done: )?\d of 3 courses, 0 changed, 0 not replayed, \d+ a second", line) for line in told
    )


def queries_of_a_run() -> int:
    with CaptureQueriesContext(connection) as asked:
        run()
    return len(asked)


def test_courses_in_order_cost_the_same_few_queries_however_many_there_are_and_however_long(site: Site) -> None:
    empty = queries_of_a_run()
    treated(site, "Alder")
    one = queries_of_a_run()
    for name in ("Birch", "Cedar", "Dogwood"):
        treated(site, name, doses=4)
    assert queries_of_a_run() == one == empty + 7


def test_each_batch_costs_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprojecting, "BATCH", 2)
    for name in ("Alder", "Birch"):
        treated(site, name, doses=1)
    one_batch = queries_of_a_run()
    for name in ("Cedar", "Dogwood"):
        treated(site, name, doses=1)
    assert queries_of_a_run() == one_batch + 7


def test_only_a_course_that_differs_is_locked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    courses = [treated(site, name) for name in ("Alder", "Birch", "Cedar")]
    drift(courses[1])
    locked: list[UUID] = []

    def noted(course_id: UUID) -> Course:
        locked.append(course_id)
        return locked_open(course_id)

    monkeypatch.setattr(reprojecting, "locked_open", noted)
    assert last_line() == "Done: 3 of 3 courses, 1 changed, 0 not replayed"
    assert locked == [courses[1].pk]


def test_what_happened_to_a_course_since_it_was_read_counts(course: Course) -> None:
    """The batch is read, then a dose is given, then the course is mended: under the lock it is read again."""
    drift(course)

    def given() -> datetime:
        builders.give(course, date(2026, 2, 2))
        return AT

    runs = reprojecting.reproject(reprojecting.open_courses(), by=BY, clock=given)
    assert [replayed.changed for replayed in runs] == [False]
    assert (builders.next_dose(course).label, builders.next_dose(course).target) == ("L4", date(2026, 3, 4))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE courses_dose SET why = 'Because.' WHERE is_next",
        "UPDATE courses_dose SET flags = '[\"tight\"]' WHERE is_next",
        "UPDATE courses_dose SET mg = 11.5 WHERE is_next",
        "UPDATE courses_dose SET needs_review = TRUE WHERE is_next",
        "UPDATE courses_dose SET restart_from = '2030-01-01' WHERE is_next",
        "UPDATE courses_dose SET ordinal = 9 WHERE ordinal = 1",
        "UPDATE courses_dose SET flags = '[\"tight\"]' WHERE ordinal = 1",
        "UPDATE courses_dose SET voided_at = created_at, void_reason = 'Slip' WHERE is_next",
    ],
)
def test_whatever_drifted_is_seen_and_mended(course: Course, sql: str) -> None:
    plan = [(dose.label, dose.target, dose.mg, dose.why, dose.flags) for dose in Dose.objects.order_by("ordinal")]
    raw(sql)
    assert last_line() == "Done: 1 of 1 courses, 1 changed, 0 not replayed"
    standing = Dose.objects.standing().order_by("ordinal")
    assert [(dose.label, dose.target, dose.mg, dose.why, dose.flags) for dose in standing] == plan
    assert last_line() == "Done: 1 of 1 courses, 0 changed, 0 not replayed"


def test_courses_after_decisions_holds_and_switches_are_in_order(site: Site) -> None:
    """What the services left is what is worked out from rows that were read together."""
    partly, on_hold, before = (newer.loaded(site, name, 2) for name in ("Alder", "Birch", "Cedar"))
    tried = services.Attempted(on=newer.TODAY, reason="no_access", mg=Decimal(6))
    attempt = services.record_partial(dose=builders.next_dose(partly), attempted=tried, by=BY, at=AT)
    answer = services.Answer(Matter.PARTIAL, Choice(Verdict.COUNTS), attempt=str(attempt.pk), reason="Enough went in")
    services.decide(course=partly, answer=answer, by=BY, at=AT)
    services.hold_course(
        course=on_hold, from_on=newer.TODAY, reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )
    switch = {"from": [builders.US_12MG["key"]], "mg": 50, "ml": 5}
    high = builders.regimen(builders.US_12MG | {"key": "high", "name": "High", "default": False, "switch": switch})
    day = newer.TODAY + timedelta(days=20)
    services.switch_course(course=before, regimen=high, day=day, reason="Stronger", by=BY, at=AT)
    assert queries_of_a_run() == 2 + 8
    assert last_line() == "Done: 3 of 3 courses, 0 changed, 0 not replayed"


def most_rows_alive(count: int) -> int:
    """Replay `count` courses and return the most rows that were in memory between two of them."""
    replays = reprojecting.reproject(reprojecting.open_courses(), by=BY, clock=lambda: AT)
    # By type: asking a lazy object of an earlier test what it is an instance of would make it work itself out.
    alive = [sum(issubclass(type(thing), Model) for thing in gc.get_objects()) for _ in replays if gc.collect() >= 0]
    assert len(alive) == count
    return max(alive)


def test_no_row_stays_in_memory_once_its_course_is_done(site: Site) -> None:
    for name in ("Alder", "Birch"):
        treated(site, name)
    few = most_rows_alive(2)
    for name in ("Cedar", "Dogwood", "Elm", "Fir", "Gorse"):
        treated(site, name)
    assert most_rows_alive(7) <= few


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_keys_are_read_a_batch_at_a_time(count: int, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprojecting, "BATCH", 2)
    for number in range(count):
        treated(site, f"Alder{number}", doses=0)
    with CaptureQueriesContext(connection) as asked:
        run()
    batches = [query["sql"] for query in asked if query["sql"].endswith("LIMIT 2")]
    assert len(batches) == (count + 1) // 2 + 1


def test_courses_are_found_once_each_across_batches(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprojecting, "BATCH", 2)
    made = {treated(site, name, doses=0).pk for name in ("Alder", "Birch", "Cedar", "Dogwood", "Elm")}
    found = [
        replayed.course_id for replayed in reprojecting.reproject(reprojecting.open_courses(), by=BY, clock=lambda: AT)
    ]
    assert len(found) == 5
    assert set(found) == made


def test_a_course_stopped_before_it_is_mended_is_passed_over(course: Course, other_site: Site) -> None:
    other = treated(other_site, "Birch")
    for each in (course, other):
        drift(each)
    both = reprojecting.reproject(reprojecting.open_courses(), by=BY, clock=lambda: AT)
    first = next(both)
    services.stop_course(
        course=other if first.course_id == course.pk else course,
        on=date(2026, 7, 1), reason="Moved", by=BY, at=AT,
    )  # fmt: skip
    assert list(both) == []
