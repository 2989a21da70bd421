"""The database itself keeps clinical rows and the trail."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from clinic.audit import trail
from clinic.audit.models import Entry
from clinic.patients.models import Carer
from clinic.records import guards
from clinic.staff.models import Site
from tests.clinic.stage import one_of_each
from tests.factories import AT, BY

TABLES = sorted(model._meta.db_table for model in guards.clinical_models())
COUNTING = "SELECT count(*) FROM {}"
# PostgreSQL knows a way to empty a table that asks no row; SQLite turns a DELETE without a condition into one.
EMPTYING = {"postgresql": "TRUNCATE {} CASCADE", "sqlite": "DELETE FROM {}"}


def execute(statement: str) -> None:
    # PostgreSQL empties no table that a deferred constraint still has to look at.
    connection.check_constraints()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNTING.format(table))
        found: int = cursor.fetchone()[0]
    return found


@pytest.mark.django_db
def test_every_guard_is_in_the_database() -> None:
    assert guards.missing(connection) == set()
    assert len(TABLES) >= 12


@pytest.mark.parametrize("statement", sorted({"DELETE FROM {}", EMPTYING[connection.vendor]}))
def test_raw_sql_cannot_remove_entries(site: Site, statement: str) -> None:
    before = count("audit_entry")
    with pytest.raises(IntegrityError, match="rows are kept"):
        execute(statement.format("audit_entry"))
    assert count("audit_entry") == before > 0


def test_raw_sql_cannot_change_entries(site: Site) -> None:
    entry = trail.record("test.happened", by=BY, at=AT, target=site)
    with pytest.raises(IntegrityError, match="rows are kept"):
        execute("UPDATE audit_entry SET reason = 'changed'")
    assert Entry.objects.get(pk=entry.pk).reason == ""


def test_raw_sql_cannot_remove_any_clinical_row(site: Site) -> None:
    one_of_each(site)
    for table in TABLES:
        before = count(table)
        for statement in ("DELETE FROM {}", EMPTYING[connection.vendor]):
            with pytest.raises(IntegrityError, match="rows are kept"):
                execute(statement.format(table))
        assert count(table) == before > 0, table


def test_past_the_clinical_query_a_row_cannot_be_removed_either(site: Site) -> None:
    one_of_each(site)
    with pytest.raises(IntegrityError, match="rows are kept"), transaction.atomic():
        models.QuerySet(model=Carer).all().delete()
    assert Carer.objects.count() == 1


def test_without_the_guards_raw_sql_does_touch_both(site: Site) -> None:
    one_of_each(site)
    guards.remove(connection)
    execute("UPDATE audit_entry SET reason = 'changed'")
    execute("DELETE FROM patients_carer")
    guards.install(connection)
    assert set(Entry.objects.values_list("reason", flat=True)) == {"changed"}
    assert not Carer.objects.exists()


@pytest.mark.django_db
def test_guards_that_were_taken_away_are_missed_by_name() -> None:
    guards.remove(connection)
    missed = guards.missing(connection)
    guards.install(connection)
    assert {"audit_entry_keep_delete", "audit_entry_keep_update", "patients_patient_keep_delete"} <= missed
    assert ("patients_patient_keep_truncate" in missed) is (connection.vendor == "postgresql")
    assert guards.missing(connection) == set()


@pytest.mark.django_db
def test_installing_again_changes_nothing() -> None:
    guards.install(connection)
    guards.install(connection)
    assert guards.missing(connection) == set()


def test_after_a_migration_that_remakes_a_table_the_guards_are_back(transactional_db: None) -> None:
    """SQLite drops a table's triggers with the old table; every `migrate` puts them back, on either database."""
    field = Carer._meta.get_field("phone")
    wider = models.CharField(max_length=41, blank=True)
    wider.set_attributes_from_name("phone")
    wider.model = Carer
    with connection.schema_editor() as editor:
        editor.alter_field(Carer, field, wider)
    lost = guards.missing(connection)
    with connection.schema_editor() as editor:
        editor.alter_field(Carer, wider, field)
    call_command("migrate", verbosity=0)
    assert lost == ({"patients_carer_keep_delete"} if connection.vendor == "sqlite" else set())
    assert guards.missing(connection) == set()
