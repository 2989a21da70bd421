"""Where the schedule commands take their regimens from."""

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError

from monographs.queries import regimens_in_force
from monographs.rules.document import parse
from monographs.rules.regimen import Regimen


def regimens_known(notice: Callable[[str], object]) -> dict[str, Regimen]:
    """Return the regimens of the published monographs by key; without any, those that ship with the application.

    So the commands also answer before there is a database. `notice` is told, in a sentence, when that is the case.
    """
    try:
        published = regimens_in_force()
    except DatabaseError:
        published = {}
    if published:
        return published
    notice("No published regimen was found; the answer comes from the documents in seeds/monographs.")
    return regimens_shipped()


def regimens_shipped() -> dict[str, Regimen]:
    """Return the regimens in the documents of `seeds/monographs`, by key."""
    documents = sorted((settings.BASE_DIR / "seeds" / "monographs").glob("*.md"))
    found = [parse(document.read_text(encoding="utf-8")).regimens for document in documents]
    return {regimen.key: regimen for regimens in found for regimen in regimens}
