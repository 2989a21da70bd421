"""Who answered for a value that asks for an answer, and who found the set unnecessary for a dose."""

from django.db import models
from django.db.models import F, Q

from clinic.records.models import ClinicalRecord
from clinic.staff.models import User
from treatments.courses.models import Dose, OfCourse, OfCourseQuerySet
from treatments.labs.models.results import LabResult


class LabReview(OfCourse):
    """Somebody looked at a result and answers for it, up to a level.

    At a level to watch it says that the value was seen; at sign-off a prescriber gives the reason to go ahead; at a
    stop a second person, always another one, has to confirm before it counts.
    """

    class Level(models.TextChoices):
        """The levels that ask for an answer, as `treatments.rules.monitoring_terms` calls them."""

        WATCH = "watch", "Seen"
        SIGN_OFF = "sign_off", "Signed off"
        STOP = "stop", "Signed off by two people"

    result = models.ForeignKey(LabResult, on_delete=models.PROTECT, related_name="reviews", editable=False)
    level = models.CharField(max_length=8, choices=Level, editable=False)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    second = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    second_at = models.DateTimeField(null=True, editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """One answer per result and level; the second person is another one and says when."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["result", "level"], condition=Q(voided_at__isnull=True), name="one_review_per_result_and_level"
            ),
            models.CheckConstraint(name="a_sign_off_has_a_reason", condition=Q(level="watch") | ~Q(reason="")),
            models.CheckConstraint(
                name="a_review_is_confirmed_by_somebody_else", condition=Q(second__isnull=True) | ~Q(second=F("by"))
            ),
            models.CheckConstraint(
                name="a_reviews_second_person_says_when",
                condition=Q(second__isnull=True, second_at__isnull=True)
                | Q(second__isnull=False, second_at__isnull=False, level="stop"),
            ),
        ]

    def __str__(self) -> str:
        """Return what was answered."""
        return f"{self.get_level_display()} on {self.created_at:%Y-%m-%d}"


class NotIndicated(OfCourse):
    """A clinician finds the laboratory set unnecessary for one dose, where the site's policy lets them say so."""

    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, related_name="labs_not_indicated", editable=False)
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """Said once for a dose, with a reason."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["dose"], condition=Q(voided_at__isnull=True), name="not_indicated_once_per_dose"
            ),
            models.CheckConstraint(name="not_indicated_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        """Return what was said."""
        return f"not indicated since {self.created_at:%Y-%m-%d}"
