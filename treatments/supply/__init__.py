"""Supply: every vial by its ledger, what a payer has authorised, and what the schedule will need."""
