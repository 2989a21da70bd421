"""The one table of drafts. A draft is not a clinical record: it has no version and no trail, and is really deleted."""

from django.conf import settings
from django.db import models


class Draft(models.Model):
    """What one person has typed into one form about one record. `data` holds a list of texts for each field's name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=80)
    subject = models.CharField(max_length=120, blank=True)
    data = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        """One draft in each place, and a quick way to those that are old."""

        constraints = [
            models.UniqueConstraint(fields=["user", "form", "subject"], name="one_draft_in_each_place"),
        ]
        indexes = [models.Index(fields=["saved_at"], name="drafts_draft_by_age")]

    def __str__(self) -> str:
        """Say which form it is of, without a word of what was typed."""
        return f"{self.form}, kept {self.saved_at:%Y-%m-%d %H:%M}"
