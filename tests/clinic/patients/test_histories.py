"""What happened to everything about a patient, in words."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.audit import trail
from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients import parts, services
from clinic.patients.choices import CareStatus
from clinic.patients.facts import CarerFacts, ProfileFacts
from clinic.patients.models import Patient, SmaProfile
from clinic.patients.queries import history
from clinic.patients.queries.histories import Change, HistoryEntry
from clinic.staff.models import Site
from clinic.staff.roles import Role
from tests import factories
from tests.clinic.patients import builders
from tests.factories import AT, BY


@pytest.fixture
def patient(site: Site) -> Patient:
    return builders.patient(site)


def newest(patient: Patient) -> HistoryEntry:
    return history(patient).entries[0]


def changes(entry: HistoryEntry) -> dict[str, tuple[str, str]]:
    return {change.field: (change.old, change.new) for change in entry.changes}


def test_a_registration_is_the_oldest_entry(patient: Patient) -> None:
    entry = history(patient).entries[-1]
    assert (entry.title, entry.about, entry.who) == ("Patient registered", "", "test stage (by itself)")
    assert entry.is_new
    assert changes(entry) == {
        "Site": ("", "Northfield"),
        "Given name": ("", "Ana"),
        "Family name": ("", "Berg"),
        "Date of birth": ("", "17 May 2020"),
        "Sex": ("", "Female"),
        "Care status": ("", "In our care"),
    }


def test_a_person_is_named_and_the_time_is_that_of_the_site(other_site: Site) -> None:
    patient = builders.patient(other_site)
    nora = factories.user(Role.NURSE, site=other_site, full_name="Nora Nkemelu")
    at = datetime(2026, 7, 5, 3, 30, tzinfo=UTC)
    services.correct(patient=patient, person=builders.person("Anna"), by=person_actor(nora), at=at, reason="Passport")
    entry = newest(patient)
    assert (entry.who, entry.when, entry.reason) == ("Nora Nkemelu", "4 Jul 2026, 23:30", "Passport")
    assert (entry.title, entry.is_new) == ("Name, birth or sex corrected", False)
    assert entry.changes == (Change("Given name", "Ana", "Anna"),)


def test_values_are_told_as_pages_tell_them(patient: Patient) -> None:
    profile = SmaProfile.objects.get(patient=patient)
    facts = ProfileFacts(sma_type="2", symptom_onset=date(2021, 1, 2))
    profile = services.set_profile(profile=profile, facts=facts, by=BY, at=AT)
    assert changes(newest(patient)) == {"SMA type": ("", "Type 2"), "First symptoms": ("", "2 Jan 2021")}
    services.set_profile(profile=profile, facts=ProfileFacts(sma_type="3a"), by=BY, at=AT)
    assert changes(newest(patient)) == {
        "SMA type": ("Type 2", "Type 3a"),
        "First symptoms": ("2 Jan 2021", "not recorded"),
    }


def test_a_part_is_named(patient: Patient) -> None:
    carer = builders.carer(patient)
    entry = newest(patient)
    assert (entry.title, entry.about, entry.is_void) == ("Carer added", "Maria Berg", False)
    assert changes(entry)["Prefers to be reached by"] == ("", "E-mail")
    facts = CarerFacts("Maria Berg-Olsen", channel="post")
    services.correct_part(kind=parts.CARER, part=carer, facts=facts, by=BY, at=AT)
    assert changes(newest(patient))["Name"] == ("Maria Berg", "Maria Berg-Olsen")


def test_a_void_tells_what_and_why(patient: Patient) -> None:
    number = builders.identifier(patient)
    services.void_part(kind=parts.IDENTIFIER, part=number, reason="Of the sister", by=BY, at=AT)
    entry = newest(patient)
    assert (entry.title, entry.about, entry.is_void) == ("Identifier voided", "Hospital number (MRN) M1", True)
    assert (entry.reason, entry.changes) == ("Of the sister", ())


@pytest.mark.parametrize(
    ("kind", "title", "told"),
    [
        ("identifier", "Identifier added", {"Kind": "Hospital number (MRN)", "Number": "M1"}),
        (
            "consent",
            "Consent recorded",
            {"Kind": "Treatment", "Answer": "Given", "Answered on": "5 Jan 2026", "Answered by": "Maria Berg"},
        ),
        (
            "allergy",
            "Allergy added",
            {"Kind": "Allergy or intolerance", "Reacts to": "Latex", "Known since": "5 Jan 2026"},
        ),
        (
            "access-plan",
            "Access plan added",
            {
                "Approach": "Interlaminar",
                "Guidance": "Ultrasound",
                "Anaesthesia or sedation": "Sedation",
                "Reviewed on": "5 Jan 2026",
            },
        ),
        ("measurement", "Measurement added", {"Measured on": "5 Jan 2026", "Weight in kg": "9.5"}),
        ("therapy", "Therapy added", {"Therapy": "Risdiplam", "Started on": "5 Jan 2024"}),
    ],
)
def test_each_kind_of_part_is_told_in_words(patient: Patient, kind: str, title: str, told: dict[str, str]) -> None:
    make: dict[str, Any] = {
        "identifier": lambda: builders.identifier(patient),
        "consent": lambda: builders.consent(patient),
        "allergy": lambda: builders.allergy(patient),
        "access-plan": lambda: builders.access_plan(patient),
        "measurement": lambda: builders.measurement(patient, weight_kg=Decimal("9.50")),
        "therapy": lambda: builders.therapy(patient),
    }
    make[kind]()
    entry = newest(patient)
    assert entry.title == title
    assert {field: new for field, (_old, new) in changes(entry).items()} == told


def test_a_change_of_care_is_told(patient: Patient) -> None:
    services.change_care_status(
        patient=patient, to=CareStatus.DIED, on=date(2026, 7, 1), reason="Told by the family", by=BY, at=AT
    )
    assert changes(newest(patient)) == {"Care status": ("In our care", "Died"), "Care status on": ("", "1 Jul 2026")}


def test_other_rooms_events_read_by_themselves(patient: Patient) -> None:
    trail.record("courses.dose_given_elsewhere", by=BY, at=AT, target=patient, changes={"given": [False, True]})
    entry = newest(patient)
    assert (entry.title, changes(entry)) == ("Dose given elsewhere", {"Given": ("No", "Yes")})


def test_a_box_left_unticked_at_first_is_not_told_but_one_that_was_emptied_is(patient: Patient) -> None:
    first = {"given": [None, False], "elsewhere": [None, True]}
    trail.record("courses.dose_given", by=BY, at=AT, target=patient, changes=first)
    assert changes(newest(patient)) == {"Elsewhere": ("", "Yes")}
    later = AT + timedelta(minutes=1)
    trail.record("courses.dose_corrected", by=BY, at=later, target=patient, changes={"elsewhere": [True, False]})
    assert changes(newest(patient)) == {"Elsewhere": ("Yes", "No")}


def test_what_no_longer_has_a_model_or_form_is_told_as_it_was_written(patient: Patient) -> None:
    Entry.objects.create(
        at=AT,
        event="courses.scan_taken",
        process="test stage",
        actor_name="test stage",
        patient_id=patient.pk,
        target_type="courses.scan",
        target_id="1",
        changes={"scan_place": [None, "left"]},
    )
    assert (newest(patient).about, changes(newest(patient))) == ("", {"Scan place": ("", "left")})
    trail.record("patients.odd", by=BY, at=AT, target=patient, changes={"born_on": ["long ago", "2020-05-17"]})
    assert changes(newest(patient)) == {"Date of birth": ("long ago", "17 May 2020")}


def test_only_the_patients_own_trail_is_told(site: Site, patient: Patient) -> None:
    builders.patient(site, "Zielke")
    told = [change.new for entry in history(patient).entries for change in entry.changes]
    assert "Berg" in told
    assert "Zielke" not in told


# --- Pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def long_story(patient: Patient) -> Patient:
    """Add five carers, two of them in the same instant."""
    for number, minutes in enumerate((1, 2, 3, 3, 4)):
        facts = CarerFacts(f"Carer {number}", channel="post")
        at = AT + timedelta(minutes=minutes)
        services.add_part(kind=parts.CARER, patient=patient, facts=facts, by=BY, at=at)
    return patient


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_the_pages_together_tell_everything_once_newest_first(long_story: Patient, size: int) -> None:
    pages = [history(long_story, size=size)]
    while (older := pages[-1].older) is not None:
        pages.append(history(long_story, size=size, before=older))
    told = [entry.about or entry.title for page in pages for entry in page.entries]
    assert told[:5] == ["Carer 4", "Carer 3", "Carer 2", "Carer 1", "Carer 0"]
    assert len(told) == Entry.objects.about_patient(long_story.pk).count()


def test_a_number_from_another_trail_means_the_newest_page(site: Site, long_story: Patient) -> None:
    builders.patient(site, "Zielke")
    foreign = Entry.objects.exclude(patient_id=long_story.pk).order_by("-pk").values_list("pk", flat=True)[0]
    assert history(long_story, before=foreign) == history(long_story, before=10**17) == history(long_story)


@pytest.mark.parametrize("carers", [2, 20])
def test_a_page_takes_as_many_queries_for_many_as_for_few(
    site: Site, django_assert_num_queries: Any, carers: int
) -> None:
    patient = builders.patient(site)
    for number in range(carers):
        builders.carer(patient, f"Carer {number}")
    patient = Patient.objects.select_related("site").get(pk=patient.pk)
    with django_assert_num_queries(3):  # the trail; carers and site by name
        assert len(history(patient).entries) == carers + 2


def test_the_zone_of_the_site_is_known(site: Site) -> None:
    assert site.zone == ZoneInfo("Europe/London")
