"""What the pages and the rooms above read: lights, lists, demand and recalls, in a constant number of queries."""

from datetime import date, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.conftest import TARGET
from tests.treatments.supply import builders
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.rules.lights import Signal
from treatments.supply import queries, services
from treatments.supply.models import Movement, Vial
from treatments.supply.queries import ALL, Asked

DAY = timedelta(days=1)


@pytest.fixture
def reader(site: Site) -> User:
    return factories.user(Role.VIEWER, site=site)


def light(dose: Dose) -> tuple[Signal, str]:
    (lit,) = queries.drug_lights(queries.wanted_for([dose], AT), AT).values()
    return lit.signal, lit.reason


class TestTheLights:
    def test_without_a_vial_it_is_red(self, dose: Dose) -> None:
        assert light(dose) == (Signal.NOT_READY, "No vial of 12 mg in stock or on order.")

    def test_in_stock_it_asks_and_reserved_it_is_ready(self, dose: Dose, vial: Vial) -> None:
        assert light(dose) == (Signal.ATTENTION, "1 vial of 12 mg in stock, none reserved.")
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        assert light(dose) == (Signal.READY, "A vial of 12 mg is reserved.")

    def test_a_reserved_vial_that_expires_before_a_moved_booking_turns_red(self, site: Site, dose: Dose) -> None:
        vial = builders.vial(site, expires_on=TARGET)
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        course_services.book(dose=dose, on=TARGET + DAY, at_time=None, place="", by=BY, at=AT)
        signal, reason = light(dose)
        assert signal is Signal.NOT_READY
        assert "It expires on 9 Jul 2026, before the dose on 10 Jul 2026." in reason

    def test_only_expired_counts_as_none(self, site: Site, dose: Dose) -> None:
        builders.vial(site, expires_on=TARGET - DAY)
        assert light(dose) == (Signal.NOT_READY, "1 vial of 12 mg in stock cannot be used on that day.")

    def test_another_sites_stock_another_strength_and_another_doses_vial_are_none(
        self, site: Site, other_site: Site, dose: Dose
    ) -> None:
        builders.vial(other_site)
        builders.vial(site, product=builders.product(28))
        other = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TARGET))
        services.reserve(vial=builders.vial(site), dose=other, by=BY, at=AT)
        assert light(dose) == (Signal.NOT_READY, "No vial of 12 mg in stock or on order.")

    def test_on_order_asks(self, site: Site, dose: Dose) -> None:
        services.order_vials(
            site=site, product=builders.product(), count=1, expected_on=None, reference="", by=BY, at=AT
        )
        assert light(dose)[0] is Signal.ATTENTION

    def test_the_authorisation_covers_the_day_or_not_and_the_day_stays(self, dose: Dose, patient: Patient) -> None:
        """Gate case G12: an authorisation that ends before the dose moves no date."""
        builders.authorisation(patient, ends_on=TARGET - DAY)
        (lit,) = queries.authorisation_lights(queries.wanted_for([dose], AT)).values()
        assert lit.signal is Signal.NOT_READY
        assert lit.reason == "The authorisation ends on 8 Jul 2026, before the dose on 9 Jul 2026."
        assert Dose.objects.get(pk=dose.pk).target == TARGET

    def test_many_doses_take_as_many_queries_as_one(
        self, site: Site, dose: Dose, vial: Vial, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        doses = [dose]
        builders.authorisation(dose.patient)
        for number in range(4):
            course = courses.course(courses.patient(site, f"Birch {number}"), planned_start=TARGET)
            doses.append(courses.next_dose(course))
            services.reserve(vial=builders.vial(site), dose=doses[-1], by=BY, at=AT)
            builders.authorisation(course.patient)
        for some in (doses[:1], doses):
            joined = list(Dose.objects.filter(pk__in=[one.pk for one in some]).select_related("site"))
            with django_assert_num_queries(1):
                wanted = queries.wanted_for(joined, AT)
            with django_assert_num_queries(4):
                assert len(queries.drug_lights(wanted, AT)) == len(some)
            with django_assert_num_queries(3):
                assert len(queries.authorisation_lights(wanted)) == len(some)

    def test_each_dose_is_read_by_the_policy_of_its_own_day(self, site: Site, dose: Dose) -> None:
        services.set_policy(
            site=site, effective_from=TARGET + DAY, source="Payer", authorisation_needed=False, by=BY, at=AT
        )
        later = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TARGET + DAY))
        wanted = queries.wanted_for([dose, later], AT)
        alone = queries.authorisation_lights(wanted[:1])
        lights = queries.authorisation_lights(wanted)
        assert [lights[one.pk].signal for one in (dose, later)] == [Signal.NOT_READY, Signal.NOT_NEEDED]
        assert lights[dose.pk] == alone[dose.pk]

    def test_the_sentence_of_a_vial_left_outside_does_not_count_the_minutes(self, dose: Dose, vial: Vial) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        services.take_out(vial=vial, in_carton=False, happened_at=AT, by=BY, at=AT)
        wanted = queries.wanted_for([dose], AT)
        told = {
            queries.drug_lights(wanted, AT + timedelta(hours=31, minutes=minutes))[dose.pk].reason for minutes in (0, 1)
        }
        (said,) = told
        assert said.endswith("It was outside the refrigerator without its carton for longer than 30 hours.")

    def test_no_dose_no_question(self, db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(0):
            assert queries.drug_lights((), AT) == queries.authorisation_lights(()) == {}

    def test_the_panel_of_a_dose_names_its_vial(self, dose: Dose, vial: Vial) -> None:
        panel = queries.dose_panel(dose, AT)
        assert (panel.vial_id, panel.vial, panel.drug.status.key) == (None, "", "attention")
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        panel = queries.dose_panel(dose, AT)
        assert (panel.vial_id, panel.vial, panel.drug.status.key) == (vial.pk, "vial AB12", "ready")
        assert panel.authorisation.reason == "No authorisation is registered."


class TestTheChoice:
    def test_what_can_be_chosen_comes_first_and_the_rest_says_why(self, site: Site, dose: Dose) -> None:
        short = builders.vial(site, lot="SHORT", expires_on=TARGET - DAY)
        late = builders.vial(site, lot="LATE", expires_on=TARGET + 300 * DAY)
        soon = builders.vial(site, lot="SOON", expires_on=TARGET + DAY)
        held = builders.vial(site, lot="HELD")
        services.quarantine(vial=held, code="recall", reason="", by=BY, at=AT)
        builders.vial(site, product=builders.product(28))
        (wanted,) = queries.wanted_for([dose], AT)
        found = queries.choices_for(wanted, AT)
        assert [choice.id for choice in found] == [soon.pk, late.pk, short.pk, held.pk]
        assert [choice.reasons for choice in found] == [
            (),
            (),
            ("It expires on 8 Jul 2026, before the dose on 9 Jul 2026.",),
            ("It is in quarantine.",),
        ]

    def test_the_doses_own_vial_is_marked(self, dose: Dose, vial: Vial) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        (wanted,) = queries.wanted_for([dose], AT)
        (choice,) = queries.choices_for(wanted, AT)
        assert choice.is_chosen
        assert choice.reasons == ()


class TestTheList:
    def lots(self, reader: User, **asked: Any) -> list[str]:
        return [row.name for row in queries.page(reader, Asked(**asked), None, AT).rows]

    @pytest.fixture
    def shelf(self, site: Site) -> dict[str, Vial]:
        days = {"A": 20, "B": 100, "C": 200}
        made = {lot: builders.vial(site, lot=lot, expires_on=AT.date() + n * DAY) for lot, n in days.items()}
        made["D"] = builders.vial(site, lot="D", product=builders.product(28), expires_on=AT.date() + 300 * DAY)
        services.waste(vial=made["C"], code="broken", reason="", by=BY, at=AT)
        return made

    @pytest.mark.parametrize(
        ("asked", "lots"),
        [
            ({}, ["A", "B", "D"]),
            ({"state": ALL}, ["A", "B", "C", "D"]),
            ({"state": "wasted"}, ["C"]),
            ({"mg": 28}, ["D"]),
            ({"lot": "b"}, ["B"]),
            ({"days": 60}, ["A"]),
            ({"days": 60, "mg": 28}, []),
        ],
        ids=str,
    )
    def test_it_is_narrowed_by_each_filter(
        self, shelf: dict[str, Vial], reader: User, asked: dict[str, Any], lots: list[str]
    ) -> None:
        assert self.lots(reader, **asked) == lots

    def test_another_sites_vials_are_not_shown(self, shelf: dict[str, Vial], other_site: Site) -> None:
        assert self.lots(factories.user(Role.PHARMACIST, site=other_site)) == []

    def test_an_expired_vial_reads_as_one_that_cannot_be_used(self, site: Site, reader: User) -> None:
        builders.vial(site, expires_on=AT.date() - DAY)
        (row,) = queries.page(reader, Asked(), None, AT).rows
        assert (row.status.key, row.reasons, row.near) == (
            "unusable",
            ("Expired on 3 Jul 2026.",),
            "expired yesterday",
        )

    def test_a_reservation_for_a_dose_that_was_given_otherwise_is_pointed_out(
        self, begun: Course, dose: Dose, vial: Vial, reader: User
    ) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        (row,) = queries.page(reader, Asked(), None, AT).rows
        assert (row.patient, row.dose, row.stray) == ("QUILLFEATHER, Ottoline", "L2", False)
        courses.give(begun, AT.date())
        (row,) = queries.page(reader, Asked(), None, AT).rows
        assert row.stray

    def test_and_one_for_a_place_that_was_counted_away(
        self, begun: Course, dose: Dose, vial: Vial, reader: User
    ) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        given = begun.administrations.get()
        course_services.take_back(administration=given, reason="Wrong patient", by=BY, at=AT)
        (row,) = queries.page(reader, Asked(), None, AT).rows
        assert row.stray

    def test_pages_lead_on_and_back_without_losing_a_vial(
        self, site: Site, reader: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("treatments.supply.queries.stock.PAGE", 2)
        for number in range(5):
            builders.vial(site, lot=f"L{number}", expires_on=AT.date() + (10 + number // 2) * DAY)
        services.order_vials(
            site=site, product=builders.product(), count=1, expected_on=None, reference="PO", by=BY, at=AT
        )
        cursor, seen, pages = None, [], []
        while True:
            page = queries.page(reader, Asked(state=ALL), cursor, AT)
            pages.append(page)
            seen += [row.id for row in page.rows]
            if page.next is None:
                break
            cursor = page.next
        assert len(seen) == len(set(seen)) == 6
        assert pages[0].previous is None
        assert pages[-1].rows[-1].name == "PO"
        back = queries.page(reader, Asked(state=ALL), pages[1].previous, AT)
        assert [row.id for row in back.rows] == seen[:2]
        assert back.previous is None

    def test_more_vials_take_no_query_more(
        self, site: Site, reader: User, vial: Vial, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        reader.rights  # noqa: B018 - asked once per request, before
        for count in (1, 6):
            with django_assert_num_queries(4):
                assert len(queries.page(reader, Asked(), None, AT).rows) == count
            with django_assert_num_queries(5):
                queries.strengths([site], AT)
            if count == 1:
                services.receive_vials(site=site, received=builders.received(count=5), by=BY, at=AT)


class TestByStrength:
    def test_every_vial_on_hand_is_counted_once(self, site: Site, dose: Dose, vial: Vial) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        builders.vial(site)
        builders.vial(site, expires_on=AT.date() + 60 * DAY)
        builders.vial(site, expires_on=AT.date() - DAY)
        held = builders.vial(site)
        services.quarantine(vial=held, code="recall", reason="", by=BY, at=AT)
        services.order_vials(
            site=site, product=builders.product(28), count=2, expected_on=None, reference="", by=BY, at=AT
        )
        twelve, other = queries.strengths([site], AT)
        assert (twelve.free, twelve.reserved, twelve.quarantined, twelve.unusable) == (2, 1, 1, 1)
        assert (twelve.on_hand, twelve.expiring, twelve.ordered) == (5, 1, 0)
        assert (other.on_hand, other.ordered) == (0, 2)

    @pytest.mark.parametrize(("days", "told"), [(60, True), (61, False)])
    def test_a_vial_is_told_of_60_days_before_it_expires(self, site: Site, days: int, told: bool) -> None:
        vial = builders.vial(site, expires_on=AT.date() + days * DAY)
        found = queries.vial_ends([site.pk], AT.date())
        assert [one.id for one in found] == ([vial.pk] if told else [])
        assert all(one.expires_on and one.expires_on - one.days_before * DAY == AT.date() for one in found)

    def test_what_was_used_or_returned_is_not_told_of(self, site: Site) -> None:
        vial = builders.vial(site, expires_on=AT.date() + DAY)
        services.send_back(vial=vial, reason="Short-dated", by=BY, at=AT)
        assert queries.vial_ends([site.pk], AT.date()) == ()


class TestOneVial:
    def test_the_page_has_the_whole_ledger_and_the_clocks(self, vial: Vial, dose: Dose) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT - timedelta(hours=5))
        services.take_out(vial=vial, in_carton=False, place="Ward", by=BY, at=AT - timedelta(hours=4))
        page = self.page(vial)
        assert [row.what for row in page.ledger] == [
            "Taken out of the refrigerator, without its carton",
            "Reserved",
            "Received",
        ]
        assert page.ledger[0].patient == "QUILLFEATHER, Ottoline"
        boxed, bare = page.clocks
        assert (boxed.used, boxed.ends) == ("0 min", "")
        assert (bare.used, bare.limit, bare.left) == ("4 h", "30 hours", "1 d 2 h")
        assert bare.ends == "5 Jul 2026, 15:00"

    def page(self, vial: Vial) -> queries.VialPage:
        joined = ("site", "product", "reserved_for__patient", "reserved_for__course")
        return queries.vial_page(Vial.objects.select_related(*joined).get(pk=vial.pk), AT)

    def test_a_vial_on_order_has_no_clock_and_says_when_it_comes(self, site: Site) -> None:
        (vial,) = services.order_vials(
            site=site, product=builders.product(), count=1, expected_on=TARGET, reference="PO-7", by=BY, at=AT
        )
        page = self.page(vial)
        assert (page.title, page.clocks, page.is_voidable) == ("12 mg, on order", (), True)
        facts = dict(page.facts)
        assert (facts["Lot"], facts["Order"], facts["Expected"]) == ("not known yet", "PO-7", "9 Jul 2026")
        assert page.row.near == "expected 9 Jul 2026"

    def test_a_clock_that_ran_out_is_red_and_a_reason_is_told_once(self, site: Site) -> None:
        vial = builders.vial(site, received_at=AT - 9 * DAY)
        services.take_out(vial=vial, in_carton=False, happened_at=AT - timedelta(hours=31), by=BY, at=AT)
        assert [clock.tone for clock in self.page(vial).clocks] == ["neutral", "danger"]
        services.waste(vial=vial, code="storage", reason="Forgotten on the ward", by=BY, at=AT)
        wasted = self.page(vial).ledger[0]
        assert wasted.details == ("Stored too warm, too cold or too long", "Forgotten on the ward")
        assert str(Movement.objects.get(kind="wasted")) == "Wasted on 2026-07-04"

    def test_what_was_taken_back_stays_on_it(self, vial: Vial, begun: Course) -> None:
        services.give(vial=vial, administration=courses.give(begun, AT.date()), by=BY, at=AT)
        services.restore(vial=vial, reason="Wrong patient", by=BY, at=AT)
        restored, given, _ = self.page(vial).ledger
        assert (given.what, given.undone, restored.undone) == ("Given", "Wrong patient", "")

    def test_the_doses_it_could_be_come_booked_ones_first(self, site: Site, vial: Vial, dose: Dose) -> None:
        later = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=TARGET + 5 * DAY))
        course_services.book(dose=later, on=TARGET + 5 * DAY, at_time=None, place="", by=BY, at=AT)
        beyond = courses.course(courses.patient(site, "Cedar"), planned_start=builders.EXPIRES + DAY)
        found = self.page(vial).doses
        assert [(one.id, one.when) for one in found] == [
            (later.pk, "booked for 14 Jul 2026"),
            (dose.pk, "target 9 Jul 2026"),
        ]
        assert courses.next_dose(beyond).pk not in {one.id for one in found}

    def test_a_vial_that_cannot_be_given_is_offered_to_nobody(self, site: Site, dose: Dose) -> None:
        page = self.page(builders.vial(site, expires_on=AT.date() - DAY))
        assert page.doses == ()
        assert not {"reserved", "drawn", "given"} & {kind.value for kind in page.possible}


class TestARecall:
    def test_it_finds_vials_and_doses_whatever_the_letters(
        self, site: Site, begun: Course, vial: Vial, reader: User
    ) -> None:
        given = builders.vial(site)
        services.give(vial=given, administration=courses.give(begun, AT.date(), lot="AB12"), by=BY, at=AT)
        found = queries.recall(reader, " ab12 ", AT)
        assert (found.lot, found.left, found.lot_sites) == ("AB12", 1, frozenset({site.pk}))
        assert {row.id for row in found.vials} == {vial.pk, given.pk}
        ((row),) = found.given
        assert (row.patient, row.dose, row.day, row.typed) == ("QUILLFEATHER, Ottoline", "L2", "4 Jul 2026", False)

    def test_a_lot_only_typed_on_a_dose_is_found_too(self, begun: Course, reader: User) -> None:
        courses.give(begun, AT.date(), lot="ZZ9")
        found = queries.recall(reader, "zz9", AT)
        assert (found.vials, [row.typed for row in found.given]) == ((), [True])

    def test_a_dose_that_was_taken_back_was_not_given(self, begun: Course, vial: Vial, reader: User) -> None:
        services.give(vial=vial, administration=courses.give(begun, AT.date(), lot="OTHER"), by=BY, at=AT)
        services.restore(vial=vial, reason="Wrong patient", by=BY, at=AT)
        assert queries.recall(reader, "AB12", AT).given == ()

    def test_another_site_sees_nothing(self, begun: Course, vial: Vial, other_site: Site) -> None:
        courses.give(begun, AT.date(), lot="AB12")
        found = queries.recall(factories.user(Role.PHARMACIST, site=other_site), "AB12", AT)
        assert (found.vials, found.given) == ((), ())


class TestDemand:
    def test_booked_and_projected_doses_against_what_there_is(self, site: Site, begun: Course, vial: Vial) -> None:
        course_services.book(dose=courses.next_dose(begun), on=TARGET + DAY, at_time=None, place="", by=BY, at=AT)
        page = queries.demand_at(site, AT)
        (table,) = page.tables
        july, august = table.rows[:2]
        # L2 is booked, L3 follows in July and L4 in August.
        assert (july.month, july.booked, july.projected, july.from_stock, july.short) == ("Jul 2026", 1, 1, 1, 1)
        assert (august.needed, august.short) == (1, 1)
        assert (table.strength, table.stock, page.courses, page.held, page.waiting) == ("12 mg", 1, 1, 0, 0)

    def test_a_moved_date_moves_the_demand(self, site: Site, begun: Course) -> None:
        course_services.book(
            dose=courses.next_dose(begun),
            on=date(2026, 8, 3),
            at_time=None,
            place="",
            by=BY,
            at=AT,
            confirmed=("after_window",),
        )
        (table,) = queries.demand_at(site, AT).tables
        assert [row.booked for row in table.rows[:2]] == [0, 1]

    def test_courses_without_dates_are_counted_apart(self, site: Site, begun: Course) -> None:
        course_services.hold_course(
            course=begun, from_on=AT.date(), reason="Surgery", review_on=AT.date() + DAY, by=BY, at=AT
        )
        page = queries.demand_at(site, AT)
        assert (page.tables, page.courses, page.held, page.waiting) == ((), 1, 1, 0)

    def test_an_expired_vial_meets_no_need(self, site: Site, begun: Course) -> None:
        builders.vial(site, expires_on=AT.date() - DAY)
        (table,) = queries.demand_at(site, AT).tables
        assert table.stock == 0

    def test_more_courses_take_no_query_more(
        self, site: Site, begun: Course, vial: Vial, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for more in (0, 4):
            for number in range(more):
                courses.course(courses.patient(site, f"Birch {number}"), planned_start=TARGET)
            with django_assert_num_queries(8):
                assert queries.demand_at(site, AT).courses == 1 + more
