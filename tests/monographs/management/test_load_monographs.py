from pathlib import Path

import pytest

from clinic.audit.models import Entry
from monographs import queries
from monographs.models import Version
from tests.monographs.builders import USER_TEXT, document, in_force, regimen_yaml
from tests.monographs.management.commands import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two monographs and a file that is none."""
    (tmp_path / "b.md").write_text(document(regimen_yaml("bexamplin"), title="Bexamplin"), encoding="utf-8")
    (tmp_path / "a.md").write_text(document(regimen_yaml("aexamplin"), title="Aexamplin"), encoding="utf-8")
    (tmp_path / "README.txt").write_text("Not a monograph.", encoding="utf-8")
    return tmp_path


def test_the_shipped_monograph_comes_into_force_with_its_regimens() -> None:
    ran = run("load_monographs")
    assert (ran.out, ran.err, ran.status) == ("nusinersen.md: Made version 1 and put it in force.\n", "", 0)
    assert queries.default_regimen().key == "nusinersen-12mg-us"


def test_loading_again_changes_nothing() -> None:
    run("load_monographs")
    entries = Entry.objects.count()
    ran = run("load_monographs")
    assert ran.out == "nusinersen.md: Version 1 holds this text already (in force); nothing was made.\n"
    assert (ran.status, Version.objects.count(), Entry.objects.count()) == (0, 1, entries)


def test_loading_again_does_not_undo_what_the_clinic_published_since() -> None:
    run("load_monographs")
    own = in_force(USER_TEXT)
    ran = run("load_monographs")
    assert ran.status == 0
    assert ran.out.startswith("nusinersen.md: left alone. This text is version 1, which is superseded")
    own.refresh_from_db()
    assert own.state == Version.State.PUBLISHED
    assert len(queries.regimens_in_force()) == 3


def test_a_new_edition_of_the_shipped_text_comes_into_force(folder: Path) -> None:
    run("load_monographs", "--path", folder)
    (folder / "a.md").write_text(document(regimen_yaml("aexamplin"), title="Aexamplin", note="New."), encoding="utf-8")
    assert run("load_monographs", "--path", folder).out.splitlines() == [
        "a.md: Made version 2 and put it in force.",
        "b.md: Version 1 holds this text already (in force); nothing was made.",
    ]


def test_another_folder_is_loaded_in_the_order_of_its_names(folder: Path) -> None:
    assert run("load_monographs", "--path", folder).out.splitlines() == [
        "a.md: Made version 1 and put it in force.",
        "b.md: Made version 1 and put it in force.",
    ]
    assert list(queries.regimens_in_force()) == ["aexamplin", "bexamplin"]


def test_what_somebody_should_look_at_is_said(folder: Path) -> None:
    (folder / "b.md").unlink()
    (folder / "a.md").write_text(document(regimen_yaml(mg="15")), encoding="utf-8")
    lines = run("load_monographs", "--path", folder).out.splitlines()
    assert lines[0] == "a.md: Made version 1 and put it in force."
    assert "a.md: look at: Loading Dose: the text says 12 mg, examplin-12mg says 15 mg." in lines


def test_one_broken_file_stops_no_other_and_is_named_by_line(folder: Path) -> None:
    (folder / "a.md").write_text("No front matter.\n", encoding="utf-8")
    ran = run("load_monographs", "--path", folder)
    assert ran.status == 2
    assert ran.out == "b.md: Made version 1 and put it in force.\n"
    assert ran.err.startswith(f"{folder / 'a.md'}:1: ")


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "a.md").write_bytes(b"\0")
    ran = run("load_monographs", "--path", folder)
    assert (ran.status, ran.err) == (2, f"{folder / 'a.md'} is not a text file.\n")


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_monographs_is_refused(tmp_path: Path, name: str) -> None:
    ran = run("load_monographs", "--path", tmp_path / name)
    assert (ran.status, ran.out) == (2, "")
    assert "there is no monograph (*.md) in this folder" in ran.err


def test_the_command_answers_for_what_it_did() -> None:
    run("load_monographs")
    assert set(Entry.objects.filter(event__startswith="monographs").values_list("process", flat=True)) == {
        "load_monographs"
    }
