"""Everything that changes a course: each function is one use case in one transaction, with its trail."""

from treatments.courses.services.bookings import (
    AlreadyBooked,
    BookedInThePast,
    BookedTooSoon,
    book,
    cancel_booking,
    move_booking,
)
from treatments.courses.services.giving import (
    DoseAlreadyGiven,
    Given,
    GivenInTheFuture,
    GivenOnSuchADay,
    record_elsewhere,
    record_given,
)
from treatments.courses.services.keeping import (
    AlreadyOnHold,
    CourseStopped,
    NotAvailableHere,
    OpenCourseExists,
    PatientNotInCare,
    ResumedTooEarly,
    StoppedInTheFuture,
    Unconfirmed,
    hold_course,
    resume_course,
    start_course,
    stop_course,
)

__all__ = [
    "AlreadyBooked",
    "AlreadyOnHold",
    "BookedInThePast",
    "BookedTooSoon",
    "CourseStopped",
    "DoseAlreadyGiven",
    "Given",
    "GivenInTheFuture",
    "GivenOnSuchADay",
    "NotAvailableHere",
    "OpenCourseExists",
    "PatientNotInCare",
    "ResumedTooEarly",
    "StoppedInTheFuture",
    "Unconfirmed",
    "book",
    "cancel_booking",
    "hold_course",
    "move_booking",
    "record_elsewhere",
    "record_given",
    "resume_course",
    "start_course",
    "stop_course",
]
