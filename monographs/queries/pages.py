"""Everything on the list of monographs and on a monograph's own page, in words and safe HTML ready for the template."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.safestring import SafeString, mark_safe

from clinic.formatting import day
from clinic.statuses import MONOGRAPH, Shape, Status, Tone
from monographs.models import Effect, Faq, Precaution, Section, Version
from monographs.queries.product_tables import ProductTable, product_table
from monographs.queries.products import products_beside
from monographs.queries.regimen_tables import RegimenTable, regimen_table
from monographs.queries.regimens import regimens_of
from monographs.rules.dates import add_months
from monographs.rules.effects import Frequency
from monographs.rules.precautions import PrecautionKind
from monographs.rules.rendering import to_html
from monographs.rules.sections import SectionKind
from monographs.rules.wording import anchor_for, key_of

REVIEW_LASTS_MONTHS = 12
NOTHING = SafeString("")
_UNREVIEWED = Status("unreviewed", "Not reviewed by this clinic", Tone.ATTENTION, Shape.NOTICE)

_FREQUENCY = {
    Frequency.COMMON: Status("common", "Common", Tone.ACT, Shape.DOT),
    Frequency.LESS_COMMON: Status("less_common", "Less common", Tone.NEUTRAL, Shape.RING),
    Frequency.SERIOUS: Status("serious", "Serious", Tone.DANGER, Shape.WARNING),
}
_PRECAUTION = {
    PrecautionKind.CONTRAINDICATION: Status("contraindication", "Contraindication", Tone.DANGER, Shape.CROSS),
    PrecautionKind.RISK: Status("risk", "Risk", Tone.ATTENTION, Shape.WARNING),
    PrecautionKind.PREGNANCY: Status("pregnancy", "Pregnancy", Tone.ATTENTION, Shape.NOTICE),
    PrecautionKind.MONITORING: Status("monitoring", "Monitoring", Tone.ACT, Shape.CLOCK),
    PrecautionKind.OTHER: Status("other", "Precaution", Tone.NEUTRAL, Shape.INFORMATION),
}


@dataclass(frozen=True, slots=True)
class Review:
    """Who read the text for this clinic and when. `status` is None while the review is less than a year old."""

    text: str
    status: Status | None

    @property
    def is_stale(self) -> bool:
        """Say whether there was a review, more than a year ago."""
        return self.status is MONOGRAPH["stale"]


@dataclass(frozen=True, slots=True)
class MonographRow:
    """One monograph of the list, as its version in force presents it."""

    slug: str
    title: str
    generic_name: str
    version: str
    review: Review
    status: Status


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect: the term and the explanation that stood in brackets, which may be ""."""

    term: str
    explanation: str


@dataclass(frozen=True, slots=True)
class EffectGroup:
    """The effects under one heading of the document."""

    heading: str
    status: Status
    effects: tuple[EffectRow, ...]


@dataclass(frozen=True, slots=True)
class PrecautionRow:
    """One precaution; the label falls back to the kind's own word."""

    label: str
    status: Status
    html: SafeString


@dataclass(frozen=True, slots=True)
class FaqRow:
    """One question and its answer."""

    question: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One section of the page. `body` and `closing` are safe HTML around the rows that the section holds."""

    anchor: str
    title: str
    body: SafeString = NOTHING
    closing: SafeString = NOTHING
    groups: tuple[EffectGroup, ...] = ()
    precautions: tuple[PrecautionRow, ...] = ()
    faqs: tuple[FaqRow, ...] = ()
    regimens: tuple[RegimenTable, ...] = ()
    products: tuple[ProductTable, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Held:
    """The rows of a version that stand in the section of their kind."""

    groups: tuple[EffectGroup, ...] = ()
    precautions: tuple[PrecautionRow, ...] = ()
    faqs: tuple[FaqRow, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionLink:
    """One version in the history."""

    number: int
    status: Status
    published: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class MonographPage:
    """A monograph's page. `since` is the day this version came into force, `latest` the number of the one in force."""

    slug: str
    title: str
    generic_name: str
    number: int
    latest: int
    since: str
    status: Status
    review: Review
    disclaimer: SafeString
    sections: tuple[SectionRow, ...]
    versions: tuple[VersionLink, ...]

    @property
    def lead(self) -> str:
        """Return the line below the title."""
        return f"Generic name: {self.generic_name}"

    @property
    def is_in_force(self) -> bool:
        """Say whether this is the version in force."""
        return self.number == self.latest


def monographs_in_force(*, today: date) -> tuple[MonographRow, ...]:
    """Return one row per monograph that has a version in force, by title. One query."""
    versions = Version.objects.filter(state=Version.State.PUBLISHED).select_related("monograph")
    return tuple(_row(version, today) for version in versions.order_by("monograph__title", "pk"))


