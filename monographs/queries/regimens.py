"""The regimens on which a course can be started today.

A monograph's regimens in force are those of its latest version, published or superseded, that carries any as data. A
text without regimens, such as a corrected explanation, says nothing about them and takes none away.
"""

import uuid

from django.db.models import OuterRef, QuerySet, Subquery

from monographs.models import Monograph, Regimen, Version
from monographs.rules.regimen import Regimen as RegimenRule


def regimens_in_force() -> dict[str, RegimenRule]:
    """Return the rule of every regimen in force by its key, the default first. One query."""
    return {row.key: row.rule() for row in startable_regimens()}


def startable_regimens() -> list[Regimen]:
    """Return the rows to choose from when a course is started, the default first. One query, version and all."""
    return list(_in_force().order_by("-is_default", "version__monograph__title", "version__monograph_id", "order"))


def default_regimen() -> Regimen:
    """Return the regimen that is proposed first: the one marked as default, else the first there is.

    Raises Regimen.DoesNotExist when none is in force.
    """
    rows = startable_regimens()
    if not rows:
        raise Regimen.DoesNotExist("No regimen is in force; import a monograph that carries one.")
    return rows[0]


def is_in_force(regimen: Regimen) -> bool:
    """Say whether a course may be started on this very row."""
    return _in_force().filter(pk=regimen.pk).exists()


def switches_from(key: str) -> list[Regimen]:
    """Return the regimens in force to which a course on this one can change, the default first. One query."""
    rows = [(row, row.rule().switch) for row in startable_regimens()]
    return [row for row, switch in rows if switch is not None and key in switch.from_keys]


def regimens_of(monograph: Monograph) -> list[Regimen]:
    """Return the regimens of one monograph that are in force, in the document's order."""
    return list(_in_force().filter(version__monograph=monograph).order_by("order"))


def keys_in_force(*, besides: int) -> dict[str, str]:
    """Return every key in force with its monograph's title, leaving out the monograph `besides`."""
    rows = _in_force().exclude(version__monograph=besides)
    return {row.key: row.version.monograph.title for row in rows}


def newer_regimens() -> dict[uuid.UUID, Regimen]:
    """Return the row in force by the id of every row of the same key that stood before it. Two queries.

    A course on one of these ids has a newer version to go to; one whose key is in force no more has none.
    """
    current = {row.key: row for row in startable_regimens()}
    older = Regimen.objects.filter(key__in=current).exclude(pk__in=[row.pk for row in current.values()])
    older = older.exclude(version__state=Version.State.DRAFT)
    return {pk: current[key] for pk, key in older.values_list("pk", "key")}


def _in_force() -> QuerySet[Regimen]:
    carrying = (
        Version.objects.shown()
        .filter(monograph=OuterRef("version__monograph"), regimens__isnull=False)
        .order_by("-number")
        .values("pk")[:1]
    )
    return Regimen.objects.filter(version=Subquery(carrying)).select_related("version__monograph")
