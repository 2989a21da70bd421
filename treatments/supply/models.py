"""Vials with their ledger, authorisations, and what a site decides about both."""

import uuid
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from clinic.patients.models import Patient
from clinic.records.models import ClinicalQuerySet, ClinicalRecord
from clinic.staff.access import site_ids
from clinic.staff.models import Site, User
from clinic.staff.roles import Permission
from monographs.models import Product
from treatments.courses.models import Administration, Dose, OfCourse, OfCourseQuerySet
from treatments.rules import supply as rules


class SupplyPolicy(models.Model):
    """What a site decides about vials and authorisations. A change is a new row with its own first day."""

    class Label(models.TextChoices):
        """Whose label counts for the hours after drawing up."""

        STRICTEST = "", "The strictest there is"
        US = "us", "United States"
        EU = "eu", "European Union"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="supply_policies")
    effective_from = models.DateField()
    source = models.CharField(max_length=200, help_text="Who decided this, and where it is written down.")
    label = models.CharField(
        "label after drawing up", max_length=2, choices=Label, blank=True, help_text="United States 4 h, Europe 6 h."
    )
    expiring_days = models.PositiveSmallIntegerField(
        default=60, help_text="A vial is listed as expiring this many days before its last day."
    )
    authorisation_days = models.PositiveSmallIntegerField(
        default=45, help_text="An authorisation is listed as ending this many days before its last day."
    )
    authorisation_doses = models.PositiveSmallIntegerField(
        default=1, help_text="It is listed as ending when no more than this many doses are left."
    )
    authorisation_needed = models.BooleanField(
        default=True, help_text="Whether a dose here needs a payer’s authorisation at all."
    )

    class Meta:
        """One policy per site and first day."""

        verbose_name_plural = "supply policies"
        ordering = ["site", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["site", "effective_from"], name="one_supply_policy_per_site_and_day"),
        ]

    def __str__(self) -> str:
        """Say whose policy this is and since when."""
        return f"{self.site} from {self.effective_from:%Y-%m-%d}"

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this policy belongs to."""
        return self.site_id

    def rule(self) -> rules.SupplyPolicy:
        """Return the policy as the rules read it."""
        return rules.SupplyPolicy(
            label=self.label,
            expiring_days=self.expiring_days,
            authorisation_days=self.authorisation_days,
            authorisation_doses=self.authorisation_doses,
            authorisation_needed=self.authorisation_needed,
        )


class VialQuerySet(ClinicalQuerySet["Vial"]):
    """Vials by site: the one place that decides whose somebody sees."""

    def seen_by(self, user: User) -> Self:
        """Keep the vials of the sites whose supply this person may see."""
        return self.filter(site_id__in=site_ids(user, Permission.VIEW_SUPPLY))


class Vial(ClinicalRecord):
    """One vial of one site. What it is, where it stands and whom it is for is what its ledger says, kept for lists.

    `product` is the product as the monograph stated it when the vial was entered; the limits of the version in force
    bind it. While it is on order neither lot nor expiry is known.
    """

    class State(models.TextChoices):
        """Where a vial stands; the rule's own words."""

        ORDERED = "ordered", "On order"
        RECEIVED = "received", "In stock"
        RESERVED = "reserved", "Reserved"
        OUT = "out", "Out of refrigerator"
        DRAWN = "drawn", "Drawn up"
        GIVEN = "given", "Given"
        WASTED = "wasted", "Wasted"
        RETURNED = "returned", "Returned"
        QUARANTINED = "quarantined", "Quarantined"

    DERIVED = frozenset({"state", "place", "reserved_for"})

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    mg = models.DecimalField("strength", max_digits=6, decimal_places=2, editable=False)
    lot = models.CharField(max_length=20, blank=True)
    expires_on = models.DateField("vial expiry", null=True)
    gtin = models.CharField("GTIN", max_length=14, blank=True)
    serial = models.CharField("serial number", max_length=20, blank=True)
    order_reference = models.CharField(max_length=40, blank=True)
    expected_on = models.DateField("expected", null=True)
    state = models.CharField(max_length=11, choices=State, editable=False)
    place = models.CharField(max_length=80, blank=True, editable=False)
    reserved_for = models.ForeignKey(
        Dose, on_delete=models.PROTECT, null=True, related_name="reserved_vials", editable=False, db_index=False
    )

    objects = VialQuerySet.as_manager()

    class Meta(ClinicalRecord.Meta):
        """A dose has one vial and a vial one dose; what is in stock has lot and expiry; a serial number is one vial."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(fields=["reserved_for"], name="a_dose_has_one_vial"),
            models.UniqueConstraint(
                fields=["site", "gtin", "serial"],
                condition=Q(voided_at__isnull=True) & ~Q(serial="") & ~Q(gtin=""),
                name="a_serial_number_is_one_vial",
            ),
            models.CheckConstraint(
                name="a_vial_in_stock_has_lot_and_expiry",
                condition=Q(state="ordered") | (~Q(lot="") & Q(expires_on__isnull=False)),
            ),
            models.CheckConstraint(
                name="only_a_vial_in_stock_is_reserved",
                condition=Q(reserved_for__isnull=False, state__in=["reserved", "out", "drawn"])
                | (Q(reserved_for__isnull=True) & ~Q(state="reserved")),
            ),
            models.CheckConstraint(name="a_vial_has_a_strength", condition=Q(mg__gt=0)),
        ]
        indexes = [
            models.Index(fields=["site", "state", "expires_on", "id"], name="vial_by_state_and_expiry"),
            models.Index(fields=["lot"], name="vial_by_lot"),
        ]

    def __str__(self) -> str:
        """Name the vial by its lot, else by its strength; never by a patient."""
        return f"vial {self.lot}" if self.lot else f"vial of {self.mg.normalize():f} mg on order"

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this is about."""
        return self.site_id


class Movement(ClinicalRecord):
    """One row of a vial's ledger. `number` counts up within the vial; `state` is where the move led.

    `change` is by how much it changed what is on hand, so that the sum over a ledger is the stock. `happened_at` is
    when it was done, `created_at` when it was written down. A dose that is taken back voids its row and adds another.
    """

    class Kind(models.TextChoices):
        """What was done; the rule's own words."""

        ORDERED = "ordered", "Ordered"
        RECEIVED = "received", "Received"
        RESERVED = "reserved", "Reserved"
        RELEASED = "released", "Reservation ended"
        TAKEN_OUT = "taken_out", "Taken out of the refrigerator"
        UNBOXED = "unboxed", "Taken out of its carton"
        PUT_BACK = "put_back", "Put back into the refrigerator"
        DRAWN = "drawn", "Drawn up"
        GIVEN = "given", "Given"
        RESTORED = "restored", "Restored, the record was taken back"
        WASTED = "wasted", "Wasted"
        RETURNED = "returned", "Returned"
        QUARANTINED = "quarantined", "Quarantined"
        FREED = "freed", "Released from quarantine"

    class Code(models.TextChoices):
        """Why a vial was wasted or held back."""

        FAILED = "failed_attempt", "The attempt failed"
        CANCELLED = "dose_cancelled", "The dose was cancelled after it was drawn up"
        BROKEN = "broken", "Broken or spilt"
        WARM = "storage", "Stored too warm, too cold or too long"
        EXPIRED = "expired", "Expired"
        STRENGTH = "wrong_strength", "Wrong strength drawn up"
        RECALL = "recall", "Recall or warning about the lot"
        DEFECT = "defect", "Does not look as it should"
        OTHER = "other", "Something else"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", editable=False)
    vial = models.ForeignKey(Vial, on_delete=models.PROTECT, related_name="movements", editable=False, db_index=False)
    number = models.PositiveSmallIntegerField(editable=False)
    kind = models.CharField(max_length=11, choices=Kind, editable=False)
    happened_at = models.DateTimeField("when")
    state = models.CharField(max_length=11, choices=Vial.State, editable=False)
    change = models.SmallIntegerField(default=0, editable=False)
    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, null=True, related_name="vial_movements", editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    administration = models.ForeignKey(
        Administration, on_delete=models.PROTECT, null=True, related_name="vial_movements", editable=False
    )
    in_carton = models.BooleanField(default=True)
    place = models.CharField(max_length=80, blank=True)
    reason_code = models.CharField(max_length=14, choices=Code, blank=True)
    reason = models.TextField(blank=True)
    done_by = models.CharField(max_length=200, editable=False)

    objects = ClinicalQuerySet.as_manager()

    class Meta(ClinicalRecord.Meta):
        """A ledger is a chain: two who write at once collide. A vial is given once, a dose is given from one vial."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.UniqueConstraint(fields=["vial", "number"], name="a_ledger_is_a_chain"),
            models.UniqueConstraint(
                fields=["vial"], condition=Q(kind="given", voided_at__isnull=True), name="a_vial_is_given_once"
            ),
            models.UniqueConstraint(
                fields=["administration"],
                condition=Q(kind="given", voided_at__isnull=True),
                name="a_dose_is_given_from_one_vial",
            ),
            models.CheckConstraint(
                name="a_given_vial_names_its_dose",
                condition=~Q(kind="given") | Q(dose__isnull=False, administration__isnull=False),
            ),
            models.CheckConstraint(
                name="a_reserved_vial_names_its_dose", condition=~Q(kind="reserved") | Q(dose__isnull=False)
            ),
            models.CheckConstraint(
                name="a_move_about_a_dose_names_its_patient",
                condition=Q(dose__isnull=True, patient__isnull=True) | Q(dose__isnull=False, patient__isnull=False),
            ),
            models.CheckConstraint(
                name="what_ends_a_use_has_a_reason",
                condition=~Q(kind__in=["released", "restored", "wasted", "returned", "quarantined", "freed"])
                | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="waste_is_coded", condition=~Q(kind__in=["wasted", "quarantined"]) | ~Q(reason_code="")
            ),
            models.CheckConstraint(
                name="the_stock_changes_by_what_is_done",
                condition=Q(kind__in=["received", "restored"], change=1)
                | Q(kind__in=["given", "wasted", "returned"], change=-1)
                | (~Q(kind__in=["received", "restored", "given", "wasted", "returned"]) & Q(change=0)),
            ),
        ]

    def __str__(self) -> str:
        """Say what was done and when."""
        return f"{self.get_kind_display()} on {self.happened_at:%Y-%m-%d}"

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this is about."""
        return self.site_id

    def audit_patient_id(self) -> uuid.UUID | None:
        """Tell the trail whose dose this is about, if anybody's."""
        return self.patient_id


class Authorisation(OfCourse):
    """A payer's word for so many doses from one day to another, both included. How many were used is never stored.

    `mg` is the strength it is limited to, None for any. `renews` is the one whose place it takes.
    """

    payer = models.CharField(max_length=120)
    reference = models.CharField(max_length=60)
    starts_on = models.DateField("from")
    ends_on = models.DateField("until")
    doses_approved = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    mg = models.DecimalField("strength", max_digits=6, decimal_places=2, null=True, blank=True)
    renews = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="renewals", editable=False)
    note = models.TextField(blank=True)

    objects = OfCourseQuerySet.as_manager()

    class Meta(OfCourse.Meta):
        """A period in order, at least one dose, one row per payer's reference, and one renewal."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(name="an_authorisation_is_in_order", condition=Q(ends_on__gte=F("starts_on"))),
            models.CheckConstraint(name="an_authorisation_covers_a_dose", condition=Q(doses_approved__gte=1)),
            models.CheckConstraint(
                name="an_authorisation_names_payer_and_reference", condition=~Q(payer="") & ~Q(reference="")
            ),
            models.UniqueConstraint(
                fields=["patient", "payer", "reference"],
                condition=Q(voided_at__isnull=True),
                name="a_reference_is_one_authorisation",
            ),
            models.UniqueConstraint(
                fields=["renews"], condition=Q(voided_at__isnull=True), name="an_authorisation_is_renewed_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["site", "ends_on"], condition=Q(voided_at__isnull=True), name="authorisation_by_its_end"
            )
        ]

    def __str__(self) -> str:
        """Return the period; the payer's reference stays on the page."""
        return f"authorisation {self.starts_on:%Y-%m-%d} to {self.ends_on:%Y-%m-%d}"
