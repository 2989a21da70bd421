"""Moving a vial: every state change is a row, its columns follow the ledger, and what cannot be is refused."""

import contextlib
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.audit.models import Entry
from clinic.records.writing import AlreadySubmitted
from clinic.staff.models import Site
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.supply import builders
from treatments.courses.models import Dose
from treatments.rules import vials as rules
from treatments.rules.vials import Kind
from treatments.supply import queries, services
from treatments.supply.models import Movement, Vial
from treatments.supply.services.moving import Facts

HOUR = timedelta(hours=1)


class TestOneMove:
    def test_each_leads_to_its_state_and_is_a_row(self, vial: Vial) -> None:
        services.take_out(vial=vial, place="Day ward", by=BY, at=AT)
        services.unbox(vial=vial, by=BY, at=AT)
        services.put_back(vial=vial, place="Refrigerator 2", by=BY, at=AT)
        services.quarantine(vial=vial, code="storage", reason="Alarm in the night", by=BY, at=AT)
        services.free(vial=vial, reason="Logger read: never above 8 °C", by=BY, at=AT)
        services.send_back(vial=vial, reason="Wrong delivery", by=BY, at=AT)
        assert builders.moves(vial) == [
            "received",
            "taken_out",
            "unboxed",
            "put_back",
            "quarantined",
            "freed",
            "returned",
        ]
        states = Movement.objects.order_by("number").values_list("state", flat=True)
        assert list(states) == ["received", "out", "out", "received", "quarantined", "received", "returned"]
        assert builders.again(vial).state == "returned"

    def test_the_place_is_where_it_was_last_put(self, vial: Vial) -> None:
        services.take_out(vial=vial, place="Day ward", by=BY, at=AT)
        services.unbox(vial=vial, by=BY, at=AT)
        assert builders.again(vial).place == "Day ward"

    def test_waste_is_coded_and_takes_the_vial_off_the_stock(self, vial: Vial) -> None:
        row = services.waste(vial=vial, code="broken", reason="", by=BY, at=AT)
        assert (row.reason_code, row.reason, row.change) == ("broken", "Broken or spilt", -1)

    def test_what_ends_a_use_needs_a_reason(self, vial: Vial) -> None:
        for act in (services.free, services.send_back):
            with pytest.raises(services.NoReason):
                act(vial=vial, reason=" ", by=BY, at=AT)

    def test_an_impossible_move_says_where_the_vial_is(self, vial: Vial) -> None:
        services.waste(vial=vial, code="broken", reason="", by=BY, at=AT)
        with pytest.raises(services.CannotMove, match=r"^This vial is wasted; it cannot be taken out of the ref"):
            services.take_out(vial=vial, by=BY, at=AT)
        assert builders.moves(vial) == ["received", "wasted"]

    def test_a_move_may_be_written_down_later_but_not_ahead(self, vial: Vial) -> None:
        row = services.take_out(vial=vial, happened_at=AT - HOUR, by=BY, at=AT)
        assert (row.happened_at, row.created_at) == (AT - HOUR, AT)
        with pytest.raises(services.MovedInTheFuture, match="4 Jul 2026, 14:00"):
            services.put_back(vial=vial, happened_at=AT + HOUR, by=BY, at=AT)

    def test_the_ledger_goes_forward(self, vial: Vial) -> None:
        with pytest.raises(services.CannotMove, match="goes forward"):
            services.take_out(vial=vial, happened_at=AT - timedelta(days=2), by=BY, at=AT)

    def test_a_form_sent_twice_moves_once(self, vial: Vial) -> None:
        key = uuid4()
        services.take_out(vial=vial, by=BY, at=AT, submission=key)
        with pytest.raises(AlreadySubmitted):
            services.take_out(vial=vial, by=BY, at=AT, submission=key)

    def test_the_trail_names_who_and_whose_dose(self, vial: Vial, dose: Dose) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        services.waste(vial=vial, code="broken", reason="Fell down", by=BY, at=AT)
        entry = Entry.objects.filter(target_type="supply.movement").latest("at", "id")
        assert (entry.actor_name, entry.patient_id, entry.reason) == ("test stage", dose.patient_id, "Fell down")


