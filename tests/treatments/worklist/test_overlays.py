"""The tabs that lie across those by status: each count equals its rows, and the horizon has two sides."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import cycle
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.records import writing
from clinic.staff.models import Site
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.labs import builders as labs
from tests.treatments.readiness.builders import all_but_labs, override, policy
from tests.treatments.worklist.builders import Planned, furnish, seed
from treatments.courses import services
from treatments.courses.models import Dose
from treatments.readiness.queries import labs_due, readiness_of_dose
from treatments.rules.readiness import Answer
from treatments.worklist import overlays, queries
from treatments.worklist.queries import Cursor
from treatments.worklist.tabs import ABOUT, LABS_DUE_DAYS, OVERLAYS, RULED, TABS, UPCOMING_DAYS, Tab

TODAY = AT.date()
FALLING_DUE = (Tab.OVERDUE, Tab.DUE, Tab.UPCOMING)
NOBODY: set[UUID] = set()


def counts(sites: Sequence[Site], now: datetime = AT) -> dict[Tab, int | None]:
    return {**queries.counts(sites, now), **overlays.look(sites, now).counts()}


def page(sites: Sequence[Site], tab: Tab, cursor: Cursor | None, now: datetime = AT) -> queries.Page:
    if tab in RULED:
        return overlays.page(sites, tab, now, cursor)[1]
    return queries.page(sites, tab, now, cursor)


def walk(sites: Sequence[Site], tab: Tab, now: datetime = AT) -> Iterator[list[UUID]]:
    """Yield the doses of each page of a tab, from the first to the last."""
    cursor = None
    while True:
        found = page(sites, tab, cursor, now)
        yield [listed.dose.pk for listed in found.listed]
        cursor = found.next
        if cursor is None:
            return


def rows(sites: Sequence[Site], tab: Tab, now: datetime = AT) -> list[UUID]:
    return [pk for doses in walk(sites, tab, now) for pk in doses]


def standing(site: Site, dose: Dose) -> set[Tab]:
    """Return the overlays in which a dose stands."""
    return {tab for tab in OVERLAYS if dose.pk in rows([site], tab)}


@pytest.fixture(scope="module")
def dozens(module_database: None) -> Site:
    """Return a site with courses of every kind: some furnished with all that a dose waits for, some booked or held."""
    site = factories.site("Westfield", "Europe/London")
    days = [-200, -60, -40, -22, -21, -20, -8, -1, 0, 1, 7, 8, 9, 10, 11, 12, 29, 30, 31, 37, 38, 45, 90]
    plans = [Planned(TODAY + timedelta(days=day)) for day in days]
    plans += [Planned(TODAY + timedelta(days=day), before=45) for day in days[::3]]
    plans += [Planned(TODAY + timedelta(days=day), held=True) for day in days[::4]]
    plans += [Planned(TODAY + timedelta(days=day), needs_review=True) for day in days[::4]]
    plans += [Planned(TODAY - timedelta(days=9), interrupted_from=TODAY + timedelta(days=5)), Planned(None)]
    booked = [None, TODAY + timedelta(days=9), None, TODAY + timedelta(days=40), TODAY - timedelta(days=3)]
    doses = seed(site, [replace(plan, booked_on=day) for plan, day in zip(plans, cycle(booked), strict=False)])
    furnish(doses[::2])
    policy(site, drug="advisory")
    return site


class TestCountsAndRows:
    """Whatever the day, a count is the number of rows, and the tabs by status hold each course once."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(offset=st.integers(-230, 130), hour=st.integers(0, 23))
    def test_on_every_day(self, db: None, dozens: Site, offset: int, hour: int) -> None:
        now = datetime.combine(TODAY + timedelta(days=offset), time(hour, 30), tzinfo=UTC)
        found, shown = counts([dozens], now), {tab: rows([dozens], tab, now) for tab in ABOUT}
        assert {tab: len(of) for tab, of in shown.items()} == found
        by_status = [pk for tab in TABS for pk in shown[tab]]
        assert sorted(by_status) == sorted(queries.LISTED.filter(site=dozens).values_list("pk", flat=True))
        for tab in OVERLAYS:
            assert len(set(shown[tab])) == len(shown[tab])
            assert set(shown[tab]) <= set(by_status)
        falling_due = {pk for tab in FALLING_DUE for pk in shown[tab]}
        assert set(shown[Tab.NOT_READY]) | set(shown[Tab.NO_BOOKING]) <= falling_due

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(offset=st.integers(-230, 60))
    def test_each_row_stands_where_the_rules_say_of_it_alone(self, db: None, dozens: Site, offset: int) -> None:
        now = AT + timedelta(days=offset)
        shown = {tab: rows([dozens], tab, now) for tab in ABOUT}
        due = {line.dose_id for line in labs_due([dozens], now, LABS_DUE_DAYS)}
        assert set(shown[Tab.LABS_DUE]) == due
        for pk in {pk for tab in FALLING_DUE for pk in shown[tab]}:
            answer = readiness_of_dose(pk, now).readiness.answer
            assert (answer is Answer.NOT_READY) == (pk in shown[Tab.NOT_READY])

    def test_there_is_something_in_every_tab(self, db: None, dozens: Site) -> None:
        assert all(counts([dozens]).values())

    def test_two_sites_are_counted_together_and_nowhere_is_nobody(
        self, db: None, dozens: Site, other_site: Site
    ) -> None:
        (dose,) = seed(other_site, [Planned(TODAY)])
        alone, both = counts([dozens]), counts([dozens, other_site])
        assert {tab: (both[tab] or 0) - (alone[tab] or 0) for tab in OVERLAYS} == dict.fromkeys(OVERLAYS, 1)
        assert dose.pk in rows([dozens, other_site], Tab.NOT_READY)
        assert dose.pk not in rows([dozens], Tab.NOT_READY)
        assert set(counts([]).values()) == {0}
        assert [rows([], tab) for tab in OVERLAYS] == [[], [], []]


