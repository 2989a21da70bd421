"""The rulebook: pure functions from facts and a day to an answer with its reason."""
