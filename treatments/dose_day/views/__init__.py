"""The pages of the dose day."""
