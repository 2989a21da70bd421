"""Monographs and their versions. A published version never changes: a new text is a new version."""

import uuid

from django.db import models
from django.db.models import Q

from monographs.rules.regimen import Regimen as RegimenRule
from monographs.rules.regimen import regimen_from


class Monograph(models.Model):
    """One drug's monograph, whatever its version."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    generic_name = models.CharField(max_length=120)

    class Meta:
        """Alphabetical is how people look for a drug."""

        ordering = ["title"]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class Version(models.Model):
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
    reviewed_by = models.CharField(max_length=150, blank=True)
    reviewed_on = models.DateField(null=True)
    sources = models.JSONField(default=list)
    imported_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

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


class Section(models.Model):
    """One heading with its prose, as Markdown."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="sections")
    order = models.PositiveSmallIntegerField()
    anchor = models.SlugField(max_length=120)
    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)

    class Meta:
        """In the document's order; an anchor leads to one place."""

        ordering = ["version", "order"]
        constraints = [models.UniqueConstraint(fields=["version", "anchor"], name="an_anchor_leads_to_one_section")]

    def __str__(self) -> str:
        """Return the heading."""
        return self.title


class Effect(models.Model):
    """One listed adverse effect with its frequency group and the explanation in brackets."""

    class Frequency(models.TextChoices):
        """How often the effect was seen."""

        COMMON = "common", "Common (more than 10 %)"
        LESS_COMMON = "less_common", "Less common (1 to 10 %)"
        SERIOUS = "serious", "Serious but less common (under 1 %, post-marketing or case reports)"

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="effects")
    order = models.PositiveSmallIntegerField()
    frequency = models.CharField(max_length=12, choices=Frequency)
    term = models.CharField(max_length=200)
    explanation = models.CharField(max_length=300, blank=True)

    class Meta:
        """In the document's order."""

        ordering = ["version", "order"]

    def __str__(self) -> str:
        """Return the term."""
        return self.term


class Precaution(models.Model):
    """One precaution by kind."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="precautions")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)
    label = models.CharField(max_length=120)
    text = models.TextField()

    class Meta:
        """In the document's order."""

        ordering = ["version", "order"]

    def __str__(self) -> str:
        """Return the label."""
        return self.label


class Faq(models.Model):
    """One question with its answer."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="faqs")
    order = models.PositiveSmallIntegerField()
    question = models.TextField()
    answer = models.TextField()

    class Meta:
        """In the document's order."""

        ordering = ["version", "order"]

    def __str__(self) -> str:
        """Return the question."""
        return self.question


class Regimen(models.Model):
    """A dosing schedule as one version of a monograph states it. Courses pin this row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="regimens")
    order = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    is_default = models.BooleanField(default=False)
    data = models.JSONField()

    class Meta:
        """A key names one regimen of a version."""

        ordering = ["version", "order"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="a_key_names_one_regimen")]

    def __str__(self) -> str:
        """Return the regimen's name."""
        return self.name

    def rule(self) -> RegimenRule:
        """Return the regimen as the rules read it. Its version is the monograph version's number."""
        return regimen_from(self.data, version=self.version.number)
