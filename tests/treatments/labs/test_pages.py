"""The grid for one sample, and the page that voids a result."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.patients.models import Patient
from clinic.staff.models import Site
from clinic.staff.roles import GRANTS, Permission, Role
from tests import factories
from tests.factories import AT
from tests.treatments.courses.builders import patient as register
from tests.treatments.labs.builders import log, reported
from tests.treatments.pages import filled, send, soup, text
from treatments.labs.models import LabResult

MAY_LOG = [role for role in Role if Permission.RECORD_LABS in GRANTS[role]]
MAY_NOT = [role for role in Role if Permission.RECORD_LABS not in GRANTS[role]]
WHEN = {"collected_on": "2026-07-02", "collected_time": "09:30"}
PLATELETS = WHEN | {"platelets_value": "212", "platelets_unit": "10*9/L"}


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def patient(site: Site) -> Patient:
    return register(site)


@pytest.fixture
def nurse(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.NURSE)


def url(patient: Patient) -> str:
    return reverse("labs:add", args=[patient.pk])


def rows() -> dict[str, LabResult]:
    return {row.analyte: row for row in LabResult.objects.all()}


def problems(response: Any) -> list[str]:
    return [text(item) for item in soup(response).select(".error-summary li")]


class TestWhoMayLog:
    @pytest.mark.parametrize("role", MAY_LOG)
    def test_these_roles_may(self, patient: Patient, signed_in: Callable[..., Client], role: Role) -> None:
        client = signed_in(role)
        assert client.get(url(patient)).status_code == 200
        assert send(client, url(patient), **PLATELETS).status_code == 302
        assert len(rows()) == 1

    @pytest.mark.parametrize("role", MAY_NOT)
    def test_these_roles_may_not(self, patient: Patient, signed_in: Callable[..., Client], role: Role) -> None:
        client = signed_in(role)
        assert client.get(url(patient)).status_code == 403
        assert client.post(url(patient), PLATELETS).status_code == 403
        assert rows() == {}

    def test_a_nurse_of_another_site_finds_nothing(
        self, patient: Patient, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        client = signed_in(Role.NURSE, at=other_site)
        assert client.get(url(patient)).status_code == 404
        assert client.post(url(patient), PLATELETS).status_code == 404

    def test_an_unknown_patient_is_not_found(self, nurse: Client) -> None:
        assert nurse.get(reverse("labs:add", args=[uuid4()])).status_code == 404

    def test_who_is_not_signed_in_is_asked_to(self, patient: Patient, client: Client) -> None:
        assert client.get(url(patient))["Location"].startswith(reverse("account_login"))


class TestTheGrid:
    def test_it_has_a_row_for_each_analyte_with_its_units(self, nurse: Client, patient: Patient) -> None:
        page = soup(nurse.get(url(patient)))
        assert [text(label) for label in page.select("tbody th label")] == [
            "Platelets",
            "INR",
            "Prothrombin time",
            "aPTT",
            "Urine protein",
            "Urine protein/creatinine",
        ]
        units = [text(option) for option in page.select("[name=urine_pcr_unit] option")]
        assert units == ["unit", "g/g", "mg/g", "mg/mmol"]

    def test_where_there_is_one_unit_there_is_nothing_to_choose(self, nurse: Client, patient: Patient) -> None:
        page = soup(nurse.get(url(patient)))
        assert not page.select("[name=aptt_unit], [name=pt_unit], [name=inr_unit]")
        assert "no unit" in text(page.select("tbody tr")[1])

    def test_no_unit_is_chosen_before_somebody_did(self, nurse: Client, patient: Patient) -> None:
        values = filled(soup(nurse.get(url(patient))))
        assert {values[f"{key}_unit"] for key in ("platelets", "urine_protein", "urine_pcr")} == {""}

    def test_it_offers_what_was_used_last_time_and_shows_the_value(self, nurse: Client, patient: Patient) -> None:
        log(patient, reported("urine_protein", "12", "mg/dL"), laboratory="Southlab")
        page = soup(nurse.get(url(patient)))
        values = filled(page)
        assert (values["laboratory"], values["urine_protein_unit"], values["platelets_unit"]) == (
            "Southlab",
            "mg/dL",
            "",
        )
        assert "Last: 12 mg/dL on 2 Jul 2026" in text(page.select("tbody tr")[4])

    def test_every_control_says_what_it_is(self, nurse: Client, patient: Patient) -> None:
        page = soup(nurse.get(url(patient)))
        labelled = {str(label["for"]) for label in page.select("label[for]")}
        controls = page.select("main form :is(input, select):not([type=hidden])")
        assert len(controls) == 3 + 6 * 4 + 3
        assert all(control.get("aria-label") or control["id"] in labelled for control in controls)

    def test_the_title_names_nobody(self, nurse: Client, patient: Patient) -> None:
        assert text(soup(nurse.get(url(patient))).select("title")[0]) == "Log laboratory results · Tidemark"


class TestSaving:
    def test_a_whole_set_is_saved_with_the_local_time_of_collection(self, nurse: Client, patient: Patient) -> None:
        response = send(
            nurse,
            url(patient),
            **PLATELETS,
            laboratory="Northfield Pathology",
            platelets_low="150",
            platelets_high="400",
            inr_value="1.1",
            aptt_value="31.5",
            urine_protein_comparator="<",
            urine_protein_value="15",
            urine_protein_unit="mg/dL",
        )
        assert response["Location"] == reverse("chart", args=[patient.pk])
        saved = rows()
        assert set(saved) == {"platelets", "inr", "aptt", "urine_protein"}
        assert {row.collected_at for row in saved.values()} == {datetime(2026, 7, 2, 8, 30, tzinfo=UTC)}
        assert {row.collected_on for row in saved.values()} == {date(2026, 7, 2)}
        assert (saved["platelets"].range_low, saved["platelets"].range_high) == (Decimal(150), Decimal(400))
        assert (saved["urine_protein"].kept, saved["urine_protein"].comparator) == (Decimal("0.15"), "<")
        assert (saved["inr"].unit, saved["inr"].laboratory) == ("{INR}", "Northfield Pathology")

    def test_rows_that_are_empty_but_for_a_unit_are_ignored(self, nurse: Client, patient: Patient) -> None:
        send(nurse, url(patient), **PLATELETS, urine_protein_unit="g/L")
        assert set(rows()) == {"platelets"}

    def test_the_person_who_typed_it_stands_in_the_trail(
        self, patient: Patient, signed_in: Callable[..., Client]
    ) -> None:
        user = factories.user(Role.NURSE, site=patient.site)
        send(signed_in(user=user), url(patient), **PLATELETS)
        assert Entry.objects.get(event="labs.result_logged").person_id == user.pk

    def test_the_same_form_sent_twice_saves_one_set_and_says_so(self, nurse: Client, patient: Patient) -> None:
        values = filled(soup(nurse.get(url(patient)))) | PLATELETS
        assert nurse.post(url(patient), values).status_code == 302
        again = nurse.post(url(patient), values | {"platelets_value": "213"})
        assert again["Location"] == reverse("chart", args=[patient.pk])
        assert rows()["platelets"].value == 212
        told = [str(message) for message in again.wsgi_request._messages]  # type: ignore[attr-defined]
        assert "This was already saved; nothing was saved twice." in told

    def test_a_form_opened_for_another_patient_is_refused(self, nurse: Client, patient: Patient, site: Site) -> None:
        values = filled(soup(nurse.get(url(patient)))) | PLATELETS
        response = nurse.post(url(register(site, "Birch")), values)
        assert response.status_code == 422
        assert "opened by somebody else or for another record" in problems(response)[0]
        assert rows() == {}

    def test_the_same_sample_again_is_refused_with_a_sentence(self, nurse: Client, patient: Patient) -> None:
        send(nurse, url(patient), **PLATELETS)
        response = send(nurse, url(patient), **PLATELETS, inr_value="1.1")
        assert response.status_code == 422
        assert problems(response) == [
            "A sample collected at this very time already has a value for Platelets. Correct the time, leave those rows"
            + " empty, or void the earlier value first."
        ]
        assert set(rows()) == {"platelets"}


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            (
                {"platelets_value": "250000"},
                "Platelets : 250000 ×10⁹/L is not plausible; did you mean /µL, which is ×10⁶/L?",
            ),
            (
                {"inr_value": "55"},
                "INR : 55 is not plausible; INR is expected between 0.5 and 20. Check the number.",
            ),
            ({"platelets_unit": ""}, "Platelets, unit : Choose the unit that stands on the report."),
            (
                {"platelets_value": "1,2"},
                "Platelets : Write a point for decimals and no separators, such as 1.2 or 250000.",
            ),
            (
                {"platelets_value": "<50"},
                "Platelets : Choose the sign in the box before the number, and type the number alone.",
            ),
            (
                {"aptt_comparator": "<"},
                "aPTT : Type the number, or clear the row.",
            ),
            ({"aptt_high": "38"}, "aPTT : Type the number, or clear the row."),
            (
                {"platelets_low": "400", "platelets_high": "150"},
                "Platelets, range from : The range begins above its end; exchange the two.",
            ),
            (
                {"platelets_high": "400000"},
                "Platelets, range to : 400000 ×10⁹/L is not plausible; did you mean /µL, which is ×10⁶/L?",
            ),
            (
                {"platelets_low": "150000", "platelets_high": "400000"},
                "Platelets, range from : 150000 ×10⁹/L is not plausible; did you mean /µL, which is ×10⁶/L?",
            ),
            ({"collected_on": ""}, "Day collected : Enter the day."),
            ({"collected_time": ""}, "Time collected : Enter the time."),
            (
                {"collected_on": "2026-07-05"},
                "Day collected : This day lies in the future; enter when the sample was taken.",
            ),
            (
                {"collected_on": "2026-07-04", "collected_time": "13:01"},
                "Time collected : This time is still to come; enter when the sample was taken.",
            ),
            (
                {"collected_on": "2020-05-16"},
                "Day collected : The patient was born on 17 May 2020; check the year.",
            ),
            (
                {"collected_on": "2026-03-29", "collected_time": "01:30"},
                "Time collected : The clocks went forward on that day; there was no 01:30.",
            ),
            ({"platelets_value": ""}, "Enter at least one result."),
        ],
    )
    def test_each_error_says_where_and_what_to_do_and_nothing_is_saved(
        self, nurse: Client, patient: Patient, typed: dict[str, str], told: str
    ) -> None:
        response = send(nurse, url(patient), **(PLATELETS | typed))
        assert response.status_code == 422
        assert problems(response) == [told]
        assert rows() == {}

    @pytest.mark.parametrize(
        "number", ["NaN", "Infinity", "1e3", "1E3", "-5", "+5", "0x10", "٢١٢", "1 000", "1.23456", "1" * 41, "²"]
    )
    def test_only_plain_numbers_are_read(self, nurse: Client, patient: Patient, number: str) -> None:
        response = send(nurse, url(patient), **(PLATELETS | {"platelets_value": number}))
        assert response.status_code == 422
        assert problems(response)[0].startswith("Platelets : ")
        assert rows() == {}

    @pytest.mark.parametrize(
        "typed",
        [
            {"platelets_unit": "10*6/L"},
            {"platelets_comparator": "~"},
            {"collected_on": "02/07/2026"},
            {"collected_on": "0001-01-01"},
            {"collected_on": "9999-12-31"},
            {"collected_time": "25:00"},
            {"laboratory": "n" * 81},
            {"laboratory": "\x00"},
        ],
    )
    def test_what_no_form_would_send_is_refused_in_peace(
        self, nurse: Client, patient: Patient, typed: dict[str, str]
    ) -> None:
        response = send(nurse, url(patient), **(PLATELETS | typed))
        assert response.status_code == 422
        assert len(problems(response)) == 1
        assert rows() == {}

    def test_errors_of_several_rows_are_told_at_once_and_typed_work_is_kept(
        self, nurse: Client, patient: Patient
    ) -> None:
        typed = PLATELETS | {
            "platelets_value": "250000",
            "inr_value": "1,1",
            "aptt_value": "31",
            "laboratory": "Southlab",
        }
        response = send(nurse, url(patient), **typed)
        page = soup(response)
        assert len(problems(response)) == 2
        kept = filled(page)
        assert {name: kept[name] for name in typed} == typed
        assert [str(link["href"]) for link in page.select(".error-summary a")] == [
            "#id_platelets_value",
            "#id_inr_value",
        ]
        marked = page.select("tbody tr.tone-danger")
        assert [text(row.select_one("label") or row) for row in marked] == ["Platelets", "INR"]
        assert {str(field["name"]) for field in page.select(".is-invalid")} == {"platelets_value", "inr_value"}

    def test_a_form_mended_after_an_error_is_saved_with_the_same_key(self, nurse: Client, patient: Patient) -> None:
        first = send(nurse, url(patient), **(PLATELETS | {"platelets_value": "250000"}))
        values = filled(soup(first)) | {"platelets_value": "250"}
        assert nurse.post(url(patient), values).status_code == 302
        assert rows()["platelets"].value == 250

    def test_this_very_minute_is_not_the_future(self, nurse: Client, patient: Patient) -> None:
        send(nurse, url(patient), **(PLATELETS | {"collected_on": "2026-07-04", "collected_time": "13:00"}))
        assert rows()["platelets"].collected_at == AT

    def test_the_day_of_birth_is_not_too_early(self, nurse: Client, patient: Patient) -> None:
        send(nurse, url(patient), **(PLATELETS | {"collected_on": "2020-05-17"}))
        assert rows()["platelets"].collected_on == patient.born_on

    def test_an_hour_that_came_twice_means_the_first(self, nurse: Client, patient: Patient) -> None:
        send(nurse, url(patient), **(PLATELETS | {"collected_on": "2025-10-26", "collected_time": "01:30"}))
        assert rows()["platelets"].collected_at == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


class TestVoiding:
    @pytest.fixture
    def result(self, patient: Patient) -> LabResult:
        return log(patient)[0]

    def test_it_shows_what_is_voided_and_asks_why(self, nurse: Client, result: LabResult) -> None:
        page = soup(nurse.get(reverse("labs:void", args=[result.pk])))
        assert "Platelets 212 ×10⁹/L, collected 2 Jul 2026, 09:30." in text(page)

    def test_with_a_reason_it_is_voided(self, nurse: Client, result: LabResult, patient: Patient) -> None:
        response = send(nurse, reverse("labs:void", args=[result.pk]), reason="Wrong tube")
        assert response["Location"] == reverse("chart", args=[patient.pk])
        assert rows()["platelets"].void_reason == "Wrong tube"

    @pytest.mark.parametrize("reason", ["", "   "])
    def test_without_a_reason_it_is_not(self, nurse: Client, result: LabResult, reason: str) -> None:
        assert send(nurse, reverse("labs:void", args=[result.pk]), reason=reason).status_code == 422
        assert rows()["platelets"].voided_at is None

    def test_a_second_time_there_is_nothing_to_void(self, nurse: Client, result: LabResult) -> None:
        place = reverse("labs:void", args=[result.pk])
        values = filled(soup(nurse.get(place))) | {"reason": "Wrong tube"}
        nurse.post(place, values)
        assert nurse.post(place, values).status_code == 302
        assert nurse.get(place).status_code == 302
        assert Entry.objects.filter(event="labs.result_voided").count() == 1

    def test_who_saw_an_older_version_is_shown_both(self, nurse: Client, result: LabResult) -> None:
        place = reverse("labs:void", args=[result.pk])
        response = send(nurse, place, reason="Wrong tube", version="99")
        assert response.status_code == 409
        assert rows()["platelets"].voided_at is None

    def test_only_who_may_log_may_void(
        self, result: LabResult, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        place = reverse("labs:void", args=[result.pk])
        assert signed_in(Role.VIEWER).get(place).status_code == 403
        assert signed_in(Role.VIEWER).post(place, {"reason": "x", "version": "1"}).status_code == 403
        assert signed_in(Role.NURSE, at=other_site).get(place).status_code == 404
        assert rows()["platelets"].voided_at is None
