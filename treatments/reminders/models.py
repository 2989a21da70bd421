"""The reminder ledger: a line for every reminder owed, and the message that carries a person's lines on a day.

The database row is the reminder. A line is unique by what it is about, its kind, its due day and its recipient, so
that planning twice plans once. A message is claimed by a lease with a token: whoever holds the token may record what
happened, a late sender changes nothing. A line that was not sent may be planned again when it is owed again.
"""

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from clinic.patients.models import Carer
from clinic.records.models import ClinicalQuerySet, ClinicalRecord
from clinic.staff.access import site_ids
from clinic.staff.models import Site, User
from clinic.staff.roles import Permission
from treatments.courses.models import Dose
from treatments.rules import reminders as rule

M = TypeVar("M", bound=models.Model)


class MessageState(models.TextChoices):
    """Where one mail stands. `handed_over` means the mail server took it; nobody calls that delivered."""

    PLANNED = "planned", "Planned"
    CLAIMED = "claimed", "Being sent"
    HANDED_OVER = "handed_over", "Handed to the mail server"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    MISSED = "missed", "Missed"


class Kind(models.TextChoices):
    """What a line tells."""

    DOSE_UPCOMING = rule.Kind.DOSE_UPCOMING.value, "Dose coming up"
    DOSE_OVERDUE = rule.Kind.DOSE_OVERDUE.value, "Dose overdue"
    LABS_DUE = rule.Kind.LABS_DUE.value, "Laboratory values due"
    REVIEW_NEEDED = rule.Kind.REVIEW_NEEDED.value, "Decision needed"
    AUTHORISATION_ENDING = rule.Kind.AUTHORISATION_ENDING.value, "Authorisation ending"
    VIAL_EXPIRING = rule.Kind.VIAL_EXPIRING.value, "Vial expiring"


LEASE = timedelta(minutes=5)
"""How long a claim holds; taken again before each mail, so that it must outlast one mail and not a batch."""

LONGEST_WAIT = timedelta(minutes=30)
"""The longest time between two attempts at one mail."""

MOST_TAKEOVERS = 5
"""So many senders may take a message over and die over it; then it is set aside, and the others go on."""


class MessageQuerySet(models.QuerySet["Message"]):
    """What a sender asks."""

    def claimable(self, now: datetime) -> Self:
        """Keep the messages that are due, and those whose claim ran out or lies impossibly far ahead.

        Nothing is leased or put off for longer than LEASE and LONGEST_WAIT, so a time beyond them was written by a
        clock that has since gone back; waiting for it would leave the message lying for as long as the jump was.
        """
        due = Q(next_try_at__lte=now) | Q(attempts__gt=0, next_try_at__gt=now + 2 * LONGEST_WAIT)
        return self.filter((Q(state=MessageState.PLANNED) & due) | abandoned(now))

    def poisonous(self, now: datetime) -> Self:
        """Keep the messages whose last permitted sender has died over them too."""
        return self.filter(state=MessageState.CLAIMED, lease_until__lt=now, takeovers__gte=MOST_TAKEOVERS)

    def set_aside(self) -> Self:
        """Keep the messages that failed because every sender died over them."""
        return self.filter(state=MessageState.FAILED, takeovers__gte=MOST_TAKEOVERS)

    def of_the_past(self, recipients: Collection[int], today: date, now: datetime) -> Self:
        """Keep these people's messages of days gone by that nobody holds."""
        unheld = Q(state=MessageState.PLANNED) | abandoned(now)
        return self.filter(unheld, recipient_id__in=recipients, local_day__lt=today)


def abandoned(now: datetime) -> Q:
    """Match the messages whose claim ran out, or whose claim was written by a clock that has since gone back."""
    over = Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * LEASE)
    return Q(state=MessageState.CLAIMED) & over


