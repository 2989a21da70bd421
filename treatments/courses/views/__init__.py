"""The pages of courses and doses."""
