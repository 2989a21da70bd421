"""Outcomes: motor scores by scale, and how they went over time."""
