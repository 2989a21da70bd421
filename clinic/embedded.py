"""The secrets of an embedded installation: made once, private to the user who runs it, never committed."""

import os
import secrets
import uuid
from pathlib import Path
from typing import Final

from clinic.env import DEMO_SECRET_PREFIX

# Without the letters and digits that are mistaken for each other when read from a screen.
EASY_TO_TYPE: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def embedded_secret(folder: Path) -> str:
    """Return the folder's secret key, making folder and key if this is the first time.

    The prefix marks it, so that a real installation refuses to start with it.
    """
    return _made_once(folder / "secret", DEMO_SECRET_PREFIX + secrets.token_urlsafe(48))


def demo_password(folder: Path) -> str:
    """Return the one password of all accounts of the demo, such as ``kmtw-7h3q-x9ra-pz4d``, made at the first call."""
    groups = ("".join(secrets.choice(EASY_TO_TYPE) for _ in range(4)) for _ in range(4))
    return _made_once(folder / "password", "-".join(groups))


def _made_once(path: Path, proposal: str) -> str:
    """Return what the file holds, or `proposal` after keeping it there; of several at once, one wins for all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    aside.touch(mode=0o600)
    try:
        aside.write_text(proposal)
        # A link appears whole or not at all, and never over another file.
        os.link(aside, path)
    except FileExistsError:
        return path.read_text()
    finally:
        aside.unlink()
    return proposal
