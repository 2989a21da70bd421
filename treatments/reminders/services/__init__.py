"""What writes the ledger: the sweep that plans, and the senders that hand over."""
