"""Courses, the doses of their series, bookings, attempts, holds and decisions."""

from treatments.courses.models.base import OfCourse, OfCourseQuerySet
from treatments.courses.models.course import Course, Hold
from treatments.courses.models.decisions import Decision
from treatments.courses.models.doses import Administration, Booking, Dose

__all__ = ["Administration", "Booking", "Course", "Decision", "Dose", "Hold", "OfCourse", "OfCourseQuerySet"]
