"""Let a running course stand on a newer version of its regimen or of its site's policy; nothing does so by itself."""

import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import cast

from django.db import transaction

from clinic.audit.trail import Actor
from clinic.records import writing
from clinic.staff.models import SitePolicy, User
from monographs.models import Regimen, Version
from treatments.courses import events
from treatments.courses.models import Course, Decision
from treatments.courses.series import policy_of, series_of
from treatments.courses.services.deciding import COMPARED, ReasonMissing, kept
from treatments.courses.services.keeping import NotAvailableHere, first_time, locked_open
from treatments.courses.services.replanning import last_given, replan
from treatments.rules.comparing import as_planned
from treatments.rules.schedule import Series
from treatments.rules.schedule_words import in_words


class NothingNewer(Exception):
    """The course stands on these versions already."""


@transaction.atomic
def migrate_course(
    *,
    course: Course,
    regimen: Regimen,
    policy: SitePolicy,
    reason: str,
    by: Actor,
    at: datetime,
    expected: int | None = None,
    submission: uuid.UUID | None = None,
) -> Course:
    """Put an open course on these versions, and count every dose anew under them.

    An earlier version may be taken again. Raises ReasonMissing, NothingNewer, NotAvailableHere for another regimen or
    another site's policy, and for what is not in force yet; CourseStopped, StaleRecord, AlreadySubmitted.
    """
    course = locked_open(course.pk)
    first_time(Decision, submission)
    _available(course, regimen, policy, course.site.today(at))
    if not reason:
        raise ReasonMissing("Say why the course takes the new version.")
    before, stood_on = series_of(course), versions_in_words(course.regimen, course.policy)
    course = writing.change(
        course,
        event=events.COURSE_MIGRATED,
        by=by,
        at=at,
        reason=reason,
        expected=expected,
        regimen=regimen,
        policy=policy,
    )
    course = Course.objects.select_related("regimen__version", "policy", "site").get(pk=course.pk)
    replan(course, by=by, at=at)
    row = _decision(course, before, stood_on, course.site.today(at), reason, by)
    writing.add(row, event=events.DECIDED, by=by, at=at, submission=submission)
    return course


def _available(course: Course, regimen: Regimen, policy: SitePolicy, today: date) -> None:
    """Refuse versions on which this course cannot stand."""
    if (course.regimen_id, course.policy_id) == (regimen.pk, policy.pk):
        raise NothingNewer("This course stands on these versions already.")
    if regimen.key != course.regimen.key or policy.site_id != course.site_id:
        raise NotAvailableHere("That is a version of another regimen, or the policy of another site.")
    if regimen.version.state == Version.State.DRAFT:
        raise NotAvailableHere("That version of the monograph is a draft; it must be published first.")
    if policy.effective_from > today:
        raise NotAvailableHere(f"That policy is in force from {in_words(policy.effective_from)} on.")
    if course.switched_from_id is not None and regimen.rule().switch is None:
        raise NotAvailableHere("That version knows no switch dose, with which this course began.")


def migrated(series: Series, regimen: Regimen, policy: SitePolicy) -> Series:
    """Return the course as it would be under these versions."""
    return replace(series, regimen=regimen.rule(), policy=policy_of(policy))


def versions_in_words(regimen: Regimen, policy: SitePolicy) -> str:
    """Say which versions a course stands on."""
    return f"monograph version {regimen.version.number} and the policy of {in_words(policy.effective_from)}"


def _decision(course: Course, before: Series, stood_on: str, today: date, reason: str, by: Actor) -> Decision:
    return Decision(
        course=course,
        site_id=course.site_id,
        patient_id=course.patient_id,
        matter=Decision.Matter.VERSION,
        answer=Decision.Answer.ACCEPTED,
        after_on=last_given(before),
        made_on=today,
        rules=[10],
        proposal=f"The course stood on {stood_on}",
        source=course.policy.source[:200],
        answer_words=f"It stands on {versions_in_words(course.regimen, course.policy)}",
        reason=reason,
        before=kept(as_planned(before, today, COMPARED)),
        after=kept(as_planned(migrated(before, course.regimen, course.policy), today, COMPARED)),
        decided_by=cast("User | None", by.person),
    )