class TestTheSumOfTheLedger(TestCase):
    """Whatever is done with three vials: the lists' columns are the replay's, and the sum is what is on hand."""

    def setUp(self) -> None:
        self.site: Site = factories.site()
        course = courses.course(courses.patient(self.site), planned_start=AT.date())
        self.dose = courses.next_dose(course)
        self.vials = [builders.vial(self.site, lot=f"LOT{number}") for number in range(3)]

    @settings(max_examples=12, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from(sorted(set(Kind) - {Kind.GIVEN, Kind.RESTORED}))),
            max_size=10,
        )
    )
    def test_stock_is_the_sum_and_every_column_is_derived(self, steps: list[tuple[int, Kind]]) -> None:
        for place, kind in steps:
            self.act(self.vials[place], kind)
        stored = Vial.objects.in_bulk([vial.pk for vial in self.vials])
        for pk, moves in queries.ledgers_of(stored).items():
            standing, row = rules.stand(moves), stored[pk]
            assert row.state == standing.state
            assert str(row.reserved_for_id or "") == standing.dose
            total = Movement.objects.filter(vial=row).aggregate(sum=Sum("change"))["sum"]
            assert total == (standing.state in rules.ON_HAND)
        on_hand = sum(line.on_hand for line in queries.strengths([self.site], AT))
        assert on_hand == (Movement.objects.aggregate(sum=Sum("change"))["sum"] or 0) >= 0

    def act(self, vial: Vial, kind: Kind) -> None:
        facts: dict[str, Any] = {"by": BY, "at": AT}
        refusals = (services.CannotMove, services.UnfitVial, services.DoseHasVial)
        with contextlib.suppress(*refusals):
            if kind is Kind.RESERVED:
                services.reserve(vial=vial, dose=self.dose, **facts)
            elif kind is Kind.DRAWN:
                services.draw_up(vial=vial, **facts)
            else:
                services.move(vial=vial, kind=kind, facts=Facts(code="other", reason="Test"), **facts)


class TestALot:
    def recall(self, site: Site, lot: str = "ab12", **facts: Any) -> tuple[Movement, ...]:
        return services.quarantine_lot(lot=lot, sites=[site.pk], reason="Letter 7", by=BY, at=AT, **facts)

    def test_everything_left_of_it_is_held_back_at_once(self, site: Site, other_site: Site, dose: Dose) -> None:
        kept, reserved, wasted, other = (builders.vial(site) for _ in range(4))
        services.reserve(vial=reserved, dose=dose, by=BY, at=AT)
        services.waste(vial=wasted, code="broken", reason="", by=BY, at=AT)
        services.correct_vial(vial=other, values={"lot": "XY1"}, reason="x", by=BY, at=AT)
        elsewhere = builders.vial(other_site)
        assert len(self.recall(site)) == 2
        states = {row.pk: row.state for row in Vial.objects.all()}
        assert (states[kept.pk], states[reserved.pk], states[wasted.pk], states[other.pk], states[elsewhere.pk]) == (
            "quarantined",
            "quarantined",
            "wasted",
            "received",
            "received",
        )
        assert builders.again(reserved).reserved_for is None
        assert set(Movement.objects.filter(kind="quarantined").values_list("reason_code", "reason")) == {
            ("recall", "Letter 7")
        }

    def test_nothing_left_is_said(self, site: Site, vial: Vial) -> None:
        self.recall(site)
        with pytest.raises(services.NothingLeft):
            self.recall(site)

    def test_a_form_sent_twice_counts_once(self, site: Site, vial: Vial) -> None:
        key = uuid4()
        self.recall(site, submission=key)
        with pytest.raises(AlreadySubmitted):
            self.recall(site, submission=key)

    def test_a_recall_needs_a_reason(self, site: Site, vial: Vial) -> None:
        with pytest.raises(services.NoReason):
            services.quarantine_lot(lot="AB12", sites=[site.pk], reason="", by=BY, at=AT)


def test_a_vial_keeps_its_strength(vial: Vial) -> None:
    assert vial.mg == vial.product.mg == Decimal(12)
