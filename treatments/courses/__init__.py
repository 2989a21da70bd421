"""Courses: start, hold, stop; the series of doses, their bookings and what was given."""
