"""The one selector: tabs agree with the rule on every day, and counts equal rows."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any

import pytest
from django.db.models import Case, Value, When

from clinic.patients.models import Patient
from clinic.records import writing
from clinic.staff.models import Site
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.decided import NOW as DECIDED_AT
from tests.treatments.courses.decided import TODAY as DECIDED_ON
from tests.treatments.courses.decided import TWO, begun, decide
from tests.treatments.courses.test_deciding import CASES, take
from tests.treatments.worklist.builders import Planned, seed
from treatments.courses import services
from treatments.courses.models import Dose
from treatments.courses.series import series_of
from treatments.courses.status import status_of
from treatments.rules.proposals import Matter
from treatments.rules.schedule import Series, Status, forecast
from treatments.worklist import queries
from treatments.worklist.queries import Cursor
from treatments.worklist.tabs import TABS, Tab, tab_of

TODAY = date(2026, 7, 4)
NOW = AT
TARGET = date(2026, 3, 2)
# The tabs whose rows the selector finds; the rules of the six lights decide on the others.
SELECTED = (*TABS, Tab.NO_BOOKING)


def varied() -> Iterator[Planned]:
    """Yield next doses with every kind of turn, in every order the turns can take, held and not, started and not."""
    closes = TARGET + timedelta(days=14)
    turns = product(
        (None, closes + timedelta(days=1), TARGET - timedelta(days=20), TARGET + timedelta(days=120)),
        (None, closes + timedelta(days=1), TARGET + timedelta(days=90)),
        (None, closes + timedelta(days=1), TARGET + timedelta(days=300)),
    )
    for (review, interrupted, restart), before, after in product(turns, (0, 7, 45), (7, 14)):
        yield Planned(TARGET, before, after, review, interrupted, restart)
    for held, needs_review, started, target in product((True, False), (True, False), (True, False), (TARGET, None)):
        yield Planned(target, held=held, needs_review=needs_review, started=started)


def expected(plan: Planned, dose: Dose, day: date) -> Tab | None:
    return tab_of(status_of(dose, day, held=plan.held, stopped=False), dose.target, day)


def turning(doses: Iterable[Dose], since: date) -> list[date]:
    """Return every day from then on on which one of these doses turns, with the day before and the day after."""
    columns = ("target", "opens", "closes", "review_from", "interrupted_from", "restart_from")
    turns = {getattr(dose, name) for dose in doses for name in columns} - {None}
    days = {turn + timedelta(days=step) for turn in turns for step in (-1, 0, 1)}
    months = {since + timedelta(days=30 * month) for month in range(48)}
    return sorted(day for day in days | months if day >= since)


def midday(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


def held_in(sites: list[Site], now: datetime = NOW) -> dict[Tab, set[Any]]:
    return {tab: set(queries.select(sites, tab, now).values_list("pk", flat=True)) for tab in TABS}


class TestTheTabsAndTheRuleAgree:
    def test_on_every_day_of_two_years_each_course_is_in_the_one_tab_that_its_status_says(self, site: Site) -> None:
        plans = list(varied())
        doses = seed(site, plans)
        for offset in range(-200, 531):
            day = TARGET + timedelta(days=offset)
            cases = {tab.name: Case(When(queries.in_tab(tab, day), then=Value(1)), default=Value(0)) for tab in TABS}
            rows = Dose.objects.annotate(**cases).values_list("pk", *cases)
            found = {pk: [tab for tab, is_in in zip(TABS, flags, strict=True) if is_in] for pk, *flags in rows}
            wrong = [
                (plan, found[dose.pk])
                for plan, dose in zip(plans, doses, strict=True)
                if found[dose.pk] != [expected(plan, dose, day)]
            ]
            assert not wrong, day

    def test_the_selector_finds_the_same_on_every_day_on_which_something_turns(self, site: Site) -> None:
        plans = list(varied())[::5]
        doses = dict(zip([dose.pk for dose in seed(site, plans)], plans, strict=True))
        rows = {dose.pk: dose for dose in Dose.objects.all()}
        turns = (-45, -37, -30, -20, -7, 0, 7, 14, 90, 120, 300)
        for offset in sorted({turn + step for turn in turns for step in (-1, 0, 1)}):
            day = TARGET + timedelta(days=offset)
            found = held_in([site], midday(day))
            assert sum(map(len, found.values())) == len(doses)
            for pk, plan in doses.items():
                assert pk in found[expected(plan, rows[pk], day) or Tab.LATER], (day, plan)

    def test_it_holds_for_what_the_engine_plans(self, site: Site) -> None:
        for weeks in range(0, 80, 4):
            start = TARGET - timedelta(weeks=weeks)
            course = courses.course(courses.patient(site, f"P{weeks}"), planned_start=start)
            if weeks % 8:
                courses.give(course, start)
        for offset in range(-30, 420, 9):
            day = TARGET + timedelta(days=offset)
            found = held_in([site], midday(day))
            for dose in Dose.objects.filter(is_next=True).select_related("course"):
                tab = tab_of(status_of(dose, day, held=False, stopped=False), dose.target, day)
                assert [name for name, pks in found.items() if dose.pk in pks] == [tab]

    def test_it_holds_under_every_decision_on_every_day_on_which_something_turns(self, site: Site) -> None:
        decided = [case.waits(courses.patient(site, f"P{number}")) for number, case in enumerate(CASES)]
        for case, course in zip(CASES, decided, strict=True):
            take(case, course)
        held = begun(courses.patient(site, "Held"))
        decide(held, Matter.INTERRUPTED, TWO, "2026-12-01")
        facts: dict[str, Any] = {"reason": "Surgery", "review_on": DECIDED_ON, "by": BY, "at": DECIDED_AT}
        services.hold_course(course=held, from_on=DECIDED_ON, **facts)
        series = {courses.next_dose(course).pk: series_of(course) for course in [*decided, held]}
        for day in turning(Dose.objects.filter(pk__in=series), since=DECIDED_ON):
            found = held_in([site], midday(day))
            for pk, each in series.items():
                answer = forecast(each, day).next
                assert [tab for tab, pks in found.items() if pk in pks] == [tab_of(answer.status, answer.target, day)]

    def test_a_stopped_course_stands_in_no_tab(self) -> None:
        assert tab_of(Status.STOPPED, TODAY, TODAY) is None

    def test_a_plan_without_a_start_needs_a_decision(self, db: None) -> None:
        answer = forecast(Series(courses.regimen().rule()), TODAY).next
        assert answer.target is None
        assert tab_of(answer.status, answer.target, TODAY) is Tab.DECISION


class TestTheEdgesOfTheTabs:
    @pytest.mark.parametrize(
        ("plan", "tab"),
        [
            (Planned(TODAY - timedelta(days=14), after=14), Tab.DUE),
            (Planned(TODAY - timedelta(days=15), after=14), Tab.OVERDUE),
            (Planned(TODAY + timedelta(days=7), before=7), Tab.DUE),
            (Planned(TODAY + timedelta(days=8), before=7), Tab.UPCOMING),
            (Planned(TODAY + timedelta(days=30)), Tab.UPCOMING),
            (Planned(TODAY + timedelta(days=31)), Tab.LATER),
            (Planned(TODAY + timedelta(days=31), before=31), Tab.DUE),
            (Planned(TODAY + timedelta(days=3), before=0, started=False), Tab.UPCOMING),
            (Planned(TODAY, before=0, started=False), Tab.DUE),
            (Planned(TODAY - timedelta(days=8), before=0, after=7, started=False), Tab.OVERDUE),
            (Planned(TODAY + timedelta(days=60), before=0, started=False), Tab.LATER),
            (Planned(TODAY, needs_review=True), Tab.DECISION),
            (Planned(TODAY, review_from=TODAY), Tab.DECISION),
            (Planned(TODAY, review_from=TODAY + timedelta(days=1)), Tab.DUE),
            (Planned(TODAY - timedelta(days=99), interrupted_from=TODAY), Tab.DECISION),
            (Planned(TODAY - timedelta(days=99), interrupted_from=TODAY + timedelta(days=1)), Tab.OVERDUE),
            (Planned(TODAY - timedelta(days=99), restart_from=TODAY), Tab.DECISION),
            (Planned(TODAY - timedelta(days=2000)), Tab.OVERDUE),
            (Planned(TODAY - timedelta(days=99), interrupted_from=TODAY, held=True), Tab.ON_HOLD),
            (Planned(None), Tab.DECISION),
            (Planned(None, held=True), Tab.ON_HOLD),
        ],
    )
    def test_a_course_stands_where_its_days_put_it(self, site: Site, plan: Planned, tab: Tab) -> None:
        (dose,) = seed(site, [plan])
        assert [name for name, pks in held_in([site]).items() if dose.pk in pks] == [tab]

    def test_each_site_reads_its_own_calendar(self, db: None) -> None:
        here, there = factories.site("A", "Pacific/Auckland"), factories.site("B", "America/New_York")
        closing = Planned(TODAY, after=0)
        (in_auckland,), (in_new_york,) = seed(here, [closing]), seed(there, [closing])
        just_after_midnight_in_auckland = datetime(2026, 7, 4, 12, 1, tzinfo=UTC)
        found = held_in([here, there], just_after_midnight_in_auckland)
        assert found[Tab.OVERDUE] == {in_auckland.pk}
        assert found[Tab.DUE] == {in_new_york.pk}


class TestWhoIsOnTheList:
    @pytest.fixture
    def patient(self, site: Site) -> Patient:
        return courses.patient(site)

    def listed(self, site: Site) -> int:
        counts = queries.counts([site], NOW)
        return sum(counts[tab] for tab in TABS)

    def test_an_open_course_is(self, patient: Patient, site: Site) -> None:
        courses.course(patient)
        assert self.listed(site) == 1

    def test_somebody_without_a_course_is_not(self, patient: Patient, site: Site) -> None:
        assert self.listed(site) == 0

    def test_a_stopped_course_is_not(self, patient: Patient, site: Site) -> None:
        course = courses.course(patient)
        services.stop_course(course=course, on=TODAY, reason="Moved to another therapy", by=BY, at=AT)
        assert self.listed(site) == 0

    @pytest.mark.parametrize("care_status", ["transferred", "left", "died"])
    def test_somebody_no_longer_in_care_is_not(self, patient: Patient, site: Site, care_status: str) -> None:
        courses.course(patient)
        writing.change(
            patient, event="patients.care", by=BY, at=AT, care_status=care_status, care_status_on=date(2026, 6, 1)
        )
        assert self.listed(site) == 0

    def test_a_voided_course_or_patient_is_not(self, site: Site) -> None:
        kept, course, patient = (courses.course(courses.patient(site, name)) for name in ("A", "B", "C"))
        writing.void(course, event="courses.voided", by=BY, at=AT, reason="Entered in error")
        writing.void(patient.patient, event="patients.voided", by=BY, at=AT, reason="Entered in error")
        found = held_in([site])
        assert [dose for pks in found.values() for dose in pks] == [courses.next_dose(kept).pk]

    def test_a_hold_that_ended_no_longer_counts(self, patient: Patient, site: Site) -> None:
        course = courses.course(patient)
        facts: dict[str, Any] = {"reason": "Infection", "review_on": TODAY, "by": BY, "at": AT}
        hold = services.hold_course(course=course, from_on=date(2026, 7, 1), **facts)
        assert queries.counts([site], NOW)[Tab.ON_HOLD] == 1
        services.resume_course(hold=hold, on=TODAY, by=BY, at=AT)
        assert queries.counts([site], NOW)[Tab.ON_HOLD] == 0
        assert self.listed(site) == 1

    def test_two_ended_holds_and_a_cancelled_booking_do_not_double_a_row(self, patient: Patient, site: Site) -> None:
        course = courses.course(patient)
        for day in (date(2026, 6, 1), date(2026, 6, 10)):
            facts: dict[str, Any] = {"reason": "Infection", "review_on": TODAY, "by": BY, "at": AT}
            hold = services.hold_course(course=course, from_on=day, **facts)
            services.resume_course(hold=hold, on=day + timedelta(days=2), by=BY, at=AT)
        for day in (date(2026, 7, 10), date(2026, 7, 11)):
            dose = courses.next_dose(course)
            booking = services.book(dose=dose, on=day, at_time=None, place="", by=BY, at=AT, confirmed={"after_window"})
            if day.day == 10:
                services.cancel_booking(booking=booking, reason="Staff ill", by=BY, at=AT)
        (listed,) = queries.page([site], Tab.OVERDUE, NOW, None).listed
        assert (listed.booked_on, listed.held_from) == (date(2026, 7, 11), None)

    def test_another_site_has_its_own_list(self, patient: Patient, site: Site, other_site: Site) -> None:
        courses.course(patient)
        assert self.listed(other_site) == 0
        assert held_in([other_site]) == {tab: set() for tab in TABS}

    def test_nowhere_there_is_nobody(self, patient: Patient) -> None:
        courses.course(patient)
        assert queries.counts([], NOW) == dict.fromkeys(SELECTED, 0)
        assert queries.page([], Tab.DUE, NOW, None).listed == ()


class TestCounts:
    def test_they_equal_the_rows_of_every_tab(self, site: Site, other_site: Site) -> None:
        seed(site, list(varied())[::2])
        seed(other_site, list(varied())[::7])
        for sites in ([site], [other_site], [site, other_site]):
            for offset in (-60, 0, 10, 40, 200):
                now = midday(TARGET + timedelta(days=offset))
                rows = {tab: queries.select(sites, tab, now).count() for tab in SELECTED}
                assert queries.counts(sites, now) == rows

    def test_counting_ends_just_past_the_cap(self, site: Site) -> None:
        seed(site, [Planned()] * queries.COUNTED)
        assert queries.counts([site], NOW)[Tab.DUE] == queries.COUNTED
        seed(site, [Planned()] * 2)
        assert queries.counts([site], NOW)[Tab.DUE] == queries.COUNTED + 1

    def test_they_are_one_query(self, site: Site, django_assert_num_queries: Callable[..., Any]) -> None:
        seed(site, varied())
        with django_assert_num_queries(1):
            queries.counts([site], NOW)


class TestPages:
    def walk(self, site: Site, tab: Tab) -> list[tuple[Any, ...]]:
        pages, cursor = [], None
        while True:
            page = queries.page([site], tab, NOW, cursor)
            pages.append(tuple(listed.dose.pk for listed in page.listed))
            if page.next is None:
                return pages
            cursor = page.next

    def test_they_hold_every_row_once_the_most_overdue_first(self, site: Site) -> None:
        doses = seed(site, [Planned(TODAY - timedelta(days=15 + number * 7 % 40)) for number in range(120)])
        pages = self.walk(site, Tab.OVERDUE)
        assert [len(page) for page in pages] == [50, 50, 20]
        in_order = sorted(doses, key=lambda dose: (dose.closes, dose.pk.hex))
        assert [pk for page in pages for pk in page] == [dose.pk for dose in in_order]

    @pytest.mark.parametrize("tab", [Tab.DECISION, Tab.ON_HOLD])
    def test_rows_without_a_day_come_last_and_are_not_lost_between_pages(self, site: Site, tab: Tab) -> None:
        held = tab is Tab.ON_HOLD
        dated = [Planned(TODAY - timedelta(days=number), needs_review=True, held=held) for number in range(60)]
        doses = seed(site, [*dated, *[Planned(None, held=held)] * 60])
        pages = self.walk(site, tab)
        assert [len(page) for page in pages] == [50, 50, 20]
        found = [pk for page in pages for pk in page]
        assert len(set(found)) == 120
        assert set(found[:60]) == {dose.pk for dose in doses[:60]}

    @pytest.mark.parametrize(("tab", "day"), [(Tab.OVERDUE, TODAY - timedelta(days=30)), (Tab.DECISION, None)])
    def test_going_back_leads_through_the_same_pages(self, site: Site, tab: Tab, day: date | None) -> None:
        seed(site, [Planned(day)] * 70)
        seed(site, [Planned(TODAY - timedelta(days=20), needs_review=tab is Tab.DECISION)] * 70)
        forward = [queries.page([site], tab, NOW, None)]
        while forward[-1].next:
            forward.append(queries.page([site], tab, NOW, forward[-1].next))
        assert len(forward) == 3
        back = [forward[-1]]
        while back[-1].previous:
            back.append(queries.page([site], tab, NOW, back[-1].previous))
        assert [page.listed for page in reversed(back)] == [page.listed for page in forward]
        assert back[-1].previous is None

    def test_a_page_that_is_exactly_full_is_the_last(self, site: Site) -> None:
        seed(site, [Planned()] * 50)
        assert queries.page([site], Tab.DUE, NOW, None).next is None
        seed(site, [Planned()])
        assert queries.page([site], Tab.DUE, NOW, None).next is not None

    def test_beyond_the_end_there_is_an_empty_page(self, site: Site) -> None:
        (dose,) = seed(site, [Planned()])
        page = queries.page([site], Tab.DUE, NOW, Cursor(TODAY + timedelta(days=900), dose.pk))
        assert (page.listed, page.previous, page.next) == ((), None, None)

    def test_a_row_that_left_the_list_does_not_lose_the_place(self, site: Site) -> None:
        doses = seed(site, [Planned(TODAY - timedelta(days=40), name=f"N{number:03}") for number in range(101)])
        first = queries.page([site], Tab.OVERDUE, NOW, None)
        gone = first.listed[-1].dose.course
        services.stop_course(course=gone, on=TODAY, reason="Stopped", by=BY, at=AT)
        second = queries.page([site], Tab.OVERDUE, NOW, first.next)
        seen = {listed.dose.pk for page in (first, second) for listed in page.listed}
        assert len(seen) == 100
        assert len({dose.pk for dose in doses} - seen) == 1

    def test_a_page_is_one_query(self, site: Site, django_assert_num_queries: Callable[..., Any]) -> None:
        seed(site, [Planned()] * 60)
        with django_assert_num_queries(1):
            page = queries.page([site], Tab.DUE, NOW, None)
            assert Counter(listed.dose.patient.given_name for listed in page.listed) == {"Robin": 50}
