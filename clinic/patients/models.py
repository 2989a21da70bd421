"""The patient and what belongs to them. Each part is a clinical record of its own with its own version and trail."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from clinic import formatting
from clinic.patients import choices
from clinic.records.models import ClinicalQuerySet, ClinicalRecord
from clinic.staff.access import site_ids
from clinic.staff.models import Site, User
from clinic.staff.roles import Permission


class PatientQuerySet(ClinicalQuerySet["Patient"]):
    """The one place that decides whose patients somebody sees."""

    def seen_by(self, user: User) -> Self:
        """Keep the patients at the sites where this person may view patients."""
        return self.filter(site_id__in=site_ids(user, Permission.VIEW_PATIENTS)).filter(voided_at__isnull=True)


class Patient(ClinicalRecord):
    """A person treated at a site.

    `search_text` holds names and numbers folded for search, `sort_name` the name as lists order it; the services keep
    both, and `clinic.patients.folding` says how they are made.
    """

    DERIVED = frozenset({"search_text", "sort_name"})

    # The index by name begins with the site and serves its look-ups too.
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="patients", db_index=False)
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    born_on = models.DateField("date of birth")
    sex = models.CharField(max_length=10, choices=choices.Sex)
    care_status = models.CharField(
        max_length=12, choices=choices.CareStatus, default=choices.CareStatus.ACTIVE, editable=False
    )
    care_status_on = models.DateField(null=True, editable=False)
    search_text = models.TextField(editable=False)
    sort_name = models.CharField(max_length=200, editable=False)

    objects = PatientQuerySet.as_manager()

    class Meta(ClinicalRecord.Meta):
        """Lists are read by site and name; a search reads the folded text."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(
                name="leaving_care_has_a_day",
                condition=Q(care_status="active") | Q(care_status_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["site", "sort_name", "id"], name="patient_by_name"),
            models.Index(fields=["born_on"], name="patient_by_birth"),
        ]

    def __str__(self) -> str:
        """Return the name as lists show it."""
        return f"{self.family_name}, {self.given_name}"

    @property
    def full_name(self) -> str:
        """Return the name as it is spoken."""
        return f"{self.given_name} {self.family_name}"

    @property
    def in_care(self) -> bool:
        """Say whether this site still treats the person."""
        return self.care_status == choices.CareStatus.ACTIVE

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this is about."""
        return self.site_id

    def audit_patient_id(self) -> uuid.UUID:
        """Tell the trail which patient this is about."""
        return self.id


class PatientPart(ClinicalRecord):
    """Something that belongs to one patient."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="%(class)ss", editable=False)

    objects = ClinicalQuerySet.as_manager()

    class Meta(ClinicalRecord.Meta):
        """Abstract."""

        abstract = True

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this is about."""
        return self.patient.site_id

    def audit_patient_id(self) -> uuid.UUID:
        """Tell the trail which patient this is about."""
        return self.patient_id


class Identifier(PatientPart):
    """One number by which somebody knows the person. The same number of a kind is held by one patient per site."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", editable=False)
    kind = models.CharField(max_length=10, choices=choices.IdentifierKind)
    value = models.CharField("number", max_length=40)

    class Meta(PatientPart.Meta):
        """A number in force belongs to one patient at a site."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["site", "kind", "value"],
                condition=Q(voided_at__isnull=True),
                name="an_identifier_belongs_to_one_patient",
            ),
            models.CheckConstraint(name="identifier_is_not_blank", condition=~Q(value="")),
        ]

    def __str__(self) -> str:
        """Return the number with its kind."""
        return f"{self.get_kind_display()} {formatting.identifier(self.value)}"


class SmaProfile(ClinicalRecord):
    """What is known of the person's SMA. Empty means not recorded, never "none"."""

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="sma_profile", editable=False)
    icd10 = models.CharField("ICD-10 code", max_length=5, choices=choices.Icd10, blank=True)
    sma_type = models.CharField("SMA type", max_length=14, choices=choices.SmaType, blank=True)
    motor_function = models.CharField(max_length=10, choices=choices.MotorFunction, blank=True)
    smn1 = models.CharField("SMN1", max_length=24, choices=choices.Smn1, blank=True)
    smn2_copies = models.CharField("SMN2 copies", max_length=8, choices=choices.Smn2Copies, blank=True)
    smn2_method = models.CharField("SMN2 copies counted by", max_length=6, choices=choices.Smn2Method, blank=True)
    symptom_onset = models.DateField("first symptoms", null=True, blank=True)
    spine = models.CharField(max_length=16, choices=choices.Spine, blank=True)
    ventilation = models.CharField(max_length=14, choices=choices.Ventilation, blank=True)
    feeding = models.CharField(max_length=14, choices=choices.Feeding, blank=True)
    ambulation = models.CharField(max_length=12, choices=choices.Ambulation, blank=True)

    objects = ClinicalQuerySet.as_manager()

    class Meta(ClinicalRecord.Meta):
        """Written as people write it."""

        verbose_name = "SMA profile"

    def __str__(self) -> str:
        """Return the clinical type."""
        return self.get_sma_type_display() or "SMA"

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this is about."""
        return self.patient.site_id

    def audit_patient_id(self) -> uuid.UUID:
        """Tell the trail which patient this is about."""
        return self.patient_id


class Carer(PatientPart):
    """Somebody who looks after the person, and how to reach them."""

    name = models.CharField(max_length=150)
    relationship = models.CharField(max_length=60, blank=True, help_text="Such as mother, guardian, self.")
    channel = models.CharField(
        "prefers to be reached by", max_length=6, choices=choices.Channel, default=choices.Channel.EMAIL
    )
    language = models.CharField(max_length=2, choices=choices.Language, default=choices.Language.ENGLISH)
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField("telephone", max_length=40, blank=True)

    class Meta(PatientPart.Meta):
        """A preferred channel that cannot be used is no channel."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(
                name="carer_can_be_reached_as_preferred",
                condition=(Q(channel="email") & ~Q(email="")) | (Q(channel="phone") & ~Q(phone="")) | Q(channel="post"),
            ),
        ]

    def __str__(self) -> str:
        """Return the carer's name."""
        return self.name


