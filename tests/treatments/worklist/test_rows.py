"""What one row says, and the one action it offers."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse

from clinic.staff.models import Site
from clinic.staff.roles import GRANTS, Permission, Role
from tests.factories import AT, BY
from tests.treatments.adverse_events import builders as adverse_events
from tests.treatments.labs.builders import log, reported, whole_set
from tests.treatments.readiness.builders import override, policy
from tests.treatments.supply import builders as supply
from tests.treatments.worklist.builders import Planned, furnish, seed
from treatments.readiness.queries import readiness_of_dose
from treatments.supply import services as supply_services
from treatments.worklist.queries import Listed
from treatments.worklist.rows import Row, row
from treatments.worklist.tabs import TABS, Tab

TODAY = date(2026, 7, 4)
NURSE, COORDINATOR, VIEWER = (GRANTS[role] for role in (Role.NURSE, Role.COORDINATOR, Role.VIEWER))
PROCEDURALIST = frozenset({Permission.VIEW_PATIENTS, Permission.RECORD_DOSES})


def listed(site: Site, plan: Planned | None = None, **facts: Any) -> Listed:
    (dose,) = seed(site, [plan or Planned(TODAY, name="Okafor")])
    nothing: dict[str, Any] = dict.fromkeys(
        ("booked_on", "booked_at", "held_from", "hold_review", "main_identifier"), None
    )
    return Listed(dose, **(nothing | facts))


def in_order(entry: Listed, *, sets: int = 1) -> Listed:
    """Give the dose everything it waits for: so many sets of laboratory values, papers, and a vial."""
    furnish([entry.dose], sets=sets)
    vial = supply.vial(entry.dose.site, expires_on=date(2099, 1, 1))
    supply_services.reserve(vial=vial, dose=entry.dose, by=BY, at=AT)
    return entry


def shown(entry: Listed, *, rights: frozenset[Permission] = NURSE, now: datetime = AT, tab: Tab = Tab.DUE) -> Row:
    ready = readiness_of_dose(entry.dose.pk, now)
    return row(entry, entry.dose.site, now, rights=rights, ready=ready, tab=tab)


class TestTheWords:
    def test_a_row_says_who_and_what_and_when(self, site: Site) -> None:
        entry = listed(site, main_identifier="nhs:9434765919", booked_on=date(2026, 7, 7), booked_at=time(9, 30))
        log(entry.dose.patient, collected_at=datetime(2026, 6, 30, 9, tzinfo=UTC))
        said = shown(entry)
        assert (said.patient, said.identifier_label, said.identifier) == ("OKAFOR, Robin", "NHS", "943 476 5919")
        assert (said.born, said.dose, said.labs) == ("17 May 2020", "M1, 12 mg", "30 Jun 2026")
        assert (said.target, said.window) == ("4 Jul 2026", "27 Jun – 18 Jul 2026")
        assert (said.booking, said.site) == ("Tue 7 Jul 2026, 09:30", "Northfield")
        assert said.chart_url == reverse("chart", args=[entry.dose.patient_id])
        assert said.dose_url == reverse("courses:dose", args=[entry.dose.pk])

    def test_what_is_missing_is_said(self, site: Site) -> None:
        said = shown(listed(site, Planned(None)))
        assert (said.identifier_label, said.identifier, said.labs) == ("No identifier", "", "None")
        assert (said.target, said.window, said.near) == ("not recorded", "", "No date yet")

    @pytest.mark.parametrize(
        ("target", "status", "near", "late"),
        [
            (TODAY - timedelta(days=15), "overdue", "1 day late", True),
            (TODAY - timedelta(days=14), "due", "Window closes today", False),
            (TODAY - timedelta(days=13), "due", "Window closes tomorrow", False),
            (TODAY + timedelta(days=7), "due", "Window closes in 21 days", False),
            (TODAY + timedelta(days=8), "upcoming", "In 8 days", False),
            (TODAY - timedelta(days=514), "overdue", "500 days late", True),
        ],
    )
    def test_a_dose_is_late_from_the_day_after_its_window(
        self, site: Site, target: date, status: str, near: str, late: bool
    ) -> None:
        said = shown(listed(site, Planned(target)))
        assert (said.status.key, said.near, said.is_late) == (status, near, late)

    def test_a_first_dose_not_yet_due_has_not_started(self, site: Site) -> None:
        said = shown(listed(site, Planned(TODAY + timedelta(days=1), before=0, started=False)))
        assert (said.status.key, said.near, said.dose) == ("not_started", "Tomorrow", "L1, 12 mg")

    def test_an_interrupted_course_says_how_long_it_is_past_its_window(self, site: Site) -> None:
        plan = Planned(TODAY - timedelta(days=114), interrupted_from=TODAY)
        said = shown(listed(site, plan))
        assert (said.status.key, said.near, said.is_late) == ("interrupted", "100 days late", False)

    def test_a_course_on_hold_says_when_somebody_looks_again(self, site: Site) -> None:
        entry = listed(site, held_from=date(2026, 6, 1), hold_review=date(2026, 8, 1))
        assert (shown(entry).status.key, shown(entry).near) == ("on_hold", "Look again on 1 Aug 2026")

    def test_the_day_is_that_of_the_site(self, other_site: Site) -> None:
        entry = listed(other_site, Planned(TODAY, after=0))
        in_new_york_still_the_fourth = datetime(2026, 7, 5, 3, 59, tzinfo=UTC)
        assert shown(entry, now=in_new_york_still_the_fourth).status.key == "due"
        assert shown(entry, now=in_new_york_still_the_fourth + timedelta(minutes=1)).status.key == "overdue"


class TestTheBookingsMark:
    @pytest.mark.parametrize(
        ("on", "mark"),
        [
            (TODAY, None),
            (TODAY - timedelta(days=1), "passed"),
            (TODAY + timedelta(days=14), None),
            (TODAY + timedelta(days=15), "outside_window"),
        ],
    )
    def test_a_day_outside_the_window_or_without_an_outcome_is_marked(
        self, site: Site, on: date, mark: str | None
    ) -> None:
        said = shown(listed(site, booked_on=on))
        assert (said.booking_mark.key if said.booking_mark else None) == mark

    def test_a_day_before_the_window_is_marked(self, site: Site) -> None:
        plan = Planned(TODAY + timedelta(days=20))
        marks = [shown(listed(site, plan, booked_on=TODAY + timedelta(days=days))).booking_mark for days in (12, 13)]
        assert [mark.key if mark else None for mark in marks] == ["outside_window", None]

    def test_only_a_dose_that_is_due_or_overdue_lacks_a_booking(self, site: Site) -> None:
        marks = [
            shown(listed(site, Planned(TODAY + timedelta(days=days)))).booking_mark is not None
            for days in (-40, 0, 8, 100)
        ]
        assert marks == [True, True, False, False]


class TestTheAction:
    @pytest.mark.parametrize(
        ("rights", "booked_on", "expected"),
        [
            (NURSE, None, ("Book", True)),
            (NURSE, TODAY + timedelta(days=1), ("Open", False)),
            (NURSE, TODAY, ("Dose day", True)),
            (NURSE, TODAY - timedelta(days=1), ("Dose day", True)),
            (COORDINATOR, None, ("Book", True)),
            (COORDINATOR, TODAY, ("Open", False)),
            (PROCEDURALIST, None, ("Dose day", True)),
            (VIEWER, None, ("Open", False)),
            (VIEWER, TODAY, ("Open", False)),
        ],
    )
    def test_it_follows_the_persons_rights_and_the_booking(
        self, site: Site, rights: frozenset[Permission], booked_on: date | None, expected: tuple[str, bool]
    ) -> None:
        action = shown(listed(site, booked_on=booked_on), rights=rights).action
        assert (action.label, action.is_urgent) == expected

    def test_each_leads_to_its_own_page(self, site: Site) -> None:
        entry = listed(site)
        dose = entry.dose
        assert shown(entry).action.url == reverse("courses:book", args=[dose.pk])
        assert shown(replace(entry, booked_on=TODAY)).action.url == reverse("dose_day:day", args=[dose.pk])
        assert shown(entry, rights=VIEWER).action.url == reverse("chart", args=[dose.patient_id])

    def test_what_is_not_yet_due_can_be_booked_without_urgency(self, site: Site) -> None:
        action = shown(listed(site, Planned(TODAY + timedelta(days=60)))).action
        assert (action.label, action.is_urgent) == ("Book", False)

    @pytest.mark.parametrize(
        "facts", [{"held_from": TODAY}, {"plan": Planned(TODAY, needs_review=True)}], ids=["on hold", "review"]
    )
    def test_what_waits_for_a_decision_is_opened_not_booked(self, site: Site, facts: dict[str, Any]) -> None:
        assert shown(listed(site, **facts)).action.label == "Open"


class TestWhetherItCanGoAhead:
    """The answer, and the names of the lights that are not simply ready."""

    def test_of_somebody_of_whom_nothing_is_known_it_names_what_is_missing(self, site: Site) -> None:
        entry = listed(site)
        said = shown(entry)
        assert said.answer.label == "Not ready"
        assert said.readiness_url == reverse("readiness:dose", args=[entry.dose.pk])
        assert said.lights == ("Labs, authorisation, drug, consent", "Check: access plan")

    def test_with_all_in_order_there_is_nothing_to_name(self, site: Site) -> None:
        said = shown(in_order(listed(site)))
        assert (said.answer.label, said.lights) == ("Ready", ())

    def test_what_counts_as_advice_or_was_let_past_asks_to_check(self, site: Site) -> None:
        entry = in_order(listed(site), sets=0)
        assert shown(entry).lights == ("Labs",)
        override(entry.dose)
        assert (shown(entry).answer.label, shown(entry).lights) == ("Check", ("Labs",))

    def test_what_the_site_does_not_ask_for_is_not_named(self, site: Site) -> None:
        entry = in_order(listed(site), sets=0)
        policy(site, labs="off")
        assert (shown(entry).answer.label, shown(entry).lights) == ("Ready", ())

    def test_the_day_of_the_newest_sample_is_told_whether_or_not_it_counts(self, site: Site) -> None:
        entry = listed(site)
        log(entry.dose.patient, collected_at=datetime(2025, 1, 2, 9, tzinfo=UTC))
        assert shown(entry).labs == "2 Jan 2025"
        log(entry.dose.patient, reported("inr", "1.0", "{INR}"), collected_at=datetime(2025, 3, 2, 23, 30, tzinfo=UTC))
        assert shown(entry).labs == "2 Mar 2025"


class TestTheActionOfATabAboutWhatIsMissing:
    def test_where_values_are_due_it_is_to_log_them(self, site: Site) -> None:
        entry = listed(site, booked_on=TODAY)
        action = shown(entry, tab=Tab.LABS_DUE).action
        assert (action.label, action.is_urgent) == ("Log labs", True)
        assert action.url == reverse("labs:add", args=[entry.dose.patient_id])

    def test_where_a_value_waits_for_an_answer_it_is_to_review_it(self, site: Site) -> None:
        entry = listed(site)
        whole_set(entry.dose.patient, platelets=reported(value="96"))
        assert shown(entry, tab=Tab.LABS_DUE).action.label == "Review Platelets"

    def test_what_is_not_ready_leads_to_the_first_light_that_this_person_may_mend(self, site: Site) -> None:
        entry = listed(site)
        furnish([entry.dose])
        labels = {
            role: shown(entry, tab=Tab.NOT_READY, rights=GRANTS[role]).action.label
            for role in (Role.PHARMACIST, Role.NURSE, Role.COORDINATOR, Role.VIEWER)
        }
        assert labels == {
            Role.PHARMACIST: "Vials for this dose",
            Role.NURSE: "Vials for this dose",
            Role.COORDINATOR: "Book",
            Role.VIEWER: "Open",
        }

    def test_what_is_not_yet_due_is_mended_without_urgency_but_for_values_that_are_due(self, site: Site) -> None:
        entry, due = (listed(site, Planned(TODAY + timedelta(days=days))) for days in (8, 7))
        urgent = [
            shown(each, tab=tab).action.is_urgent for each in (entry, due) for tab in (Tab.NOT_READY, Tab.LABS_DUE)
        ]
        assert urgent == [False, True, True, True]

    def test_a_light_that_only_asks_to_check_is_not_what_keeps_the_dose(self, site: Site) -> None:
        entry = listed(site)
        adverse_events.record(entry.dose.patient)
        furnish([entry.dose])
        assert shown(entry, tab=Tab.NOT_READY).action.label == "Vials for this dose"

    def test_in_the_tabs_by_status_it_stays_what_the_status_asks_for(self, site: Site) -> None:
        entry = listed(site)
        assert {shown(entry, tab=tab).action.label for tab in (*TABS, Tab.NO_BOOKING)} == {"Book"}
