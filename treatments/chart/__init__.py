"""The chart: one patient on one page."""
