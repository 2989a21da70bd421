"""Pages about patients: find, register, correct. The chart itself belongs to the treatments."""
