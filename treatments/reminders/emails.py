"""The mails that leave here, one function each. None of them holds anything personal.

A digest says how many appointments need somebody, how late or how soon, and where to look. Whom it is about, and what
it is for, is only seen after signing in: mail is read on shared screens, forwarded and kept by others.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from clinic import formatting
from treatments.reminders.addresses import page_of
from treatments.rules.reminders import Audience, Kind


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One thing that needs somebody.

    `what` is the row that it is about. `day` is the last day of the window for an overdue appointment, the end of an
    approval or of a shelf life, the day since which a decision waits, else the day an appointment is expected; `booked`
    says that this day was agreed. `today` is the site's own day.
    """

    what: uuid.UUID
    site: str
    kind: Kind
    audience: Audience
    day: date
    booked: bool
    today: date

    @property
    def text(self) -> str:
        """Return the line as one sentence."""
        told = " You are told as the lead clinician." if self.audience is Audience.LEAD else ""
        return f"{self._sentence()}{told}"

    def _sentence(self) -> str:
        day, near = formatting.day(self.day), formatting.until(self.day, self.today)
        how = "booked for" if self.booked else "due on"
        sentences = {
            Kind.DOSE_OVERDUE: f"An appointment is {formatting.plural((self.today - self.day).days, 'day')} overdue.",
            Kind.DOSE_UPCOMING: f"An appointment is {how} {day} ({near}).",
            Kind.LABS_DUE: f"Results are missing for an appointment {how} {day} ({near}).",
            Kind.REVIEW_NEEDED: f"A decision has been needed since {day}.",
            Kind.AUTHORISATION_ENDING: f"An approval ends on {day}, or is nearly used up.",
            Kind.VIAL_EXPIRING: f"Something in stock expires on {day} ({near}).",
        }
        return sentences[self.kind]

    @property
    def url(self) -> str:
        """Return the address of the page behind the line; it needs a signed-in person and holds nothing but an id."""
        return f"{settings.PUBLIC_URL}{page_of(self.kind, self.what)}"


@dataclass(frozen=True, slots=True)
class Digest:
    """One person's lines of one day. `attempt` counts from 1; the message id is the same at every attempt."""

    message_id: uuid.UUID
    attempt: int
    to: str
    at: datetime
    lines: tuple[DigestLine, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of one urgency, the most urgent first."""

    title: str
    lines: tuple[DigestLine, ...]


def digest(content: Digest) -> EmailMultiAlternatives:
    """Return the daily digest as plain text and HTML, ready to be handed to a mail server."""
    context = _context(content)
    mail = EmailMultiAlternatives(
        subject=" ".join(render_to_string("emails/digest-subject.txt", context).split()),
        body=render_to_string("emails/digest-body.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[content.to],
        headers=_headers(content),
    )
    mail.attach_alternative(render_to_string("emails/digest-body.html", context), "text/html")
    return mail


def trial(pk: uuid.UUID, to: str, at: datetime) -> EmailMultiAlternatives:
    """Return a mail that only shows that mail leaves here."""
    said = f"This is a test mail of {settings.PRODUCT_NAME}, {settings.PUBLIC_URL}. Nothing is to be done."
    return EmailMultiAlternatives(
        subject="Test mail",
        body=said,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers=_headers(Digest(pk, 1, to, at, ())),
    )


def message_id(pk: uuid.UUID) -> str:
    """Return the Message-ID of a row: the same however often it is sent, so that a second copy can be recognised."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2]
    return f"<{pk}@{domain or 'localhost'}>"


def _headers(content: Digest) -> dict[str, str]:
    headers = {
        "Message-ID": message_id(content.message_id),
        "Date": format_datetime(content.at),
        "Auto-Submitted": "auto-generated",
    }
    return headers | ({"X-Attempt": str(content.attempt)} if content.attempt > 1 else {})


def _context(content: Digest) -> dict[str, object]:
    sites = sorted({line.site for line in content.lines})
    return {
        "count": len(content.lines),
        "sites": " and ".join(sites) if len(sites) < 3 else formatting.plural(len(sites), "site"),
        "several_sites": len(sites) > 1,
        "groups": _groups(content.lines),
        "product_name": settings.PRODUCT_NAME,
        "public_url": settings.PUBLIC_URL,
    }


def _groups(lines: tuple[DigestLine, ...]) -> list[Group]:
    """Return the lines by urgency: what is overdue first, the longest before the others."""
    ordered = sorted(lines, key=lambda line: (line.day, line.site, line.what))
    titles = {
        Kind.DOSE_OVERDUE: "Overdue",
        Kind.REVIEW_NEEDED: "Waiting for a decision",
        Kind.LABS_DUE: "Results missing",
        Kind.DOSE_UPCOMING: "Coming up",
        Kind.AUTHORISATION_ENDING: "Approvals ending",
        Kind.VIAL_EXPIRING: "Stock expiring",
    }
    groups = [Group(title, tuple(line for line in ordered if line.kind is kind)) for kind, title in titles.items()]
    return [group for group in groups if group.lines]
