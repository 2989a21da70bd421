"""The pages of adverse events."""
