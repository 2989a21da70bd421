"""Everything that belongs to a person, in one query, is what the tables say."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import models

from clinic.patients import services
from clinic.patients.models import Identifier, Measurement, Patient, PatientPart
from clinic.patients.parts import MEASUREMENT
from clinic.patients.queries.belongings import ALL, ON_THE_BANNER, belongings
from clinic.staff.models import Site
from tests.clinic.patients import builders
from tests.clinic.patients.builders import TODAY
from tests.factories import AT, BY


@pytest.fixture
def furnished(site: Site) -> Patient:
    """A patient with two of everything, some fields full and some empty."""
    patient = builders.patient(site)
    for number in (1, 2):
        builders.identifier(patient, value=f"M{number}")
        builders.carer(patient, f"Carer {number}")
        builders.consent(patient, ("treatment", "registry")[number - 1])
        builders.allergy(patient, f"latex {number}")
        builders.access_plan(patient, TODAY - timedelta(days=number))
        builders.measurement(patient, TODAY - timedelta(days=number), weight_kg=Decimal(9) + Decimal(number) / 4)
        builders.therapy(patient)
    return patient


def columns(row: models.Model) -> dict[str, Any]:
    return {one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields}


@pytest.mark.parametrize("model", ALL)
def test_each_row_is_what_its_table_says(furnished: Patient, model: type[PatientPart]) -> None:
    stored = list(model._base_manager.filter(patient=furnished, voided_at=None).order_by("pk"))
    read = sorted(belongings(furnished).of(model), key=lambda row: row.pk)
    assert stored
    assert [columns(row) for row in read] == [columns(row) for row in stored]
    assert [type(value) for row in read for value in columns(row).values()] == [
        type(value) for row in stored for value in columns(row).values()
    ]


def test_it_is_one_query_however_many_rows(furnished: Patient, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert len(belongings(furnished).of(Identifier)) == 2


def test_only_the_kinds_that_are_asked_for_are_read(furnished: Patient) -> None:
    read = belongings(furnished, ON_THE_BANNER)
    assert read.of(Identifier)
    assert read.of(Measurement) == []


def test_what_was_voided_and_what_is_somebody_elses_is_left_out(furnished: Patient, site: Site) -> None:
    other = builders.patient(site, "Other")
    row = Measurement.objects.filter(patient=furnished).order_by("measured_on")[0]
    services.void_part(kind=MEASUREMENT, part=row, reason="Wrong scale", by=BY, at=AT)
    assert len(belongings(furnished).of(Measurement)) == 1
    assert all(belongings(other).of(model) == [] for model in ALL)
