"""Several people write at the very same moment: one is first, the others learn of it, and nothing is lost.

Real threads with a connection each, on whichever database the suite runs. Every promise has a twin that shows what
happens without the guard.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connections, models, transaction

from clinic.audit.models import Entry
from clinic.patients.models import Measurement, Patient
from clinic.records import writing
from clinic.records.writing import AlreadySubmitted, StaleRecord
from clinic.staff.models import Site
from tests import factories
from tests.factories import AT, BY

AT_ONCE = 4
WAIT_SECONDS = 20

pytestmark = pytest.mark.usefixtures("several_connections")


@pytest.fixture
def patient(several_connections: None) -> Patient:
    site = factories.site("Northfield")
    with transaction.atomic():
        return writing.add(newcomer(site), event="patients.registered", by=BY, at=AT)


def newcomer(site: Site) -> Patient:
    return Patient(site=site, given_name="Ana", family_name="Berg", born_on=date(2020, 5, 17), sex="female")


def at_once(act: Callable[[int], str], people: int = AT_ONCE) -> Counter[str]:
    """Let so many people act at the same moment; return what each was told, counted."""
    start = Barrier(people, timeout=WAIT_SECONDS)

    def one(number: int) -> str:
        start.wait()
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(people) as pool:
        return Counter(pool.map(one, range(people)))


def test_of_several_changes_to_one_version_one_is_written(patient: Patient) -> None:
    def change(number: int) -> str:
        try:
            with transaction.atomic():
                writing.change(patient, event="patients.corrected", by=BY, at=AT, given_name=f"Name {number}")
        except StaleRecord as lost:
            return f"lost to version {lost.current.version}"
        return "saved"

    assert at_once(change) == {"saved": 1, "lost to version 2": AT_ONCE - 1}
    assert Patient.objects.get(pk=patient.pk).version == 2
    assert Entry.objects.filter(event="patients.corrected").count() == 1


def test_the_trail_tells_every_change_when_each_loser_tries_again(patient: Patient) -> None:
    """Four people add their mark to one text. Whoever loses reads again; no mark is missing at the end."""

    def add_mark(number: int) -> str:
        for tries in range(AT_ONCE * 4):
            current = Patient.objects.get(pk=patient.pk)
            try:
                with transaction.atomic():
                    name = f"{current.given_name} {number}"
                    writing.change(current, event="patients.corrected", by=BY, at=AT, given_name=name)
            except StaleRecord:
                continue
            return f"saved, {'again' if tries else 'at once'}"
        return "gave up"

    told = at_once(add_mark)
    assert told["gave up"] == 0
    marks = Patient.objects.get(pk=patient.pk).given_name.split()[1:]
    assert sorted(marks) == [str(number) for number in range(AT_ONCE)]
    changes = Entry.objects.filter(event="patients.corrected").order_by("pk").values_list("changes", flat=True)
    assert [len(each["given_name"][1]) for each in changes] == [5, 7, 9, 11]


def test_without_the_version_the_same_four_lose_marks(patient: Patient) -> None:
    """The twin: read, add a mark, save, as a form without a version does."""
    everybody_has_read = Barrier(AT_ONCE, timeout=WAIT_SECONDS)
    rows: models.QuerySet[Patient] = models.QuerySet(model=Patient)

    def add_mark(number: int) -> str:
        current = rows.get(pk=patient.pk)
        everybody_has_read.wait()
        rows.filter(pk=current.pk).update(given_name=f"{current.given_name} {number}")
        return "saved"

    assert at_once(add_mark) == {"saved": AT_ONCE}
    assert len(Patient.objects.get(pk=patient.pk).given_name.split()[1:]) == 1


def test_a_void_and_changes_at_once_leave_one_winner(patient: Patient) -> None:
    def act(number: int) -> str:
        try:
            with transaction.atomic():
                if number == 0:
                    writing.void(patient, event="patients.voided", by=BY, at=AT, reason="Registered twice")
                else:
                    writing.change(patient, event="patients.corrected", by=BY, at=AT, given_name=f"Name {number}")
        except StaleRecord:
            return "lost"
        return "saved"

    assert at_once(act) == {"saved": 1, "lost": AT_ONCE - 1}
    assert Entry.objects.exclude(event="patients.registered").filter(patient_id=patient.pk).count() == 1


def test_one_form_sent_several_times_at_once_makes_one_row(patient: Patient) -> None:
    key = uuid.uuid4()

    def send(_number: int) -> str:
        row = Measurement(patient=patient, measured_on=date(2026, 7, 1), weight_kg=18)
        try:
            with transaction.atomic():
                saved = writing.add(row, event="patients.measured", by=BY, at=AT, submission=key)
        except AlreadySubmitted as repeated:
            return f"there already: {repeated.record.pk}"
        return f"made: {saved.pk}"

    told = at_once(send)
    made = Measurement.objects.get()
    assert told == {f"made: {made.pk}": 1, f"there already: {made.pk}": AT_ONCE - 1}
    assert Entry.objects.filter(event="patients.measured").count() == 1


def test_without_the_key_the_same_form_makes_a_row_each_time(patient: Patient) -> None:
    def send(_number: int) -> str:
        row = Measurement(patient=patient, measured_on=date(2026, 7, 1), weight_kg=18)
        with transaction.atomic():
            writing.add(row, event="patients.measured", by=BY, at=AT)
        return "made"

    assert at_once(send) == {"made": AT_ONCE}
    assert Measurement.objects.count() == AT_ONCE
