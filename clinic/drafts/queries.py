"""Find what somebody typed."""

from dataclasses import dataclass
from datetime import datetime

from clinic.drafts.models import Draft
from clinic.drafts.places import KEPT_FOR, Place


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft: the texts of each field, and when they were kept."""

    data: dict[str, list[str]]
    saved_at: datetime


def find(place: Place, now: datetime) -> Kept | None:
    """Return what is kept in this very place, None when there is nothing or it is older than a draft gets."""
    rows = Draft.objects.filter(
        user_id=place.user_id, form=place.form, subject=place.subject, saved_at__gte=now - KEPT_FOR
    )
    row = rows.first()
    return None if row is None else Kept(row.data, row.saved_at)
