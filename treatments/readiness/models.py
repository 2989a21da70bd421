"""What each site asks of the six lights, and who let a dose past one."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from clinic.records.models import ClinicalRecord
from clinic.staff.models import User
from treatments.courses.models import Dose, OfCourse, OfCourseQuerySet
from treatments.labs.models import DatedPolicy
from treatments.rules import lights
from treatments.rules.readiness import Need

OVERRIDE_DAYS = 7


class Light(models.TextChoices):
    """The six lights, as the rules call them."""

    LABS = "labs", "Labs"
    ADVERSE_EVENTS = "adverse_events", "Adverse events"
    AUTHORISATION = "authorisation", "Authorisation"
    DRUG = "drug", "Drug"
    CONSENT = "consent", "Consent"
    ACCESS_PLAN = "access_plan", "Access plan"


class Asks(models.TextChoices):
    """How much a site asks of a light, as the rules call it."""

    REQUIRED = "required", "Required: red keeps the dose"
    ADVISORY = "advisory", "Advisory: red asks to check"
    OFF = "off", "Off: not looked at"


def need_field(label: str, help_text: str) -> Any:
    """Return a column for how much a site asks of one light."""
    return models.CharField(label, max_length=8, choices=Asks, default=Asks.REQUIRED, help_text=help_text)


class ReadinessPolicy(DatedPolicy):
    """How much a site asks of each light, and how long an override may count."""

    labs = need_field(
        "laboratory values",
        "The US label asks for them before every dose, the EU label where they are indicated. A value at which the"
        + " site stops keeps the dose even where they are advisory.",
    )
    adverse_events = need_field(
        "adverse events", "An open serious event keeps the dose. A contraindication counts even where this is off."
    )
    authorisation = need_field("authorisation", "Whether the payer has agreed to this dose.")
    drug = need_field("drug", "Whether a vial of the right strength is there and in date.")
    consent = need_field("consent", "Whether consent to treatment is recorded and not withdrawn.")
    access_plan = need_field("access plan", "Whether it is written down how the needle gets there.")
    override_days = models.PositiveSmallIntegerField(
        "an override counts for",
        default=OVERRIDE_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text="Days at most, from the day it is given. One that has run out lets nothing past.",
    )

    class Meta(DatedPolicy.Meta):
        """One row per site, regimen and first day."""

        verbose_name = "readiness policy"
        verbose_name_plural = "readiness policies"
        constraints = [
            *DatedPolicy.Meta.constraints,
            models.CheckConstraint(name="an_override_counts_for_a_while", condition=Q(override_days__gte=1)),
        ]

    def needs(self) -> dict[lights.Light, Need]:
        """Return how much is asked of each light, as the rules read it."""
        return {light: Need(getattr(self, light.value)) for light in lights.Light}


class Override(OfCourse):
    """A decision to let one dose past one light, with what stood in the way when it was made.

    `said` is the sentence that was read, `rules` name what it covers; `as_prescriber` and `needs_second` keep what held
    on that day. It counts until `expires_on`, and, where two people decide, once somebody else has confirmed it.
    """

    class Reason(models.TextChoices):
        """Why the dose goes ahead. A few words may be added; where two people decide, they must be."""

        CANNOT_WAIT = "cannot_wait", "Treatment cannot wait"
        UNCHANGED = "unchanged", "Known for this patient, and unchanged"
        PENDING = "pending", "Under way: expected before the dose"
        NOT_RELEVANT = "not_relevant", "Not relevant for this dose"
        RISK_ACCEPTED = "risk_accepted", "Risk explained and accepted"
        OTHER = "other", "Another reason"

    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, related_name="overrides", editable=False)
    light = models.CharField(max_length=16, choices=Light, editable=False)
    rules = models.JSONField(editable=False)
    said = models.TextField(editable=False)
    reason_code = models.CharField(max_length=16, choices=Reason)
    reason = models.TextField(blank=True)
    expires_on = models.DateField("counts until")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    as_prescriber = models.BooleanField(editable=False)
    needs_second = models.BooleanField(editable=False)
    second = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    second_at = models.DateTimeField(null=True, editable=False)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """One standing override per dose and light; the second person is always another one."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["dose", "light"], condition=Q(voided_at__isnull=True), name="one_override_per_dose_and_light"
            ),
            models.CheckConstraint(
                name="an_override_is_confirmed_by_somebody_else", condition=Q(second__isnull=True) | ~Q(second=F("by"))
            ),
            models.CheckConstraint(
                name="an_overrides_second_person_says_when",
                condition=Q(second__isnull=True, second_at__isnull=True)
                | Q(second__isnull=False, second_at__isnull=False, needs_second=True),
            ),
            models.CheckConstraint(
                name="two_people_begin_with_a_prescriber", condition=Q(needs_second=False) | Q(as_prescriber=True)
            ),
            models.CheckConstraint(
                name="an_override_says_why",
                condition=~Q(reason="") | (Q(needs_second=False) & ~Q(reason_code="other")),
            ),
        ]

    def __str__(self) -> str:
        """Name the light."""
        return f"{self.get_light_display()} overridden on {self.created_at:%Y-%m-%d}"
