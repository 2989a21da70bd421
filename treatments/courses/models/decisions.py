"""What a prescriber decided about a course: the proposal as it was, the answer, and what it changed."""

from django.db import models
from django.db.models import F, Q

from clinic.records.models import ClinicalRecord
from clinic.staff.models import User
from treatments.courses.models.base import OfCourse, OfCourseQuerySet
from treatments.courses.models.course import Course
from treatments.courses.models.doses import Administration


class Decision(OfCourse):
    """One answer to one proposal, kept as it was made.

    `proposal`, `rules` and `source` are what the rules said on that day; `answer_words` what was decided, in words.
    `after_on` is the day of the last dose that counted then (None: there was none), `made_on` the local day of the
    decision. `before` and `after` list the doses to come on either side: `[label, ISO date, mg]`. A decision that needs
    a second person counts for nothing until another person has confirmed it.
    """

    class Matter(models.TextChoices):
        """What it is about. The first seven are those of `treatments.rules.proposals.Matter`."""

        PARTIAL = "partial", "Partial dose"
        DOUBT = "doubt", "Switch in doubt"
        RESTART = "restart", "Restart"
        INTERRUPTED = "interrupted", "Interrupted"
        LOADING_GAP = "loading_gap", "Gap in loading"
        NO_RULE = "no_rule", "No rule known"
        TIGHT = "tight", "Two doses close together"
        TOO_SOON = "too_soon", "Before the earliest safe day"
        SWITCH = "switch", "Change of regimen"
        VERSION = "version", "New version"

    class Answer(models.TextChoices):
        """How the prescriber answered what was proposed."""

        ACCEPTED = "accepted", "Accepted"
        EDITED = "edited", "Decided differently"
        DECLINED = "declined", "Declined"

    class Plan(models.TextChoices):
        """What is to happen, empty when nothing is."""

        AS_PLANNED = "as_planned", "Give the planned dose"
        CATCH_UP = "catch_up", "Give catch-up doses"
        RESTART = "restart", "Start loading again"
        SKIP = "skip", "Let a place in the calendar pass"
        COUNTS = "counts", "The partial dose counts"
        DOES_NOT_COUNT = "does_not_count", "The partial dose does not count"

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="decisions", editable=False)
    matter = models.CharField(max_length=12, choices=Matter, editable=False)
    answer = models.CharField(max_length=8, choices=Answer, editable=False)
    plan = models.CharField(max_length=14, choices=Plan, blank=True, editable=False)
    day = models.DateField(null=True, editable=False)
    doses = models.PositiveSmallIntegerField(default=0, editable=False)
    apart_days = models.PositiveSmallIntegerField(default=0, editable=False)
    administration = models.ForeignKey(
        Administration, on_delete=models.PROTECT, null=True, related_name="decisions", editable=False
    )
    after_on = models.DateField(null=True, editable=False)
    made_on = models.DateField(editable=False)
    rules = models.JSONField(default=list, editable=False)
    proposal = models.TextField(editable=False)
    source = models.CharField(max_length=200, blank=True, editable=False)
    answer_words = models.TextField(editable=False)
    reason = models.TextField(blank=True, editable=False)
    look_again_on = models.DateField(null=True, editable=False)
    before = models.JSONField(default=list, editable=False)
    after = models.JSONField(default=list, editable=False)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    needs_second = models.BooleanField(default=False, editable=False)
    second = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    seconded_at = models.DateTimeField(null=True, editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """Anything but an acceptance has a reason; two people are two; a verdict names the dose it speaks of."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(
                name="what_is_not_accepted_has_a_reason", condition=Q(answer="accepted") | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="what_is_declined_plans_nothing",
                condition=~Q(answer="declined") | Q(plan="", day__isnull=True),
            ),
            models.CheckConstraint(
                name="a_verdict_names_its_dose",
                condition=Q(administration__isnull=False, matter="partial")
                | (Q(administration__isnull=True) & ~Q(matter="partial")),
            ),
            models.CheckConstraint(
                name="a_second_person_is_another",
                condition=Q(second__isnull=True, seconded_at__isnull=True)
                | (Q(needs_second=True, seconded_at__isnull=False, second__isnull=False) & ~Q(second=F("decided_by"))),
            ),
            models.CheckConstraint(
                name="catch_up_has_doses",
                condition=Q(plan="catch_up", doses__gt=0, apart_days__gt=0)
                | (Q(doses=0, apart_days=0) & ~Q(plan="catch_up")),
            ),
        ]
        indexes = [models.Index(fields=["course", "created_at"], name="decision_by_course")]

    def __str__(self) -> str:
        """Return the matter and the answer."""
        return f"{self.get_matter_display()}: {self.get_answer_display().lower()}"

    @property
    def is_in_force(self) -> bool:
        """Say whether it counts: not where a second person has still to confirm it."""
        return self.second_id is not None or not self.needs_second
