"""Keep a draft, drop it, forget old ones."""

import json
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from clinic.drafts.models import Draft
from clinic.drafts.places import KEPT_FOR, Place

MOST_BYTES = 64 * 1024
# What was confirmed or looked at counts only with what stood on the page then, so it is asked for again.
ASKED_AGAIN = {"confirmed", "seen", "another_person", "matches_seen"}
# What a page adds to its form for itself: the slip, Django's token, and the button that asks for similar records.
_OF_THE_PAGE = {"draft", "csrfmiddlewaretoken", "look"}


class TooLarge(Exception):
    """More was typed than any form takes; nothing was kept, and what was kept before stays."""

    def __init__(self) -> None:
        """Say so in a sentence."""
        super().__init__("This is more than can be kept for later. Send the form, or shorten what you typed.")


@transaction.atomic
def keep(*, place: Place, data: Iterable[tuple[str, list[str]]], at: datetime) -> None:
    """Keep what was typed in place of what was kept before, and forget what is old. Raises TooLarge."""
    kept = {name: [_storable(text) for text in texts] for name, texts in data if is_kept(name)}
    if len(json.dumps(kept, ensure_ascii=False).encode()) > MOST_BYTES:
        raise TooLarge
    forget_old(at=at)
    row = Draft(user_id=place.user_id, form=place.form, subject=place.subject, data=kept, saved_at=at)
    # One statement, so that two tabs which keep at once do not meet: the last one wins.
    Draft.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["user", "form", "subject"],
        update_fields=["data", "saved_at"],
    )


def drop(*, place: Place) -> None:
    """Delete what is kept in this place, if anything is."""
    Draft.objects.filter(user_id=place.user_id, form=place.form, subject=place.subject).delete()


def forget_old(*, at: datetime) -> None:
    """Delete every draft, of whomever, that is older than a draft gets."""
    Draft.objects.filter(saved_at__lt=at - KEPT_FOR).delete()


def is_kept(name: str) -> bool:
    """Say whether a field of this name belongs into a draft; a password never does."""
    return name not in ASKED_AGAIN | _OF_THE_PAGE and "password" not in name.lower()


def _storable(text: str) -> str:
    """Leave out the one character that no database takes, and no form either."""
    return text.replace("\x00", "")
