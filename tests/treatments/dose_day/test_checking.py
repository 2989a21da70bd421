"""The checklist of a dose day: complete or refused, confirmed by somebody else, and never by a version nobody read."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, models, transaction

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.patients.models import Patient
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site, User
from tests import factories
from tests.factories import AT, BY
from tests.treatments.courses import builders as courses
from tests.treatments.dose_day import builders
from tests.treatments.dose_day.conftest import FIRST_ON, TODAY
from treatments.courses import services as course_services
from treatments.courses.models import Course, Dose
from treatments.dose_day import queries, services
from treatments.dose_day.models import Checklist
from treatments.rules.dose_day import Said
from treatments.supply.models import Vial

DAY = timedelta(days=1)


def confirm(row: Checklist, by: User, expected: int | None = None, **facts: Any) -> Checklist:
    version = row.version if expected is None else expected
    values: dict[str, Any] = {"at": AT} | facts
    return services.confirm_checklist(checklist=row, by=person_actor(by), expected=version, **values)


def stored(row: Checklist) -> models.QuerySet[Checklist]:
    """Return the row to be written past the services, to ask the database alone."""
    return models.QuerySet(model=Checklist).filter(pk=row.pk)


class TestFillingIn:
    def test_it_keeps_what_was_said_for_this_dose_amount_and_vial_today(
        self, dose: Dose, vial: Vial, nadia: User
    ) -> None:
        said = builders.answers(dose, infection=("present", " A cold, seen by Dr Berg "))
        row = builders.checklist(dose, nadia, vial=vial, answers=said)
        assert (row.dose, row.on, row.label, row.mg, row.vial) == (dose, TODAY, "L2", Decimal(12), vial)
        assert (row.checked_by, row.second, row.second_at) == (nadia, None, None)
        assert row.said == said | {"infection": Said("present", "A cold, seen by Dr Berg")}
        assert Entry.objects.get(event="dose_day.checklist_made").person == nadia

    def test_a_question_without_an_answer_is_named(self, dose: Dose, nadia: User) -> None:
        said = builders.answers(dose)
        del said["shunt"]
        with pytest.raises(services.NotAnswered, match="Choose an answer") as refused:
            builders.checklist(dose, nadia, answers=said)
        assert refused.value.check == "shunt"
        assert not Checklist.objects.exists()

    @pytest.mark.parametrize("note", ["", "  "])
    def test_an_answer_to_think_about_needs_a_word(self, dose: Dose, nadia: User, note: str) -> None:
        said = builders.answers(dose, anticoagulants=("taken", note))
        with pytest.raises(services.NotAnswered, match="in a few words") as refused:
            builders.checklist(dose, nadia, answers=said)
        assert refused.value.check == "anticoagulants"

    def test_what_was_not_asked_is_not_kept(self, dose: Dose, nadia: User) -> None:
        row = builders.checklist(dose, nadia, answers=builders.answers(dose) | {"pregnancy": Said("yes", "?")})
        assert "pregnancy" not in row.said  # born in 2020

    def test_somebody_of_childbearing_age_is_asked_about_pregnancy(self, site: Site, nadia: User) -> None:
        grown = courses.patient(site, "Birch", born_on=TODAY.replace(year=1996))
        dose = courses.next_dose(courses.course(grown, planned_start=TODAY))
        said = builders.answers(dose)
        assert builders.checklist(dose, nadia, answers=said).said["pregnancy"] == Said("no")
        del said["pregnancy"]
        with pytest.raises(services.NotAnswered):
            builders.checklist(dose, nadia, answers=said, expected=1)

    def test_nobody_registered_as_male_is(self, site: Site) -> None:
        grown = courses.patient(site, "Birch", born_on=TODAY.replace(year=1996), sex="male")
        assert not queries.person_of(grown).may_be_pregnant
        for sex in ("female", "unknown"):
            assert queries.person_of(Patient(born_on=TODAY, sex=sex)).may_be_pregnant

    def test_the_day_is_the_sites(self, nadia: User, other_site: Site) -> None:
        dose = courses.next_dose(courses.course(courses.patient(other_site), planned_start=TODAY))
        at = AT + timedelta(hours=15)
        assert at.date() == TODAY + DAY
        assert builders.checklist(dose, nadia, at=at).on == TODAY  # New York: eleven in the evening

    def test_only_a_person_checks(self, dose: Dose) -> None:
        with pytest.raises(services.NobodyChecked):
            services.save_checklist(dose=dose, answers=builders.answers(dose), vial=None, by=BY, at=AT)

    def test_a_form_sent_twice_makes_one_list(self, dose: Dose, nadia: User) -> None:
        key = uuid4()
        row = builders.checklist(dose, nadia, submission=key)
        with pytest.raises(AlreadySubmitted) as refused:
            builders.checklist(dose, nadia, submission=key)
        assert refused.value.record == row

    def test_whoever_makes_a_second_list_is_told_of_the_first(self, dose: Dose, nadia: User, paul: User) -> None:
        builders.checklist(dose, nadia)
        with pytest.raises(services.ChecklistMade, match="Nadia Nurse made the checklist in the meantime"):
            builders.checklist(dose, paul)

    def test_what_the_database_refuses_becomes_a_sentence(
        self, dose: Dose, nadia: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any, **__: Any) -> Checklist:
            raise IntegrityError

        monkeypatch.setattr("treatments.dose_day.services.checking.writing.add", refuse)
        with pytest.raises(services.ChecklistMade, match="Somebody else"):
            builders.checklist(dose, nadia)

    def test_yesterdays_list_is_another_one(self, dose: Dose, nadia: User) -> None:
        builders.checklist(dose, nadia, at=AT - DAY)
        builders.checklist(dose, nadia)
        assert sorted(Checklist.objects.values_list("on", flat=True)) == [TODAY - DAY, TODAY]

    def test_a_dose_that_was_given_has_nothing_to_check(self, dose: Dose, nadia: User) -> None:
        builders.give(dose, nadia, None)
        with pytest.raises(course_services.DoseAlreadyGiven):
            builders.checklist(dose, nadia)

    def test_neither_has_a_place_that_was_counted_away_nor_a_stopped_course(
        self, begun: Course, dose: Dose, nadia: User
    ) -> None:
        builders.take_back(begun.doses.get(label="L1").administrations.get(), nadia)
        with pytest.raises(course_services.DoseAlreadyGiven):
            builders.checklist(dose, nadia)
        course_services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        with pytest.raises(course_services.CourseStopped):
            builders.checklist(courses.next_dose(begun), nadia)


class TestChanging:
    def test_a_change_takes_the_confirmation_back_and_belongs_to_whoever_made_it(
        self, dose: Dose, vial: Vial, nadia: User, paul: User
    ) -> None:
        row = builders.confirmed(dose, nadia, paul)
        changed = builders.checklist(dose, paul, vial=vial, expected=row.version)
        assert (changed.pk, changed.vial, changed.checked_by) == (row.pk, vial, paul)
        assert (changed.second, changed.second_at) == (None, None)
        assert confirm(changed, nadia).second == nadia

    def test_a_list_that_was_changed_since_it_was_on_screen_is_not_overwritten(
        self, dose: Dose, nadia: User, paul: User
    ) -> None:
        row = builders.checklist(dose, nadia)
        builders.checklist(dose, nadia, answers=builders.answers(dose, consent=("not_given", "Asleep")), expected=1)
        with pytest.raises(StaleRecord):
            builders.checklist(dose, paul, expected=row.version)
        assert Checklist.objects.get().said["consent"] == Said("not_given", "Asleep")

    def test_it_is_for_the_dose_as_it_is_now(self, begun: Course, dose: Dose, nadia: User) -> None:
        """A dose told of meanwhile makes this one the third."""
        row = builders.checklist(dose, nadia)
        course_services.record_elsewhere(
            course=begun, given_on=FIRST_ON + DAY, mg=Decimal(12), place="Eastbrook", by=BY, at=AT
        )
        assert builders.checklist(dose, nadia, expected=row.version).label == "L3"


class TestTheSecondPerson:
    def test_somebody_else_confirms_what_stands_there(self, dose: Dose, nadia: User, paul: User) -> None:
        row = builders.checklist(dose, nadia)
        done = confirm(row, paul)
        assert (done.second, done.second_at, done.version) == (paul, AT, row.version + 1)
        assert Entry.objects.get(event="dose_day.checklist_confirmed").person == paul

    def test_whoever_filled_it_in_cannot(self, dose: Dose, nadia: User) -> None:
        with pytest.raises(services.SamePerson):
            confirm(builders.checklist(dose, nadia), nadia)
        assert Checklist.objects.get().second is None

    def test_nor_whoever_changed_it_last(self, dose: Dose, nadia: User, paul: User) -> None:
        builders.checklist(dose, nadia)
        row = builders.checklist(dose, paul, expected=1, vial=None, answers=builders.answers(dose, shunt=("new", "VP")))
        with pytest.raises(services.SamePerson):
            confirm(row, paul)

    def test_the_database_refuses_the_same_person_too(self, dose: Dose, nadia: User) -> None:
        row = builders.checklist(dose, nadia)
        with pytest.raises(IntegrityError), transaction.atomic():
            stored(row).update(second=nadia, second_at=AT)

    @pytest.mark.parametrize("half", ["second", "second_at"])
    def test_and_a_person_without_a_time_or_a_time_without_a_person(
        self, dose: Dose, nadia: User, paul: User, half: str
    ) -> None:
        row = builders.checklist(dose, nadia)
        with pytest.raises(IntegrityError), transaction.atomic():
            stored(row).update(**{half: paul if half == "second" else AT})

    def test_and_two_lists_of_one_dose_on_one_day(self, dose: Dose, nadia: User) -> None:
        row = builders.checklist(dose, nadia)
        row.pk, row._state.adding = uuid4(), True
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save_base(force_insert=True)

    def test_a_list_that_was_changed_is_read_again_first(self, dose: Dose, nadia: User, paul: User) -> None:
        row = builders.checklist(dose, nadia)
        builders.checklist(dose, nadia, answers=builders.answers(dose, shunt=("new", "VP shunt")), expected=1)
        with pytest.raises(StaleRecord):
            confirm(row, paul)

    def test_a_second_one_is_told_who_was_first(self, dose: Dose, nadia: User, paul: User, petra: User) -> None:
        row = builders.checklist(dose, nadia)
        confirm(row, paul)
        for version in (row.version, row.version + 1):
            with pytest.raises(services.AlreadyConfirmed, match="Paul Proceduralist confirmed this checklist already"):
                confirm(row, petra, version)
        assert Checklist.objects.get().second == paul

    def test_a_list_of_another_day_is_not_confirmed(self, dose: Dose, nadia: User, paul: User) -> None:
        yesterday = builders.checklist(dose, nadia, at=AT - DAY)
        with pytest.raises(services.NotToday):
            confirm(yesterday, paul)

    def test_only_a_person_confirms(self, dose: Dose, nadia: User) -> None:
        row = builders.checklist(dose, nadia)
        with pytest.raises(services.NobodyChecked):
            services.confirm_checklist(checklist=row, by=BY, at=AT, expected=row.version)

    def test_nobody_confirms_once_the_dose_was_recorded(self, dose: Dose, nadia: User, paul: User) -> None:
        row = builders.checklist(dose, nadia)
        builders.give(dose, nadia, None)
        with pytest.raises(course_services.DoseAlreadyGiven):
            confirm(row, paul)

    def test_nobody_confirms_on_a_stopped_course(self, begun: Course, dose: Dose, nadia: User, paul: User) -> None:
        row = builders.checklist(dose, nadia)
        course_services.stop_course(course=begun, on=TODAY, reason="Moved", by=BY, at=AT)
        with pytest.raises(course_services.CourseStopped):
            confirm(row, paul)


class TestTheCard:
    def test_without_a_list_there_is_none(self, dose: Dose) -> None:
        assert queries.checklist_card(queries.checklist_of(dose, TODAY)) is None

    def test_it_shows_each_answer_and_how_many_to_think_about(self, dose: Dose, vial: Vial, nadia: User) -> None:
        said = builders.answers(dose, infection=("present", "A cold"), interval=("too_short", "13 days"))
        builders.checklist(dose, nadia, vial=vial, answers=said)
        card = queries.checklist_card(queries.checklist_of(dose, TODAY))
        assert card is not None
        vial_words = "Lot AB12, 12 mg, expires 30 Jun 2027"
        assert (card.about, card.vial, card.concerns, card.checked) == ("L2, 12 mg", vial_words, 2, "Nadia Nurse")
        worrying = [(row.question, row.answer, row.note) for row in card.rows if not row.is_fine]
        assert worrying == [
            ("Time since the last dose", "Too short", "13 days"),
            ("Infection, fever, skin at the puncture site", "Something found", "A cold"),
        ]
        assert not card.is_confirmed

    def test_it_names_whoever_confirmed_and_when_by_the_sites_clock(self, dose: Dose, nadia: User, paul: User) -> None:
        builders.confirmed(dose, nadia, paul)
        card = queries.checklist_card(queries.checklist_of(dose, TODAY))
        assert card is not None
        assert (card.is_confirmed, card.confirmed) == (True, "Paul Proceduralist, 4 Jul 2026, 13:00")

    def test_an_answer_that_is_none_any_more_is_shown_as_it_was_kept(self, dose: Dose, nadia: User) -> None:
        row = builders.checklist(dose, nadia)
        row.answers = row.answers | {"consent": ["oral", "Grandmother"]}
        card = queries.checklist_card(queries.checklist_of(dose, TODAY))
        assert card is not None
        shown = queries.checklist_card(row)
        assert shown is not None
        assert ("oral", "Grandmother", False) in [(each.answer, each.note, each.is_fine) for each in shown.rows]


def test_a_name_of_the_list_says_no_patient(dose: Dose) -> None:
    nurse = factories.user(site=None, full_name="N")
    assert str(builders.checklist(dose, nurse)) == "checklist of 2026-07-04"
