"""A course and the holds that pause it."""

from django.db import models
from django.db.models import F, Q

from clinic.records.models import ClinicalRecord
from clinic.staff.models import SitePolicy
from monographs.models import Regimen
from treatments.courses.models.base import OfCourse, OfCourseQuerySet


class Course(OfCourse):
    """One patient on one regimen version, from a start to a stop. It keeps the site policy it began under.

    `switched_from` is the course before, whose next dose this one's switch dose replaced; `doubt` says why a prescriber
    has to look at that switch, empty where the rules have none.
    """

    regimen = models.ForeignKey(Regimen, on_delete=models.PROTECT, related_name="+")
    policy = models.ForeignKey(SitePolicy, on_delete=models.PROTECT, related_name="+")
    planned_start = models.DateField("planned first dose")
    switched_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="switched_to", editable=False
    )
    doubt = models.TextField(blank=True, editable=False)
    stopped_on = models.DateField(null=True, editable=False)
    stop_reason = models.TextField(blank=True, editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """A patient has at most one open course; a stop has a day and a reason, or neither."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(stopped_on__isnull=True, voided_at__isnull=True),
                name="one_open_course_per_patient",
            ),
            models.CheckConstraint(
                name="a_stop_has_a_day_and_a_reason",
                condition=Q(stopped_on__isnull=True, stop_reason="")
                | (Q(stopped_on__isnull=False) & ~Q(stop_reason="")),
            ),
            models.CheckConstraint(
                name="only_a_switch_is_doubted", condition=Q(doubt="") | Q(switched_from__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        """Name the regimen, not the patient."""
        return f"course on {self.regimen.key}"

    @property
    def is_open(self) -> bool:
        """Say whether doses are still planned."""
        return self.stopped_on is None


class Hold(OfCourse):
    """A pause of a course with its reason and the day on which somebody looks again."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="holds", editable=False)
    from_on = models.DateField("from")
    reason = models.TextField()
    review_on = models.DateField("review on")
    ended_on = models.DateField(null=True, editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """One hold at a time, with a reason, looked at after it began and ended after it began."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(ended_on__isnull=True, voided_at__isnull=True),
                name="one_hold_at_a_time",
            ),
            models.CheckConstraint(name="a_hold_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="a_hold_is_reviewed_after_it_began", condition=Q(review_on__gte=F("from_on"))),
            models.CheckConstraint(
                name="a_hold_ends_after_it_began",
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("from_on")),
            ),
        ]

    def __str__(self) -> str:
        """Return the first day."""
        return f"hold from {self.from_on:%Y-%m-%d}"
