"""One motor score: which scale, how much, on which day, by whom and under which conditions."""

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q

from clinic import formatting
from clinic.records.models import ClinicalRecord
from clinic.staff.models import User
from treatments.courses.models import OfCourse, OfCourseQuerySet
from treatments.rules.motor_scores import SCALES, in_words

_IN_RANGE = reduce(or_, (Q(scale=each.key, value__gte=each.low, value__lte=each.high) for each in SCALES.values()))


class MotorScore(OfCourse):
    """A score on one scale; what the scale is and how far it goes stands in `treatments.rules.motor_scores`."""

    scale = models.CharField(max_length=16, choices=[(each.key, each.name) for each in SCALES.values()])
    value = models.PositiveSmallIntegerField("score")
    assessed_on = models.DateField()
    assessor = models.CharField("assessed by", max_length=120)
    conditions = models.CharField(max_length=300, blank=True, help_text="Such as position, brace, fatigue.")
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """A day has one score per scale, and it lies within the scale."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "scale", "assessed_on"],
                condition=Q(voided_at__isnull=True),
                name="one_score_per_scale_and_day",
            ),
            models.CheckConstraint(name="a_score_lies_within_its_scale", condition=_IN_RANGE),
            models.CheckConstraint(name="a_score_says_who_assessed", condition=~Q(assessor="")),
        ]

    def __str__(self) -> str:
        """Name the scale, the score and the day, not the patient."""
        scale = SCALES[self.scale]
        return f"{scale.name} {in_words(scale, self.value)} on {formatting.day(self.assessed_on)}"
