"""The database itself keeps clinical rows and the trail."""

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.audit import trail
from clinic.audit.models import Entry
from clinic.records import guards
from clinic.staff.models import Site
from tests.factories import AT, BY


@pytest.mark.django_db
def test_every_guard_is_in_the_database() -> None:
    assert guards.missing(connection) == set()
    assert len(guards.clinical_models()) >= 12


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET reason = 'changed'", "DELETE FROM audit_entry"])
def test_raw_sql_cannot_touch_the_trail(site: Site, statement: str) -> None:
    entry = trail.record("test.happened", by=BY, at=AT, target=site)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.get(pk=entry.pk).reason == ""


def test_without_the_guard_raw_sql_does_touch_the_trail(site: Site) -> None:
    trail.record("test.happened", by=BY, at=AT, target=site)
    guards.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET reason = 'changed'")
    guards.install(connection)
    assert set(Entry.objects.values_list("reason", flat=True)) == {"changed"}
