"""The pages of vials: what they show, what they offer to whom, and what they say when something stands in the way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from clinic.staff.services import give_role
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.courses.pages import queries, title, told
from tests.treatments.pages import filled, send, soup, text
from tests.treatments.supply import builders
from tests.treatments.supply.pages import main, offered, problems
from treatments.courses.models import Course, Dose
from treatments.supply import services
from treatments.supply.models import Movement, Vial

pytestmark = pytest.mark.usefixtures("at_noon")

STOCK, RECEIVE, RECALL = reverse("supply:stock"), reverse("supply:receive"), reverse("supply:recall")
DAY = timedelta(days=1)
CODE = "(01)00364406058011(17)280300(10)AB77(21)S{}"


def page_of(vial: Vial) -> str:
    return reverse("supply:vial", args=[vial.pk])


def move_of(vial: Vial, name: str) -> str:
    return reverse("supply:move", args=[vial.pk, name])


def for_dose(dose: Dose) -> str:
    return reverse("supply:for_dose", args=[dose.pk])


class TestTheList:
    def test_it_shows_what_is_on_hand_and_for_whom(self, pharmacist: Client, vial: Vial, dose: Dose) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        page = pharmacist.get(STOCK)
        assert "AB12" in main(page)
        assert "QUILLFEATHER, Ottoline L2" in main(page)
        assert title(page) == "Supply · Tidemark"

    def test_each_filter_in_force_can_be_taken_off(self, pharmacist: Client, vial: Vial) -> None:
        page = pharmacist.get(STOCK, {"state": "received", "lot": "ab12", "days": "90"})
        chips = {text(chip).split(" ×")[0]: chip["href"] for chip in soup(page).select(".chips a")}
        assert chips == {
            "In stock": f"{STOCK}?lot=ab12&days=90",
            "Lot ab12": f"{STOCK}?state=received&days=90",
            "Expires within 90 days": f"{STOCK}?state=received&lot=ab12",
        }
        assert "No vial fits these filters" in main(page)

    def test_an_empty_shelf_says_how_it_fills(self, pharmacist: Client) -> None:
        assert "No vials on hand" in main(pharmacist.get(STOCK))

    @pytest.mark.parametrize("query", ["state=lost", "mg=abc", "days=7", "site=x", "after=x", "before=2026-01-01.zz"])
    def test_what_cannot_be_understood_narrows_nothing(self, pharmacist: Client, vial: Vial, query: str) -> None:
        page = pharmacist.get(f"{STOCK}?{query}")
        assert page.status_code == 200
        assert "AB12" in main(page)

    @pytest.mark.parametrize(
        ("role", "actions"),
        [
            (Role.PHARMACIST, ["Receive vials", "Order vials"]),
            (Role.NURSE, ["Receive vials", "Order vials"]),
            (Role.COORDINATOR, []),
            (Role.VIEWER, []),
        ],
    )
    def test_who_may_only_read_is_offered_nothing(
        self, signed_in: Callable[..., Client], role: Role, actions: list[str]
    ) -> None:
        assert offered(signed_in(role).get(STOCK)) == actions

    def test_a_long_list_is_read_page_by_page(
        self, pharmacist: Client, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("treatments.supply.queries.stock.PAGE", 2)
        for number in range(3):
            builders.vial(site, lot=f"L{number}", expires_on=builders.EXPIRES + number * DAY)
        first = pharmacist.get(f"{STOCK}?mg=12")
        (onward,) = soup(first).select("a[rel=next]")
        second = pharmacist.get(str(onward["href"]))
        assert [text(link) for link in soup(second).select("table.stack th a")] == ["L2"]
        (back,) = soup(second).select("a[rel=prev]")
        assert str(back["href"]).startswith(f"{STOCK}?mg=12&before=")
        third = pharmacist.get(str(back["href"]))
        assert [text(link) for link in soup(third).select("table.stack th a")] == ["L0", "L1"]

    def test_a_longer_list_takes_no_query_more(self, pharmacist: Client, site: Site, vial: Vial) -> None:
        before = queries(pharmacist, STOCK)
        services.receive_vials(site=site, received=builders.received(count=5), by=BY, at=AT)
        assert queries(pharmacist, STOCK) == before


class TestReceiving:
    @pytest.fixture(autouse=True)
    def product(self, site: Site) -> str:
        return str(builders.product().pk)

    def read(self, client: Client, scan: str, **typed: str) -> Any:
        return client.post(RECEIVE, filled(soup(client.get(RECEIVE))) | {"scan": scan} | typed)

    def test_a_scan_fills_the_form_and_saves_nothing(self, pharmacist: Client, product: str) -> None:
        page = self.read(pharmacist, f"{CODE.format(1)}\n{CODE.format(2)}")
        values = filled(soup(page))
        assert page.status_code == 200
        assert Vial.objects.count() == 0
        assert (values["lot"], values["expires_on"], values["gtin"]) == ("AB77", "2028-03-31", "00364406058011")
        assert (values["serials"].split(), values["count"], values["product"]) == (["S1", "S2"], "2", product)
        assert values["scan"].strip() == ""
        assert "Read in: 2 cartons" in main(page)

    def test_what_was_read_in_is_then_received(self, pharmacist: Client) -> None:
        page = self.read(pharmacist, f"{CODE.format(1)}\n{CODE.format(2)}", place="Refrigerator 1")
        done = pharmacist.post(RECEIVE, filled(soup(page)))
        assert (done.status_code, told(done)) == (302, ["2 vials of lot AB77 received."])
        assert set(Vial.objects.values_list("serial", "place", "state")) == {
            ("S1", "Refrigerator 1", "received"),
            ("S2", "Refrigerator 1", "received"),
        }

    def test_a_product_number_unknown_here_asks_and_guesses_nothing(self, pharmacist: Client) -> None:
        page = self.read(pharmacist, "(01)10364406058018(17)280300(10)AB77")
        assert "This product number is not known here" in main(page)
        assert filled(soup(page))["product"] == ""

    def test_an_unreadable_scan_is_said_by_line_and_kept(self, pharmacist: Client) -> None:
        page = self.read(pharmacist, f"{CODE.format(1)}\nnonsense", lot="KEPT")
        assert page.status_code == 422
        assert problems(page) == [
            "Line 2: “nonsense” begins with no identifier known here. Scan the carton’s square code, or type its facts."
        ]
        assert filled(soup(page))["lot"] == "KEPT"
        assert "nonsense" in filled(soup(page))["scan"]

    def test_typed_by_hand_it_is_received_now(self, pharmacist: Client, product: str) -> None:
        send(pharmacist, RECEIVE, product=product, lot="AB12", expires_on="2027-06-30", count="2")
        assert set(Movement.objects.values_list("happened_at", "done_by")) == {(AT, "Farid Pharmacist")}

    def test_the_time_it_arrived_is_the_sites_own(self, pharmacist: Client, product: str) -> None:
        facts = {"product": product, "lot": "AB12", "expires_on": "2027-06-30"}
        send(pharmacist, RECEIVE, received_on="2026-07-04", received_time="09:30", **facts)
        assert Movement.objects.get().happened_at.isoformat() == "2026-07-04T08:30:00+00:00"

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"lot": ""}, "Lot: Enter the lot as it is printed on the carton."),
            ({"product": ""}, "Product: Choose the strength."),
            ({"count": "0"}, "Number of vials: Enter 1 or more."),
            ({"count": "51"}, "Number of vials: Enter 50 or less."),
            ({"gtin": "00364406058012"}, "GTIN: This is no GTIN of 14 digits; check it, or leave it empty."),
            ({"serials": "A" * 21}, "Serial numbers: A serial number has 20 signs at most; write one per line."),
            ({"serials": "S1\nS2"}, "Number of vials: There are 2 serial numbers for 1 vial."),
            (
                {"expires_on": "2026-07-03"},
                "Vial expiry: These expired on 3 Jul 2026, before they arrived; check the date.",
            ),
            (
                {"received_on": "2026-07-05", "received_time": "09:00"},
                "Day received: 5 Jul 2026, 09:00 lies in the future; enter when they arrived.",
            ),
            (
                {"received_on": "2026-07-04"},
                "Time received: Give both day and time, or leave both open for now.",
            ),
            (
                {"received_on": "2026-03-29", "received_time": "01:30"},
                "Time received: The clocks went forward on that day; there was no 01:30.",
            ),
        ],
        ids=str,
    )
    def test_what_is_wrong_is_said_at_its_field(
        self, pharmacist: Client, product: str, typed: dict[str, str], said: str
    ) -> None:
        facts = {"product": product, "lot": "AB12", "expires_on": "2027-06-30", "count": "1"}
        page = send(pharmacist, RECEIVE, **(facts | typed))
        assert page.status_code == 422
        assert said in problems(page)
        assert Vial.objects.count() == 0

    def test_somebody_of_two_sites_begins_with_their_own(
        self, farid: User, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        give_role(user=farid, site=other_site, role=Role.PHARMACIST, by=BY, at=AT)
        page = signed_in(user=User.objects.get(pk=farid.pk)).get(RECEIVE)
        assert filled(soup(page))["site"] == str(farid.home_site_id)


class TestOrdering:
    def test_an_order_waits_until_it_is_received(self, pharmacist: Client, site: Site) -> None:
        product = str(builders.product().pk)
        url = reverse("supply:order")
        done = send(pharmacist, url, product=product, count="2", expected_on="2026-07-10", order_reference="PO-7")
        assert told(done) == ["The order was saved."]
        page = pharmacist.get(STOCK, {"state": "ordered"})
        assert main(page).count("expected 10 Jul 2026") == 2


class TestOneVial:
    def test_it_offers_what_can_be_done_in_the_order_of_the_work(self, pharmacist: Client, vial: Vial) -> None:
        assert offered(pharmacist.get(page_of(vial))) == [
            "Take out of the refrigerator",
            "Draw up",
            "Quarantine",
            "Return to the supplier",
            "Waste",
        ]

    def test_a_reader_is_offered_nothing(self, signed_in: Callable[..., Client], vial: Vial) -> None:
        page = signed_in(Role.COORDINATOR).get(page_of(vial))
        assert offered(page) == []
        assert "Remove from the ledger" not in main(page)

    def test_unconfirmed_limits_say_so(self, pharmacist: Client, site: Site) -> None:
        for mg, said in ((12, False), (28, True)):
            vial = builders.vial(site, product=builders.product(mg))
            assert ("Storage limits not confirmed" in main(pharmacist.get(page_of(vial)))) is said

    def test_no_title_and_no_address_names_a_patient(self, pharmacist: Client, vial: Vial, dose: Dose) -> None:
        services.reserve(vial=vial, dose=dose, by=BY, at=AT)
        for url in (page_of(vial), move_of(vial, "waste"), for_dose(dose)):
            assert "uillfeather" not in title(pharmacist.get(url)).casefold() + url

    def test_taking_it_out_asks_whether_it_stays_in_its_carton(self, pharmacist: Client, vial: Vial) -> None:
        done = send(pharmacist, move_of(vial, "take-out"), in_carton="no", place="Day ward")
        assert told(done) == ["The vial is out of the refrigerator; its clock runs."]
        row = Movement.objects.get(kind="taken_out")
        assert (row.in_carton, row.place, row.happened_at) == (False, "Day ward", AT)
        assert "Out of refrigerator" in main(pharmacist.get(page_of(vial)))

    @pytest.mark.parametrize(
        ("first", "name", "state"),
        [
            (None, "draw-up", "drawn"),
            ("take-out", "unbox", "out"),
            ("take-out", "put-back", "received"),
            ("quarantine", "free", "received"),
            (None, "return", "returned"),
            (None, "waste", "wasted"),
        ],
    )
    def test_each_move_has_its_page(
        self, pharmacist: Client, vial: Vial, first: str | None, name: str, state: str
    ) -> None:
        facts = {"in_carton": "yes", "code": "broken", "reason": "Test"}
        for each in filter(None, (first, name)):
            assert send(pharmacist, move_of(vial, each), **facts).status_code == 302
        assert builders.again(vial).state == state

    def test_what_was_done_earlier_is_written_down_as_earlier(self, pharmacist: Client, vial: Vial) -> None:
        send(pharmacist, move_of(vial, "take-out"), in_carton="yes", on="2026-07-04", at_time="09:30")
        row = Movement.objects.get(kind="taken_out")
        assert (row.happened_at.isoformat(), row.created_at) == ("2026-07-04T08:30:00+00:00", AT)
        assert "written down 4 Jul 2026, 13:00" in main(pharmacist.get(page_of(vial)))

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"on": "2026-07-04"}, "Time: Give both day and time, or leave both open for now."),
            ({"at_time": "09:00"}, "Day: Give both day and time, or leave both open for now."),
            ({"on": "2026-07-04", "at_time": "x"}, "Time: Enter a time on the 24-hour clock, such as 14:05."),
            (
                {"on": "2026-07-04", "at_time": "13:01"},
                "Day: 4 Jul 2026, 13:01 lies in the future; enter when it was done.",
            ),
            (
                {"on": "2026-07-03", "at_time": "12:59"},
                "The ledger goes forward: this time lies before the vial’s last move.",
            ),
        ],
        ids=str,
    )
    def test_a_time_that_cannot_be_is_said(
        self, pharmacist: Client, vial: Vial, typed: dict[str, str], said: str
    ) -> None:
        page = send(pharmacist, move_of(vial, "draw-up"), **typed)
        assert (page.status_code, problems(page)) == (422, [said])

    def test_waste_is_asked_for_its_reason(self, pharmacist: Client, vial: Vial) -> None:
        page = send(pharmacist, move_of(vial, "waste"))
        assert problems(page) == ["Reason: Choose a reason."]
        page = send(pharmacist, move_of(vial, "waste"), code="other")
        assert problems(page) == ["More about it: Say what it was."]

    def test_a_move_made_meanwhile_by_somebody_else_is_told(self, pharmacist: Client, vial: Vial) -> None:
        typed = filled(soup(pharmacist.get(move_of(vial, "waste")))) | {"code": "broken"}
        services.send_back(vial=vial, reason="Recall", by=BY, at=AT)
        page = pharmacist.post(move_of(vial, "waste"), typed)
        assert problems(page) == ["This vial is returned; it cannot be wasted."]

    def test_a_page_of_a_move_that_cannot_be_made_leads_back(self, pharmacist: Client, vial: Vial) -> None:
        page = pharmacist.get(move_of(vial, "put-back"))
        assert told(page) == ["This vial has been moved meanwhile; its ledger says where it is."]

    def test_a_form_sent_twice_is_told(self, pharmacist: Client, vial: Vial) -> None:
        typed = filled(soup(pharmacist.get(move_of(vial, "waste")))) | {"code": "broken"}
        pharmacist.post(move_of(vial, "waste"), typed)
        again = pharmacist.post(move_of(vial, "waste"), typed)
        assert told(again) == ["This was already saved; nothing was saved twice."]

    def test_an_unknown_move_is_no_page(self, pharmacist: Client, vial: Vial) -> None:
        assert pharmacist.get(move_of(vial, "give")).status_code == 404

    def test_an_expired_vial_is_not_drawn_up(self, pharmacist: Client, site: Site) -> None:
        vial = builders.vial(site, expires_on=AT.date() - DAY)
        assert "Draw up" not in offered(pharmacist.get(page_of(vial)))
        typed = filled(soup(pharmacist.get(move_of(vial, "waste"))))
        page = pharmacist.post(move_of(vial, "draw-up"), typed)
        assert page.status_code == 422

    def test_a_correction_is_saved_with_its_reason(self, pharmacist: Client, vial: Vial) -> None:
        url = reverse("supply:correct", args=[vial.pk])
        assert told(send(pharmacist, url, lot="AB13", reason="Misread")) == ["The vial was corrected."]
        assert builders.again(vial).lot == "AB13"

    def test_two_people_correct_one_vial_and_the_second_sees_both(self, pharmacist: Client, vial: Vial) -> None:
        url = reverse("supply:correct", args=[vial.pk])
        typed = filled(soup(pharmacist.get(url))) | {"lot": "AB14", "reason": "Misread"}
        send(pharmacist, url, lot="AB13", reason="Misread")
        page = pharmacist.post(url, typed)
        assert page.status_code == 409
        assert "AB14 AB13" in main(page)

    def test_a_vial_entered_by_mistake_is_removed_and_says_so(self, pharmacist: Client, vial: Vial) -> None:
        done = send(pharmacist, reverse("supply:void", args=[vial.pk]), reason="Entered twice")
        assert told(done) == ["The vial was taken out of the ledger."]
        page = pharmacist.get(page_of(vial))
        assert "Taken out of the ledger Entered twice" in main(page)
        assert offered(page) == []


class TestReservingForADose:
    def test_the_vial_that_expires_first_is_proposed(self, pharmacist: Client, site: Site, dose: Dose) -> None:
        builders.vial(site, lot="LATE")
        builders.vial(site, lot="SOON", expires_on=builders.EXPIRES - 9 * DAY)
        chosen = soup(pharmacist.get(for_dose(dose))).select_one("input[name=vial][checked]")
        assert chosen is not None
        assert str(chosen["value"]) == str(Vial.objects.get(lot="SOON").pk)

    def test_a_vial_that_was_asked_for_is_proposed(self, pharmacist: Client, site: Site, dose: Dose) -> None:
        late = builders.vial(site, lot="LATE")
        builders.vial(site, lot="SOON", expires_on=builders.EXPIRES - 9 * DAY)
        page = pharmacist.get(f"{for_dose(dose)}?vial={late.pk}")
        (chosen,) = soup(page).select("input[name=vial][checked]")
        assert chosen["value"] == str(late.pk)

    def test_it_is_reserved_and_the_person_is_back_at_the_dose(
        self, pharmacist: Client, vial: Vial, dose: Dose
    ) -> None:
        done = pharmacist.post(for_dose(dose), filled(soup(pharmacist.get(for_dose(dose)))) | {"vial": str(vial.pk)})
        assert (done.status_code, told(done)) == (302, ["The vial is reserved for dose L2."])
        assert builders.again(vial).reserved_for == dose
        assert "Reserved: Lot AB12" in main(pharmacist.get(for_dose(dose)))

    def test_what_cannot_be_chosen_is_listed_with_why_and_not_offered(
        self, pharmacist: Client, site: Site, dose: Dose
    ) -> None:
        builders.vial(site, expires_on=AT.date() + DAY)
        page = pharmacist.get(for_dose(dose))
        assert soup(page).select("input[name=vial]") == []
        assert "No vial can be chosen" in main(page)
        assert "It expires on 5 Jul 2026, before the dose on 9 Jul 2026." in main(page)

    def test_an_expired_vial_sent_by_hand_is_refused(
        self, pharmacist: Client, site: Site, vial: Vial, dose: Dose
    ) -> None:
        old = builders.vial(site, expires_on=AT.date() - DAY)
        typed = filled(soup(pharmacist.get(for_dose(dose)))) | {"vial": str(old.pk)}
        page = pharmacist.post(for_dose(dose), typed)
        assert problems(page) == ["Vial: This vial cannot be chosen any more; the list below says why."]
        assert builders.again(old).state == "received"

    def test_of_two_who_choose_one_vial_the_second_is_told(
        self, pharmacist: Client, vial: Vial, site: Site, dose: Dose
    ) -> None:
        typed = filled(soup(pharmacist.get(for_dose(dose)))) | {"vial": str(vial.pk)}
        other = courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=AT.date()))
        services.reserve(vial=vial, dose=other, by=BY, at=AT)
        page = pharmacist.post(for_dose(dose), typed)
        assert page.status_code == 422
        assert "It is reserved for another dose." in main(page)

    def test_a_dose_that_was_given_leads_back(self, pharmacist: Client, begun: Course, dose: Dose) -> None:
        courses.give(begun, AT.date())
        page = pharmacist.get(for_dose(dose))
        assert told(page) == ["This dose is not planned any more; no vial can be reserved for it."]


class TestARecall:
    def test_a_lot_is_found_and_held_back_with_a_reason(self, pharmacist: Client, vial: Vial, begun: Course) -> None:
        courses.give(begun, AT.date(), lot="AB12")
        here = f"{RECALL}?lot=ab12"
        page = pharmacist.get(here)
        assert "1 could still be given" in main(page)
        assert "QUILLFEATHER, Ottoline" in main(page)
        typed = filled(soup(page)) | {"reason": "Letter 7"}
        assert told(pharmacist.post(here, typed)) == ["1 vial of lot ab12 quarantined."]
        assert builders.again(vial).state == "quarantined"
        assert told(pharmacist.post(here, typed)) == ["This was already saved; nothing was saved twice."]

    def test_without_a_reason_nothing_is_held_back(self, pharmacist: Client, vial: Vial) -> None:
        page = send(pharmacist, f"{RECALL}?lot=AB12")
        assert (page.status_code, problems(page)) == (
            422,
            ["Why the lot is held back: Write the reason in a few words."],
        )

    def test_when_nothing_is_left_meanwhile_it_is_said(self, pharmacist: Client, vial: Vial) -> None:
        typed = filled(soup(pharmacist.get(f"{RECALL}?lot=AB12"))) | {"reason": "Letter 7"}
        services.waste(vial=vial, code="broken", reason="", by=BY, at=AT)
        page = pharmacist.post(f"{RECALL}?lot=AB12", typed)
        assert page.status_code == 422

    def test_an_unknown_lot_is_said_to_be_unknown(self, pharmacist: Client) -> None:
        assert "Nothing is known of this lot" in main(pharmacist.get(f"{RECALL}?lot=NONE"))

    def test_a_reader_sees_and_holds_back_nothing(self, signed_in: Callable[..., Client], vial: Vial) -> None:
        client = signed_in(Role.COORDINATOR)
        page = client.get(f"{RECALL}?lot=AB12")
        assert "AB12" in main(page)
        assert soup(page).select("main form[method=post]") == []
        client.post(f"{RECALL}?lot=AB12", {"reason": "x", "submission": "x"})
        assert builders.again(vial).state == "received"


class TestDemand:
    def test_it_says_what_is_short(self, pharmacist: Client, begun: Course, vial: Vial) -> None:
        page = pharmacist.get(reverse("supply:demand"))
        assert "12 mg" in main(page)
        assert "more needed" in main(page)

    def test_another_site_cannot_be_asked_for(self, pharmacist: Client, other_site: Site) -> None:
        page = pharmacist.get(reverse("supply:demand"), {"site": str(other_site.pk)})
        assert "Southgate" not in main(page)
