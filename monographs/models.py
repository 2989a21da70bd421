"""Monographs and their versions. A version never changes once it is imported: a new text is a new version."""

import uuid
from datetime import datetime
from typing import Any, NoReturn, Self, TypeVar

from django.db import models
from django.db.models import Q

from monographs.rules.product import Product as ProductRule
from monographs.rules.product import product_from
from monographs.rules.regimen import Regimen as RegimenRule
from monographs.rules.regimen import regimen_from

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class FixedRow(TypeError):
    """Somebody tried to change or remove a part of a version. A changed text is imported as a new version."""


class FixedQuerySet(models.QuerySet[M_co]):
    """Reads and adds freely, refuses to change or remove: courses and past decisions point at what was read."""

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise FixedRow(f"{self.model.__name__} rows never change; import the changed text as a new version.")

    update = bulk_update = update_or_create = delete = _refuse
    aupdate = abulk_update = aupdate_or_create = adelete = _refuse


class Fixed(models.Model):
    """A row that is written once."""

    class Meta:
        """Abstract."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; refuse to write a row again."""
        if not self._state.adding:
            raise FixedRow(f"This {self._meta.verbose_name} never changes; import the changed text as a new version.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: courses and past decisions point at what was read."""
        raise FixedRow(f"This {self._meta.verbose_name} is kept.")


class Monograph(models.Model):
    """One drug's monograph, whatever its version."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    generic_name = models.CharField(max_length=200)

    class Meta:
        """Alphabetical is how people look for a drug."""

        ordering = ["title"]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class VersionQuerySet(FixedQuerySet["Version"]):
    """The one thing about a version that changes: where it stands."""

    def shown(self) -> Self:
        """Keep what readers may see: the version in force and those before it."""
        return self.exclude(state=Version.State.DRAFT)

    def publish(self, *, at: datetime) -> int:
        """Put drafts in force; return how many."""
        drafts = self.filter(state=Version.State.DRAFT)
        return super(FixedQuerySet, drafts).update(state=Version.State.PUBLISHED, published_at=at)

    def supersede(self) -> int:
        """Take what is in force out of force; return how many."""
        return super(FixedQuerySet, self.filter(state=Version.State.PUBLISHED)).update(state=Version.State.SUPERSEDED)


class Version(Fixed):
    """One text of a monograph. `fingerprint` is the SHA-256 of the source, so the same text is imported once."""

    class State(models.TextChoices):
        """Where a version stands. Only one is in force; those before it stay readable."""

        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "In force"
        SUPERSEDED = "superseded", "Superseded"

    monograph = models.ForeignKey(Monograph, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    fingerprint = models.CharField(max_length=64)
    source = models.TextField()
    disclaimer = models.TextField(blank=True)
    reviewed_by = models.CharField(max_length=200, blank=True)
    reviewed_on = models.DateField(null=True)
    sources = models.JSONField(default=list)
    imported_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        """Numbers count up within a monograph; a text is imported once; one version is in force."""

        ordering = ["monograph", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["monograph", "number"], name="version_numbers_count_up"),
            models.UniqueConstraint(fields=["monograph", "fingerprint"], name="a_text_is_imported_once"),
            models.UniqueConstraint(fields=["monograph"], condition=Q(state="published"), name="one_version_in_force"),
            models.CheckConstraint(
                name="a_draft_was_never_published",
                condition=Q(state="draft", published_at__isnull=True)
                | (~Q(state="draft") & Q(published_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        """Name the monograph and the number."""
        return f"{self.monograph} version {self.number}"


class Part(Fixed):
    """One thing that a version says, in the document's order."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="%(class)ss")
    order = models.PositiveSmallIntegerField()

    objects = FixedQuerySet.as_manager()

    class Meta:
        """In the document's order."""

        abstract = True
        ordering = ["version", "order"]


class Section(Part):
    """One heading with its prose, as Markdown: `body` comes before the effects, precautions or questions of the section
    that are rows of their own, `closing` after them.
    """

    anchor = models.SlugField(max_length=120, allow_unicode=True)
    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    closing = models.TextField(blank=True)

    class Meta(Part.Meta):
        """An anchor leads to one place."""

        constraints = [models.UniqueConstraint(fields=["version", "anchor"], name="an_anchor_leads_to_one_section")]

    def __str__(self) -> str:
        """Return the heading."""
        return self.title


class Effect(Part):
    """One listed adverse effect, the explanation in brackets, and its frequency group with the document's heading."""

    class Frequency(models.TextChoices):
        """How often the effect was seen."""

        COMMON = "common", "Common (more than 10 %)"
        LESS_COMMON = "less_common", "Less common (1 to 10 %)"
        SERIOUS = "serious", "Serious but less common (under 1 %, post-marketing or case reports)"

    frequency = models.CharField(max_length=12, choices=Frequency)
    heading = models.CharField(max_length=200)
    term = models.CharField(max_length=200)
    explanation = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        """Return the term."""
        return self.term


class Precaution(Part):
    """One precaution by kind; the label may be empty, the text is Markdown."""

    kind = models.CharField(max_length=20)
    label = models.CharField(max_length=200, blank=True)
    text = models.TextField()

    def __str__(self) -> str:
        """Return the label, or the text where there is none."""
        return self.label or self.text


class Faq(Part):
    """One question with its answer, as Markdown."""

    question = models.TextField()
    answer = models.TextField()

    def __str__(self) -> str:
        """Return the question."""
        return self.question


class Regimen(Part):
    """A dosing schedule as one version of a monograph states it. Courses pin this row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)
    data = models.JSONField()

    class Meta(Part.Meta):
        """A key names one regimen of a version."""

        constraints = [models.UniqueConstraint(fields=["version", "key"], name="a_key_names_one_regimen")]

    def __str__(self) -> str:
        """Return the regimen's name."""
        return self.name

    def rule(self) -> RegimenRule:
        """Return the regimen as the rules read it. Its version is the monograph version's number."""
        return regimen_from(self.data, version=self.version.number)


class Product(Part):
    """One strength as it is bought, with its storage limits, as one version of a monograph states them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    mg = models.DecimalField(max_digits=6, decimal_places=2)
    data = models.JSONField()

    class Meta(Part.Meta):
        """A key names one product of a version."""

        constraints = [models.UniqueConstraint(fields=["version", "key"], name="a_key_names_one_product")]

    def __str__(self) -> str:
        """Return the product's name."""
        return self.name

    def rule(self) -> ProductRule:
        """Return the product as the rules read it."""
        return product_from(self.data)
