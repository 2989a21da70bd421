"""One adverse event as it is known now; every earlier version of it stands in the trail."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from clinic import formatting
from clinic.records.models import ClinicalRecord
from clinic.staff.models import User
from monographs.models import Effect, Version
from treatments.courses.models import OfCourse, OfCourseQuerySet
from treatments.rules import adverse_events as rule
from treatments.rules.adverse_events import EventFacts

CRITERION_FIELDS = tuple(rule.CRITERIA)
CAUSE_FIELDS = {cause: f"causality_{cause}" for cause in rule.CAUSES}
_IS_SERIOUS = Q(*((name, True) for name in CRITERION_FIELDS), _connector=Q.OR)
_IS_OPEN = Q(outcome__in=rule.GOES_ON) | Q(outcome=rule.UNKNOWN, ended_on__isnull=True)


class AdverseEventQuerySet(OfCourseQuerySet["AdverseEvent"]):
    """What lists and lights ask for."""

    def open(self) -> Self:
        """Keep the events that still need an eye, as `treatments.rules.adverse_events.is_open` says it."""
        return self.standing().filter(_IS_OPEN)

    def serious(self) -> Self:
        """Keep the events that meet at least one of the regulators' criteria."""
        return self.filter(_IS_SERIOUS)


class AdverseEvent(OfCourse):
    """What happened to a patient, from its onset on.

    `listed`, and the `frequency` group of what is listed, were read in `monograph_version` when the term was recorded:
    the text that was in force then, so that a newer one does not change what was expected at the time. Both are empty
    where there was no text. Serious is never stored: it is one criterion or more.
    """

    term = models.CharField(max_length=200)
    monograph_version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    listed = models.BooleanField("listed in the monograph", null=True, blank=True)
    frequency = models.CharField("frequency group", max_length=12, choices=Effect.Frequency, blank=True)
    onset_on = models.DateField("began on")
    known_on = models.DateField("known to the site since")
    severity = models.PositiveSmallIntegerField(choices=list(rule.SEVERITY.items()))
    death = models.BooleanField(default=False)
    life_threatening = models.BooleanField(default=False)
    hospitalisation = models.BooleanField(default=False)
    disability = models.BooleanField(default=False)
    congenital_anomaly = models.BooleanField(default=False)
    medically_important = models.BooleanField(default=False)
    causality_drug = models.CharField("caused by the drug", max_length=12, choices=rule.CAUSALITY, blank=True)
    causality_procedure = models.CharField("caused by the procedure", max_length=12, choices=rule.CAUSALITY, blank=True)
    causality_sedation = models.CharField("caused by the sedation", max_length=12, choices=rule.CAUSALITY, blank=True)
    causality_disease = models.CharField("caused by the disease", max_length=12, choices=rule.CAUSALITY, blank=True)
    action = models.CharField("action taken", max_length=8, choices=rule.ACTION)
    outcome = models.CharField(max_length=9, choices=rule.OUTCOME)
    ended_on = models.DateField(null=True, blank=True)
    narrative = models.TextField(max_length=4000, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = AdverseEventQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """Grade, death and outcome agree, and so do the days; a patient's open events are found by one index."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(name="an_event_has_a_term", condition=~Q(term="")),
            models.CheckConstraint(name="a_grade_is_one_to_five", condition=Q(severity__gte=1, severity__lte=5)),
            models.CheckConstraint(
                name="grade_5_death_and_fatal_agree",
                condition=Q(severity=rule.FATAL_GRADE, death=True, outcome=rule.FATAL)
                | (Q(severity__lt=rule.FATAL_GRADE, death=False) & ~Q(outcome=rule.FATAL)),
            ),
            models.CheckConstraint(
                name="an_event_ends_after_it_began", condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("onset_on"))
            ),
            models.CheckConstraint(
                name="an_end_and_an_outcome_agree",
                condition=(~Q(outcome__in=rule.GOES_ON) | Q(ended_on__isnull=True))
                & (~Q(outcome__in=rule.HAS_ENDED) | Q(ended_on__isnull=False)),
            ),
            models.CheckConstraint(name="nobody_knows_before_it_began", condition=Q(known_on__gte=F("onset_on"))),
            models.CheckConstraint(
                name="listed_is_said_with_its_source",
                condition=Q(monograph_version__isnull=True, listed__isnull=True, frequency="")
                | Q(monograph_version__isnull=False, listed=False, frequency="")
                | (Q(monograph_version__isnull=False, listed=True) & ~Q(frequency="")),
            ),
        ]
        indexes = [
            models.Index(fields=["patient"], condition=Q(voided_at__isnull=True) & _IS_OPEN, name="open_events"),
            models.Index(fields=["site", "onset_on"], condition=Q(voided_at__isnull=True), name="events_by_onset"),
        ]

    def __str__(self) -> str:
        """Name the event and its first day, not the patient."""
        return f"{self.term}, began {formatting.day(self.onset_on)}"

    @property
    def criteria(self) -> list[str]:
        """Return the seriousness criteria that are met, in the order of the rule."""
        return [name for name in CRITERION_FIELDS if getattr(self, name)]

    @property
    def is_serious(self) -> bool:
        """Say whether at least one criterion is met."""
        return bool(self.criteria)

    @property
    def is_open(self) -> bool:
        """Say whether it still needs an eye."""
        return self.voided_at is None and rule.is_open(self.outcome, self.ended_on)

    @property
    def facts(self) -> EventFacts:
        """Return what was said, as the rule reads it."""
        return EventFacts(
            term=self.term,
            onset_on=self.onset_on,
            known_on=self.known_on,
            severity=self.severity,
            criteria=frozenset(self.criteria),
            causality=tuple((cause, getattr(self, name)) for cause, name in CAUSE_FIELDS.items()),
            action=self.action,
            outcome=self.outcome,
            ended_on=self.ended_on,
            narrative=self.narrative,
        )
