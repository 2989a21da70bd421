"""What writes the ledger: the sweep that plans, the senders that hand over, and what people decide about either."""

from treatments.reminders.services.again import NoReason, NothingToSendAgain, send_again, send_test
from treatments.reminders.services.choosing import NobodySaidWhy, PutOffTooLong, put_off, set_preferences
from treatments.reminders.services.previewing import Preview, next_digest_at, preview

__all__ = [
    "NoReason",
    "NobodySaidWhy",
    "NothingToSendAgain",
    "Preview",
    "PutOffTooLong",
    "next_digest_at",
    "preview",
    "put_off",
    "send_again",
    "send_test",
    "set_preferences",
]
