"""Who a person about to be registered may already be."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from clinic.patients import parts, services
from clinic.patients.choices import CareStatus
from clinic.patients.facts import IdentifierFacts, PersonFacts
from clinic.patients.models import Identifier, Patient
from clinic.patients.queries import Match, holders, possible_duplicates
from clinic.records import writing
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.clinic.patients import builders
from tests.clinic.patients.builders import BORN, NHS, person
from tests.factories import AT, BY


@pytest.fixture
def nurse(person: Callable[..., User]) -> User:
    return person(Role.NURSE)


def ask(user: User, who: PersonFacts, *numbers: tuple[str, str], **more: Any) -> tuple[Match, ...]:
    said = [IdentifierFacts(kind, value) for kind, value in numbers]
    return possible_duplicates(user, person=who, identifiers=said, **more)


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(person("Ana", "Berg"), id="same"),
        pytest.param(person("Berg", "Ana"), id="swapped names"),
        pytest.param(person("ANNA", "Bérgh"), id="other spelling"),
        pytest.param(person("Ana Maria", "Berg-Olsen"), id="more names"),
    ],
)
def test_born_on_the_same_day_with_a_similar_name(site: Site, nurse: User, who: PersonFacts) -> None:
    known = builders.patient(site, mrn="M1")
    (match,) = ask(nurse, who)
    assert (match.patient_id, match.name, match.born) == (known.pk, "BERG, Ana", "17 May 2020")
    assert (match.identifiers, match.site, match.care.key) == ((("MRN", "M1"),), "Northfield", "active")
    assert match.why == "born on the same day, with a similar name"
    assert match.url == f"/patients/{known.pk}/"


def test_day_and_month_exchanged(site: Site, nurse: User) -> None:
    builders.patient(site, born_on=date(2020, 5, 7))
    (match,) = ask(nurse, person(born_on=date(2020, 7, 5)))
    assert "day and month of birth exchanged" in match.why


def test_a_day_that_cannot_be_exchanged_is_no_error(site: Site, nurse: User) -> None:
    builders.patient(site, born_on=date(2020, 5, 6))
    assert ask(nurse, person(born_on=date(2020, 5, 31))) == ()


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(person("Otto", "Zielke"), id="same day, other name"),
        pytest.param(person(born_on=date(2020, 5, 18)), id="same name, other day"),
    ],
)
def test_one_likeness_alone_is_none(site: Site, nurse: User, who: PersonFacts) -> None:
    builders.patient(site)
    assert ask(nurse, who) == ()


def test_the_same_number_however_it_is_written(site: Site, nurse: User) -> None:
    known = builders.patient(site, "Zielke", "Otto", born_on=date(1999, 1, 1), nhs=NHS)
    (match,) = ask(nurse, person(), ("nhs", "943 476 5919"))
    assert (match.patient_id, match.why) == (known.pk, "has the same number")


def test_a_number_of_another_kind_or_voided_is_none(site: Site, nurse: User) -> None:
    known = builders.patient(site, "Zielke", "Otto", born_on=date(1999, 1, 1), mrn="M1")
    assert ask(nurse, person(), ("registry", "M1")) == ()
    number = Identifier.objects.get(patient=known)
    services.void_part(kind=parts.IDENTIFIER, part=number, reason="Misread", by=BY, at=AT)
    assert ask(nurse, person(), ("mrn", "M1")) == ()


def test_only_patients_whom_one_may_see_are_named(
    site: Site, other_site: Site, nurse: User, person: Callable[..., User]
) -> None:
    elsewhere = builders.patient(other_site, nhs=NHS)
    assert ask(nurse, builders.person(), ("nhs", NHS)) == ()
    abroad = person(Role.NURSE, at=other_site)
    assert [match.patient_id for match in ask(abroad, builders.person())] == [elsewhere.pk]


def test_the_transferred_and_the_dead_are_named_and_the_voided_not(site: Site, nurse: User) -> None:
    gone = builders.patient(site)
    services.change_care_status(
        patient=gone, to=CareStatus.DIED, on=date(2026, 7, 1), reason="Told by the family", by=BY, at=AT
    )
    (match,) = ask(nurse, person())
    assert match.care.key == "died"
    writing.void(Patient.objects.get(pk=gone.pk), event="patients.voided", by=BY, at=AT, reason="Registered twice")
    assert ask(nurse, person()) == ()


def test_a_patient_is_no_duplicate_of_themselves(site: Site, nurse: User) -> None:
    key = uuid.uuid4()
    services.register(
        site=site, person=person(), identifiers=[IdentifierFacts("mrn", "M1")], submission=key, by=BY, at=AT
    )
    assert ask(nurse, person(), submission=key) == ()
    assert holders(site, [IdentifierFacts("mrn", "M1")], submission=key) == []
    assert len(ask(nurse, person(), submission=uuid.uuid4())) == 1


def test_the_most_telling_come_first_and_ten_at_most(site: Site, nurse: User) -> None:
    for number in range(11):
        builders.patient(site, f"Berg{number:02}", "Ana")
    holder = builders.patient(site, "Zielke", "Otto", born_on=date(1999, 1, 1), nhs=NHS)
    found = ask(nurse, person(), ("nhs", NHS))
    assert len(found) == 10
    assert found[0].patient_id == holder.pk


def test_holders_are_those_at_the_site_in_force(site: Site, other_site: Site) -> None:
    known = builders.patient(site, mrn="M1")
    builders.patient(other_site, mrn="M1", nhs=NHS)
    found = holders(site, [IdentifierFacts("mrn", "m 1"), IdentifierFacts("nhs", NHS)])
    assert [holder.patient for holder in found] == [known]
    assert holders(site, []) == []


@pytest.mark.parametrize("known", [2, 20])
def test_the_question_takes_two_queries_and_one_for_the_rights(
    site: Site, nurse: User, django_assert_num_queries: Any, known: int
) -> None:
    for number in range(known):
        builders.patient(site, "Berg", "Ana", born_on=BORN, mrn=f"M{number}")
    with django_assert_num_queries(3):
        assert ask(nurse, person(), ("mrn", "M1"))
