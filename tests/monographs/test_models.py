import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Model

from monographs.models import Effect, Faq, FixedRow, Monograph, Precaution, Regimen, Section, Version
from tests.factories import AT
from tests.monographs.builders import SEED_TEXT, document, imported, in_force, regimen_yaml

PARTS: list[type[Model]] = [Section, Effect, Precaution, Faq, Regimen]
pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> Version:
    return in_force(document(regimen_yaml()))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_version_is_never_saved_again(version: Version, part: type[Model]) -> None:
    row = part._default_manager.filter(version=version).first()
    assert row is not None
    with pytest.raises(FixedRow, match="import the changed text as a new version"):
        row.save()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_version_is_never_removed(version: Version, part: type[Model]) -> None:
    row = part._default_manager.filter(version=version).first()
    assert row is not None
    with pytest.raises(FixedRow, match="is kept"):
        row.delete()


@pytest.mark.parametrize("part", [*PARTS, Version])
@pytest.mark.parametrize("method", ["update", "delete", "bulk_update", "update_or_create"])
def test_parts_and_versions_cannot_be_changed_in_bulk(version: Version, part: type[Model], method: str) -> None:
    rows = part._default_manager.all()
    assert rows.exists()
    with pytest.raises(FixedRow):
        getattr(rows, method)()
    assert part._default_manager.filter(pk__in=[row.pk for row in rows]).count() == len(rows)


def test_a_version_is_never_saved_again_whatever_its_state() -> None:
    draft = imported(document(), publish=False).version
    draft.source = "changed"
    with pytest.raises(FixedRow):
        draft.save()
    with pytest.raises(FixedRow):
        draft.delete()


def test_a_monograph_with_versions_cannot_be_deleted(version: Version) -> None:
    with pytest.raises(models.ProtectedError):
        version.monograph.delete()


def test_only_drafts_are_put_in_force(version: Version) -> None:
    later = AT.replace(year=2027)
    assert Version.objects.filter(pk=version.pk).publish(at=later) == 0
    version.refresh_from_db()
    assert version.published_at == AT


def test_only_what_is_in_force_is_superseded() -> None:
    draft = imported(document(), publish=False).version
    assert Version.objects.filter(pk=draft.pk).supersede() == 0
    draft.refresh_from_db()
    assert draft.state == Version.State.DRAFT


def test_readers_are_shown_what_is_or_was_in_force() -> None:
    first = in_force(document(note="One."))
    second = in_force(document(note="Two."))
    imported(document(note="Three."), publish=False)
    assert set(Version.objects.shown()) == {first, second}


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"number": 1, "fingerprint": "b" * 64}, "version_numbers_count_up"),
        ({"number": 2, "fingerprint": "a" * 64}, "a_text_is_imported_once"),
        ({"number": 2, "state": "published", "published_at": AT}, "one_version_in_force"),
        ({"number": 2, "state": "published"}, "a_draft_was_never_published"),
        ({"number": 2, "state": "draft", "published_at": AT}, "a_draft_was_never_published"),
    ],
)
def test_the_database_itself_keeps_the_order_of_versions(values: dict[str, object], rule: str) -> None:
    monograph = Monograph.objects.create(slug="a", title="A", generic_name="A")
    facts = {"monograph": monograph, "source": "a", "imported_at": AT}
    Version.objects.create(number=1, fingerprint="a" * 64, state="published", published_at=AT, **facts)
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        Version.objects.create(**({"fingerprint": "c" * 64} | facts | values))
    if connection.vendor == "postgresql":
        assert rule in str(broken.value)
    assert Version.objects.count() == 1


def test_a_key_names_one_regimen_of_a_version(version: Version) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Regimen.objects.create(version=version, order=9, key="examplin-12mg", name="Again", data={})


def test_an_anchor_leads_to_one_section_of_a_version(version: Version) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Section.objects.create(version=version, order=99, anchor="usage", kind="other", title="Again")


def test_a_regimen_reads_as_the_rule_of_its_versions_number(version: Version) -> None:
    rule = version.regimens.get().rule()
    assert (rule.key, rule.version) == ("examplin-12mg", 1)
    assert [step.mg for step in rule.loading] == [12, 12]


def test_rows_name_themselves_for_the_administration_pages() -> None:
    version = in_force(SEED_TEXT)
    assert str(version.monograph) == "Nusinersen"
    assert str(version) == "Nusinersen version 1"
    assert str(version.sections.all()[1]) == "Usage"
    assert str(version.effects.all()[0]) == "Headache"
    assert str(version.precautions.all()[0]) == "Contraindications"
    assert str(version.faqs.all()[0]) == "How is nusinersen given?"
    assert str(version.regimens.all()[0]) == "12 mg, United States schedule"


def test_a_precaution_without_a_label_is_named_by_its_text() -> None:
    assert str(Precaution(label="", text="Take care.")) == "Take care."
