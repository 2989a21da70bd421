"""What the ledger, the sweep and the digest read."""
