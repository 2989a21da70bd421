"""What a site decides about laboratory values: begun as proposed, dated, never edited, refused when out of order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests.clinic.admin_pages import parsed, told
from tests.treatments.labs.builders import policy
from treatments.labs.models import MonitoringPolicy
from treatments.labs.models.policies import proposed
from treatments.labs.queries.readings import policies_in_force
from treatments.rules.monitoring_defaults import DEFAULT
from treatments.rules.monitoring_terms import Basis, LabPolicy, Limits, Place

TODAY = date(2026, 7, 4)


def numbers(of: LabPolicy) -> dict[str, Any]:
    """Return a policy without the words that say where it comes from."""

    def bare(limits: Limits) -> list[Any]:
        young = limits.young and (limits.young.under_years, limits.young.watch.at)
        every = (limits.watch, limits.sign_off, limits.stop)
        told_of = [limit and (limit.at, limit.basis, limit.of_upper, limit.or_range) for limit in every]
        return [*told_of, young, limits.is_floor, limits.on_repeat, limits.fall_percent]

    return {
        "limits": {analyte: bare(limits) for analyte, limits in of.limits.items()},
        "groups": of.groups,
        "ages": dict(of.ages),
        "may_skip": of.may_skip,
    }


class TestTheRule:
    def test_a_new_policy_begins_with_what_the_application_proposes(self) -> None:
        assert numbers(MonitoringPolicy(source="x").rule()) == numbers(DEFAULT)

    def test_each_column_reaches_the_rule(self, site: Site) -> None:
        row = policy(
            site,
            platelets_watch="140",
            platelets_by_range=False,
            platelets_fall=40,
            pcr_young_years=3,
            age_loading=7,
            asks_aptt=False,
            may_skip=True,
        )
        rule = MonitoringPolicy.objects.get(pk=row.pk).rule()
        platelets = rule.limits["platelets"]
        assert (platelets.watch.at, platelets.watch.or_range, platelets.fall_percent) == (Decimal(140), False, 40)
        assert rule.limits["urine_pcr"].young is not None
        assert rule.limits["urine_pcr"].young.under_years == 3
        assert (rule.ages[Place.LOADING], rule.may_skip) == (7, True)
        assert [group.key for group in rule.groups if not group.required] == ["aptt"]
        assert platelets.stop is not None
        assert platelets.stop.source == "Ward round"

    def test_the_labels_figure_is_the_labels_until_a_site_decides_otherwise(self) -> None:
        kept, changed = MonitoringPolicy(source="x"), MonitoringPolicy(source="x", protein_watch=Decimal("0.3"))
        assert kept.rule().limits["urine_protein"].watch.basis is Basis.LABEL
        assert changed.rule().limits["urine_protein"].watch.basis is Basis.POLICY

    def test_nothing_is_proposed_where_there_is_no_limit(self) -> None:
        with pytest.raises(KeyError):
            proposed("pt", "stop")


class TestWhichCounts:
    def stop(self, site: Site, regimen: str = "", day: date = TODAY) -> Decimal:
        limit = policies_in_force({site.pk: day}).of(site.pk, regimen).limits["platelets"].stop
        assert limit is not None
        return limit.at

    def test_without_one_the_proposal_counts_and_says_so(self, site: Site) -> None:
        found = policies_in_force({site.pk: TODAY}).of(site.pk, "")
        assert found == replace(DEFAULT)
        assert found.source.startswith("The application's proposal")

    def test_the_latest_that_has_begun_by_the_day(self, site: Site) -> None:
        policy(site, since=date(2026, 1, 1), platelets_stop="40")
        policy(site, since=TODAY, platelets_stop="30")
        policy(site, since=date(2026, 7, 5), platelets_stop="20")
        assert [self.stop(site, day=date(2026, 7, day)) for day in (3, 4, 5)] == [40, 30, 20]

    def test_one_for_the_regimen_comes_before_the_sites_own(self, site: Site) -> None:
        policy(site, since=date(2026, 1, 1), regimen_key="nusinersen-12mg-eu", platelets_stop="40")
        policy(site, since=TODAY, platelets_stop="30")
        assert self.stop(site, "nusinersen-12mg-eu") == 40
        assert self.stop(site, "nusinersen-12mg-us") == 30

    def test_sites_keep_their_own(self, site: Site, other_site: Site) -> None:
        policy(other_site, platelets_stop="40")
        assert self.stop(site) == 50

    def test_every_site_goes_by_its_own_day(
        self, site: Site, other_site: Site, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        policy(site, since=TODAY, platelets_stop="40")
        policy(other_site, since=TODAY, platelets_stop="40")
        with django_assert_num_queries(1):
            found = policies_in_force({site.pk: TODAY, other_site.pk: date(2026, 7, 3)})
        assert found.of(site.pk, "").source == "Ward round"
        assert found.of(other_site.pk, "").source != "Ward round"

    def test_nobody_asks_about_no_site(self, db: None) -> None:
        assert policies_in_force({}).rules == {}


class TestOrder:
    @pytest.mark.parametrize(
        ("values", "wrong"),
        [
            ({"platelets_sign_off": "160"}, {"platelets_sign_off"}),
            ({"platelets_stop": "101"}, {"platelets_stop"}),
            ({"inr_stop": "1.3"}, {"inr_stop"}),
            ({"aptt_sign_off": "0.9"}, {"aptt_sign_off"}),
            ({"protein_stop": "0.1"}, {"protein_stop"}),
            ({"pcr_watch_young": "0.6"}, {"pcr_sign_off"}),
        ],
    )
    def test_a_limit_on_the_wrong_side_is_refused_by_name(
        self, site: Site, values: dict[str, Any], wrong: set[str]
    ) -> None:
        with pytest.raises(ValidationError) as refused:
            policy(site, **values)
        assert set(refused.value.message_dict) - {"__all__"} == wrong

    def test_equal_limits_are_in_order(self, site: Site) -> None:
        assert policy(site, platelets_watch="50", platelets_sign_off="50").pk

    def test_the_database_refuses_what_passed_by_the_form(self, site: Site) -> None:
        row = MonitoringPolicy(site=site, effective_from=TODAY, source="x", platelets_stop=Decimal(200))
        with pytest.raises(IntegrityError, match="platelet_limits_are_in_order"), transaction.atomic():
            row.save()

    def test_one_policy_a_day(self, site: Site) -> None:
        policy(site)
        with pytest.raises(ValidationError):
            policy(site)
        assert policy(site, regimen_key="nusinersen-12mg-eu").pk

    def test_it_is_named_by_site_regimen_and_day(self, site: Site) -> None:
        assert str(policy(site)) == "Northfield from 2020-01-01"
        assert str(policy(site, regimen_key="nusinersen-12mg-eu")) == "Northfield, nusinersen-12mg-eu from 2020-01-01"


class TestTheAdministrationPages:
    ADD = "admin:labs_monitoringpolicy_add"

    @pytest.fixture
    def keeper(self, signed_in: Callable[..., Client]) -> Client:
        return signed_in(Role.ADMINISTRATOR)

    def typed(self, client: Client, site: Site, **values: str) -> dict[str, str]:
        page = parsed(client.get(reverse(self.ADD)))
        facts = {"site": str(site.pk), "effective_from": "2026-08-01", "source": "Ward round of July"}
        boxes = {str(box["name"]): "on" for box in page.select("[type=checkbox][checked]")}
        inputs = {str(field["name"]): str(field.get("value", "")) for field in page.select("input[type=number]")}
        return inputs | boxes | facts | values

    def test_every_number_is_explained(self, keeper: Client, site: Site) -> None:
        page = parsed(keeper.get(reverse(self.ADD)))
        unexplained = [
            str(field["name"])
            for field in page.select("input[type=number]")
            if not page.select_one(f"#{field['id']}_helptext")
        ]
        assert unexplained == []

    def test_an_administrator_writes_one_with_the_trail(self, keeper: Client, site: Site) -> None:
        answer = keeper.post(reverse(self.ADD), self.typed(keeper, site, platelets_stop="40"))
        assert answer.status_code == 302
        row = MonitoringPolicy.objects.get()
        assert (row.platelets_stop, row.site) == (Decimal(40), site)
        assert Entry.objects.get(event="labs.policy_set").site_id == site.pk

    def test_limits_out_of_order_are_said_beside_the_field(self, keeper: Client, site: Site) -> None:
        answer = keeper.post(reverse(self.ADD), self.typed(keeper, site, platelets_stop="400"))
        assert "lies on the wrong side" in told(answer)

    def test_nobody_edits_one(self, keeper: Client, site: Site) -> None:
        row = policy(site)
        place = reverse("admin:labs_monitoringpolicy_change", args=[row.pk])
        assert not parsed(keeper.get(place)).select("input[type=number]")
        assert keeper.post(place, self.typed(keeper, site)).status_code == 403

    def test_another_sites_policies_are_not_there(self, keeper: Client, site: Site, other_site: Site) -> None:
        policy(other_site)
        page = keeper.get(reverse("admin:labs_monitoringpolicy_changelist"))
        assert b"Southgate" not in page.content
