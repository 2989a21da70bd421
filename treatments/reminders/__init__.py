"""Reminders: who is owed which line, and the ledger that proves what happened to it."""
