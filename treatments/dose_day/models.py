"""What a dose day leaves behind besides its outcome: checklist, procedure, observations, going home, calls."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from clinic import formatting
from clinic.patients import choices
from clinic.records.models import ClinicalRecord
from clinic.staff.models import User
from treatments.courses.models import Administration, Dose, OfCourse, OfCourseQuerySet
from treatments.labs.models import DatedPolicy
from treatments.rules.dose_day import CALL_WITHIN_DAYS, Said
from treatments.supply.models import Vial


class DoseDayPolicy(DatedPolicy):
    """What a site decides about its dose days."""

    observation_minutes = models.PositiveSmallIntegerField(
        "observed for",
        default=60,
        validators=[MaxValueValidator(24 * 60)],
        help_text="Minutes from the end of the injection. Somebody who leaves earlier is asked about.",
    )
    call_after_days = models.PositiveSmallIntegerField(
        "called after",
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(14)],
        help_text=f"Days after the dose day; within {CALL_WITHIN_DAYS} is usual.",
    )

    class Meta(DatedPolicy.Meta):
        """One row per site, regimen and first day."""

        verbose_name = "dose day policy"
        verbose_name_plural = "dose day policies"
        constraints = [
            *DatedPolicy.Meta.constraints,
            models.CheckConstraint(name="the_call_comes_after_the_day", condition=Q(call_after_days__gte=1)),
        ]


class Checklist(OfCourse):
    """What was asked before one dose on one local day, and who confirmed it besides the person who asked.

    `answers` maps a check's key to `[answer, note]`. `label`, `mg` and `vial` are what the list was made for. A change
    takes the confirmation back: the second person confirms what stands there, and nothing else.
    """

    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, related_name="checklists", editable=False)
    on = models.DateField("day", editable=False)
    label = models.CharField(max_length=20, editable=False)
    mg = models.DecimalField(max_digits=6, decimal_places=2, editable=False)
    vial = models.ForeignKey(Vial, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answers = models.JSONField(default=dict)
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    second = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    second_at = models.DateTimeField(null=True, editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """One list per dose and day; two people are two."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["dose", "on"], condition=Q(voided_at__isnull=True), name="one_checklist_per_dose_and_day"
            ),
            models.CheckConstraint(
                name="a_checklist_is_confirmed_by_somebody_else",
                condition=Q(second__isnull=True, second_at__isnull=True)
                | (Q(second__isnull=False, second_at__isnull=False) & ~Q(second=F("checked_by"))),
            ),
        ]

    def __str__(self) -> str:
        """Name the day, not the patient."""
        return f"checklist of {self.on:%Y-%m-%d}"

    @property
    def said(self) -> dict[str, Said]:
        """Return the answers as the rules read them."""
        return {key: Said(option, note) for key, (option, note) in self.answers.items()}


class Procedure(OfCourse):
    """How one attempt went, beside its outcome. What was not written down is empty; nothing is guessed."""

    class Level(models.TextChoices):
        """Where the needle went in."""

        L1_2 = "l1_2", "L1/L2"
        L2_3 = "l2_3", "L2/L3"
        L3_4 = "l3_4", "L3/L4"
        L4_5 = "l4_5", "L4/L5"
        L5_S1 = "l5_s1", "L5/S1"
        C1_2 = "c1_2", "C1/C2"
        PORT = "port", "Port or reservoir"
        OTHER = "other", "Elsewhere"

    class Appearance(models.TextChoices):
        """What the cerebrospinal fluid looked like."""

        CLEAR = "clear", "Clear"
        BLOODY = "bloody", "Blood-stained"
        OTHER = "other", "Otherwise changed"

    class Complication(models.TextChoices):
        """What went wrong during the procedure."""

        TRAUMATIC = "traumatic", "Traumatic puncture"
        NERVE_PAIN = "nerve_pain", "Nerve pain during the puncture"
        PAIN = "pain", "Back or site pain"
        HEADACHE = "headache", "Headache"
        VOMITING = "vomiting", "Nausea or vomiting"
        BREATHING = "breathing", "Breathing or oxygen saturation fell"
        CIRCULATION = "circulation", "Blood pressure or pulse fell"
        SEDATION = "sedation", "Problem with the sedation"
        LEAK = "leak", "Leak of cerebrospinal fluid"
        ALLERGIC = "allergic", "Allergic reaction"
        OTHER = "other", "Another"

    class Next(models.TextChoices):
        """What happens after an attempt that did not give the dose."""

        REBOOK = "rebook", "Book another day"
        HOLD = "hold", "Put the course on hold"
        STOP = "stop", "Stop the course"
        AS_PLANNED = "as_planned", "Nothing changes; the dose stays planned"

    administration = models.ForeignKey(
        Administration, on_delete=models.PROTECT, related_name="procedures", editable=False
    )
    csf_ml = models.DecimalField("CSF removed", max_digits=4, decimal_places=1, null=True)
    csf_appearance = models.CharField("CSF", max_length=6, choices=Appearance, blank=True)
    level = models.CharField(max_length=5, choices=Level, blank=True)
    approach = models.CharField(max_length=14, choices=choices.Approach, blank=True)
    guidance = models.CharField(max_length=11, choices=choices.Guidance, blank=True)
    needle = models.CharField(max_length=40, blank=True)
    punctures = models.PositiveSmallIntegerField("attempts", null=True)
    ended_at = models.DateTimeField("injection ended", null=True)
    sedation = models.CharField("anaesthesia or sedation", max_length=9, choices=choices.Sedation, blank=True)
    complications = models.JSONField(default=list)
    complication_note = models.TextField(blank=True)
    next_step = models.CharField(max_length=10, choices=Next, blank=True)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """One per attempt; figures that can be."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["administration"], condition=Q(voided_at__isnull=True), name="one_procedure_per_attempt"
            ),
            models.CheckConstraint(
                name="csf_removed_is_plausible", condition=Q(csf_ml__isnull=True) | Q(csf_ml__gte=0, csf_ml__lte=50)
            ),
            models.CheckConstraint(
                name="somebody_punctured_at_least_once", condition=Q(punctures__isnull=True) | Q(punctures__gte=1)
            ),
        ]

    def __str__(self) -> str:
        """Name the day."""
        return f"procedure written down on {self.created_at:%Y-%m-%d}"


class Observation(OfCourse):
    """How the patient was at one moment of a dose day, before or after."""

    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, related_name="observations", editable=False)
    on = models.DateField("day", editable=False)
    observed_at = models.DateTimeField("time")
    pulse = models.PositiveSmallIntegerField(null=True)
    systolic = models.PositiveSmallIntegerField("blood pressure, upper", null=True)
    diastolic = models.PositiveSmallIntegerField("blood pressure, lower", null=True)
    saturation = models.PositiveSmallIntegerField("oxygen saturation", null=True)
    temperature = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    pain = models.PositiveSmallIntegerField(null=True)
    note = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """Something was observed, and what was can be."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(
                name="an_observation_says_something",
                condition=~Q(
                    pulse__isnull=True,
                    systolic__isnull=True,
                    saturation__isnull=True,
                    temperature__isnull=True,
                    pain__isnull=True,
                    note="",
                ),
            ),
            models.CheckConstraint(
                name="blood_pressure_is_a_pair",
                # A comparison with nothing is neither true nor false, and a constraint lets that pass.
                condition=Q(systolic__isnull=True, diastolic__isnull=True)
                | Q(systolic__isnull=False, diastolic__isnull=False, systolic__gt=F("diastolic")),
            ),
        ]
        indexes = [models.Index(fields=["dose", "observed_at"], name="observation_by_time")]

    def __str__(self) -> str:
        """Name the moment."""
        return f"observation at {self.observed_at:%Y-%m-%d %H:%M}"


