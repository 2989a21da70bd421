"""Reading a slip and asking whose it is: one step. A draft has one reader, the person who typed it."""

from django.core import signing
from django.core.exceptions import PermissionDenied

from clinic.drafts.places import Slip
from clinic.staff.models import User


def slip_or_403(user: User, token: str) -> Slip:
    """Return the slip that a page issued to this person; 403 for a stranger's, an old one, and none at all."""
    slip = slip_or_none(token)
    if slip is None or slip.place.user_id != user.pk:
        raise PermissionDenied("This form was opened by somebody else, or too long ago. Open it again.")
    return slip


def slip_or_none(token: str) -> Slip | None:
    """Return what a page issued, whoever is asking; None for anything else."""
    try:
        return Slip.read(token)
    except signing.BadSignature:
        return None
