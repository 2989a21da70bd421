import os
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError
from django.test import override_settings

from monographs.management import documents
from monographs.management.documents import Unreadable, prepare_database, read_document, refusal_lines
from monographs.rules.document import MOST_BYTES, InvalidDocument, Problem
from monographs.services import KeyTaken


class TestReading:
    def test_a_text_file_is_read_as_it_stands(self, tmp_path: Path) -> None:
        file = tmp_path / "a.md"
        file.write_bytes("\ufeff---\r\ntitle: Médicament\r\n".encode())
        assert read_document(file) == "\ufeff---\r\ntitle: Médicament\r\n"

    def test_a_missing_file_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match=r"^cannot be read: No such file or directory\.$"):
            read_document(tmp_path / "a.md")

    def test_a_folder_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match=r"^cannot be read: Is a directory\.$"):
            read_document(tmp_path)

    def test_a_file_that_may_not_be_read_is_said(self, tmp_path: Path) -> None:
        refused = PermissionError(13, os.strerror(13))
        with (
            patch.object(Path, "open", side_effect=refused),
            pytest.raises(Unreadable, match=r"^cannot be read: Permission denied\.$"),
        ):
            read_document(tmp_path / "a.md")

    def test_a_failure_without_words_of_its_own_is_still_said(self, tmp_path: Path) -> None:
        with (
            patch.object(Path, "open", side_effect=OSError("the drive is gone")),
            pytest.raises(Unreadable, match=r"^cannot be read: the drive is gone\.$"),
        ):
            read_document(tmp_path / "a.md")

    @pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", b"text\0text"])
    def test_a_binary_file_is_said(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "a.md"
        file.write_bytes(content)
        with pytest.raises(Unreadable, match="is not a text file"):
            read_document(file)

    def test_another_encoding_is_said(self, tmp_path: Path) -> None:
        file = tmp_path / "a.md"
        file.write_bytes("Médicament".encode("latin-1"))
        with pytest.raises(Unreadable, match="save it as UTF-8"):
            read_document(file)

    def test_the_largest_file_is_read_and_one_byte_more_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "a.md"
        file.write_bytes(b"x" * MOST_BYTES)
        assert len(read_document(file)) == MOST_BYTES
        file.write_bytes(b"x" * (MOST_BYTES + 1))
        with pytest.raises(Unreadable, match="is larger than 2 MB"):
            read_document(file)

    def test_a_file_without_end_is_not_read_to_the_end(self) -> None:
        with pytest.raises(Unreadable, match="is larger than 2 MB"):
            read_document(Path("/dev/zero"))


class TestRefusals:
    def test_each_problem_is_a_line_with_file_and_number(self) -> None:
        error = InvalidDocument((Problem(3, "One."), Problem(7, "Two.")))
        assert refusal_lines(Path("a/b.md"), error) == ["a/b.md:3: One.", "a/b.md:7: Two."]

    def test_what_is_wrong_with_the_file_reads_as_a_sentence(self) -> None:
        assert refusal_lines(Path("b.md"), Unreadable("is not a text file.")) == ["b.md is not a text file."]

    def test_what_may_not_be_published_is_said_after_the_file(self) -> None:
        assert refusal_lines(Path("b.md"), KeyTaken("The key is taken.")) == ["b.md: The key is taken."]


class TestTheDatabase:
    @pytest.mark.django_db
    def test_tables_that_are_there_are_left_alone(self) -> None:
        with patch.object(documents, "call_command") as command:
            prepare_database()
        command.assert_not_called()

    @pytest.mark.django_db
    @override_settings(EMBEDDED=True)
    def test_a_new_embedded_database_is_migrated_in_silence(self) -> None:
        with patch.object(documents, "connection") as empty, patch.object(documents, "call_command") as command:
            empty.introspection.table_names.return_value = []
            prepare_database()
        command.assert_called_once_with("migrate", verbosity=0, interactive=False)

    @pytest.mark.django_db
    @override_settings(EMBEDDED=False)
    def test_a_real_installation_is_told_to_migrate_first(self) -> None:
        with patch.object(documents, "connection") as empty, patch.object(documents, "call_command") as command:
            empty.introspection.table_names.return_value = []
            with pytest.raises(CommandError, match=r"run manage\.py migrate first"):
                prepare_database()
        command.assert_not_called()
