"""One laboratory result as it came, beside the value every rule compares."""

from django.db import models
from django.db.models import F, Q

from clinic.records.models import ClinicalRecord
from clinic.staff.models import User
from treatments.courses.models import OfCourse, OfCourseQuerySet


class Analyte(models.TextChoices):
    """What is measured. The value names the analyte in `treatments.rules.monitoring`."""

    PLATELETS = "platelets", "Platelets"
    INR = "inr", "INR"
    PT = "pt", "Prothrombin time"
    APTT = "aptt", "aPTT"
    URINE_PROTEIN = "urine_protein", "Urine protein"
    URINE_PCR = "urine_pcr", "Urine protein/creatinine"


class LabResult(OfCourse):
    """A value as the laboratory gave it (`value`, `unit`, `comparator`) and converted to the unit we keep (`kept`).

    Validity counts from the collection, never from the entry. `range_low` and `range_high` are the laboratory's own
    reference range in the kept unit. Kept numbers have nine decimals: four of the value and five of the factor that
    turns mg/mmol into g/g, so that no conversion is rounded. `corrects` is the voided result whose place this one took.
    """

    COMPARATORS = [("<", "<"), ("<=", "≤"), (">", ">"), (">=", "≥")]

    analyte = models.CharField(max_length=16, choices=Analyte)
    collected_at = models.DateTimeField()
    collected_on = models.DateField(help_text="The calendar day at the site.")
    comparator = models.CharField(max_length=2, blank=True, choices=COMPARATORS)
    value = models.DecimalField(max_digits=12, decimal_places=4)
    unit = models.CharField(max_length=12)
    kept = models.DecimalField(max_digits=15, decimal_places=9)
    range_low = models.DecimalField(max_digits=15, decimal_places=9, null=True, blank=True)
    range_high = models.DecimalField(max_digits=15, decimal_places=9, null=True, blank=True)
    laboratory = models.CharField(max_length=80, blank=True)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="corrected_by"
    )

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """A sample gives one value per analyte; the latest per analyte is found by one index."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "analyte", "collected_at"],
                condition=Q(voided_at__isnull=True),
                name="one_value_per_sample_and_analyte",
            ),
            models.CheckConstraint(name="a_result_is_not_negative", condition=Q(value__gte=0, kept__gte=0)),
            models.CheckConstraint(
                name="a_reference_range_is_in_order",
                condition=Q(range_low__isnull=True) | Q(range_high__isnull=True) | Q(range_low__lte=F("range_high")),
            ),
        ]
        indexes = [models.Index(fields=["patient", "analyte", "-collected_at"], name="latest_result_per_analyte")]

    def __str__(self) -> str:
        """Name the analyte and the day."""
        return f"{self.get_analyte_display()} collected {self.collected_on:%Y-%m-%d}"
