"""Every clinical model there is refuses to be written past `clinic.records.writing`."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import models, transaction

from clinic.patients.models import Carer, Patient
from clinic.records import guards, writing
from clinic.records.models import ClinicalQuerySet, ClinicalRecord, DirectWrite
from clinic.staff.models import Site
from tests.factories import AT, BY

CLINICAL = sorted(guards.clinical_models(), key=lambda model: model._meta.label)
each_clinical_model = pytest.mark.parametrize("model", CLINICAL, ids=lambda model: model._meta.label)

WRITES: dict[str, Callable[[Any], Any]] = {
    "create": lambda rows: rows.create(),
    "get_or_create": lambda rows: rows.get_or_create(),
    "update_or_create": lambda rows: rows.update_or_create(),
    "bulk_create": lambda rows: rows.bulk_create([]),
    "bulk_update": lambda rows: rows.bulk_update([], ["version"]),
    "update": lambda rows: rows.update(version=2),
    "delete": lambda rows: rows.all().delete(),
}
LATER_WRITES: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "acreate": lambda rows: rows.acreate(),
    "aget_or_create": lambda rows: rows.aget_or_create(),
    "aupdate_or_create": lambda rows: rows.aupdate_or_create(),
    "abulk_create": lambda rows: rows.abulk_create([]),
    "abulk_update": lambda rows: rows.abulk_update([], ["version"]),
    "aupdate": lambda rows: rows.aupdate(version=2),
    "adelete": lambda rows: rows.all().adelete(),
}


def awaited(write: Coroutine[Any, Any, None]) -> None:
    """Await in a thread of its own: a browser, once opened, keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, write).result()


def test_the_walk_meets_the_clinical_tables() -> None:
    names = {model._meta.label_lower for model in CLINICAL}
    assert {"patients.patient", "courses.dose", "courses.administration", "labs.labresult"} <= names


@each_clinical_model
@pytest.mark.parametrize("way", sorted(WRITES))
def test_a_query_refuses(model: type[models.Model], way: str) -> None:
    with pytest.raises(DirectWrite, match=f"Write {model.__name__} rows through clinic.records.writing"):
        WRITES[way](model._default_manager)


@each_clinical_model
@pytest.mark.parametrize("way", sorted(LATER_WRITES))
def test_a_query_refuses_when_awaited(model: type[models.Model], way: str) -> None:
    async def write() -> None:
        await LATER_WRITES[way](model._default_manager)

    with pytest.raises(DirectWrite):
        awaited(write())


@each_clinical_model
def test_a_chosen_query_refuses_as_well(model: type[models.Model]) -> None:
    with pytest.raises(DirectWrite):
        model._default_manager.filter(version=1).exclude(version=2).order_by("pk").update(version=2)


@each_clinical_model
def test_every_manager_of_the_model_is_a_clinical_one(model: type[models.Model]) -> None:
    managers = [*model._meta.managers, model._default_manager, model._base_manager]
    assert all(isinstance(manager.get_queryset(), ClinicalQuerySet) for manager in managers)


@each_clinical_model
def test_a_row_refuses_to_be_saved_or_deleted(model: type[models.Model]) -> None:
    row = model()
    for refused in (row.save, row.delete):
        with pytest.raises(DirectWrite):
            refused()


@each_clinical_model
def test_a_row_refuses_when_awaited(model: type[models.Model]) -> None:
    async def save() -> None:
        await model().asave()

    async def delete() -> None:
        await model().adelete()

    for refused in (save, delete):
        with pytest.raises(DirectWrite):
            awaited(refused())


@each_clinical_model
def test_a_row_goes_by_an_id_that_cannot_be_guessed_and_has_a_key_used_once(model: type[ClinicalRecord]) -> None:
    assert isinstance(model._meta.pk, models.UUIDField)
    assert model._meta.get_field("submission").unique


@each_clinical_model
def test_a_void_has_a_reason_by_constraint(model: type[ClinicalRecord]) -> None:
    names = {constraint.name for constraint in model._meta.constraints}
    assert f"{model._meta.app_label}_{model._meta.model_name}_void_has_a_reason" in names


@each_clinical_model
def test_no_row_goes_when_another_is_deleted(model: type[models.Model]) -> None:
    """A cascade would delete past every guard of Python."""
    relations = [field.remote_field for field in model._meta.concrete_fields if field.remote_field]
    assert all(relation.on_delete is models.PROTECT for relation in relations)


@pytest.fixture
def carer(patient: Patient) -> Carer:
    return writing.add(Carer(patient=patient, name="Sam", channel="post"), event="patients.carer_added", by=BY, at=AT)


def test_related_rows_are_not_written_through_the_record_they_belong_to(
    patient: Patient, carer: Carer, site: Site
) -> None:
    other = Patient(site=site, given_name="Bo", family_name="Berg", born_on=date(2020, 5, 17), sex="male")
    writing.add(other, event="patients.registered", by=BY, at=AT)
    for write in (
        lambda: other.carers.create(name="Eve"),
        lambda: other.carers.add(carer),
        lambda: other.carers.add(carer, bulk=False),
        lambda: other.carers.set([carer]),
        lambda: other.carers.update(name="Eve"),
        lambda: other.carers.all().delete(),
    ):
        with pytest.raises(DirectWrite), transaction.atomic():
            write()
    assert Carer.objects.get().patient == patient


def test_a_row_that_was_changed_in_memory_is_not_saved(carer: Carer) -> None:
    carer.name = "Eve"
    with pytest.raises(DirectWrite):
        carer.save(update_fields=["name"])
    assert Carer.objects.get().name == "Sam"
