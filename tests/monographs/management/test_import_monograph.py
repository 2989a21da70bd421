import json
from pathlib import Path
from typing import Any

import pytest

from clinic.audit.models import Entry
from monographs import events
from monographs.models import Monograph, Version
from tests.monographs.builders import SEED_FILE, USER_FILE, document, in_force, regimen_yaml
from tests.monographs.management.commands import Ran, run

pytestmark = pytest.mark.django_db
KEYS = [
    "title",
    "generic_name",
    "sections",
    "effects",
    "faqs",
    "disclaimer",
    "regimens",
    "statements",
    "problems",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with a small document that carries a regimen."""
    path = tmp_path / "examplin.md"
    path.write_text(document(regimen_yaml()), encoding="utf-8")
    return path


def answer(ran: Ran) -> dict[str, Any]:
    """Return the one object that a command printed."""
    found = json.loads(ran.out)
    assert isinstance(found, dict)
    return found


class TestTheObject:
    def test_the_users_own_document_gives_exactly_this(self) -> None:
        ran = run("import_monograph", USER_FILE, "--json")
        assert (ran.status, ran.err) == (0, "")
        assert answer(ran) == {
            "title": "Nusinersen",
            "generic_name": "Nusinersen",
            "sections": 7,
            "effects": {"common": 9, "less_common": 9, "serious": 8},
            "faqs": 6,
            "disclaimer": True,
            "regimens": [],
            "statements": [
                {"label": "Loading Dose", "mg": 12, "interval": "14 days", "count": 3},
                {"label": "Fourth Dose", "mg": 12, "interval": "30 days", "count": 1},
                {"label": "Maintenance Dose", "mg": 12, "interval": "4 months", "count": None},
            ],
            "problems": ["The document carries no regimen as data, so no course can be started on it."],
        }

    def test_the_shipped_document_names_its_regimens_and_has_no_problem(self) -> None:
        found = answer(run("import_monograph", SEED_FILE, "--publish", "--json"))
        assert list(found) == KEYS
        assert found["regimens"] == ["nusinersen-12mg-us", "nusinersen-12mg-eu", "nusinersen-high-dose"]
        assert (found["problems"], found["effects"]["serious"], found["faqs"]) == ([], 8, 6)

    def test_the_object_is_the_same_when_the_text_is_known_already(self, file: Path) -> None:
        first = run("import_monograph", file, "--json")
        assert run("import_monograph", file, "--publish", "--json").out == first.out
        assert run("import_monograph", file, "--publish", "--json").out == first.out

    def test_part_of_a_milligram_stays_a_number(self, tmp_path: Path) -> None:
        path = tmp_path / "a.md"
        path.write_text(document().replace("12 mg is given once every 14", "9.6 mg is given once every 14"), "utf-8")
        assert [item["mg"] for item in answer(run("import_monograph", path, "--json"))["statements"]] == [9.6, 12]

    def test_a_sentence_without_an_interval_has_none(self, tmp_path: Path) -> None:
        path = tmp_path / "a.md"
        path.write_text(document().replace("12 mg is given once every 4 months", "12 mg is given"), "utf-8")
        found = answer(run("import_monograph", path, "--json"))["statements"][-1]
        assert (found["interval"], found["count"]) == (None, None)

    def test_prose_and_data_that_differ_are_among_the_problems(self, tmp_path: Path) -> None:
        path = tmp_path / "a.md"
        path.write_text(document(regimen_yaml(mg="15")), encoding="utf-8")
        found = answer(run("import_monograph", path, "--json"))
        assert "Loading Dose: the text says 12 mg, examplin-12mg says 15 mg." in found["problems"]

    def test_letters_of_other_scripts_are_written_as_they_are(self, tmp_path: Path) -> None:
        path = tmp_path / "a.md"
        path.write_text(document(title="ヌシネルセン"), encoding="utf-8")
        assert "ヌシネルセン" in run("import_monograph", path, "--json").out


class TestWhatItDoes:
    def test_without_publish_it_makes_a_draft(self, file: Path) -> None:
        ran = run("import_monograph", file)
        assert ran.out.endswith("Made version 1, a draft.\n")
        assert Version.objects.get().state == Version.State.DRAFT

    def test_with_publish_the_version_is_in_force(self, file: Path) -> None:
        ran = run("import_monograph", file, "--publish")
        assert ran.out.endswith("Made version 1 and put it in force.\n")
        assert Version.objects.get().state == Version.State.PUBLISHED

    def test_the_same_text_again_makes_nothing_and_says_so(self, file: Path) -> None:
        run("import_monograph", file)
        ran = run("import_monograph", file)
        assert ran.out.endswith("Version 1 holds this text already (draft); nothing was made.\n")
        assert (ran.status, Version.objects.count()) == (0, 1)

    def test_the_same_text_with_publish_puts_the_draft_in_force(self, file: Path) -> None:
        run("import_monograph", file)
        ran = run("import_monograph", file, "--publish")
        assert ran.out.endswith("Version 1 held this text as a draft; it is in force now.\n")
        again = run("import_monograph", file, "--publish")
        assert again.out.endswith("Version 1 holds this text already (in force); nothing was made.\n")

    def test_a_changed_text_is_the_next_version(self, file: Path) -> None:
        run("import_monograph", file, "--publish")
        file.write_text(document(regimen_yaml(), note="Changed."), encoding="utf-8")
        assert run("import_monograph", file, "--publish").out.endswith("Made version 2 and put it in force.\n")

    def test_the_command_answers_for_what_it_did(self, file: Path) -> None:
        run("import_monograph", file, "--publish")
        entries = Entry.objects.filter(event__in=[events.VERSION_IMPORTED, events.VERSION_PUBLISHED])
        assert set(entries.values_list("process", flat=True)) == {"import_monograph"}
        assert entries.count() == 2

    def test_the_summary_is_readable(self) -> None:
        lines = run("import_monograph", USER_FILE).out.splitlines()
        assert lines == [
            "Nusinersen (generic name Nusinersen)",
            "  sections: 7",
            "  effects: 9 common, 9 less common, 8 serious",
            "  questions: 6",
            "  disclaimer: yes",
            "  regimens as data: none",
            "  dosage: Loading Dose: 12 mg, 14 days, 3 ×",
            "  dosage: Fourth Dose: 12 mg, 30 days, 1 ×",
            "  dosage: Maintenance Dose: 12 mg, 4 months",
            "  look at: The document carries no regimen as data, so no course can be started on it.",
            "Made version 1, a draft.",
        ]

    def test_a_summary_names_the_regimens_and_a_missing_disclaimer(self, tmp_path: Path) -> None:
        path = tmp_path / "a.md"
        text = document(regimen_yaml()).replace("**Disclaimer:** For education only.", "")
        path.write_text(text.replace("12 mg is given once every 4 months", "12 mg is given"), encoding="utf-8")
        said = run("import_monograph", path).out
        assert "  disclaimer: no\n" in said
        assert "  regimens as data: examplin-12mg\n" in said
        assert "  dosage: Maintenance Dose: 12 mg\n" in said


class TestRefusals:
    @pytest.fixture
    def broken(self, file: Path) -> Path:
        """Return a document with two faults: an open bracket, and a question without an answer."""
        text = file.read_text(encoding="utf-8").replace("* Headache", "* Headache (in the")
        file.write_text(text.replace("    * **A:** In the refrigerator.\n", ""), encoding="utf-8")
        return file

    def test_every_fault_is_a_line_with_file_and_number(self, broken: Path) -> None:
        ran = run("import_monograph", broken, "--publish")
        assert (ran.status, ran.out) == (2, "")
        lines = ran.err.splitlines()
        assert len(lines) == 2
        source = broken.read_text(encoding="utf-8").splitlines()
        for line, part in zip(lines, ("* Headache (in the", "* **Q: How is it stored?**"), strict=True):
            path, number, sentence = line.split(":", 2)
            assert (path, source[int(number) - 1]) == (str(broken), part)
            assert sentence.startswith(" ")
            assert sentence.endswith(".")

    def test_the_object_holds_the_faults_and_nothing_goes_to_the_other_stream(self, broken: Path) -> None:
        ran = run("import_monograph", broken, "--json")
        assert (ran.status, ran.err) == (2, "")
        problems = answer(ran)["problems"]
        assert list(answer(ran)) == ["problems"]
        assert [problem.partition(" ")[0] for problem in problems] == ["Line", "Line"]

    def test_a_refused_document_keeps_nothing(self, broken: Path) -> None:
        run("import_monograph", broken, "--publish")
        assert (Monograph.objects.count(), Version.objects.count()) == (0, 0)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\x7fELF\0\0", "is not a text file."),
            (b"M\xe9dicament", "is not UTF-8 text; save it as UTF-8."),
            (b"x" * 2_000_001, "is larger than 2 MB; a monograph is far shorter."),
        ],
    )
    def test_what_is_no_text_is_refused_in_one_line(self, tmp_path: Path, content: bytes, said: str) -> None:
        path = tmp_path / "a.md"
        path.write_bytes(content)
        ran = run("import_monograph", path)
        assert (ran.status, ran.out, ran.err) == (2, "", f"{path} {said}\n")
        assert answer(run("import_monograph", path, "--json")) == {"problems": [f"The file {said}"]}

    def test_a_missing_file_is_refused_in_one_line(self, tmp_path: Path) -> None:
        ran = run("import_monograph", tmp_path / "none.md")
        assert ran == Ran("", f"{tmp_path / 'none.md'} cannot be read: No such file or directory.\n", 2)

    def test_an_empty_file_is_refused_by_line(self, tmp_path: Path) -> None:
        path = tmp_path / "a.md"
        path.write_bytes(b"")
        ran = run("import_monograph", path)
        assert ran.status == 2
        assert ran.err.startswith(f"{path}:1: ")

    def test_a_text_that_was_superseded_is_not_published_again(self, file: Path) -> None:
        run("import_monograph", file, "--publish")
        in_force(document(regimen_yaml(), note="Later."))
        ran = run("import_monograph", file, "--publish")
        assert (ran.status, ran.out) == (2, "")
        assert "version 2 came into force after it" in ran.err
        known = run("import_monograph", file)
        assert known.out.endswith("Version 1 holds this text already (superseded); nothing was made.\n")

    def test_a_key_of_another_monograph_is_refused(self, file: Path) -> None:
        in_force(document(regimen_yaml(), title="Otherin"))
        ran = run("import_monograph", file, "--publish", "--json")
        assert ran.status == 2
        assert "already in force in the monograph “Otherin”" in answer(ran)["problems"][0]