class Discharge(OfCourse):
    """That a patient went home after a dose day: with what advice, with what next date, and when they are called.

    `call_due_on` is the day of the next call, None once nobody has to call any more; it repeats what the calls say.
    """

    DERIVED = frozenset({"call_due_on"})

    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, related_name="discharges", editable=False)
    on = models.DateField("day", editable=False)
    left_at = models.DateTimeField("went home at")
    advice_to = models.CharField("advice given to", max_length=120)
    no_booking_reason = models.TextField("why no next date is booked", blank=True)
    call_on = models.DateField("call on")
    note = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    call_due_on = models.DateField(null=True, editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """Once a day; calls are found by their day."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["dose", "on"], condition=Q(voided_at__isnull=True), name="home_once_a_dose_day"
            ),
            models.CheckConstraint(name="a_call_comes_after_the_dose_day", condition=Q(call_on__gt=F("on"))),
            models.CheckConstraint(name="advice_was_given_to_somebody", condition=~Q(advice_to="")),
        ]
        indexes = [
            models.Index(
                fields=["site", "call_due_on", "id"],
                condition=Q(voided_at__isnull=True, call_due_on__isnull=False),
                name="calls_by_day",
            )
        ]

    def __str__(self) -> str:
        """Name the day."""
        return f"went home on {self.on:%Y-%m-%d}"


class FollowUpCall(OfCourse):
    """One telephone call after a dose day, or one that nobody answered."""

    class Outcome(models.TextChoices):
        """What came of it."""

        WELL = "well", "Reached, nothing to report"
        SYMPTOMS = "symptoms", "Reached, something to report"
        MESSAGE = "message", "Message left"
        NO_ANSWER = "no_answer", "No answer"
        GIVEN_UP = "given_up", "Not reached; nobody calls again"

    class Symptom(models.TextChoices):
        """What the patient or carer told."""

        HEADACHE = "headache", "Headache"
        VOMITING = "vomiting", "Vomiting"
        BACK_PAIN = "back_pain", "Back pain"
        FEVER = "fever", "Fever or a stiff neck"
        LEGS = "legs", "Weak or numb legs, or trouble with bladder or bowel"
        LEAK = "leak", "Fluid, blood or swelling where the needle went in"
        DROWSY = "drowsy", "Unusually drowsy"
        RASH = "rash", "Rash, or a swollen face"
        OTHER = "other", "Something else"

    # After these somebody calls again, unless it is given up.
    NOT_REACHED = frozenset({Outcome.MESSAGE, Outcome.NO_ANSWER})
    # What a prescriber hears about on the same day.
    URGENT = frozenset({Symptom.FEVER, Symptom.LEGS, Symptom.LEAK, Symptom.DROWSY, Symptom.RASH})

    discharge = models.ForeignKey(Discharge, on_delete=models.PROTECT, related_name="calls", editable=False)
    called_at = models.DateTimeField("called")
    outcome = models.CharField(max_length=9, choices=Outcome)
    symptoms = models.JSONField(default=list)
    note = models.TextField(blank=True)
    again_on = models.DateField("call again on", null=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """Who was not reached is called again on a day."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(
                name="who_was_not_reached_is_called_again",
                condition=Q(outcome__in=["message", "no_answer"], again_on__isnull=False)
                | (~Q(outcome__in=["message", "no_answer"]) & Q(again_on__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["discharge", "called_at"], name="call_by_time")]

    def __str__(self) -> str:
        """Say what came of it and when."""
        return f"{self.get_outcome_display()}, {formatting.day(self.called_at.date())}"
