"""The trail only grows: Python refuses first, and the database has the last word."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from clinic.audit import trail
from clinic.audit.models import AppendOnly, Entry
from clinic.records import guards
from clinic.staff.models import Site
from tests.factories import AT, BY

QUERIES: dict[str, Callable[[Entry], Any]] = {
    "update": lambda _entry: Entry.objects.update(reason="changed"),
    "delete": lambda _entry: Entry.objects.all().delete(),
    "bulk_create": lambda _entry: Entry.objects.bulk_create([Entry()]),
    "bulk_update": lambda entry: Entry.objects.bulk_update([entry], ["reason"]),
    "get_or_create": lambda _entry: Entry.objects.get_or_create(event="none"),
    "update_or_create": lambda _entry: Entry.objects.update_or_create(event="none"),
    "save": lambda entry: entry.save(),
    "delete one": lambda entry: entry.delete(),
}


@pytest.fixture
def entry(site: Site) -> Entry:
    return trail.record("test.happened", by=BY, at=AT, target=site)


@pytest.mark.parametrize("way", sorted(QUERIES))
def test_python_refuses_to_change_or_remove_an_entry(entry: Entry, way: str) -> None:
    before = list(Entry.objects.order_by("pk").values())
    with pytest.raises(AppendOnly):
        QUERIES[way](entry)
    assert list(Entry.objects.order_by("pk").values()) == before


PAST_PYTHON: dict[str, Callable[[models.QuerySet[Entry]], Any]] = {
    "update": lambda entries: entries.update(reason="changed"),
    "delete": lambda entries: entries._raw_delete(using="default"),
}


@pytest.mark.parametrize("way", sorted(PAST_PYTHON))
def test_past_python_the_database_refuses_as_well(entry: Entry, way: str) -> None:
    entries: models.QuerySet[Entry] = models.QuerySet(model=Entry)
    with pytest.raises(IntegrityError, match="rows are kept"), transaction.atomic():
        PAST_PYTHON[way](entries.filter(pk=entry.pk))
    assert Entry.objects.get(pk=entry.pk).reason == ""


@pytest.mark.parametrize("way", sorted(PAST_PYTHON))
def test_without_the_guards_the_entry_is_lost(entry: Entry, way: str) -> None:
    entries: models.QuerySet[Entry] = models.QuerySet(model=Entry)
    guards.remove(connection)
    PAST_PYTHON[way](entries.filter(pk=entry.pk))
    guards.install(connection)
    assert not Entry.objects.filter(pk=entry.pk, reason="").exists()


@pytest.mark.parametrize("way", ["save", "delete one"])
def test_refusing_says_what_the_trail_is(entry: Entry, way: str) -> None:
    with pytest.raises(AppendOnly, match="An entry of the trail"):
        QUERIES[way](entry)