class TestTheHorizon:
    @pytest.mark.parametrize(
        ("days", "overlays_of"),
        [
            (-400, {Tab.LABS_DUE, Tab.NOT_READY, Tab.NO_BOOKING}),
            (0, {Tab.LABS_DUE, Tab.NOT_READY, Tab.NO_BOOKING}),
            (LABS_DUE_DAYS, {Tab.LABS_DUE, Tab.NOT_READY, Tab.NO_BOOKING}),
            (LABS_DUE_DAYS + 1, {Tab.NOT_READY, Tab.NO_BOOKING}),
            (UPCOMING_DAYS, {Tab.NOT_READY, Tab.NO_BOOKING}),
            (UPCOMING_DAYS + 1, NOBODY),
        ],
    )
    def test_it_ends_on_its_last_day(self, site: Site, days: int, overlays_of: set[Tab]) -> None:
        (dose,) = seed(site, [Planned(TODAY + timedelta(days=days))])
        assert standing(site, dose) == overlays_of

    def test_a_window_that_is_open_today_lies_within_it_however_far_the_target(self, site: Site) -> None:
        near, far = seed(site, [Planned(TODAY + timedelta(days=60), before=days) for days in (60, 59)])
        assert standing(site, near) == {Tab.NOT_READY, Tab.NO_BOOKING}
        assert standing(site, far) == NOBODY

    def test_the_booked_day_says_when_values_are_due(self, site: Site) -> None:
        target, last = TODAY + timedelta(days=20), TODAY + timedelta(days=LABS_DUE_DAYS)
        (later,) = seed(site, [Planned(target, booked_on=last + timedelta(days=1))])
        assert standing(site, later) == {Tab.NOT_READY}
        (sooner,) = seed(site, [Planned(target, booked_on=last)])
        assert standing(site, sooner) == {Tab.LABS_DUE, Tab.NOT_READY}

    def test_each_site_counts_from_its_own_day(self, site: Site, other_site: Site) -> None:
        here, there = (seed(place, [Planned(TODAY + timedelta(days=31))])[0] for place in (site, other_site))
        after_midnight_in_london = AT + timedelta(hours=12)
        found = rows([site, other_site], Tab.NO_BOOKING, after_midnight_in_london)
        assert (here.pk in found, there.pk in found) == (True, False)

    @pytest.mark.parametrize("plan", [Planned(TODAY, held=True), Planned(None, held=True)])
    def test_nobody_on_hold_stands_in_any_of_them(self, site: Site, plan: Planned) -> None:
        (dose,) = seed(site, [plan])
        assert standing(site, dose) == NOBODY

    def test_what_waits_for_a_prescriber_is_neither_called_not_ready_nor_to_be_booked(self, site: Site) -> None:
        (dose,) = seed(site, [Planned(TODAY, needs_review=True)])
        assert standing(site, dose) == {Tab.LABS_DUE}

    def test_somebody_who_left_our_care_stands_in_none(self, site: Site) -> None:
        course = courses.course(courses.patient(site), planned_start=TODAY)
        dose = courses.next_dose(course)
        assert standing(site, dose) == set(OVERLAYS)
        change_care_status(patient=course.patient, to=CareStatus.LEFT, on=TODAY, reason="Moved", by=BY, at=AT)
        assert standing(site, dose) == NOBODY