def monograph_page(slug: str, number: int | None, *, today: date) -> MonographPage | None:
    """Return the page of version `number`, or of the one in force; None where readers have nothing to see.

    A number of queries that does not grow with the text.
    """
    shown = list(Version.objects.shown().filter(monograph__slug=slug).select_related("monograph").order_by("-number"))
    version = next((one for one in shown if number in (None, one.number)), None)
    if version is None:
        return None
    return MonographPage(
        slug=slug,
        title=version.monograph.title,
        generic_name=version.monograph.generic_name,
        number=version.number,
        latest=shown[0].number,
        since=_published(version),
        status=MONOGRAPH[version.state],
        review=_review(version, today),
        disclaimer=_html(version.disclaimer),
        sections=_sections(version),
        versions=tuple(
            VersionLink(one.number, MONOGRAPH[one.state], _published(one), one.pk == version.pk) for one in shown
        ),
    )


def _row(version: Version, today: date) -> MonographRow:
    return MonographRow(
        slug=version.monograph.slug,
        title=version.monograph.title,
        generic_name=version.monograph.generic_name,
        version=f"Version {version.number}, in force since {_published(version)}",
        review=_review(version, today),
        status=MONOGRAPH[version.state],
    )


def _review(version: Version, today: date) -> Review:
    if version.reviewed_on is None:
        return Review("", _UNREVIEWED)
    is_stale = add_months(version.reviewed_on, REVIEW_LASTS_MONTHS) < today
    text = f"Reviewed by {version.reviewed_by} on {day(version.reviewed_on)}"
    return Review(text, MONOGRAPH["stale"] if is_stale else None)


def _published(version: Version) -> str:
    return day(version.published_at.date()) if version.published_at else ""


def _html(markdown: str) -> SafeString:
    # `to_html` has removed everything but a short list of harmless tags.
    return mark_safe(to_html(markdown))  # noqa: S308


def _sections(version: Version) -> tuple[SectionRow, ...]:
    """Return the sections with the rows that belong in them, then regimens, products and sources."""
    sections = list(version.sections.all())
    held = _held(version)
    homes = {section.kind: section.pk for section in reversed(sections)}
    shown = [
        _section(section, held if homes[section.kind] == section.pk else _Held())
        for section in sections
        if not _is_repeated(section, version)
    ]
    dosages = {section.anchor for section in sections if section.kind == SectionKind.DOSAGE.value}
    after = next((n for n, row in enumerate(shown, 1) if row.anchor in dosages), 0)
    taken = [section.anchor for section in sections]
    shown.insert(after or len(shown), _regimens(version, anchor_for("Regimens", taken)))
    if products := _products(version):
        shown.append(SectionRow(anchor_for("Products", taken), "Products and their storage", products=products))
    if version.sources:
        shown.append(SectionRow(anchor_for("Sources", taken), "Sources", sources=tuple(version.sources)))
    return tuple(shown)


def _held(version: Version) -> _Held:
    return _Held(
        groups=_groups(version.effects.all()),
        precautions=tuple(map(_precaution, version.precautions.all())),
        faqs=tuple(map(_faq, version.faqs.all())),
    )


def _section(section: Section, held: _Held) -> SectionRow:
    """Return a section with what it holds; of several of one kind only the first holds anything."""
    kind = SectionKind(section.kind)
    return SectionRow(
        anchor=section.anchor,
        title=section.title,
        body=_html(section.body),
        closing=_html(section.closing),
        groups=held.groups if kind is SectionKind.SIDE_EFFECTS else (),
        precautions=held.precautions if kind is SectionKind.PRECAUTIONS else (),
        faqs=held.faqs if kind is SectionKind.FAQS else (),
    )


def _groups(effects: Iterable[Effect]) -> tuple[EffectGroup, ...]:
    """Return the groups in the document's order, each under its own wording."""
    found = groupby(effects, key=lambda effect: (effect.heading, effect.frequency))
    return tuple(
        EffectGroup(heading, _FREQUENCY[Frequency(frequency)], tuple(EffectRow(e.term, e.explanation) for e in members))
        for (heading, frequency), members in found
    )


def _precaution(row: Precaution) -> PrecautionRow:
    status = _PRECAUTION[PrecautionKind(row.kind)]
    return PrecautionRow(row.label or status.label, status, _html(row.text))


def _faq(row: Faq) -> FaqRow:
    return FaqRow(row.question, _html(row.answer))


def _is_repeated(section: Section, version: Version) -> bool:
    """The generic name stands below the title already."""
    repeated = key_of(section.body) == key_of(version.monograph.generic_name)
    return section.kind == SectionKind.GENERIC_NAME.value and repeated


def _regimens(version: Version, anchor: str) -> SectionRow:
    """Return the section with the regimens: the version's own, else those that stay in force beside it."""
    own = list(version.regimens.select_related("version"))
    rows = own or (regimens_of(version.monograph) if version.state == Version.State.PUBLISHED else [])
    note = ""
    if not rows:
        note = "This version carries no regimen as data."
    elif not own:
        note = f"This text carries no regimen as data; those of version {rows[0].version.number} stay in force."
    tables = tuple(regimen_table(row.rule()) for row in rows)
    return SectionRow(anchor, "Regimens", body=_html(note), regimens=tables)


def _products(version: Version) -> tuple[ProductTable, ...]:
    """Return the version's own products, else those that stayed in force beside it. One query."""
    return tuple(product_table(row.rule()) for row in products_beside(version))
