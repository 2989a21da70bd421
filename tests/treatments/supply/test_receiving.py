"""Ordering and receiving vials, correcting what was typed wrongly, and taking out what was never there."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.audit.models import Entry
from clinic.records.models import DirectWrite
from clinic.records.writing import AlreadySubmitted, StaleRecord, derive
from clinic.staff.models import Site
from tests.factories import AT, BY
from tests.treatments.supply import builders
from treatments.courses.models import Dose
from treatments.supply import events, services
from treatments.supply.models import Movement, Vial
from treatments.supply.queries import policy_at


def order(site: Site, count: int = 2, days_ago: int = 3) -> tuple[Vial, ...]:
    return services.order_vials(
        site=site,
        product=builders.product(),
        count=count,
        expected_on=date(2026, 7, 10),
        reference="PO-7",
        by=BY,
        at=AT - timedelta(days=days_ago),
    )


class TestReceiving:
    def test_every_vial_is_a_row_with_the_first_row_of_its_ledger(self, site: Site) -> None:
        received = builders.received(count=3, serials=("S1", "S2"), gtin=builders.GTIN, place="Refrigerator 1")
        vials = services.receive_vials(site=site, received=received, by=BY, at=AT)
        assert [(vial.serial, vial.state, vial.place) for vial in vials] == [
            ("S1", "received", "Refrigerator 1"),
            ("S2", "received", "Refrigerator 1"),
            ("", "received", "Refrigerator 1"),
        ]
        assert {(vial.lot, vial.expires_on, vial.gtin) for vial in vials} == {("AB12", builders.EXPIRES, builders.GTIN)}
        rows = Movement.objects.values_list("kind", "number", "change", "state", "happened_at", "done_by")
        assert set(rows) == {("received", 1, 1, "received", AT - timedelta(days=1), "test stage")}
        assert Entry.objects.filter(event=events.VIAL_RECEIVED, site_id=site.pk).count() == 3

    def test_vials_on_order_are_taken_off_it_the_oldest_first(self, site: Site) -> None:
        (second,), (first,) = order(site, 1, days_ago=2), order(site, 1, days_ago=3)
        services.receive_vials(site=site, received=builders.received(), by=BY, at=AT)
        assert builders.moves(first) == ["ordered", "received"]
        assert builders.again(first).lot == "AB12"
        assert builders.again(second).state == "ordered"
        assert Vial.objects.count() == 2

    def test_more_than_were_ordered_are_new(self, site: Site) -> None:
        order(site, count=1)
        services.receive_vials(site=site, received=builders.received(count=2), by=BY, at=AT)
        assert set(Vial.objects.values_list("state", "lot")) == {("received", "AB12")}
        assert Vial.objects.count() == 2

    def test_an_order_can_be_left_standing(self, site: Site) -> None:
        order(site, count=1)
        services.receive_vials(site=site, received=builders.received(off_the_order=False), by=BY, at=AT)
        assert Vial.objects.filter(state="ordered").count() == 1

    def test_another_strength_fills_no_order(self, site: Site) -> None:
        order(site, count=1)
        builders.vial(site, product=builders.product(28))
        assert Vial.objects.filter(state="ordered").count() == 1

    def test_another_sites_order_is_left_alone(self, site: Site, other_site: Site) -> None:
        order(other_site, count=1)
        builders.vial(site)
        assert Vial.objects.filter(state="ordered", site=other_site).count() == 1

    @pytest.mark.parametrize(
        ("count", "serials", "said"),
        [
            (0, (), "between 1 and 50"),
            (51, (), "between 1 and 50"),
            (1, ("S1", "S2"), "There are 2 serial numbers for 1 vial."),
            (2, ("S1", "S1"), "stands twice"),
        ],
    )
    def test_numbers_that_do_not_fit_are_refused(
        self, site: Site, count: int, serials: tuple[str, ...], said: str
    ) -> None:
        received = builders.received(count=count, serials=serials)
        with pytest.raises(services.BadLot, match=said):
            services.receive_vials(site=site, received=received, by=BY, at=AT)

    def test_a_serial_number_is_received_once(self, site: Site) -> None:
        builders.vial(site, serials=("S1",), gtin=builders.GTIN)
        with pytest.raises(services.KnownSerial, match="serial number S1 is in the ledger already"):
            services.receive_vials(
                site=site, received=builders.received(count=2, serials=("S2", "S1"), gtin=builders.GTIN), by=BY, at=AT
            )
        assert Vial.objects.count() == 1

    def test_the_same_serial_of_another_product_is_another_vial(self, site: Site) -> None:
        builders.vial(site, serials=("S1",), gtin=builders.GTIN)
        builders.vial(site, serials=("S1",), gtin="10364406058018")
        assert Vial.objects.count() == 2

    def test_what_expired_before_it_arrived_is_refused_what_expires_that_day_is_not(self, site: Site) -> None:
        with pytest.raises(services.TooLate, match="expired on 2 Jul 2026, before they arrived"):
            builders.vial(site, expires_on=date(2026, 7, 2))
        assert builders.vial(site, expires_on=date(2026, 7, 3)).state == "received"

    def test_nothing_arrives_in_the_future(self, site: Site) -> None:
        with pytest.raises(services.MovedInTheFuture, match="4 Jul 2026, 13:00 lies in the future"):
            builders.vial(site, received_at=AT + timedelta(seconds=1))

    def test_a_form_sent_twice_receives_once(self, site: Site) -> None:
        key, received = uuid4(), builders.received(count=2)
        services.receive_vials(site=site, received=received, by=BY, at=AT, submission=key)
        with pytest.raises(AlreadySubmitted):
            services.receive_vials(site=site, received=received, by=BY, at=AT, submission=key)
        assert Vial.objects.count() == 2

    def test_a_lot_too_long_for_any_carton_is_refused(self, site: Site) -> None:
        with pytest.raises(ValidationError):
            builders.vial(site, lot="A" * 21)

    def test_a_vial_is_named_by_its_lot(self, site: Site) -> None:
        assert str(builders.vial(site)) == "vial AB12"
        assert str(order(site, 1)[0]) == "vial of 12 mg on order"


class TestOrdering:
    def test_what_is_ordered_changes_no_stock(self, site: Site) -> None:
        vials = order(site)
        assert [(vial.state, vial.order_reference, vial.lot) for vial in vials] == [("ordered", "PO-7", "")] * 2
        assert set(Movement.objects.values_list("kind", "change")) == {("ordered", 0)}

    def test_a_form_sent_twice_orders_once(self, site: Site) -> None:
        key = uuid4()
        facts = {"site": site, "product": builders.product(), "count": 2, "expected_on": None, "reference": ""}
        services.order_vials(**facts, by=BY, at=AT, submission=key)  # type: ignore[arg-type]
        with pytest.raises(AlreadySubmitted):
            services.order_vials(**facts, by=BY, at=AT, submission=key)  # type: ignore[arg-type]
        assert Vial.objects.count() == 2


class TestCorrecting:
    def correct(self, vial: Vial, **values: object) -> Vial:
        return services.correct_vial(vial=vial, values=values, reason="Typed wrongly", by=BY, at=AT)

    def test_a_slip_is_corrected_with_its_reason_in_the_trail(self, vial: Vial) -> None:
        corrected = self.correct(vial, expires_on=date(2027, 7, 31))
        assert (corrected.expires_on, corrected.version) == (date(2027, 7, 31), vial.version + 1)
        entry = Entry.objects.get(event=events.VIAL_CORRECTED)
        assert (entry.reason, entry.changes["expires_on"]) == ("Typed wrongly", ["2027-06-30", "2027-07-31"])

    def test_what_left_the_stock_stays_as_it_was(self, vial: Vial) -> None:
        services.waste(vial=vial, code="broken", reason="", by=BY, at=AT)
        with pytest.raises(services.CannotMove, match="no longer in stock"):
            self.correct(vial, lot="XY1")

    def test_two_people_one_is_told(self, vial: Vial) -> None:
        self.correct(vial, lot="XY1")
        with pytest.raises(StaleRecord):
            services.correct_vial(vial=vial, values={"lot": "XY2"}, reason="x", by=BY, at=AT, expected=vial.version)

    def test_a_correction_needs_a_reason(self, vial: Vial) -> None:
        with pytest.raises(services.NoReason):
            services.correct_vial(vial=vial, values={"lot": "XY1"}, reason=" ", by=BY, at=AT)

    def test_a_serial_number_of_another_vial_is_refused(self, site: Site) -> None:
        builders.vial(site, serials=("S1",), gtin=builders.GTIN)
        other = builders.vial(site, serials=("S2",), gtin=builders.GTIN)
        with pytest.raises(services.KnownSerial, match="S1"):
            self.correct(other, serial="S1")


class TestTakingOutOfTheLedger:
    def void(self, vial: Vial, reason: str = "Never delivered") -> Vial:
        return services.void_vial(vial=vial, reason=reason, by=BY, at=AT)

    def test_a_cancelled_order_is_gone_but_visible(self, site: Site) -> None:
        (vial,) = order(site, 1)
        self.void(vial)
        assert builders.again(vial).void_reason == "Never delivered"
        assert not Vial.objects.standing().exists()

    def test_a_voided_vial_goes_nowhere(self, vial: Vial) -> None:
        self.void(vial)
        with pytest.raises(services.CannotMove, match="taken out of the ledger: Never delivered"):
            services.take_out(vial=vial, by=BY, at=AT)

    def test_what_was_used_is_wasted_instead(self, vial: Vial, dose: Dose) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        with pytest.raises(services.CannotMove, match="has been used"):
            self.void(vial)

    def test_it_happens_once_and_with_a_reason(self, vial: Vial) -> None:
        with pytest.raises(services.NoReason):
            self.void(vial, "")
        self.void(vial)
        with pytest.raises(services.CannotMove, match="already: Never delivered"):
            self.void(vial)


class TestTheDatabaseItself:
    def test_a_vial_is_never_written_past_the_house(self, vial: Vial) -> None:
        with pytest.raises(DirectWrite):
            vial.save()
        with pytest.raises(DirectWrite):
            Movement.objects.update(kind="given")

    def test_stock_without_lot_or_expiry_is_refused(self, site: Site) -> None:
        (vial,) = order(site, 1)
        with pytest.raises(IntegrityError), transaction.atomic():
            derive(vial, state="received")

    @pytest.mark.parametrize("state", ["given", "wasted", "received", "quarantined"])
    def test_only_what_can_be_given_is_reserved(self, vial: Vial, dose: Dose, state: str) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            derive(vial, state=state, reserved_for=dose)

    def test_reserved_means_for_somebody(self, vial: Vial) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            derive(vial, state="reserved")

    def test_a_dose_has_one_vial(self, site: Site, dose: Dose) -> None:
        first, second = builders.vial(site), builders.vial(site)
        derive(first, state="reserved", reserved_for=dose)
        with pytest.raises(IntegrityError), transaction.atomic():
            derive(second, state="reserved", reserved_for=dose)


class TestPolicy:
    def test_what_the_site_decided_last_counts(self, site: Site) -> None:
        for day, label in ((date(2026, 1, 1), "us"), (date(2026, 7, 4), "eu"), (date(2026, 7, 5), "us")):
            services.set_policy(site=site, effective_from=day, source="Test", label=label, by=BY, at=AT)
        assert policy_at(site, date(2026, 7, 3)).label == "us"
        assert policy_at(site, date(2026, 7, 4)).label == "eu"

    def test_a_site_that_decided_nothing_has_the_usual_policy(self, site: Site) -> None:
        policy = policy_at(site, date(2026, 7, 4))
        assert (policy.label, policy.expiring_days, policy.authorisation_days) == ("", 60, 45)

    def test_an_unknown_label_is_refused(self, site: Site) -> None:
        with pytest.raises(ValidationError):
            services.set_policy(site=site, effective_from=date(2026, 1, 1), source="Test", label="jp", by=BY, at=AT)