class TestWhatEndsIt:
    def test_a_cancelled_booking_is_none_and_a_booking_ends_no_booking(self, site: Site) -> None:
        (dose,) = seed(site, [Planned(TODAY)])
        booking = services.book(dose=dose, on=TODAY, at_time=None, place="", by=BY, at=AT)
        assert Tab.NO_BOOKING not in standing(site, dose)
        services.cancel_booking(booking=booking, reason="Staff ill", by=BY, at=AT)
        assert Tab.NO_BOOKING in standing(site, dose)

    def test_a_whole_set_ends_labs_due_and_all_in_order_ends_not_ready(self, site: Site) -> None:
        course = courses.course(courses.patient(site), planned_start=TODAY)
        dose = all_but_labs(courses.next_dose(course))
        assert {Tab.LABS_DUE, Tab.NOT_READY} <= standing(site, dose)
        labs.whole_set(course.patient)
        assert standing(site, dose) == {Tab.NO_BOOKING}

    def test_an_override_ends_both_until_it_is_withdrawn(self, site: Site) -> None:
        dose = all_but_labs(courses.next_dose(courses.course(courses.patient(site), planned_start=TODAY)))
        row = override(dose)
        assert standing(site, dose) == {Tab.NO_BOOKING}
        writing.void(row, event="readiness.override_withdrawn", by=BY, at=AT, reason="No")
        assert standing(site, dose) == set(OVERLAYS)

    def test_a_site_that_takes_everything_as_advice_has_nobody_not_ready(self, site: Site) -> None:
        (dose,) = seed(site, [Planned(TODAY)])
        advice: dict[str, Any] = dict.fromkeys(("labs", "authorisation", "drug", "consent", "access_plan"), "advisory")
        policy(site, **advice)
        assert standing(site, dose) == {Tab.LABS_DUE, Tab.NO_BOOKING}


