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
from django.urls import reverse

from clinic import formatting
from treatments.rules.reminders import Audience, Kind


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One appointment that needs somebody.

    `day` is the last day of the window for an overdue one, else the day it is expected; `booked` says that this day
    was agreed. `today` is the site's own day.
    """

    dose_id: uuid.UUID
    site: str
    kind: Kind
    audience: Audience
    day: date
    booked: bool
    today: date

    @property
    def text(self) -> str:
        """Return the line as one sentence."""
        if self.kind is Kind.DOSE_OVERDUE:
            late = formatting.plural((self.today - self.day).days, "day")
            told = " You are told as the lead clinician." if self.audience is Audience.LEAD else ""
            return f"An appointment is {late} overdue.{told}"
        how = "booked for" if self.booked else "due on"
        return f"An appointment is {how} {formatting.day(self.day)} ({formatting.until(self.day, self.today)})."

    @property
    def url(self) -> str:
        """Return the address of the page behind the line; it needs a signed-in person and holds nothing but an id."""
        return f"{settings.PUBLIC_URL}{reverse('courses:dose', args=[self.dose_id])}"


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
    """Return what is overdue, longest first, then what is coming up, soonest first."""
    ordered = sorted(lines, key=lambda line: (line.day, line.site, line.dose_id))
    titles = {Kind.DOSE_OVERDUE: "Overdue", Kind.DOSE_UPCOMING: "Coming up"}
    groups = [Group(title, tuple(line for line in ordered if line.kind is kind)) for kind, title in titles.items()]
    return [group for group in groups if group.lines]
