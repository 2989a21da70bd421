"""Secrets that an embedded installation makes for itself."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clinic.embedded import demo_password, embedded_secret
from clinic.env import DEMO_SECRET_PREFIX, SECRET_LENGTH


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    assert embedded_secret(tmp_path / "demo") == embedded_secret(tmp_path / "demo")


def test_a_secret_is_long_and_marked(tmp_path: Path) -> None:
    secret = embedded_secret(tmp_path)
    assert secret.startswith(DEMO_SECRET_PREFIX)
    assert len(secret) >= SECRET_LENGTH


def test_another_folder_has_another_secret(tmp_path: Path) -> None:
    assert embedded_secret(tmp_path / "one") != embedded_secret(tmp_path / "two")


def test_folder_and_files_are_private(tmp_path: Path) -> None:
    embedded_secret(tmp_path / "demo")
    demo_password(tmp_path / "demo")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "demo", *(tmp_path / "demo").iterdir()]
    }
    assert modes == {"demo": 0o700, "secret": 0o600, "password": 0o600}


def test_of_several_processes_at_once_one_makes_the_secret_for_all(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(embedded_secret, [tmp_path] * 40))
    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_the_password_can_be_typed_from_a_screen(tmp_path: Path) -> None:
    assert re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", demo_password(tmp_path))