class TestPages:
    @pytest.mark.parametrize("tab", OVERLAYS)
    def test_they_hold_every_row_once_the_soonest_first(self, site: Site, tab: Tab) -> None:
        doses = seed(site, [Planned(TODAY - timedelta(days=number * 7 % 40)) for number in range(120)])
        pages = list(walk([site], tab))
        assert [len(of) for of in pages] == [50, 50, 20]
        in_order = sorted(doses, key=lambda dose: (dose.target, dose.pk))
        assert [pk for of in pages for pk in of] == [dose.pk for dose in in_order]

    def test_a_booked_day_decides_the_place(self, site: Site) -> None:
        days = ((20, None), (10, None), (21, 9), (8, 19))
        plans = [
            Planned(TODAY + timedelta(days=target), booked_on=None if on is None else TODAY + timedelta(days=on))
            for target, on in days
        ]
        unbooked_late, unbooked, early, late = seed(site, plans)
        assert rows([site], Tab.NOT_READY) == [early.pk, unbooked.pk, late.pk, unbooked_late.pk]

    @pytest.mark.parametrize("tab", sorted(RULED))
    @pytest.mark.parametrize("counted", [queries.COUNTED, 20])
    def test_going_back_leads_through_the_same_pages(
        self, site: Site, tab: Tab, counted: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(overlays, "COUNTED", counted)
        seed(site, [Planned(TODAY - timedelta(days=number // 9)) for number in range(130)])
        forward = [page([site], tab, None)]
        while forward[-1].next:
            forward.append(page([site], tab, forward[-1].next))
        back = [forward[-1]]
        while back[-1].previous:
            back.append(page([site], tab, back[-1].previous))
        assert len(forward) == 3
        assert {listed.dose.pk for one in back for listed in one.listed} == set(rows([site], tab))
        assert [len(one.listed) for one in back] == [30, 50, 50]

    def test_beyond_the_end_there_is_an_empty_page(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        (dose, *_) = seed(site, [Planned(TODAY)] * 2)
        beyond = Cursor(TODAY + timedelta(days=900), dose.pk)
        assert page([site], Tab.NOT_READY, beyond).listed == ()
        monkeypatch.setattr(overlays, "COUNTED", 1)
        assert page([site], Tab.NOT_READY, beyond) == queries.Page((), None, None)


class TestWhereTheyAreTooManyToBeCounted:
    """A tab then says no number, and its pages still hold everybody."""

    @pytest.fixture
    def large(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        monkeypatch.setattr(overlays, "COUNTED", 99)
        monkeypatch.setattr(overlays, "LOT", 30)
        return site

    def test_the_last_that_is_counted_and_the_first_that_is_not(self, large: Site) -> None:
        seed(large, [Planned(TODAY)] * 99)
        assert overlays.look([large], AT).counts() == {Tab.LABS_DUE: 99, Tab.NOT_READY: 99}
        seed(large, [Planned(TODAY + timedelta(days=UPCOMING_DAYS))])
        assert overlays.look([large], AT).counts() == {Tab.LABS_DUE: None, Tab.NOT_READY: None}

    def test_only_the_page_is_looked_at(self, large: Site) -> None:
        doses = seed(large, [Planned(TODAY)] * 100)
        assert set(overlays.look([large], AT, [doses[0].pk]).ready) == {doses[0].pk}
        assert overlays.look([large], AT).ready == {}

    def test_a_lot_without_a_row_leads_on_to_the_next(self, large: Site) -> None:
        doses = seed(large, [Planned(TODAY - timedelta(days=20) + timedelta(hours=6 * n)) for n in range(100)])
        policy(large, drug="off")
        first, last = doses[:70], doses[70:]
        furnish(sorted(first, key=lambda dose: (dose.target, dose.pk)))
        pages = list(walk([large], Tab.NOT_READY))
        assert pages[0] == []
        assert {pk for of in pages for pk in of} == {dose.pk for dose in last}

    def test_a_lot_with_more_rows_than_a_page_goes_on_behind_the_last_row(
        self, large: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(overlays, "LOT", 80)
        doses = seed(large, [Planned(TODAY - timedelta(days=number // 9)) for number in range(130)])
        assert [len(of) for of in walk([large], Tab.LABS_DUE)] == [50, 50, 30]
        assert sorted(rows([large], Tab.LABS_DUE)) == sorted(dose.pk for dose in doses)


class TestQueries:
    @pytest.mark.parametrize("tab", sorted(RULED))
    def test_a_page_takes_the_same_however_many_rows(
        self, site: Site, tab: Tab, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        furnish(seed(site, [Planned(TODAY, before=20)] * 2), collected_at=AT - timedelta(days=60))
        with django_assert_max_num_queries(18) as few:
            assert len(overlays.page([site], tab, AT, None)[1].listed) == 2
        furnish(seed(site, [Planned(TODAY)] * 100), collected_at=AT - timedelta(days=60))
        with django_assert_max_num_queries(len(few)):
            assert len(overlays.page([site], tab, AT, None)[1].listed) == 50