class Message(models.Model):
    """One digest of one person on one local day. Its id is the mail's Message-ID, whatever the number of attempts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="digests")
    local_day = models.DateField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=MessageState, default=MessageState.PLANNED)
    reason = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    takeovers = models.PositiveSmallIntegerField(
        default=0, help_text="Senders in a row that tried it again and were never heard of."
    )
    next_try_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        """One digest per person and local day; a claim has a token and an end, anything else has neither."""

        constraints = [
            models.UniqueConstraint(fields=["recipient", "local_day"], name="one_digest_per_person_and_day"),
            models.CheckConstraint(
                name="only_a_claimed_message_is_leased",
                condition=Q(state="claimed", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="claimed") & Q(lease_token__isnull=True, lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="handing_over_has_a_time",
                condition=Q(state="handed_over", handed_over_at__isnull=False)
                | (~Q(state="handed_over") & Q(handed_over_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="an_end_without_handing_over_has_a_reason",
                condition=~Q(state__in=["failed", "cancelled", "missed"]) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at", "id"], condition=Q(state="planned"), name="message_to_send"),
            models.Index(fields=["lease_until"], condition=Q(state="claimed"), name="message_leased"),
        ]

    def __str__(self) -> str:
        """Return the state and the day, never a name."""
        return f"digest of {self.local_day:%Y-%m-%d}, {self.state}"


class ReminderQuerySet(models.QuerySet["Reminder"]):
    """What the ledger page and the sweep ask."""

    def seen_by(self, user: User) -> Self:
        """Keep the lines about the sites where this person may see the ledger."""
        return self.filter(site_id__in=site_ids(user, Permission.VIEW_REMINDERS))

    def waiting(self) -> Self:
        """Keep the lines that are to be sent and that no sender holds."""
        return self.filter(state=MessageState.PLANNED)


NEVER_SENT = (MessageState.CANCELLED, MessageState.MISSED)
"""How a line ends that nobody was told. When it is owed again, it is planned again."""


class Reminder(models.Model):
    """One line owed to one recipient. Its state follows its message's, which it joins when that is first tried.

    `reason` says why the line is owed, and once it has ended without being sent, why not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without indexes of their own: those below begin with them.
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, null=True, related_name="reminders", db_index=False)
    kind = models.CharField(max_length=24, choices=Kind)
    what = models.UUIDField(help_text="The row that the line is about: a dose, an authorisation, a vial.")
    due_on = models.DateField()
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="reminders", db_index=False)
    carer = models.ForeignKey(Carer, on_delete=models.PROTECT, null=True, related_name="reminders")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, related_name="lines")
    state = models.CharField(max_length=12, choices=MessageState, default=MessageState.PLANNED)
    reason = models.CharField(max_length=200, blank=True)
    planned_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        """A line is unique by what, kind, due day and recipient, and has one recipient."""

        constraints = [
            models.UniqueConstraint(
                fields=["what", "kind", "due_on", "recipient"],
                condition=Q(recipient__isnull=False),
                name="a_line_is_owed_once_to_a_person",
            ),
            models.UniqueConstraint(
                fields=["what", "kind", "due_on", "carer"],
                condition=Q(carer__isnull=False),
                name="a_line_is_owed_once_to_a_carer",
            ),
            models.CheckConstraint(
                name="a_line_has_one_recipient",
                condition=Q(recipient__isnull=False, carer__isnull=True)
                | Q(recipient__isnull=True, carer__isnull=False),
            ),
            models.CheckConstraint(
                name="a_line_that_was_not_sent_has_a_reason",
                condition=~Q(state__in=["failed", "cancelled", "missed"]) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="a_settled_line_has_a_time",
                condition=Q(state__in=["planned", "claimed"], settled_at__isnull=True)
                | (~Q(state__in=["planned", "claimed"]) & Q(settled_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["site", "-due_on", "-id"], name="reminder_ledger"),
            models.Index(fields=["dose", "kind"], name="reminder_by_dose"),
            models.Index(fields=["site"], condition=Q(state="planned"), name="reminder_waiting_at_site"),
            models.Index(fields=["recipient"], condition=Q(state="planned"), name="reminder_waiting_for"),
        ]

    def __str__(self) -> str:
        """Return the kind and the day, never a name."""
        return f"{self.kind} due {self.due_on:%Y-%m-%d}, {self.state}"


def free(rows: models.QuerySet[M]) -> list[Any]:
    """Lock these rows but for those that somebody else is writing, and return their keys.

    Whoever takes only what is free never waits while holding something, so writers cannot block each other in a
    circle. SQLite has one writer at a time and needs none of it. Only within a transaction.
    """
    return list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))


class Mute(models.Model):
    """That a person switched a kind of reminder off for themselves. It counts where their site lets it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="muted")
    kind = models.CharField(max_length=24, choices=Kind)

    class Meta:
        """Once a person and kind."""

        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="a_kind_is_switched_off_once")]

    def __str__(self) -> str:
        """Return the kind."""
        return self.get_kind_display()


class PutOffQuerySet(ClinicalQuerySet["PutOff"]):
    """What a sweep asks."""

    def in_force(self, now: datetime) -> Self:
        """Keep what may still keep something quiet; the local day decides it to the day."""
        return self.standing().filter(until__gte=now.date())


class PutOff(ClinicalRecord):
    """That somebody put reminders of one kind about one thing off until a local day, and why."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", editable=False)
    kind = models.CharField(max_length=24, choices=Kind, editable=False)
    what = models.UUIDField(editable=False)
    until = models.DateField("quiet until")
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = PutOffQuerySet.as_manager()

    class Meta(ClinicalRecord.Meta):
        """It has a reason; a sweep reads those of a site that have not run out."""

        constraints = [
            *ClinicalRecord.Meta.constraints,
            models.CheckConstraint(name="what_is_put_off_says_why", condition=~Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["site", "until"], condition=Q(voided_at__isnull=True), name="put_off_by_day"),
        ]

    def __str__(self) -> str:
        """Return the kind and the day."""
        return f"{self.kind} put off until {self.until:%Y-%m-%d}"

    def audit_site_id(self) -> uuid.UUID:
        """Tell the trail which site this is about."""
        return self.site_id


class Sweep(models.Model):
    """When a site's reminders were last gone through. A gap of days means that points passed with nobody there.

    `daily_on` is the local day on which what changes slowly was last looked at: values, authorisations, vials.
    """

    site = models.OneToOneField(Site, on_delete=models.PROTECT, primary_key=True, related_name="+")
    at = models.DateTimeField()
    daily_on = models.DateField(null=True)

    def __str__(self) -> str:
        """Return the instant."""
        return f"swept {self.at:%Y-%m-%d %H:%M}"


class Runner(models.TextChoices):
    """What has to turn so that reminders go out: beat wakes the worker; the command needs neither."""

    BEAT = "beat", "Scheduler (beat)"
    WORKER = "worker", "Worker"
    LOOP = "loop", "send_reminders"


class Heartbeat(models.Model):
    """When a process last showed that it lives, and when it last ended a turn well; beat has no turns of its own."""

    who = models.CharField(max_length=8, choices=Runner, primary_key=True)
    at = models.DateTimeField()
    well_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Return who and the instant."""
        return f"{self.who} at {self.at:%Y-%m-%d %H:%M}"
