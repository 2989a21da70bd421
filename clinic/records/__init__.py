"""How a clinical record is kept: versioned, audited, voided with a reason, never deleted."""
