"""The room on the administration pages: vials to read, and a site's policy to write down, never to change."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.treatments.supply import builders
from treatments.supply import events
from treatments.supply.models import SupplyPolicy

ADD = reverse("admin:supply_supplypolicy_add")


@pytest.fixture
def administrator(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.ADMINISTRATOR)


def policy(site: Site, **facts: object) -> dict[str, object]:
    usual = {"effective_from": "2026-08-01", "source": "Pharmacy committee", "label": "eu", "expiring_days": "90"}
    more = {"authorisation_days": "30", "authorisation_doses": "2", "authorisation_needed": "on"}
    return {"site": str(site.pk)} | usual | more | facts


def test_a_policy_is_written_down_with_its_trail(administrator: Client, site: Site) -> None:
    assert administrator.post(ADD, policy(site)).status_code == 302
    row = SupplyPolicy.objects.get()
    assert (row.effective_from, row.label, row.rule().expiring_days) == (date(2026, 8, 1), "eu", 90)
    assert Entry.objects.get(event=events.POLICY_SET).site_id == site.pk
    assert str(row) == "Northfield from 2026-08-01"


def test_a_second_policy_of_one_day_is_refused(administrator: Client, site: Site) -> None:
    administrator.post(ADD, policy(site))
    assert administrator.post(ADD, policy(site)).status_code == 200
    assert SupplyPolicy.objects.count() == 1


def test_a_policy_is_never_changed(administrator: Client, site: Site) -> None:
    administrator.post(ADD, policy(site))
    url = reverse("admin:supply_supplypolicy_change", args=[SupplyPolicy.objects.get().pk])
    assert administrator.post(url, policy(site, label="us")).status_code == 403


def test_a_policy_of_another_site_is_not_offered(administrator: Client, other_site: Site) -> None:
    assert administrator.post(ADD, policy(other_site)).status_code == 200
    assert not SupplyPolicy.objects.exists()


@pytest.mark.parametrize("label", ["supply_vial", "supply_movement"])
def test_the_ledger_can_be_read_and_not_written(administrator: Client, site: Site, label: str) -> None:
    builders.vial(site)
    assert "AB12" in administrator.get(reverse(f"admin:{label}_changelist")).content.decode()
    assert administrator.get(reverse(f"admin:{label}_add")).status_code == 403
