"""The secret of an embedded installation: made once, private to the user who runs it, never committed."""

import os
import secrets
from pathlib import Path

from clinic.env import DEMO_SECRET_PREFIX


def embedded_secret(folder: Path) -> str:
    """Return the folder's secret, making folder and secret if this is the first time.

    The prefix marks it, so that a real installation refuses to start with it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "secret"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    secret = DEMO_SECRET_PREFIX + secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret
