"""Accounts, sites, who works where, and each site's policy with its history."""

import uuid
import zoneinfo
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from clinic.staff.roles import Permission, Role, granted


def valid_time_zone(name: str) -> None:
    """Refuse a name that the time zone database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("%(name)s is not a time zone; choose one like Europe/London.", params={"name": name})


def valid_days_before(days: Any) -> None:
    """Refuse anything but a short descending list of days, such as [14, 7, 1]."""
    good = isinstance(days, list) and days and all(type(day) is int and 0 < day <= 120 for day in days)
    if not good or days != sorted(set(days), reverse=True):
        raise ValidationError("List days before the dose, largest first, such as [14, 7, 1].")


class Site(models.Model):
    """A treatment centre. Its time zone decides which day it is and when its mail leaves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=64, validators=[valid_time_zone], help_text="Such as Europe/London.")
    phone = models.CharField(max_length=40, blank=True, help_text="The number printed on sheets and in mails.")
    lead_clinician = models.ForeignKey(
        "staff.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        help_text="Told as well when a dose is long overdue.",
    )
    is_active = models.BooleanField("open", default=True)

    def __str__(self) -> str:
        """Return the site's name."""
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which this site's days begin and end."""
        return ZoneInfo(self.time_zone)

    def today(self, now: datetime) -> date:
        """Return the calendar day at this site at the instant `now`."""
        return now.astimezone(self.zone).date()

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this is."""
        return self.id


def labs_days() -> list[int]:
    """Return on how many days before a dose missing values are asked for, unless a site says otherwise."""
    return [10, 3]


def optional_kinds() -> list[str]:
    """Return what people may switch off for themselves, unless a site says otherwise."""
    return ["dose_upcoming", "labs_due", "authorisation_ending", "vial_expiring"]


class PolicyQuerySet(models.QuerySet["SitePolicy"]):
    """Which policy counts on a day."""

    def in_force(self, site: Site, day: date) -> "SitePolicy":
        """Return the site's latest policy that has taken effect by `day`; SitePolicy.DoesNotExist without one."""
        policies = self.filter(site=site, effective_from__lte=day).order_by("-effective_from", "-id")
        return policies[:1].get()


class SitePolicy(models.Model):
    """What the site itself decides, apart from the label: windows around a target, and when people are told.

    A policy is never edited: a change is a new row with its own first day, so that a running course keeps the one it
    began under.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="policies")
    effective_from = models.DateField()
    source = models.CharField(max_length=200, help_text="Who decided this, and where it is written down.")
    loading_days_after = models.PositiveSmallIntegerField(default=7, help_text="Loading window: days after the target.")
    maintenance_days_before = models.PositiveSmallIntegerField(
        default=7, help_text="Maintenance window: days before the target."
    )
    maintenance_days_after = models.PositiveSmallIntegerField(
        default=14, help_text="Maintenance window: days after the target."
    )
    catch_up_days_after = models.PositiveSmallIntegerField(
        default=7, help_text="Catch-up window: days after the target."
    )
    early_days = models.PositiveSmallIntegerField(
        default=7, help_text="A maintenance dose up to this many days early satisfies its place."
    )
    loading_gap_months = models.PositiveSmallIntegerField(
        default=4, help_text="Loading interrupted for this many months goes to review."
    )
    upcoming_days = models.JSONField(
        default=list, validators=[valid_days_before], help_text="Days before the dose, such as [14, 7, 1]."
    )
    labs_days = models.JSONField(
        default=labs_days,
        blank=True,
        validators=[valid_days_before],
        help_text="Days before the dose on which missing laboratory values are asked for, such as [10, 3].",
    )
    optional_kinds = models.JSONField(
        "may be switched off",
        default=optional_kinds,
        blank=True,
        help_text='Kinds of reminders that people may switch off for themselves, such as ["dose_upcoming"].',
    )
    overdue_every_days = models.PositiveSmallIntegerField(
        default=7, validators=[MinValueValidator(1)], help_text="Days between two reminders of an overdue dose."
    )
    escalate_after_days = models.PositiveSmallIntegerField(
        default=14, help_text="From this many days overdue the lead clinician is told as well."
    )
    digest_hour = models.PositiveSmallIntegerField(
        default=7, validators=[MaxValueValidator(23)], help_text="Hour at the site from which the daily mail leaves."
    )

    objects = PolicyQuerySet.as_manager()

    class Meta:
        """One policy per site and first day."""

        verbose_name_plural = "site policies"
        ordering = ["site", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["site", "effective_from"], name="one_policy_per_site_and_day"),
            models.CheckConstraint(name="policy_digest_hour_is_an_hour", condition=Q(digest_hour__lte=23)),
            models.CheckConstraint(name="policy_repeats_take_a_day", condition=Q(overdue_every_days__gte=1)),
        ]

    def __str__(self) -> str:
        """Say whose policy this is and since when."""
        return f"{self.site} from {self.effective_from:%Y-%m-%d}"

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this policy belongs to."""
        return self.site_id


class Accounts(UserManager["User"]):
    """Makes accounts. The sign-in looks an address up in small letters, so that is how it is kept."""

    use_in_migrations = False

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address in small letters."""
        return (email or "").lower()


class User(AbstractUser):
    """Somebody who works here. Their rights come from memberships, never from Django's groups."""

    full_name = models.CharField(max_length=150)
    email = models.EmailField("e-mail address", unique=True)
    home_site = models.ForeignKey(
        Site,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose morning counts for this person's daily digest.",
    )

    objects: ClassVar[Accounts] = Accounts()

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email", "full_name"]

    class Meta(AbstractUser.Meta):
        """The sign-in takes a name in any letters, so two accounts cannot differ in them alone."""

        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="a_username_is_one_in_any_letters",
                violation_error_message="A user with that username already exists, in other letters.",
            ),
        ]

    def __str__(self) -> str:
        """Return the person's name."""
        return self.full_name or self.username

    def get_full_name(self) -> str:
        """Return the name as the person writes it; names do not always come in two parts."""
        return self.full_name

    @cached_property
    def rights(self) -> dict[uuid.UUID, frozenset[Permission]]:
        """Return what this person may do, by site. One query, kept for the life of this object: one request."""
        if not self.is_active:
            return {}
        roles: dict[uuid.UUID, set[Role]] = {}
        memberships = Membership.objects.filter(user=self, site__is_active=True)
        for site_id, role in memberships.values_list("site_id", "role"):
            roles.setdefault(site_id, set()).add(Role(role))
        return {site_id: granted(frozenset(held)) for site_id, held in roles.items()}


class Membership(models.Model):
    """One role of one person at one site."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, role.value.capitalize()) for role in Role])

    class Meta:
        """A role is held once."""

        constraints = [models.UniqueConstraint(fields=["user", "site", "role"], name="a_role_is_held_once")]

    def __str__(self) -> str:
        """Say who is what, where."""
        return f"{self.user}: {self.role} at {self.site}"

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this membership belongs to."""
        return self.site_id
