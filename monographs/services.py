"""Import monographs and put versions in force. The text of a version never changes; a changed text is a new one."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from clinic.audit import trail
from clinic.audit.trail import Actor
from monographs import events, queries
from monographs.models import Effect, Faq, Monograph, Precaution, Product, Regimen, Section, Version
from monographs.rules.document import Document, InvalidDocument, Statement, parse
from monographs.rules.dosage import differences
from monographs.rules.effects import Frequency
from monographs.rules.product import product_data
from monographs.rules.prose import heading_of, prose_of
from monographs.rules.regimen_data import data_of

__all__ = [
    "CannotPublish",
    "Imported",
    "InvalidDocument",
    "KeyTaken",
    "NotTheLatest",
    "Summary",
    "import_document",
    "publish_version",
]


class CannotPublish(Exception):
    """The version may not be put in force; the message says why. Nothing was written."""


class NotTheLatest(CannotPublish):
    """A later version is or was in force. To return to an earlier text, it is imported with a change that says so."""


class KeyTaken(CannotPublish):
    """Another monograph has a regimen of the same key in force, and a key must name one regimen."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was understood of a document. `problems` are sentences for somebody to act on; they refuse nothing."""

    title: str
    generic_name: str
    sections: int
    effects: dict[str, int]
    faqs: int
    disclaimer: bool
    regimens: tuple[str, ...]
    statements: tuple[Statement, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: whether it made the version, and whether it put it in force. Neither when it was known."""

    version: Version
    created: bool
    published: bool
    summary: Summary


def import_document(*, text: str, publish: bool, by: Actor, at: datetime) -> Imported:
    """Keep a document as the next version of its monograph, and put it in force when `publish` is set.

    The same text again makes nothing. Raises InvalidDocument with every problem by line, or CannotPublish; then
    nothing is kept. The text is read before the transaction begins, so that nobody waits for it.
    """
    document = parse(text)
    with transaction.atomic():
        monograph = _locked(document)
        kept = queries.regimens_of(monograph)
        version, created = _version(monograph, document, normalised(text), by=by, at=at)
        published = publish and version.state != Version.State.PUBLISHED
        if published:
            version = publish_version(version=version, by=by, at=at)
    return Imported(version, created, published, summary_of(document, kept))


@transaction.atomic
def publish_version(*, version: Version, by: Actor, at: datetime) -> Version:
    """Put a draft in force in place of the version before it; running courses keep the regimen they began under.

    Returns the version unchanged when it is in force already. Raises NotTheLatest, KeyTaken.
    """
    monograph = Monograph.objects.select_for_update().get(pk=version.monograph_id)
    version = Version.objects.get(pk=version.pk)
    if version.state == Version.State.PUBLISHED:
        return version
    _refuse_older(version)
    _refuse_taken_keys(version)
    _supersede(monograph, by=by, at=at)
    Version.objects.filter(pk=version.pk).publish(at=at)
    _rename(monograph, parse(version.source))
    version.refresh_from_db()
    changes = {"state": [Version.State.DRAFT.value, version.state], "number": [None, version.number]}
    trail.record(events.VERSION_PUBLISHED, by=by, at=at, target=version, changes=changes)
    return version


def normalised(text: str) -> str:
    """Return the text as it is kept and compared: line ends and the end of the file are no part of what it says."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return lines.rstrip("\n") + "\n"


def summary_of(document: Document, kept: Sequence[Regimen]) -> Summary:
    """Return what was understood, with problems against the regimens `kept` in force before this document."""
    return Summary(
        title=document.title,
        generic_name=document.generic_name,
        sections=len(document.sections),
        effects={
            frequency.value: sum(effect.frequency is frequency for effect in document.effects)
            for frequency in Frequency
        },
        faqs=len(document.faqs),
        disclaimer=bool(document.disclaimer),
        regimens=tuple(regimen.key for regimen in document.regimens),
        statements=document.statements,
        problems=tuple(_problems(document, kept)),
    )


def _problems(document: Document, kept: Sequence[Regimen]) -> Iterable[str]:
    """Say where prose and regimens disagree, and what becomes of the regimens in force."""
    if document.regimens:
        yield from differences(document.statements, document.regimens)
        lost = [row.key for row in kept if row.key not in {regimen.key for regimen in document.regimens}]
        if lost:
            yield f"In force, it lets no course start any more on {', '.join(lost)}; running courses keep theirs."
    elif kept:
        number = kept[0].version.number
        yield f"The document carries no regimen as data; those of version {number} stay in force."
        yield from differences(document.statements, [row.rule() for row in kept])
    else:
        yield "The document carries no regimen as data, so no course can be started on it."


def _locked(document: Document) -> Monograph:
    """Return the monograph of this title, locked until the transaction ends, so that imports queue."""
    slug = _slug(document.title)
    names = {"title": document.title, "generic_name": document.generic_name}
    Monograph.objects.get_or_create(slug=slug, defaults=names)
    return Monograph.objects.select_for_update().get(slug=slug)


def _slug(title: str) -> str:
    """Return the monograph's name in addresses; a title in another script is named by its own digest."""
    plain = slugify(title)[:80].strip("-")
    return plain or f"monograph-{hashlib.sha256(title.encode()).hexdigest()[:12]}"


def _version(monograph: Monograph, document: Document, text: str, *, by: Actor, at: datetime) -> tuple[Version, bool]:
    """Return the version that holds this text and whether it was made now; the monograph is locked."""
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    known = Version.objects.filter(monograph=monograph, fingerprint=fingerprint).first()
    if known:
        return known, False
    newest = Version.objects.filter(monograph=monograph).order_by("-number").first()
    version = Version.objects.create(
        monograph=monograph,
        number=newest.number + 1 if newest else 1,
        fingerprint=fingerprint,
        source=text,
        disclaimer=document.disclaimer,
        reviewed_by=document.reviewed_by,
        reviewed_on=document.reviewed_on,
        sources=list(document.sources),
        imported_at=at,
    )
    _keep_rows(version, document)
    changes = {"number": [None, version.number], "fingerprint": [None, fingerprint]}
    trail.record(events.VERSION_IMPORTED, by=by, at=at, target=version, changes=changes)
    return version, True


def _keep_rows(version: Version, document: Document) -> None:
    """Write everything that the document says as rows of the version."""
    Section.objects.bulk_create(_sections(version, document))
    Effect.objects.bulk_create(_effects(version, document))
    Precaution.objects.bulk_create(
        Precaution(version=version, order=order, kind=item.kind.value, label=item.label, text=item.text)
        for order, item in enumerate(document.precautions)
    )
    Faq.objects.bulk_create(
        Faq(version=version, order=order, question=faq.question, answer=faq.answer)
        for order, faq in enumerate(document.faqs)
    )
    Regimen.objects.bulk_create(
        Regimen(
            version=version,
            order=order,
            key=regimen.key,
            name=regimen.name,
            is_default=regimen.is_default,
            data=data_of(regimen),
        )
        for order, regimen in enumerate(document.regimens)
    )
    Product.objects.bulk_create(
        Product(
            version=version,
            order=order,
            key=product.key,
            name=product.name,
            mg=product.mg,
            data=product_data(product),
        )
        for order, product in enumerate(document.products)
    )


def _sections(version: Version, document: Document) -> Iterable[Section]:
    for section in document.sections:
        prose = prose_of(section, document)
        yield Section(
            version=version,
            order=section.order,
            anchor=section.anchor,
            kind=section.kind.value,
            title=section.title,
            body=prose.before,
            closing=prose.after,
        )


def _effects(version: Version, document: Document) -> Iterable[Effect]:
    for order, effect in enumerate(document.effects):
        yield Effect(
            version=version,
            order=order,
            frequency=effect.frequency.value,
            heading=heading_of(effect, document),
            term=effect.term,
            explanation=effect.explanation,
        )


def _refuse_older(version: Version) -> None:
    """Versions come into force in the order of their numbers, so "the latest" always means one thing."""
    later = (
        Version.objects.shown()
        .filter(monograph_id=version.monograph_id, number__gt=version.number)
        .order_by("-number")
        .first()
    )
    if later is None:
        return
    what = "superseded" if version.state == Version.State.SUPERSEDED else "older"
    said = f"This text is version {version.number}, which is {what}: version {later.number} came into force after it."
    raise NotTheLatest(f"{said} To return to it, change the text, such as its review date, and import that.")


def _refuse_taken_keys(version: Version) -> None:
    taken = queries.keys_in_force(besides=version.monograph_id)
    for key in version.regimens.values_list("key", flat=True):
        if key in taken:
            raise KeyTaken(
                f"The regimen {key} is already in force in the monograph “{taken[key]}”; give it another key."
            )


def _supersede(monograph: Monograph, *, by: Actor, at: datetime) -> None:
    current = monograph.versions.filter(state=Version.State.PUBLISHED).first()
    if current:
        Version.objects.filter(pk=current.pk).supersede()
        changes = {"state": [Version.State.PUBLISHED.value, Version.State.SUPERSEDED.value]}
        trail.record(events.VERSION_SUPERSEDED, by=by, at=at, target=current, changes=changes)


def _rename(monograph: Monograph, document: Document) -> None:
    """Call the monograph what the version in force calls it."""
    monograph.title, monograph.generic_name = document.title, document.generic_name
    monograph.save(update_fields=["title", "generic_name"])
