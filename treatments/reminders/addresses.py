"""Where each kind of line leads: the page on which somebody does what it asks for."""

import uuid

from django.urls import reverse

from treatments.rules.reminders import Kind

_PAGES = {
    Kind.DOSE_OVERDUE: "courses:dose",
    Kind.DOSE_UPCOMING: "courses:dose",
    Kind.LABS_DUE: "readiness:dose",
    Kind.REVIEW_NEEDED: "courses:dose",
    Kind.AUTHORISATION_ENDING: "supply:renew_authorisation",
    Kind.VIAL_EXPIRING: "supply:vial",
}


def page_of(kind: Kind, what: uuid.UUID) -> str:
    """Return the path of the page behind a line; it holds nothing but an id."""
    return reverse(_PAGES[kind], args=[what])
