"""The effects that a monograph lists today, for whoever records an adverse event.

They are those of its latest version, published or superseded, that lists any: a text without a list of effects, such
as one that only carries regimens, says nothing about them and takes none away.
"""

from dataclasses import dataclass

from monographs.models import Effect, Section, Version
from monographs.rules.sections import SectionKind


@dataclass(frozen=True, slots=True)
class ListedEffect:
    """One effect: its frequency group's key, the document's heading of the group, the term and its explanation."""

    frequency: str
    heading: str
    term: str
    explanation: str


@dataclass(frozen=True, slots=True)
class EffectList:
    """The effects of one version in the document's order. `anchor` leads to them on the monograph's page."""

    version_id: int
    number: int
    title: str
    slug: str
    anchor: str
    effects: tuple[ListedEffect, ...]

    @property
    def source(self) -> str:
        """Name the text: "Nusinersen, version 2"."""
        return f"{self.title}, version {self.number}"


def effects_in_force(monograph_id: int) -> EffectList | None:
    """Return the effects of a monograph that are in force; None while no version lists any. Three queries."""
    shown = Version.objects.shown().filter(monograph=monograph_id, effects__isnull=False)
    version = shown.select_related("monograph").order_by("-number").first()
    if version is None:
        return None
    section = Section.objects.filter(version=version, kind=SectionKind.SIDE_EFFECTS.value).order_by("order").first()
    return EffectList(
        version_id=version.pk,
        number=version.number,
        title=version.monograph.title,
        slug=version.monograph.slug,
        anchor="" if section is None else section.anchor,
        effects=tuple(
            ListedEffect(row.frequency, row.heading, row.term, row.explanation)
            for row in Effect.objects.filter(version=version).order_by("order")
        ),
    )
