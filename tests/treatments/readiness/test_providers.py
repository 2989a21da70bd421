"""Where the six lights come from: each room says its own of each patient, and leads to the page that mends it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse

from clinic.patients import services as patient_services
from clinic.patients.facts import ProfileFacts
from clinic.patients.models import Patient
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from tests.clinic.patients import builders as patients
from tests.factories import AT, BY
from tests.treatments.adverse_events import builders as adverse_events
from tests.treatments.courses import builders as courses
from tests.treatments.labs import builders as labs
from tests.treatments.readiness.builders import all_but_labs, confirm, override, policy
from tests.treatments.supply import builders as supply
from treatments.courses.models import Dose
from treatments.labs.queries import Asked, asked
from treatments.readiness import providers, queries, services
from treatments.readiness.providers import PROVIDERS, Shown
from treatments.rules.lights import Light, Signal
from treatments.rules.readiness import Answer, needs_two
from treatments.supply import services as supply_services

HYPERSENSITIVE = "Known hypersensitivity: nusinersen (angioedema). This is a contraindication."
IN_FIVE_DAYS = date(2026, 7, 9)


def asked_of(*doses: Dose) -> list[Asked]:
    return asked(Dose.objects.filter(pk__in=[dose.pk for dose in doses]), AT)


def shown(dose: Dose, light: Light) -> Shown:
    return PROVIDERS[light](asked_of(dose), AT)[dose.patient_id]


def said(dose: Dose, light: Light) -> tuple[Signal, str]:
    lit = shown(dose, light).lit
    assert lit.light is light
    return lit.signal, lit.reason


def link(dose: Dose, light: Light) -> tuple[str, str, Permission]:
    fix = shown(dose, light).fix
    assert fix is not None
    return fix.label, fix.url, fix.permission


@pytest.fixture
def bare(site: Site) -> Dose:
    """Return the first dose of somebody of whom nothing is known."""
    return courses.next_dose(courses.course(courses.patient(site, "Birch"), planned_start=IN_FIVE_DAYS))


class TestTheRooms:
    def test_every_light_has_a_room_that_keeps_it_and_answers_for_whoever_is_asked_about(self, bare: Dose) -> None:
        assert list(PROVIDERS) == list(Light)
        (every,) = providers.collect(asked_of(bare), AT).values()
        assert [each.lit.light for each in every] == list(Light)

    def test_of_somebody_of_whom_nothing_is_known_only_events_are_in_order(self, bare: Dose) -> None:
        (every,) = providers.collect(asked_of(bare), AT).values()
        signals = {each.lit.light: each.lit.signal for each in every}
        assert signals == dict.fromkeys(Light, Signal.NOT_READY) | {
            Light.ADVERSE_EVENTS: Signal.READY,
            Light.ACCESS_PLAN: Signal.ATTENTION,
        }

    def test_a_provider_that_leaves_a_dose_out_is_an_error_never_a_light_that_is_not_needed(self, bare: Dose) -> None:
        def nobody(_asked: Sequence[Asked], _now: datetime) -> dict[UUID, Shown]:
            return {}

        with pytest.raises(KeyError):
            providers.collect(asked_of(bare), AT, {**PROVIDERS, Light.CONSENT: nobody})

    @pytest.mark.parametrize(
        ("light", "count"),
        [
            (Light.LABS, 2),
            (Light.ADVERSE_EVENTS, 2),
            (Light.AUTHORISATION, 3),
            (Light.DRUG, 4),
            (Light.CONSENT, 1),
            (Light.ACCESS_PLAN, 2),
        ],
    )
    def test_each_takes_the_same_queries_for_one_dose_and_for_three(
        self, bare: Dose, site: Site, light: Light, count: int, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        more = [courses.next_dose(courses.course(courses.patient(site, f"Cedar {number}"))) for number in range(2)]
        for some in ([bare], [bare, *more]):
            of = asked_of(*some)
            all_but_labs(some[-1])
            with django_assert_num_queries(count):
                assert len(PROVIDERS[light](of, AT)) == len(some)


class TestWhatMendsEach:
    def test_events_are_listed_and_a_contraindication_leads_to_the_allergies(self, bare: Dose) -> None:
        adverse_events.record(bare.patient, term="Meningitis", criteria={"hospitalisation"})
        assert said(bare, Light.ADVERSE_EVENTS)[0] is Signal.NOT_READY
        url = reverse("adverse_events:of_patient", args=[bare.patient_id])
        assert link(bare, Light.ADVERSE_EVENTS) == ("Adverse events", url, Permission.VIEW_PATIENTS)
        patients.allergy(bare.patient, "nusinersen", kind="hypersensitivity", reaction="angioedema")
        assert said(bare, Light.ADVERSE_EVENTS) == (Signal.NOT_READY, HYPERSENSITIVE)
        chart = reverse("chart", args=[bare.patient_id])
        assert link(bare, Light.ADVERSE_EVENTS)[:2] == ("Allergies", f"{chart}#panel-allergies")

    def test_a_first_authorisation_is_registered_and_one_that_ends_is_renewed(self, bare: Dose) -> None:
        may = Permission.MANAGE_AUTHORISATIONS
        add = reverse("supply:add_authorisation", args=[bare.patient_id])
        assert link(bare, Light.AUTHORISATION) == ("Register an authorisation", add, may)
        supply.authorisation(bare.patient, ends_on=date(2026, 7, 8))
        every = reverse("supply:of_patient", args=[bare.patient_id])
        assert link(bare, Light.AUTHORISATION) == ("Register or renew", every, may)

    def test_a_vial_is_chosen_for_the_dose(self, bare: Dose) -> None:
        url = reverse("supply:for_dose", args=[bare.pk])
        assert link(bare, Light.DRUG) == ("Vials for this dose", url, Permission.MANAGE_SUPPLY)

    @pytest.mark.parametrize(
        ("light", "label", "kind"),
        [(Light.CONSENT, "Record consent", "consent"), (Light.ACCESS_PLAN, "Write the access plan", "access-plan")],
    )
    def test_consent_and_access_plan_are_written_down(self, bare: Dose, light: Light, label: str, kind: str) -> None:
        url = reverse("patients:add_part", args=[bare.patient_id, kind])
        assert link(bare, light) == (label, url, Permission.REGISTER_PATIENTS)

    def test_whoever_may_not_mend_a_light_is_led_nowhere(self, bare: Dose) -> None:
        found = queries.readiness_of_dose(bare.pk, AT)
        for role, labels in (
            (Role.VIEWER, set()),
            (Role.PHARMACIST, {"Register an authorisation", "Vials for this dose"}),
            (Role.COORDINATOR, {"Log labs", "Register an authorisation", "Record consent", "Write the access plan"}),
        ):
            board = queries.board_of(found, GRANTS[role])
            assert {action.label for light in board.lights for action in light.actions} == labels

    def test_the_day_and_the_amount_are_those_of_the_dose(self, bare: Dose, site: Site) -> None:
        supply.authorisation(bare.patient, ends_on=date(2026, 7, 8))
        supply.vial(site, expires_on=date(2026, 7, 8))
        supply.vial(site, product=supply.product(28))
        assert said(bare, Light.AUTHORISATION)[1].endswith("before the dose on 9 Jul 2026.")
        assert said(bare, Light.DRUG)[1] == "1 vial of 12 mg in stock cannot be used on that day."


class TestThreePatients:
    """One red in events and plan, one in authorisation and vial, one in consent: nothing of one shows in another."""

    @pytest.fixture
    def three(self, site: Site) -> tuple[Dose, Dose, Dose]:
        people = [courses.patient(site, name) for name in ("Alder", "Birch", "Cedar")]
        alder, birch, cedar = (courses.next_dose(courses.course(one, planned_start=IN_FIVE_DAYS)) for one in people)
        adverse_events.record(alder.patient, term="Meningitis", criteria={"hospitalisation"})
        curved = ProfileFacts(spine="scoliosis")
        patient_services.set_profile(profile=alder.patient.sma_profile, facts=curved, by=BY, at=AT)
        supply.authorisation(alder.patient)
        supply_services.reserve(vial=supply.vial(site), dose=alder, by=BY, at=AT)
        patients.consent(alder.patient, by="Sam Alder")
        supply.authorisation(birch.patient, ends_on=date(2026, 7, 1))
        patients.consent(birch.patient, by="Sam Birch")
        patients.access_plan(birch.patient, approach="port")
        labs.whole_set(birch.patient)
        supply.authorisation(cedar.patient, doses_approved=1)
        supply_services.reserve(vial=supply.vial(site), dose=cedar, by=BY, at=AT)
        patients.access_plan(cedar.patient)
        labs.whole_set(cedar.patient, platelets=labs.reported(value="140"))
        return alder, birch, cedar

    def test_each_has_its_own_six(self, three: tuple[Dose, Dose, Dose]) -> None:
        red, amber, green = Signal.NOT_READY, Signal.ATTENTION, Signal.READY
        every = providers.collect(asked_of(*three), AT)
        assert [[each.lit.signal for each in every[dose.patient_id]] for dose in three] == [
            [red, red, green, green, green, red],
            [green, green, red, red, green, green],
            [amber, green, green, green, red, green],
        ]

    def test_each_is_told_together_what_it_is_told_alone_and_mended_on_its_own_pages(
        self, three: tuple[Dose, Dose, Dose]
    ) -> None:
        every = providers.collect(asked_of(*three), AT)
        for dose in three:
            mine = every[dose.patient_id]
            alone = providers.collect(asked_of(dose), AT)[dose.patient_id]
            assert [each.lit for each in mine] == [each.lit for each in alone]
            assert [each.fix for each in mine] == [each.fix for each in alone]
            own = {str(dose.pk), str(dose.patient_id), *map(str, dose.patient.labresults.values_list("pk", flat=True))}
            assert all(any(key in each.fix.url for key in own) for each in mine if each.fix is not None)


class TestAContraindication:
    @pytest.fixture
    def hypersensitive(self, dose: Dose, patient: Patient) -> Dose:
        labs.whole_set(patient)
        patients.allergy(patient, "nusinersen", kind="hypersensitivity", reaction="angioedema")
        return dose

    @pytest.mark.parametrize("asks", ["required", "advisory", "off"])
    def test_it_keeps_the_dose_whatever_the_site_asks(self, hypersensitive: Dose, asks: str) -> None:
        policy(hypersensitive.site, adverse_events=asks)
        found = queries.readiness_of_dose(hypersensitive.pk, AT)
        assert found.readiness.answer is Answer.NOT_READY
        assert [each.lit.light for each in found.readiness.reasons] == [Light.ADVERSE_EVENTS]
        assert needs_two(found.judged(Light.ADVERSE_EVENTS).lit)
        (row,) = [row for row in queries.board_of(found, GRANTS[Role.PRESCRIBER]).lights if row.actions]
        assert (row.status.label, row.reason) == ("Not ready", HYPERSENSITIVE)
        assert [action.label for action in row.actions] == ["Allergies", "Override"]

    def test_an_open_serious_event_where_the_light_is_off_is_not_looked_at(self, dose: Dose, patient: Patient) -> None:
        labs.whole_set(patient)
        adverse_events.record(patient, criteria={"hospitalisation"})
        assert queries.readiness_of_dose(dose.pk, AT).readiness.answer is Answer.NOT_READY
        policy(dose.site, adverse_events="off")
        assert queries.readiness_of_dose(dose.pk, AT).readiness.answer is Answer.READY

    def test_a_prescriber_begins_and_somebody_else_confirms_even_where_the_light_is_off(
        self, hypersensitive: Dose, petra: User, nadia: User
    ) -> None:
        policy(hypersensitive.site, adverse_events="off")
        with pytest.raises(services.PrescriberNeeded):
            override(hypersensitive, light=Light.ADVERSE_EVENTS, person=nadia, expires_on=IN_FIVE_DAYS)
        row = override(hypersensitive, light=Light.ADVERSE_EVENTS, person=petra, expires_on=IN_FIVE_DAYS)
        assert queries.readiness_of_dose(hypersensitive.pk, AT).readiness.answer is Answer.NOT_READY
        with pytest.raises(services.SamePerson):
            confirm(row, person=petra)
        confirm(row, person=nadia)
        assert queries.readiness_of_dose(hypersensitive.pk, AT).readiness.answer is Answer.CHECK

    def test_another_substance_that_becomes_known_later_is_not_covered(
        self, hypersensitive: Dose, patient: Patient, petra: User, nadia: User
    ) -> None:
        confirm(override(hypersensitive, light=Light.ADVERSE_EVENTS, person=petra, expires_on=IN_FIVE_DAYS))
        patients.allergy(patient, "the artificial cerebrospinal fluid", kind="hypersensitivity")
        judged = queries.readiness_of_dose(hypersensitive.pk, AT).judged(Light.ADVERSE_EVENTS)
        assert judged.answer is Answer.NOT_READY
        assert judged.note.startswith("The override was given for something else")


class TestOverridingTheOthers:
    def test_an_authorisation_that_ended_stays_passed_while_the_dose_is_late(self, site: Site, nadia: User) -> None:
        """Its sentence names the day of the dose, which moves on while the dose is overdue."""
        patient = courses.patient(site, "Birch")
        late = courses.next_dose(courses.course(patient, planned_start=date(2026, 6, 20)))
        all_but_labs(late)
        (row,) = patient.authorisations.all()
        supply_services.void_authorisation(authorisation=row, reason="Typed wrong", by=BY, at=AT)
        supply.authorisation(patient, ends_on=date(2026, 7, 1))
        override(late, light=Light.AUTHORISATION, person=nadia)
        tomorrow = queries.readiness_of_dose(late.pk, AT.replace(day=5))
        judged = tomorrow.judged(Light.AUTHORISATION)
        assert judged.lit.reason.endswith("before the dose on 5 Jul 2026.")
        assert judged.answer is Answer.CHECK

    def test_only_the_lights_that_are_asked_for_are_read(
        self, dose: Dose, django_assert_num_queries: Callable[..., Any]
    ) -> None:
        of = asked_of(dose)
        with django_assert_num_queries(3):
            (found,) = queries.readiness_of(of, AT, only=(Light.CONSENT,)).values()
        assert [each.lit.light for each in found.readiness.lights] == [Light.CONSENT]
        assert found.readiness.answer is Answer.READY
