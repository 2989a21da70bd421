"""Which courses stand on older versions, and what the newer ones would change about each."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.records import writing
from clinic.staff.models import Site
from monographs.models import Regimen
from tests.factories import AT, BY
from tests.treatments.courses import builders, newer
from tests.treatments.courses.builders import US_12MG
from tests.treatments.courses.newer import FIVE_MONTHS, TODAY
from tests.treatments.worklist.builders import Planned, seed
from treatments.courses import services
from treatments.courses.models import Course
from treatments.courses.queries import versions as queries
from treatments.courses.queries.versions import Behind, Comparison, Cursor, Page
from treatments.courses.series import policy_of, series_of
from treatments.courses.services.deciding import COMPARED
from treatments.rules.newer_versions import change

TOMORROW = TODAY + timedelta(days=1)
LATE = {"source": "Label", "bands": [{"from": "8 months", "doses": 3, "apart": "14 days"}]}


@pytest.fixture
def course(site: Site) -> Course:
    """M1 is due on 4 November 2026."""
    return newer.loaded(site, "Alder")


def page(*sites: Site, cursor: Cursor | None = None, now: datetime = AT, moving: bool | None = None) -> Page:
    return queries.page(sites, queries.newer(sites, now), now, cursor, moving=moving)


def count(*sites: Site) -> int:
    return queries.count(sites, queries.newer(sites, AT))


def rows(*sites: Site, moving: bool | None = None) -> list[Behind]:
    return list(page(*sites, moving=moving).rows)


def patients(*sites: Site, moving: bool | None = None) -> list[str]:
    return [row.patient.split(",")[0] for row in rows(*sites, moving=moving)]


def compared(course: Course) -> Comparison | None:
    joined = ("site", "patient", "regimen__version", "policy")
    return queries.comparison(Course.objects.select_related(*joined).get(pk=course.pk), AT)


class TestWhoStandsBehind:
    def test_nobody_while_nothing_newer_is_in_force(self, site: Site, course: Course) -> None:
        assert (rows(site), count(site), compared(course)) == ([], 0, None)

    def test_a_newer_monograph_leaves_every_course_on_the_one_before(self, site: Site, course: Course) -> None:
        newer.version()
        (row,) = rows(site)
        assert (row.course_id, row.versions) == (course.pk, (("Monograph", "version 1", "version 2"),))

    def test_a_newer_policy_leaves_every_course_on_the_one_before(self, site: Site, course: Course) -> None:
        newer.policy(site)
        (row,) = rows(site)
        assert row.versions == (("Site policy", "from 1 Jan 2020", "from 4 Jul 2026"),)

    def test_a_policy_of_tomorrow_is_not_newer_today(self, site: Site, course: Course) -> None:
        newer.policy(site, TOMORROW)
        assert rows(site) == []
        assert len(page(site, now=AT + timedelta(days=1)).rows) == 1

    def test_both_are_told_and_the_newest_of_several_counts(self, site: Site, course: Course) -> None:
        newer.version()
        newer.version()
        newer.policy(site, TODAY - timedelta(days=1))
        newer.policy(site)
        (row,) = rows(site)
        assert [after for _, _, after in row.versions] == ["version 3", "from 4 Jul 2026"]

    def test_a_course_on_a_version_in_between_is_behind_too(self, site: Site) -> None:
        newer.version()
        builders.course(builders.patient(site), on=Regimen.objects.get(version__number=2))
        newer.version()
        assert [row.versions[0][1:] for row in rows(site)] == [("version 2", "version 3")]

    def test_a_course_that_began_under_the_newest_is_not_here(self, site: Site) -> None:
        regimen = newer.version()
        newer.policy(site)
        builders.course(builders.patient(site), on=regimen)
        assert rows(site) == []

    def test_a_course_on_hold_is_here(self, site: Site, course: Course) -> None:
        services.hold_course(course=course, from_on=TODAY, reason="Surgery", review_on=date(2026, 8, 1), by=BY, at=AT)
        newer.version(maintenance=FIVE_MONTHS)
        (row,) = rows(site)
        assert row.before is not None
        assert (row.before.status.label, row.moves_nothing) == ("On hold", False)

    def test_a_course_that_waits_for_a_decision_is_here(self, site: Site, course: Course) -> None:
        tried = services.Attempted(on=TODAY, reason="no_access", mg=US_12MG["maintenance"]["mg"] / 2)
        services.record_partial(dose=builders.next_dose(course), attempted=tried, by=BY, at=AT)
        newer.version()
        (row,) = rows(site)
        assert row.before is not None
        assert (row.before.status.label, row.moves) == (
            "Needs decision",
            "Nothing moves",
        )

    def test_a_stopped_course_and_a_patient_who_left_are_not_here(self, site: Site, course: Course) -> None:
        left = newer.loaded(site, "Birch")
        services.stop_course(course=course, on=TODAY, reason="Moved", by=BY, at=AT)
        change_care_status(patient=left.patient, to=CareStatus.TRANSFERRED, on=TODAY, reason="Moved", by=BY, at=AT)
        newer.version()
        assert rows(site) == []

    def test_each_site_shows_its_own(self, site: Site, other_site: Site, course: Course) -> None:
        newer.loaded(other_site, "Birch")
        newer.version()
        newer.policy(other_site)
        assert (patients(site), patients(other_site)) == (["ALDER"], ["BIRCH"])
        assert {row.site for row in rows(site, other_site)} == {"Northfield", "Southgate"}
        assert {len(row.versions) for row in rows(site, other_site)} == {1, 2}
        assert [count(*each) for each in ([], [site], [site, other_site])] == [0, 1, 2]

    def test_the_names_of_a_foreign_course_are_not_found(self, site: Site, other_site: Site, course: Course) -> None:
        assert queries.names([course.pk], [other_site.pk]) == {}
        assert queries.names([course.pk], [site.pk]) == {course.pk: "ALDER, Robin"}


class TestWhatARowTells:
    def test_the_next_dose_before_and_after_and_how_much_moves(self, site: Site, course: Course) -> None:
        newer.version(maintenance=FIVE_MONTHS)
        (row,) = rows(site)
        assert row.before is not None
        assert row.after is not None
        assert (row.before.label, row.before.target) == ("M1, 12 mg", "4 Nov 2026")
        assert (row.after.target, row.after.window) == ("4 Dec 2026", "27 Nov – 18 Dec 2026")
        assert (row.moves, row.moves_nothing) == ("9 of the next 9 doses move, by 274 days at most", False)

    def test_nothing_moves_where_the_figures_are_the_same(self, site: Site, course: Course) -> None:
        newer.version(source="Another label")
        (row,) = rows(site)
        assert (row.moves, row.moves_nothing, row.before) == ("Nothing moves", True, row.after)

    def test_another_window_alone_is_said(self, site: Site, course: Course) -> None:
        newer.policy(site, maintenance_days_after=10)
        (row,) = rows(site)
        assert (row.moves, row.moves_nothing) == ("No date moves; the window changes", False)

    def test_another_standing_alone_is_said(self, site: Site) -> None:
        """Nine months after the last dose the label asks for three doses instead of two."""
        course = builders.course(builders.patient(site), planned_start=date(2025, 7, 1))
        for day in ("2025-07-01", "2025-07-15", "2025-07-29", "2025-08-28"):
            builders.give(course, date.fromisoformat(day))
        newer.version(late_maintenance=LATE)
        (row,) = rows(site)
        assert row.before is not None
        assert row.after is not None
        assert (row.before.label, row.after.label) == ("C1 of 2, 12 mg", "C1 of 3, 12 mg")
        assert row.moves == "No date moves; the next dose stands otherwise"

    def test_another_amount_alone_is_said(self, site: Site, course: Course) -> None:
        newer.version(maintenance={"mg": 28, "ml": 5, "every": "4 months"})
        assert [row.moves for row in rows(site)] == ["No date moves; 9 of the next 9 doses differ"]

    def test_one_dose_is_spoken_of_as_one(self, site: Site, course: Course) -> None:
        regimen = newer.version(maintenance=FIVE_MONTHS)
        found = change(series_of(course), regimen.rule(), policy_of(course.policy), TODAY, 1)
        assert queries._moves(found) == "1 of the next 1 dose moves, by 30 days at most"

    def test_the_patient_is_named_by_the_first_number(self, site: Site, course: Course) -> None:
        for kind, value in (("nhs", "9434765919"), ("mrn", "4109597")):
            number = course.patient.identifiers.model(patient=course.patient, site=site, kind=kind, value=value)
            writing.add(number, event="patients.identifier_added", by=BY, at=AT)
        newer.version()
        (row,) = rows(site)
        assert (row.patient, row.born, row.identifiers) == ("ALDER, Robin", "17 May 2020", (("MRN", "410 9597"),))

    def test_a_switch_that_the_newer_version_does_not_know_is_said(self, site: Site, course: Course) -> None:
        high = US_12MG | {"key": "high", "name": "High dose", "default": False}
        regimen = builders.regimen(high | {"switch": {"from": [US_12MG["key"]], "mg": 50, "ml": 5}})
        day = builders.next_dose(course).target
        assert day is not None
        after = services.switch_course(course=course, regimen=regimen, day=day, reason="Stronger", by=BY, at=AT)
        newer.version(high)
        (row,) = rows(site)
        assert (row.course_id, row.before, row.after, row.moves_nothing) == (after.pk, None, None, False)
        assert row.refusal == row.moves == "The newer version does not know the switch with which this course began."
        found = compared(after)
        assert found is not None
        assert (found.pairs, found.behind.refusal) == ((), row.refusal)


class TestTheMark:
    """Whoever migrates a course sends back the mark of what they saw."""

    def test_it_stays_while_nothing_changes_and_is_the_same_on_both_pages(self, site: Site, course: Course) -> None:
        newer.version()
        found = compared(course)
        assert found is not None
        assert rows(site)[0].mark == rows(site)[0].mark == found.behind.mark

    def test_another_version_a_dose_and_a_change_of_the_course_have_another(self, site: Site, course: Course) -> None:
        newer.version(maintenance=FIVE_MONTHS)
        marks = [rows(site)[0].mark]
        newer.version(maintenance=FIVE_MONTHS)
        marks.append(rows(site)[0].mark)
        newer.policy(site)
        marks.append(rows(site)[0].mark)
        services.record_elsewhere(
            course=course, given_on=date(2026, 6, 20), mg=builders.next_dose(course).mg, place="Eastbrook", by=BY, at=AT
        )
        marks.append(rows(site)[0].mark)
        assert len(set(marks)) == 4

    def test_another_day_keeps_it_while_the_course_stands_as_it_did(self, site: Site, course: Course) -> None:
        newer.version(maintenance=FIVE_MONTHS)
        now, later = (page(site, now=AT + timedelta(days=days)).rows[0].mark for days in (0, 1))
        assert now == later
        assert page(site, now=AT + timedelta(days=120)).rows[0].mark != now


class TestOneCourse:
    def test_every_later_dose_stands_before_and_after(self, site: Site, course: Course) -> None:
        newer.version(maintenance=FIVE_MONTHS)
        found = compared(course)
        assert found is not None
        assert len(found.pairs) == queries.COMPARED == COMPARED
        assert found.pairs[0].moves == 30
        assert [what for what, _, _ in found.figures] == ["Maintenance"]

    def test_a_dose_that_loses_its_date_is_counted(self, course: Course) -> None:
        found = change(series_of(course), course.regimen.rule(), policy_of(course.policy), TODAY, 1)
        (pair,) = found.pairs
        lost = replace(found, pairs=(replace(pair, after=None),))
        assert queries._moves(lost) == "1 of the next 1 dose gains or loses a date"


class TestPages:
    def test_the_most_pressing_come_first_and_those_without_a_day_last(self, site: Site) -> None:
        days = {"B": 20, "A": -3, "D": None, "C": 30}
        seed(site, [Planned(None if off is None else TODAY + timedelta(days=off), name=n) for n, off in days.items()])
        newer.version()
        assert patients(site) == ["A", "B", "C", "D"]

    def test_forward_and_back_every_course_is_met_once(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queries, "PAGE_SIZE", 2)
        plans = [Planned(TODAY, name=f"N{number}") for number in range(3)]
        seed(site, [*plans, Planned(TOMORROW, name="N3"), Planned(None, name="N4")])
        newer.version()
        pages = [page(site)]
        while pages[-1].next:
            pages.append(page(site, cursor=pages[-1].next))
        assert [len(each.rows) for each in pages] == [2, 2, 1]
        assert len({row.course_id for each in pages for row in each.rows}) == 5
        back = [pages[-1]]
        while back[-1].previous:
            assert back[-1].previous.backward
            back.append(page(site, cursor=back[-1].previous))
        assert [each.rows for each in reversed(back)] == [each.rows for each in pages]
        assert pages[0].previous is None

    def test_beyond_the_last_there_is_nothing(self, site: Site, course: Course) -> None:
        newer.version()
        assert page(site, cursor=Cursor(date(2099, 1, 1), course.pk)) == Page((), None, None, 0)

    def test_the_filter_divides_the_courses_in_two(self, site: Site, course: Course) -> None:
        newer.loaded(site, "Birch", 1)
        loading = [*US_12MG["loading"][:3], {"mg": 12, "ml": 5, "after": "35 days"}]
        newer.version(loading=loading)
        assert patients(site) == ["BIRCH", "ALDER"]
        assert (patients(site, moving=True), patients(site, moving=False)) == (["BIRCH"], ["ALDER"])

    def test_a_filter_that_finds_little_goes_on_from_what_it_looked_through(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of seven courses only the last moves; three are looked through at a time."""
        monkeypatch.setattr(queries, "LOOKED_THROUGH", 3)
        for number in range(6):
            newer.loaded(site, f"N{number}", 0)
        newer.loaded(site, "Last")
        newer.version(maintenance=FIVE_MONTHS | {"every": "4 months", "ml": 4})
        pages = [page(site, moving=True)]
        while pages[-1].next:
            pages.append(page(site, cursor=pages[-1].next, moving=True))
        assert [each.looked_at for each in pages] == [3, 3, 1]
        assert [len(each.rows) for each in pages] == [0, 0, 1]
        assert pages[0].previous is None
        assert pages[2].previous is not None
        assert page(site, cursor=pages[2].previous, moving=True).looked_at == 3

    def test_a_filtered_page_ends_at_its_last_row(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queries, "PAGE_SIZE", 2)
        seed(site, [Planned(TODAY + timedelta(days=number), name=f"N{number}") for number in range(5)])
        newer.version()
        first = page(site, moving=False)
        second = page(site, cursor=first.next, moving=False)
        third = page(site, cursor=second.next, moving=False)
        names = [[row.patient for row in each.rows] for each in (first, second, third)]
        assert names == [["N0, Robin", "N1, Robin"], ["N2, Robin", "N3, Robin"], ["N4, Robin"]]
        assert third.next is None

    def test_counting_ends_at_its_cap(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queries, "COUNTED", 2)
        seed(site, [Planned(TODAY)] * 4)
        newer.version()
        assert count(site) == 3


class TestWhatItCosts:
    def measured(self, site: Site, rows: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert len(page(site).rows) == rows
        return len(asked)

    def test_five_rows_and_fifty_take_the_same_few_queries(self, site: Site, other_site: Site) -> None:
        seed(site, [Planned(TODAY)] * 4)
        seed(other_site, [Planned(TODAY)] * 49)
        for each in (site, other_site):
            newer.loaded(each, "Alder")
            newer.policy(each)
        newer.version()
        assert self.measured(site, 5) == self.measured(other_site, 50) == 10

    def test_counting_takes_no_look_at_courses_where_nothing_older_was_ever_in_force(self, site: Site) -> None:
        newer.loaded(site, "Alder", 0)
        with CaptureQueriesContext(connection) as asked:
            assert count(site) == 0
        assert [query["sql"] for query in asked if "courses_" in query["sql"]] == []
