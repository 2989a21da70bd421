"""The doses of a course, their bookings, and what happened at each attempt."""

from django.db import models
from django.db.models import F, Q

from clinic.records.models import ClinicalRecord
from clinic.staff.models import User
from treatments.courses.models.base import OfCourse, OfCourseQuerySet
from treatments.courses.models.course import Course


class Dose(OfCourse):
    """One place in a course's series: given ones, and the one that comes next.

    The next dose carries its dates and the days on which its derived status turns, so that a worklist is one index
    range scan. The status itself is never stored. `previous_on` is the day of the dose before it.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="doses", editable=False)
    is_next = models.BooleanField(editable=False)
    needs_review = models.BooleanField(default=False, editable=False)
    ordinal = models.PositiveSmallIntegerField(editable=False)
    label = models.CharField(max_length=8, editable=False)
    phase = models.CharField(max_length=12, editable=False)
    mg = models.DecimalField(max_digits=6, decimal_places=2, editable=False)
    ml = models.DecimalField(max_digits=5, decimal_places=2, editable=False)
    previous_on = models.DateField(null=True, editable=False)
    floor = models.DateField(null=True, editable=False)
    target = models.DateField(null=True, editable=False)
    opens = models.DateField(null=True, editable=False)
    closes = models.DateField(null=True, editable=False)
    review_from = models.DateField(null=True, editable=False)
    interrupted_from = models.DateField(null=True, editable=False)
    restart_from = models.DateField(null=True, editable=False)
    flags = models.JSONField(default=list, editable=False)
    why = models.TextField(editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """One next dose per course; the worklist's index begins with the site."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["course"], condition=Q(is_next=True, voided_at__isnull=True), name="one_next_dose_per_course"
            ),
            models.CheckConstraint(
                name="dose_dates_are_in_order",
                condition=Q(target__isnull=True)
                | (
                    Q(opens__lte=F("target"), closes__gte=F("target"))
                    & (Q(floor__isnull=True) | Q(opens__gte=F("floor")))
                ),
            ),
            models.CheckConstraint(name="dose_amount_is_plausible", condition=Q(mg__gt=0, mg__lte=100)),
        ]
        indexes = [
            models.Index(
                fields=["site", "target", "id"],
                condition=Q(is_next=True, voided_at__isnull=True),
                name="next_dose_by_target",
            ),
            models.Index(
                fields=["site", "closes", "id"],
                condition=Q(is_next=True, voided_at__isnull=True),
                name="next_dose_by_close",
            ),
        ]

    def __str__(self) -> str:
        """Name the place in the series."""
        return f"dose {self.label}"

    @property
    def is_to_come(self) -> bool:
        """Say whether this is the place that is given next. One that was counted away is none, whatever it was."""
        return self.is_next and self.voided_at is None


class Booking(OfCourse):
    """The appointment a person made for a dose; never the same as the target. Moving one changes it, with the trail."""

    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, related_name="bookings", editable=False)
    on = models.DateField("day")
    at_time = models.TimeField("time", null=True, blank=True)
    place = models.CharField(max_length=80, blank=True)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    cancel_reason = models.TextField(blank=True, editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """A dose has one booking that stands; a cancellation has a reason."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["dose"],
                condition=Q(cancelled_at__isnull=True, voided_at__isnull=True),
                name="one_standing_booking_per_dose",
            ),
            models.CheckConstraint(
                name="a_cancellation_has_a_reason",
                condition=Q(cancelled_at__isnull=True, cancel_reason="")
                | (Q(cancelled_at__isnull=False) & ~Q(cancel_reason="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["site", "on"],
                condition=Q(cancelled_at__isnull=True, voided_at__isnull=True),
                name="standing_booking_by_day",
            )
        ]

    def __str__(self) -> str:
        """Return the day."""
        return f"booking on {self.on:%Y-%m-%d}"


class Administration(OfCourse):
    """What happened at an attempt to give a dose: completed, partial or not done.

    `given_on` is the calendar day at the site. A dose given elsewhere counts, says so, and may lack the clock time and
    the vial. What was not given, or only in part, says why.
    """

    class Outcome(models.TextChoices):
        """FHIR MedicationAdministration's outcomes; entered in error is a void, not an outcome."""

        COMPLETED = "completed", "Given"
        PARTIAL = "partial", "Partly given"
        NOT_DONE = "not_done", "Not given"

    class Reason(models.TextChoices):
        """Why a dose was not given, or only in part."""

        LABS = "labs", "Laboratory results"
        INFECTION = "infection", "Infection or fever"
        UNWELL = "unwell", "Unwell for another reason"
        NO_ACCESS = "no_access", "Puncture failed or was broken off"
        NO_DRUG = "no_drug", "No vial, or not a usable one"
        NOT_AUTHORISED = "not_authorised", "Not authorised by the payer"
        NO_CONSENT = "no_consent", "Consent missing or withdrawn"
        NOT_COME = "not_come", "Did not come"
        NO_CAPACITY = "no_capacity", "No staff, room or anaesthesia"
        OTHER = "other", "Another reason"

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="administrations", editable=False)
    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, related_name="administrations", editable=False)
    outcome = models.CharField(max_length=10, choices=Outcome, editable=False)
    reason = models.CharField(max_length=20, choices=Reason, blank=True)
    given_on = models.DateField("day")
    given_at = models.DateTimeField("date and time", null=True)
    mg = models.DecimalField("amount", max_digits=6, decimal_places=2, null=True)
    ml = models.DecimalField("volume", max_digits=5, decimal_places=2, null=True)
    lot = models.CharField(max_length=40, blank=True)
    vial_expires_on = models.DateField("vial expiry", null=True)
    performer = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    elsewhere = models.BooleanField("given elsewhere", default=False)
    place = models.CharField("given at", max_length=120, blank=True)
    note = models.TextField(blank=True)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """One completed administration per dose and per day; who, when and which vial are known unless elsewhere."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["dose"],
                condition=Q(outcome="completed", voided_at__isnull=True),
                name="one_administration_per_dose",
            ),
            models.UniqueConstraint(
                fields=["patient", "given_on"],
                condition=Q(outcome="completed", voided_at__isnull=True),
                name="one_dose_per_patient_and_day",
            ),
            models.CheckConstraint(
                name="a_given_dose_has_an_amount", condition=Q(outcome="not_done") | Q(mg__gt=0, mg__lte=100)
            ),
            models.CheckConstraint(
                name="a_dose_given_here_says_who_when_and_which_vial",
                condition=~Q(outcome="completed")
                | Q(elsewhere=True)
                | (
                    Q(performer__isnull=False, given_at__isnull=False, ml__gt=0, vial_expires_on__isnull=False)
                    & ~Q(lot="")
                ),
            ),
            models.CheckConstraint(
                name="what_was_not_given_says_why", condition=Q(outcome="completed") | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="a_dose_given_elsewhere_says_where", condition=Q(elsewhere=False) | ~Q(place="")
            ),
        ]
        indexes = [models.Index(fields=["course", "given_on"], name="administration_by_day")]

    def __str__(self) -> str:
        """Return the day and the outcome."""
        return f"{self.get_outcome_display()} on {self.given_on:%Y-%m-%d}"