class Consent(PatientPart):
    """One answer to a question for consent: given or refused on a day, and perhaps taken back on a later one."""

    kind = models.CharField(max_length=10, choices=choices.ConsentKind)
    answer = models.CharField(max_length=7, choices=choices.ConsentAnswer, default=choices.ConsentAnswer.GIVEN)
    given_on = models.DateField("answered on")
    given_by = models.CharField(
        "answered by", max_length=150, help_text="The patient or the person who may consent for them."
    )
    scope = models.CharField("what it covers", max_length=200, blank=True)
    document = models.CharField("where the paper is", max_length=120, blank=True)
    withdrawn_on = models.DateField(null=True, blank=True, editable=False)
    withdrawal_reason = models.CharField(max_length=500, blank=True, editable=False)

    class Meta(PatientPart.Meta):
        """One answer of a kind is in force at a time, and it is not withdrawn before it was given."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "kind"],
                condition=Q(withdrawn_on__isnull=True, voided_at__isnull=True),
                name="one_consent_of_a_kind_in_force",
            ),
            models.CheckConstraint(
                name="consent_is_withdrawn_after_it_was_given",
                condition=Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gte=F("given_on")),
            ),
            models.CheckConstraint(
                name="what_is_withdrawn_for_a_reason_is_withdrawn",
                condition=Q(withdrawal_reason="") | Q(withdrawn_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        """Say what the consent is for, and when it was given or refused."""
        return f"{self.get_kind_display()}, {self.get_answer_display().lower()} {formatting.day(self.given_on)}"


class Allergy(PatientPart):
    """One allergy, or the statement that none is known. Without any row, nobody has asked."""

    kind = models.CharField(max_length=16, choices=choices.AllergyKind)
    substance = models.CharField("reacts to", max_length=120, blank=True)
    reaction = models.CharField("what happened", max_length=200, blank=True)
    noted_on = models.DateField("known since")

    class Meta(PatientPart.Meta):
        """An allergy is one to something; that none is known is said once."""

        verbose_name_plural = "allergies"
        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(kind="none_known", voided_at__isnull=True),
                name="no_known_allergies_is_said_once",
            ),
            models.CheckConstraint(
                name="an_allergy_is_one_to_something",
                condition=Q(kind="none_known", substance="", reaction="") | (~Q(kind="none_known") & ~Q(substance="")),
            ),
        ]

    def __str__(self) -> str:
        """Return what the person reacts to and how: "Penicillin (rash)"."""
        if self.kind == choices.AllergyKind.NONE_KNOWN:
            return "None known"
        return f"{self.substance} ({self.reaction})" if self.reaction else self.substance


class AccessPlan(PatientPart):
    """How the cerebrospinal fluid is reached, as planned on a day; the latest one counts, earlier ones stay readable.

    `spine` is what the SMA profile said on that day: a plan made for another spine has to be looked at again.
    """

    approach = models.CharField(max_length=14, choices=choices.Approach)
    guidance = models.CharField(max_length=11, choices=choices.Guidance)
    sedation = models.CharField("anaesthesia or sedation", max_length=9, choices=choices.Sedation)
    spine = models.CharField("spine when planned", max_length=16, choices=choices.Spine, blank=True, editable=False)
    note = models.CharField(max_length=300, blank=True)
    reviewed_on = models.DateField()

    def __str__(self) -> str:
        """Return the plan in one line: "Interlaminar, ultrasound, sedation"."""
        with_what = (self.get_guidance_display(), self.get_sedation_display())
        return ", ".join((self.get_approach_display(), *map(formatting.inside, with_what)))


class Measurement(PatientPart):
    """Weight and height on a day; either may be missing, not both."""

    measured_on = models.DateField()
    weight_kg = models.DecimalField("weight in kg", max_digits=5, decimal_places=2, null=True, blank=True)
    height_cm = models.DecimalField("height in cm", max_digits=5, decimal_places=1, null=True, blank=True)

    class Meta(PatientPart.Meta):
        """A measurement measures something plausible."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(
                name="a_measurement_measures_something",
                condition=Q(weight_kg__isnull=False) | Q(height_cm__isnull=False),
            ),
            models.CheckConstraint(
                name="weight_is_plausible",
                condition=Q(weight_kg__isnull=True) | Q(weight_kg__gte=1, weight_kg__lte=300),
            ),
            models.CheckConstraint(
                name="height_is_plausible",
                condition=Q(height_cm__isnull=True) | Q(height_cm__gte=30, height_cm__lte=230),
            ),
        ]

    def __str__(self) -> str:
        """Return the day of measuring."""
        return f"Measured on {formatting.day(self.measured_on)}"


class OtherTherapy(PatientPart):
    """Another treatment for SMA, with its dates."""

    therapy = models.CharField(max_length=12, choices=choices.Therapy)
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta(PatientPart.Meta):
        """It does not end before it began."""

        verbose_name_plural = "other therapies"
        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(
                name="other_therapy_ends_after_it_began",
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
            ),
        ]

    def __str__(self) -> str:
        """Return the therapy's name."""
        return self.get_therapy_display()
