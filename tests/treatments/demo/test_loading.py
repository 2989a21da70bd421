"""The demonstration as it is written: whole and true on one day, and loadable on any."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import override_settings
from pytest_django import DjangoDbBlocker

from clinic.audit.models import Entry
from clinic.patients.choices import AllergyKind, CareStatus
from clinic.patients.models import Allergy, Carer, Identifier, Patient
from clinic.records import guards
from clinic.staff.access import may
from clinic.staff.models import Site, User
from clinic.staff.roles import Permission, Role
from clinic.staff.services import open_site
from clinic.statuses import AUTHORISATION, EVENT
from monographs import services as monographs
from tests.factories import AT, BY
from treatments.adverse_events.models import AdverseEvent
from treatments.adverse_events.queries import lights_of
from treatments.adverse_events.queries import status_of as event_status
from treatments.courses.models import Administration, Booking, Course, Dose, Hold
from treatments.courses.patient_lights import access_plan_lights, consent_lights
from treatments.courses.queries import versions
from treatments.courses.status import status_of
from treatments.demo.loading import load
from treatments.dose_day.models import Checklist, Observation, Procedure
from treatments.dose_day.queries import calls_due, doses_of_day
from treatments.labs import queries as labs
from treatments.labs.models import LabResult, LabReview
from treatments.labs.queries import asked
from treatments.outcomes.models import MotorScore
from treatments.readiness.models import Override
from treatments.readiness.queries import readiness_of, waiting_overrides
from treatments.rules.lights import Light, Signal
from treatments.rules.monitoring_terms import Lapse, Level
from treatments.rules.readiness import Answer
from treatments.rules.schedule import Status
from treatments.supply.models import Movement, Vial
from treatments.supply.queries import authorisations_of, recall, strengths
from treatments.worklist import overlays
from treatments.worklist import queries as worklist
from treatments.worklist.tabs import Tab

FOLDER: Path = settings.BASE_DIR / "seeds" / "demo"
MONOGRAPH: Path = settings.BASE_DIR / "seeds" / "monographs" / "nusinersen.md"
PASSWORD = "a quiet long password"
STORIES: dict[str, dict[str, Any]] = {
    facts["mrn"]: facts["story"] for facts in yaml.safe_load((FOLDER / "patients.yaml").read_text(encoding="utf-8"))
}
DOSE_DAYS: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "dose_days.yaml").read_text(encoding="utf-8"))
# A few of the shortest stories that between them tell of everything that can happen.
FEW = ["410000", "410274", "410548", "415754", "416165", "416713", "416850", "417398", "417535", "418220"]
FEW += ["411644", "412603", "415069", "415891", *DOSE_DAYS]
AN_AFTERNOON = datetime(2026, 7, 4, 15, 20, tzinfo=UTC)
HARD_MOMENTS = [
    datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, tzinfo=UTC),  # still the 29th at both sites
    datetime(2026, 3, 29, 0, 59, tzinfo=UTC),  # those of London are about to
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),  # the hour that Chicago has twice
    datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
]


def import_monograph(now: datetime) -> None:
    monographs.import_document(text=MONOGRAPH.read_text(encoding="utf-8"), publish=True, by=BY, at=now)


def status_today(dose: Dose, now: datetime) -> Status:
    held = Hold.objects.standing().filter(course=dose.course_id, ended_on=None).exists()
    return status_of(dose, dose.site.today(now), held=held, stopped=dose.course.stopped_on is not None)


def is_where_told(dose: Dose, number: str, now: datetime) -> bool:
    """Say whether the next target lies where its story says: on the day decided on, where something was decided.

    After a dose that was given on its dose day, the next one lies some months ahead.
    """
    assert dose.target is not None
    if "given" in DOSE_DAYS.get(number, {}):
        return (dose.target - dose.site.today(now)).days > 100
    story = STORIES[number]
    told: int = story.get("decide", {}).get("in_days", story["next"])
    return abs((dose.target - dose.site.today(now)).days - told) <= 2


@pytest.mark.django_db
class TestTheWhole:
    """Loaded once, read by every test below."""

    @pytest.fixture(scope="class", autouse=True)
    @staticmethod
    def counts(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, int]]:
        with django_db_blocker.unblock(), transaction.atomic():
            import_monograph(AN_AFTERNOON)
            yield load(FOLDER, password=PASSWORD, now=AN_AFTERNOON)
            transaction.set_rollback(True)

    def test_every_story_is_told(self, counts: dict[str, int]) -> None:
        chapters = Counter(chapter for story in STORIES.values() for chapter in story)
        assert counts["patients"] == len(STORIES) == Patient.objects.count()
        assert counts["courses"] == sum(bool(story) for story in STORIES.values())
        assert Course.objects.count() == counts["courses"] + counts["switch"]
        assert counts["doses"] == sum(story.get("doses", 0) for story in STORIES.values())
        once_told = ("booked", "attempt", "decide", "switch", "too_soon", "hold", "stop", "care", "signed", "override")
        told = {chapter: counts[chapter] for chapter in once_told}
        assert told == {chapter: chapters[chapter] for chapter in told}

    def test_every_status_of_a_course_is_shown(self) -> None:
        doses = Dose.objects.standing().filter(is_next=True).select_related("course", "site")
        assert {status_today(dose, AN_AFTERNOON) for dose in doses} == set(Status)

    def test_every_care_status_is_shown(self) -> None:
        assert set(Patient.objects.values_list("care_status", flat=True)) == set(CareStatus)

    def test_every_tab_of_the_worklist_has_rows(self) -> None:
        sites = list(Site.objects.all())
        counts = {**worklist.counts(sites, AN_AFTERNOON), **overlays.look(sites, AN_AFTERNOON).counts()}
        assert {tab for tab, count in counts.items() if count} == set(Tab)

    def test_courses_stand_on_an_older_policy_and_some_of_them_would_change(self) -> None:
        sites = list(Site.objects.all())
        newer = versions.newer(sites, AN_AFTERNOON)
        found = [versions.page(sites, newer, AN_AFTERNOON, None, moving=moving) for moving in (True, False)]
        assert {row.site for page in found for row in page.rows} == {"Lakeside"}
        assert all(page.rows for page in found)

    def test_every_next_target_is_where_its_story_says(self) -> None:
        of_number = dict(Identifier.objects.filter(kind="mrn").values_list("patient_id", "value"))
        for dose in Dose.objects.standing().filter(is_next=True).select_related("site"):
            number = of_number[dose.patient_id]
            assert is_where_told(dose, number, AN_AFTERNOON), STORIES[number]

    def test_doses_are_given_here_and_elsewhere_on_every_regimen(self) -> None:
        given = Administration.objects.filter(outcome=Administration.Outcome.COMPLETED)
        assert set(given.values_list("elsewhere", flat=True)) == {True, False}
        assert given.values("course__regimen__key").distinct().count() == 3

    def test_bookings_lie_before_today_today_and_ahead(self) -> None:
        booked = Booking.objects.standing().filter(cancelled_at=None, dose__is_next=True).select_related("site")
        ahead = {(booking.on - booking.site.today(AN_AFTERNOON)).days for booking in booked}
        assert min(ahead) < 0
        assert 0 in ahead
        assert max(ahead) > 30

    def test_laboratories_report_the_good_and_the_bad(self) -> None:
        platelets = LabResult.objects.filter(analyte="platelets").values_list("kept", flat=True)
        protein = LabResult.objects.filter(analyte="urine_protein").values_list("kept", flat=True)
        assert min(platelets) < 100 < max(platelets)
        assert min(protein) <= 0.2 < max(protein)

    def test_adverse_events_are_shown_in_every_state(self) -> None:
        rows = AdverseEvent.objects.select_related("site")
        assert {event_status(row).key for row in rows} == set(EVENT)
        assert {row.severity for row in rows} == {1, 2, 3, 4, 5}
        assert {row.listed for row in rows} == {True, False}
        assert any(row.version > 1 and row.voided_at is None for row in rows)

    def test_a_death_is_told_the_same_everywhere(self) -> None:
        fatal = AdverseEvent.objects.select_related("patient").get(outcome="fatal")
        assert (fatal.patient.care_status, fatal.patient.care_status_on) == ("died", fatal.ended_on)

    def test_the_lights_of_events_consent_and_access_stand_every_way(self) -> None:
        doses = list(Dose.objects.standing().filter(is_next=True, course__stopped_on=None))
        ids = {dose.patient_id for dose in doses}
        events = lights_of(ids).values()
        ways = {Signal.READY, Signal.ATTENTION, Signal.NOT_READY}
        assert {lit.signal for lit in events} == {lit.signal for lit in access_plan_lights(ids).values()} == ways
        assert sum(lit.contraindicated for lit in events) == 1
        consents = consent_lights(ids, when_missing=Signal.ATTENTION)
        assert {lit.signal for lit in consents.values()} == {Signal.READY, Signal.NOT_READY}

    def test_doses_are_ready_to_be_checked_and_not_ready_as_each_site_asks(self) -> None:
        doses = Dose.objects.standing().filter(
            is_next=True, course__stopped_on=None, patient__care_status=CareStatus.ACTIVE
        )
        found = readiness_of(asked(doses, AN_AFTERNOON), AN_AFTERNOON).values()
        names = dict(Site.objects.values_list("pk", "name"))
        shown = {(names[each.asked.site_id], each.readiness.answer) for each in found}
        assert shown == {(name, answer) for name in names.values() for answer in Answer}
        judged = {
            (names[each.asked.site_id], one.lit.light, one.lit.signal, one.answer)
            for each in found
            for one in each.readiness.lights
        }
        red, light = Signal.NOT_READY, Light
        assert ("Northfield", light.AUTHORISATION, red, Answer.CHECK) in judged
        assert ("Northfield", light.ACCESS_PLAN, red, Answer.CHECK) in judged
        there = {signal for *about, signal, _ in judged if about == ["Lakeside", light.AUTHORISATION]}
        assert there == {Signal.NOT_NEEDED}
        stopped = {about for _, about, signal, answer in judged if (signal, answer) == (red, Answer.NOT_READY)}
        assert stopped == {light.LABS, light.ADVERSE_EVENTS, light.DRUG, light.CONSENT}

    def test_allergies_are_known_not_asked_and_none(self) -> None:
        asked = set(Allergy.objects.values_list("patient", flat=True))
        assert set(Allergy.objects.values_list("kind", flat=True)) == set(AllergyKind)
        assert 0 < len(asked) < Patient.objects.count()

    def test_every_scale_but_the_rare_ones_is_scored_over_time(self) -> None:
        scored = Counter(MotorScore.objects.values_list("scale", flat=True))
        assert set(scored) == {"chop_intend", "hfmse", "rulm", "six_minute_walk", "who_milestones"}
        assert max(Counter(MotorScore.objects.values_list("patient", "scale")).values()) >= 4

    def test_vials_stand_in_every_state_at_one_site_or_the_other(self) -> None:
        assert set(Vial.objects.values_list("state", flat=True)) == set(Vial.State.values)
        northfield = strengths([Site.objects.get(name="Northfield")], AN_AFTERNOON)
        assert all(sum(getattr(line, kind) for line in northfield) for kind in ("free", "unusable", "expiring"))

    def test_a_lot_was_recalled_of_which_somebody_was_given(self) -> None:
        (lot,) = set(Movement.objects.filter(reason_code="recall").values_list("vial__lot", flat=True))
        told = recall(User.objects.get(username="pharmacist"), lot, AN_AFTERNOON)
        assert [row.status.key for row in told.vials] == ["given", "quarantined", "quarantined", "quarantined"]
        assert [row.typed for row in told.given] == [False]

    def test_authorisations_stand_in_every_way(self) -> None:
        shown = {
            row.status.key
            for patient in Patient.objects.select_related("site")
            for row in authorisations_of(patient, patient.site.today(AN_AFTERNOON))
        }
        assert shown == set(AUTHORISATION)

    def test_values_are_shown_in_every_standing_and_most_are_in_order(self) -> None:
        patients = list(Patient.objects.values_list("pk", flat=True))
        read = labs.sheets(labs.asked_of(patients, AN_AFTERNOON)).values()
        standings = Counter(reading.standing for sheet in read for reading in sheet.readings)
        assert {Level.WITHIN, Level.SIGN_OFF, Level.STOP, Lapse.MISSING, Lapse.TOO_OLD} <= set(standings)
        assert standings[Level.WATCH] + standings[Level.SIGN_OFF] + standings[Level.STOP] <= 8

    def test_one_value_was_signed_off_and_others_wait(self) -> None:
        review = LabReview.objects.standing().get()
        assert (review.level, review.reason) == ("sign_off", "Stable since childhood; haematology agrees")
        sites = list(Site.objects.all())
        assert [row.status.key for row in labs.to_review(sites, AN_AFTERNOON)][:3] == ["stop", "sign_off", "sign_off"]

    def test_each_site_has_a_dose_today_that_two_people_checked_with_its_vial_reserved(self) -> None:
        for site in Site.objects.all():
            rows = doses_of_day([site], AN_AFTERNOON)
            ready = [row for row in rows if row.checklist.key == "done" and row.vial and row.outcome.key == "todo"]
            assert ready, site

    def test_one_checklist_waits_and_one_patient_is_still_watched(self) -> None:
        rows = doses_of_day(list(Site.objects.all()), AN_AFTERNOON)
        assert Counter(row.checklist.key for row in rows)["waiting"] == 1
        (watched,) = [row for row in rows if row.outcome.key == "completed"]
        assert (watched.checklist.key, watched.home.key) == ("done", "todo")
        given = Administration.objects.get(dose=watched.dose_id)
        assert Procedure.objects.filter(administration=given).exists()
        assert Observation.objects.filter(dose=watched.dose_id).count() == 2
        assert Movement.objects.filter(administration=given, kind="given").exists()

    def test_one_call_is_due_today_and_one_is_late(self) -> None:
        calls = calls_due(list(Site.objects.all()), AN_AFTERNOON)
        assert [(row.is_late, row.tried) for row in calls] == [(True, 1), (False, 0)]

    def test_one_record_was_corrected_and_the_old_one_is_still_there(self) -> None:
        (old,) = Administration.objects.exclude(voided_at=None)
        (new,) = Administration.objects.standing().filter(dose=old.dose)
        assert (old.given_on, old.lot) == (new.given_on, new.lot)
        assert old.performer != new.performer

    def test_one_attempt_failed_and_its_vial_was_wasted(self) -> None:
        move = Movement.objects.standing().get(kind="wasted", administration__isnull=False)
        assert move.administration is not None
        assert (move.administration.outcome, move.reason_code) == ("not_done", "failed_attempt")
        assert Procedure.objects.get(administration=move.administration).next_step == "rebook"

    def test_whoever_confirmed_a_checklist_may_and_did_not_fill_it_in(self) -> None:
        for row in Checklist.objects.exclude(second=None).select_related("second"):
            assert row.second != row.checked_by
            assert row.second is not None
            assert may(row.second, Permission.SECOND, row.site_id)

    def test_an_override_waits_for_its_second_person_who_is_there(self) -> None:
        row = Override.objects.standing().select_related("site").get()
        assert (row.needs_second, row.second) == (True, None)
        nurse = User.objects.get(username="lakeside-nurse")
        assert [line.id for line in waiting_overrides([row.site], nurse.pk, AN_AFTERNOON)] == [row.pk]
        assert may(nurse, Permission.SECOND, row.site_id)

    def test_nothing_was_recorded_in_the_future(self) -> None:
        assert not Entry.objects.filter(at__gt=AN_AFTERNOON).exists()
        assert not Administration.objects.filter(given_at__gt=AN_AFTERNOON).exists()
        assert not LabResult.objects.filter(collected_at__gt=AN_AFTERNOON).exists()
        for model in guards.clinical_models():
            assert not model._default_manager.filter(created_at__gt=AN_AFTERNOON).exists(), model

    def test_every_row_has_its_entry(self) -> None:
        told = set(Entry.objects.values_list("target_id", flat=True))
        for model in guards.clinical_models():
            keys = {str(key) for key in model._default_manager.values_list("pk", flat=True)}
            assert keys <= told, model

    def test_whoever_gave_a_dose_may_give_one_there(self) -> None:
        for row in Administration.objects.filter(elsewhere=False).select_related("performer").distinct():
            assert row.performer is not None
            assert may(row.performer, Permission.RECORD_DOSES, row.site_id)

    def test_the_database_finds_nothing_wrong(self) -> None:
        connection.check_constraints()
        assert guards.missing(connection) == set()

    def test_one_account_for_every_role_at_the_first_site(self) -> None:
        northfield = Site.objects.get(name="Northfield")
        held = {user.username: user.memberships.filter(site=northfield) for user in User.objects.all()}
        roles = Counter(membership.role for memberships in held.values() for membership in memberships)
        assert roles == dict.fromkeys([role.value for role in Role], 1)
        assert {role.value for role in Role} <= set(held)

    def test_everybody_signs_in_with_the_one_password(self) -> None:
        assert all(user.check_password(PASSWORD) for user in User.objects.all())

    def test_the_sites_live_in_two_time_zones_with_a_lead_and_a_policy(self) -> None:
        sites = Site.objects.select_related("lead_clinician")
        assert {site.time_zone for site in sites} == {"Europe/London", "America/Chicago"}
        assert all(site.lead_clinician and site.policies.exists() for site in sites)

    def test_every_address_is_one_that_nobody_has(self) -> None:
        addresses = [*User.objects.values_list("email", flat=True), *Carer.objects.values_list("email", flat=True)]
        assert all(address.endswith("@example.org") for address in addresses)

    def test_loading_again_changes_nothing(self) -> None:
        rows = Entry.objects.count(), Patient.objects.count(), User.objects.count()
        assert load(FOLDER, password="another password", now=AN_AFTERNOON + timedelta(days=1)) == {}
        assert (Entry.objects.count(), Patient.objects.count(), User.objects.count()) == rows
        assert User.objects.get(username="nurse").check_password(PASSWORD)


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    """Return a folder with the same sites and no patient."""
    folder = tmp_path / "seeds" / "demo"
    folder.mkdir(parents=True)
    (folder / "patients.yaml").write_text("[]", encoding="utf-8")
    for name in ("sites.yaml", "supply.yaml", "dose_days.yaml"):
        (folder / name).write_text((FOLDER / name).read_text(encoding="utf-8"), encoding="utf-8")
    return folder


@pytest.fixture
def few(nobody: Path) -> Path:
    """Return a folder with the same sites and a few of the patients."""
    patients = yaml.safe_load((FOLDER / "patients.yaml").read_text(encoding="utf-8"))
    chosen = [facts for facts in patients if facts["mrn"] in FEW]
    (nobody / "patients.yaml").write_text(yaml.safe_dump(chosen, allow_unicode=True), encoding="utf-8")
    return nobody


def test_the_few_tell_of_everything_that_can_happen() -> None:
    told = [STORIES[number] for number in FEW]
    everything = {chapter for story in STORIES.values() for chapter in story} - {"late", "elsewhere"}
    assert {chapter for story in told for chapter in story} == everything


@pytest.mark.parametrize("now", HARD_MOMENTS, ids=str)
def test_it_loads_at_any_moment(db: None, few: Path, now: datetime) -> None:
    import_monograph(now)
    counts = load(few, password=PASSWORD, now=now)
    connection.check_constraints()
    assert counts["patients"] == len(FEW)
    assert not Entry.objects.filter(at__gt=now).exists()
    of_number = dict(Identifier.objects.filter(kind="mrn").values_list("patient_id", "value"))
    for dose in Dose.objects.standing().filter(is_next=True).select_related("site", "course"):
        assert is_where_told(dose, of_number[dose.patient_id], now)
        status_today(dose, now)


@pytest.mark.parametrize(("hour", "kept"), [(3, 3), (7, 7), (20, 7)])
def test_the_first_digest_leaves_the_same_day(db: None, nobody: Path, hour: int, kept: int) -> None:
    """Loaded in the small hours, the demonstration would otherwise show no mail before seven."""
    now = datetime(2026, 1, 15, hour, 30, tzinfo=UTC)
    import_monograph(now)
    load(nobody, password=PASSWORD, now=now)
    northfield = Site.objects.get(name="Northfield")
    assert northfield.policies.get().digest_hour == kept


def test_a_story_that_fails_leaves_nothing(db: None, nobody: Path) -> None:
    import_monograph(AN_AFTERNOON)
    first, *_ = yaml.safe_load((FOLDER / "patients.yaml").read_text(encoding="utf-8"))
    told = yaml.safe_dump([first, {"family": "Nobody"}], allow_unicode=True)
    (nobody / "patients.yaml").write_text(told, encoding="utf-8")
    with pytest.raises(KeyError):
        load(nobody, password=PASSWORD, now=AN_AFTERNOON)
    assert not Site.objects.exists()
    assert not Patient.objects.exists()


class TestTheCommand:
    def run(self, base: Path, **differing: Any) -> str:
        told = StringIO()
        with override_settings(BASE_DIR=base, VAR_DIR=base / "var", **differing):
            call_command("load_demo", stdout=told)
        return told.getvalue()

    def test_it_says_what_it_loaded_and_keeps_the_password_for_its_user(self, db: None, few: Path) -> None:
        base = few.parent.parent
        import_monograph(datetime.now(UTC))
        said = self.run(base)
        assert said.startswith("Loaded the demonstration: 21 patients, 20 courses,")
        password = base / "var" / "password"
        assert User.objects.get(username="nurse").check_password(password.read_text())
        assert password.stat().st_mode & 0o077 == 0

    def test_where_there_is_something_already_it_keeps_its_hands_off(self, db: None, nobody: Path) -> None:
        open_site(name="Real", time_zone="Europe/London", by=BY, at=AT)
        assert self.run(nobody.parent.parent) == "The demonstration is there already; its data is kept.\n"
        assert [site.name for site in Site.objects.all()] == ["Real"]

    def test_a_real_installation_refuses_it(self, db: None, nobody: Path) -> None:
        with pytest.raises(CommandError, match="real installation"):
            self.run(nobody.parent.parent, EMBEDDED=False)
        assert not Site.objects.exists()

    def test_without_a_monograph_it_says_what_to_do_first(self, db: None, nobody: Path) -> None:
        with pytest.raises(CommandError, match="load_monographs"):
            self.run(nobody.parent.parent)
        assert not Site.objects.exists()


def test_a_day_is_always_a_day_at_the_patients_site(db: None, few: Path) -> None:
    """On 29 February in Chicago it is March in London: each patient's dates count from their own day."""
    now = datetime(2028, 3, 1, 0, 30, tzinfo=UTC)
    import_monograph(now)
    load(few, password=PASSWORD, now=now)
    today = {site.name: site.today(now) for site in Site.objects.all()}
    assert today == {"Northfield": date(2028, 3, 1), "Lakeside": date(2028, 2, 29)}
    hold = Hold.objects.select_related("site").get()
    assert hold.from_on == today[hold.site.name] + timedelta(days=STORIES["416713"]["hold"]["from"])
