"""Every table on the administration pages, walked: what is clinical is read there and never written."""

import uuid
from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from clinic.audit.models import Entry
from clinic.patients.models import Patient
from clinic.records import guards
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.clinic.admin_pages import parsed
from tests.clinic.stage import one_of_each, row_of

CLINICAL = guards.clinical_models()


def everything() -> list[type[models.Model]]:
    """Return every table that has pages, once the addresses have taken some away."""
    get_resolver().url_patterns  # noqa: B018 - reads the addresses
    return list(admin.site._registry)


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def patient(site: Site) -> Patient:
    return one_of_each(site)


@pytest.fixture
def browser(site: Site, signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def elsewhere(other_site: Site, signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.ADMINISTRATOR, at=other_site)


@pytest.fixture(params=["administrator", "superuser"])
def powerful(request: pytest.FixtureRequest, person: Callable[..., User], signed_in: Callable[..., Client]) -> Client:
    """Return a browser with somebody who may do most: an administrator, then a superuser."""
    user = person(Role.ADMINISTRATOR)
    User.objects.filter(pk=user.pk).update(is_superuser=request.param == "superuser")
    return signed_in(user=User.objects.get(pk=user.pk))


def test_everything_clinical_can_be_read_there() -> None:
    assert set(CLINICAL) <= set(everything())


def test_nothing_is_there_that_has_no_trail() -> None:
    ours = ("clinic.", "monographs", "treatments.")
    rooms = {app.label for app in apps.get_app_configs() if app.name.startswith(ours)}
    assert {model._meta.app_label for model in everything()} <= rooms


def test_a_row_shows_every_column_and_offers_no_field(patient: Patient, browser: Client) -> None:
    for model in CLINICAL:
        page = parsed(browser.get(address(model, "change", row_of(model).pk)))
        fields = {field.name for field in model._meta.concrete_fields if field.name != "id"}
        assert {name for name in fields if page.select_one(f".field-{name}")} == fields, model
        assert [field["name"] for field in page.select("main [name]")] == ["csrfmiddlewaretoken"], model


def test_nobody_writes_a_clinical_row_there(patient: Patient, powerful: Client) -> None:
    for model in CLINICAL:
        row, entries = row_of(model), Entry.objects.count()
        before = model._base_manager.values().get(pk=row.pk)
        forged = {field.name: "x" for field in model._meta.concrete_fields} | {"post": "yes", "_save": "Save"}
        for page, args in (("change", [row.pk]), ("delete", [row.pk]), ("add", [])):
            assert powerful.post(address(model, page, *args), forged).status_code == 403, (model, page)
        assert model._base_manager.values().get(pk=row.pk) == before, model
        assert Entry.objects.count() == entries, model


def test_nothing_at_all_is_deleted_there(patient: Patient, powerful: Client) -> None:
    for model in everything():
        keys = list(model._base_manager.order_by("pk").values_list("pk", flat=True))
        page = address(model, "delete", *(keys or [uuid.uuid4()])[:1])
        assert (powerful.get(page).status_code, powerful.post(page, {"post": "yes"}).status_code) == (403, 403), model
        action = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
        powerful.post(address(model, "changelist"), action)
        assert list(model._base_manager.order_by("pk").values_list("pk", flat=True)) == keys, model


def test_from_another_site_a_row_is_not_there(patient: Patient, elsewhere: Client) -> None:
    for model in CLINICAL:
        counted = parsed(elsewhere.get(address(model, "changelist"))).select_one(".paginator")
        assert counted is not None
        assert counted.text.strip().startswith("0 "), model
        answer = elsewhere.get(address(model, "change", row_of(model).pk))
        assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index")), model


def test_a_list_names_no_other_site_and_nobody_there(patient: Patient, other_site: Site, browser: Client) -> None:
    one_of_each(other_site, "Birch")
    for model in CLINICAL:
        page = browser.get(address(model, "changelist")).content.decode()
        assert "Southgate" not in page, model
        assert "Birch" not in page, model


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_other_roles_get_nothing_even_past_the_door(
    patient: Patient, person: Callable[..., User], signed_in: Callable[..., Client], role: Role
) -> None:
    user = person(role)
    client = signed_in(user=user)
    for is_staff, answer in ((False, 302), (True, 403)):
        User.objects.filter(pk=user.pk).update(is_staff=is_staff)
        for model in everything():
            row = model._base_manager.order_by("pk").first()
            key = uuid.uuid4() if row is None else row.pk
            pages = [address(model, "changelist"), address(model, "change", key), address(model, "add")]
            assert {client.get(page).status_code for page in pages} == {answer}, model


def test_the_history_of_a_row_is_what_the_trail_tells(patient: Patient, browser: Client) -> None:
    for model in CLINICAL:
        row = row_of(model)
        page = parsed(browser.get(address(model, "history", row.pk), follow=True))
        told = Entry.objects.filter(target_type=model._meta.label_lower, target_id=str(row.pk)).count()
        assert len(page.select("#result_list tbody tr")) == told > 0, model


def test_the_history_of_a_row_at_another_site_is_empty(patient: Patient, elsewhere: Client) -> None:
    page = parsed(elsewhere.get(address(Patient, "history", patient.pk), follow=True))
    assert not page.select("#result_list tbody tr")


def test_a_title_names_nobody_and_nothing_asks_for_a_name(patient: Patient, browser: Client) -> None:
    """Titles and addresses end up in histories and logs; a search box would put names there."""
    for model in CLINICAL:
        title = parsed(browser.get(address(model, "change", row_of(model).pk))).title
        assert title is not None
        assert "Alder" not in title.text, model
        assert not parsed(browser.get(address(model, "changelist"))).select("#searchbar"), model


def test_a_list_asks_no_more_with_more_rows(patient: Patient, browser: Client) -> None:
    def asked() -> dict[str, int]:
        counts = {}
        for model in CLINICAL:
            with CaptureQueriesContext(connection) as queries:
                browser.get(address(model, "changelist"))
            counts[model._meta.label] = len(queries)
        return counts

    few = asked()
    for name in ("Birch", "Cedar"):
        one_of_each(patient.site, name)
    assert asked() == few


def test_there_is_no_second_log(browser: Client, site: Site) -> None:
    facts = {"name": "Northfield", "time_zone": "Europe/London", "phone": "1", "is_active": "on"}
    browser.post(reverse("admin:staff_site_change", args=[site.pk]), facts)
    assert Entry.objects.filter(event="staff.site_changed").count() == 1
    assert not LogEntry.objects.exists()
