"""What the ledger, the sweep and the digest read."""

from treatments.reminders.queries.people import Choice, choices

__all__ = ["Choice", "choices"]
