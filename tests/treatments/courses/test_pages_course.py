"""The pages that start, hold, resume and stop a course, and the one that adds a dose given elsewhere."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.patients.choices import CareStatus
from clinic.patients.models import Patient
from clinic.patients.services import change_care_status
from clinic.staff.models import Site, SitePolicy, User
from clinic.staff.roles import GRANTS, Permission, Role
from monographs.models import Regimen
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.builders import US_12MG
from tests.treatments.courses.pages import entries, problems, queries, title, told
from tests.treatments.pages import filled, looked_at, send, soup, text
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Dose, Hold

pytestmark = pytest.mark.usefixtures("at_noon")
SAVED_BEFORE = ["This was already saved; nothing was saved twice."]
TODAY = date(2026, 7, 4)


def start_url(patient: Patient) -> str:
    return reverse("courses:start", args=[patient.pk])


def url(name: str, course: Course) -> str:
    return reverse(f"courses:{name}", args=[course.pk])


def chart(patient: Patient) -> str:
    return reverse("chart", args=[patient.pk])


def on_hold(course: Course) -> Hold:
    return services.hold_course(
        course=course, from_on=date(2026, 7, 1), reason="Spinal surgery", review_on=date(2026, 8, 1), by=BY, at=AT
    )


def stopped(course: Course, reason: str = "Another therapy") -> Course:
    return services.stop_course(course=course, on=TODAY, reason=reason, by=BY, at=AT)


@pytest.fixture
def regimen(db: None) -> Regimen:
    return builders.regimen()


class TestEveryPage:
    """What the five pages have in common, walked one by one."""

    RIGHTS = {
        "start": Permission.MANAGE_COURSES,
        "hold": Permission.MANAGE_COURSES,
        "resume": Permission.MANAGE_COURSES,
        "stop": Permission.MANAGE_COURSES,
        "elsewhere": Permission.RECORD_DOSES,
    }

    @pytest.fixture(params=sorted(RIGHTS))
    def name(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def address(self, name: str, site: Site, begun: Course) -> str:
        if name == "start":
            return start_url(builders.patient(site, "Other"))
        if name == "resume":
            on_hold(begun)
        return url(name, begun)

    def test_the_table_of_rights_decides_who_opens_and_who_sends(
        self, name: str, address: str, signed_in: Callable[..., Client]
    ) -> None:
        clients = {role: signed_in(role) for role in Role}
        granted = {role: self.RIGHTS[name] in GRANTS[role] for role in Role}
        before = entries()
        opened = {role: client.get(address).status_code for role, client in clients.items()}
        sent = {role: client.post(address, {}).status_code for role, client in clients.items()}
        assert opened == {role: 200 if may else 403 for role, may in granted.items()}
        assert sent == {role: 422 if may else 403 for role, may in granted.items()}
        assert entries() == before

    def test_at_another_site_it_does_not_exist(
        self, address: str, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        client = signed_in(*Role, at=other_site)
        assert client.get(address).status_code == client.post(address).status_code == 404

    def test_the_banner_is_in_sight_and_the_title_says_nothing_of_it(self, address: str, prescriber: Client) -> None:
        page = prescriber.get(address)
        assert text(soup(page).select_one(".patient-banner") or soup(page)).split(",")[0] in {"QUILLFEATHER", "OTHER"}
        assert not {"quillfeather", "ottoline", "other", "robin"} & set(title(page).casefold().replace(",", "").split())

    def test_opening_it_writes_nothing(self, address: str, prescriber: Client) -> None:
        before = entries()
        assert prescriber.get(address).status_code == 200
        assert entries() == before

    def test_the_way_back_leads_to_the_chart(self, address: str, prescriber: Client) -> None:
        page = soup(prescriber.get(address))
        links = [str(link["href"]) for link in page.select("a.back, .form-buttons a")]
        assert len(links) == 2
        assert {link.split("/")[1] for link in links} == {"patients"}

    def test_an_empty_form_says_what_is_missing(self, address: str, prescriber: Client) -> None:
        blank = dict.fromkeys(("planned_start", "from_on", "review_on", "on", "given_on"), "")
        answer = send(prescriber, address, **blank)
        assert answer.status_code == 422
        assert any("Enter the day." in line for line in problems(answer))
        assert title(answer).startswith("Error: ")

    @pytest.mark.parametrize("name", ["start", "hold", "elsewhere"], indirect=True)
    def test_a_form_of_another_person_is_not_taken(
        self, address: str, prescriber: Client, signed_in: Callable[..., Client]
    ) -> None:
        values = filled(soup(signed_in(Role.PRESCRIBER).get(address)))
        assert any("opened by somebody else" in line for line in problems(prescriber.post(address, values)))


class TestStart:
    def test_the_default_regimen_is_chosen_and_no_day_is(
        self, prescriber: Client, patient: Patient, regimen: Regimen
    ) -> None:
        page = soup(prescriber.get(start_url(patient)))
        assert [str(choice["value"]) for choice in page.select("[name=regimen][checked]")] == [str(regimen.pk)]
        assert "value" not in page.select("[name=planned_start]")[0].attrs

    def test_each_regimen_says_what_is_given_when(self, prescriber: Client, patient: Patient, regimen: Regimen) -> None:
        builders.regimen(US_12MG | {"key": "eu", "name": "With <brackets>"})
        labels = [text(label) for label in soup(prescriber.get(start_url(patient))).select(".form-check label")]
        assert labels[0] == "Nusinersen 12 mg 12 mg on days 0, 14, 28 and 58, then 12 mg every 4 months"
        assert labels[1].startswith("With <brackets> 12 mg on days")

    def test_a_course_starts_and_the_chart_shows_it(
        self, prescriber: Client, petra: User, patient: Patient, regimen: Regimen
    ) -> None:
        answer = send(prescriber, start_url(patient), planned_start="2026-07-20")
        assert (answer.status_code, answer["Location"]) == (302, chart(patient))
        assert told(answer) == ["The course was started."]
        dose = Dose.objects.get()
        assert (dose.label, dose.target, dose.course.regimen) == ("L1", date(2026, 7, 20), regimen)

    def test_the_same_form_twice_starts_one_course(
        self, prescriber: Client, patient: Patient, regimen: Regimen
    ) -> None:
        values = filled(soup(prescriber.get(start_url(patient)))) | {"planned_start": "2026-07-20"}
        prescriber.post(start_url(patient), values)
        second = prescriber.post(start_url(patient), values)
        assert (second.status_code, second["Location"], told(second)) == (302, chart(patient), SAVED_BEFORE)
        assert Course.objects.count() == 1

    def test_of_two_people_the_second_is_told_and_keeps_what_was_typed(
        self, prescriber: Client, patient: Patient, regimen: Regimen
    ) -> None:
        values = filled(soup(prescriber.get(start_url(patient)))) | {"planned_start": "2026-07-20"}
        builders.course(patient)
        answer = prescriber.post(start_url(patient), values)
        assert answer.status_code == 422
        assert problems(answer) == ["This patient already has an open course; stop it before another begins."]
        assert soup(answer).select("[name=planned_start]")[0]["value"] == "2026-07-20"
        assert Course.objects.count() == 1

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            ("2026-02-30", "Enter a day that exists, as year-month-day: 2026-05-17."),
            ("0001-01-01", "Check the year: 0001 is not between 1900 and 2199."),
            ("9999-12-31", "Check the year: 9999 is not between 1900 and 2199."),
        ],
    )
    def test_an_impossible_day_is_told_where_it_was_typed(
        self, prescriber: Client, patient: Patient, regimen: Regimen, day: str, said: str
    ) -> None:
        answer = send(prescriber, start_url(patient), planned_start=day)
        assert (answer.status_code, problems(answer)) == (422, [f"First dose planned for : {said}"])
        assert not Course.objects.exists()

    def test_a_regimen_that_is_not_offered_is_refused(
        self, prescriber: Client, patient: Patient, regimen: Regimen
    ) -> None:
        answer = send(prescriber, start_url(patient), planned_start="2026-07-20", regimen=str(uuid4()))
        assert problems(answer) == ["Regimen : Choose a regimen that is in force."]

    def test_a_site_without_a_policy_is_told_what_is_missing(
        self, prescriber: Client, patient: Patient, regimen: Regimen
    ) -> None:
        SitePolicy.objects.update(effective_from=date(2026, 7, 5))
        answer = send(prescriber, start_url(patient), planned_start="2026-07-20")
        assert "This site has no policy in force" in problems(answer)[0]

    def test_there_is_nothing_to_start_beside_an_open_course(self, prescriber: Client, begun: Course) -> None:
        answer = prescriber.get(start_url(begun.patient))
        assert (answer.status_code, answer["Location"]) == (302, chart(begun.patient))
        assert "already has an open course" in told(answer)[0]

    def test_there_is_nothing_to_start_for_somebody_no_longer_in_care(
        self, prescriber: Client, patient: Patient, regimen: Regimen
    ) -> None:
        values = filled(soup(prescriber.get(start_url(patient)))) | {"planned_start": "2026-07-20"}
        change_care_status(patient=patient, to=CareStatus.LEFT, on=TODAY, reason="Moved", by=BY, at=AT)
        assert "no longer in the site's care" in told(prescriber.get(start_url(patient)))[0]
        assert problems(prescriber.post(start_url(patient), values)) == [
            "This patient is no longer in the site's care."
        ]

    def test_without_any_regimen_it_says_who_can_help(self, prescriber: Client, patient: Patient) -> None:
        answer = prescriber.get(start_url(patient))
        assert (answer.status_code, answer["Location"]) == (302, chart(patient))
        assert "an administrator must publish a monograph" in told(answer)[0]


class TestHold:
    HOLD = {"from_on": "2026-07-02", "review_on": "2026-08-01", "reason": "Spinal surgery"}

    def test_today_is_proposed_and_no_day_to_look_again(self, prescriber: Client, begun: Course) -> None:
        page = soup(prescriber.get(url("hold", begun)))
        assert page.select("[name=from_on]")[0]["value"] == "2026-07-04"
        assert "value" not in page.select("[name=review_on]")[0].attrs

    def test_today_is_the_sites_own_day(self, other_site: Site, signed_in: Callable[..., Client]) -> None:
        course = builders.course(builders.patient(other_site))
        with time_machine.travel("2026-07-05T03:59:00+00:00", tick=False):
            page = soup(signed_in(Role.PRESCRIBER, at=other_site).get(url("hold", course)))
        assert page.select("[name=from_on]")[0]["value"] == "2026-07-04"

    def test_a_course_is_held(self, prescriber: Client, begun: Course) -> None:
        answer = send(prescriber, url("hold", begun), **self.HOLD)
        assert (answer.status_code, answer["Location"]) == (302, chart(begun.patient))
        assert told(answer) == ["The course is on hold."]
        assert Hold.objects.get().reason == "Spinal surgery"

    def test_the_same_form_twice_holds_once(self, prescriber: Client, begun: Course) -> None:
        values = looked_at(prescriber, url("hold", begun), **self.HOLD)
        prescriber.post(url("hold", begun), values)
        second = prescriber.post(url("hold", begun), values)
        assert (second.status_code, told(second)) == (302, SAVED_BEFORE)
        assert Hold.objects.count() == 1

    def test_of_two_people_the_second_keeps_what_was_typed(self, prescriber: Client, begun: Course) -> None:
        values = filled(soup(prescriber.get(url("hold", begun)))) | self.HOLD
        on_hold(begun)
        answer = prescriber.post(url("hold", begun), values)
        assert (answer.status_code, problems(answer)) == (422, ["This course is on hold already."])
        assert "Spinal surgery" in text(soup(answer).select("[name=reason]")[0])

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"from_on": "2026-07-05"}, "On hold from : That day lies in the future; put the course on hold on the"),
            ({"review_on": "2026-07-03"}, "Look again on : 3 Jul 2026 has passed; choose today or a later day"),
            ({"review_on": "2026-07-01"}, "Look again on : Look again on or after the day the hold begins."),
            ({"reason": "  "}, "Reason : Write the reason in a few words."),
            ({"reason": "x" * 501}, "Reason : Ensure this value has at most 500 characters (it has 501)."),
        ],
    )
    def test_what_is_wrong_is_told_where_it_was_typed_and_the_rest_is_kept(
        self, prescriber: Client, begun: Course, typed: dict[str, str], said: str
    ) -> None:
        answer = send(prescriber, url("hold", begun), **(self.HOLD | typed))
        assert answer.status_code == 422
        (line,) = problems(answer)
        assert line.startswith(said)
        kept = filled(soup(answer))
        assert {name: kept[name].strip() for name in self.HOLD} == {
            name: value.strip() for name, value in (self.HOLD | typed).items()
        }
        assert not Hold.objects.exists()

    def test_there_is_nothing_to_hold_twice_or_after_a_stop(self, prescriber: Client, begun: Course) -> None:
        on_hold(begun)
        assert told(prescriber.get(url("hold", begun))) == ["This course is on hold already."]
        stopped(begun)
        assert told(prescriber.get(url("hold", begun))) == ["The course was stopped; nothing more is planned on it."]

    def test_a_course_that_was_stopped_meanwhile_is_not_held(self, prescriber: Client, begun: Course) -> None:
        values = filled(soup(prescriber.get(url("hold", begun)))) | self.HOLD
        stopped(begun)
        answer = prescriber.post(url("hold", begun), values)
        assert (answer.status_code, problems(answer)) == (
            422,
            ["This course was stopped on 4 Jul 2026; nothing more can be planned on it."],
        )


class TestResume:
    def test_the_hold_stands_beside_the_form(self, prescriber: Client, begun: Course) -> None:
        on_hold(begun)
        page = soup(prescriber.get(url("resume", begun)))
        notice = text(page.select("main .notice")[0])
        assert notice == "On hold since 1 Jul 2026, look again on 1 Aug 2026 Spinal surgery"
        assert page.select("[name=on]")[0]["value"] == "2026-07-04"

    def test_a_course_goes_on_with_the_date_it_had(self, prescriber: Client, begun: Course) -> None:
        on_hold(begun)
        answer = send(prescriber, url("resume", begun))
        assert (answer.status_code, answer["Location"], told(answer)) == (
            302,
            chart(begun.patient),
            ["The course goes on."],
        )
        assert Hold.objects.get().ended_on == TODAY
        assert builders.next_dose(begun).target == date(2026, 7, 9)

    def test_the_same_form_twice_resumes_once(self, prescriber: Client, begun: Course) -> None:
        on_hold(begun)
        values = looked_at(prescriber, url("resume", begun))
        prescriber.post(url("resume", begun), values)
        before = entries()
        second = prescriber.post(url("resume", begun), values)
        assert (second.status_code, told(second)) == (302, SAVED_BEFORE)
        assert entries() == before

    def test_somebody_who_ended_it_on_another_day_is_named_by_that_day(self, prescriber: Client, begun: Course) -> None:
        held = on_hold(begun)
        values = filled(soup(prescriber.get(url("resume", begun))))
        services.resume_course(hold=held, on=date(2026, 7, 2), by=BY, at=AT)
        answer = prescriber.post(url("resume", begun), values)
        assert (answer.status_code, problems(answer)) == (422, ["The hold ended on 2 Jul 2026 already."])

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            ("2026-06-30", "Resume on : The hold began on 1 Jul 2026; resume on or after that day."),
            ("2026-07-05", "Resume on : That day lies in the future; resume on the day the hold ends."),
        ],
    )
    def test_a_day_outside_the_hold_is_told(self, prescriber: Client, begun: Course, day: str, said: str) -> None:
        on_hold(begun)
        answer = send(prescriber, url("resume", begun), on=day)
        assert (answer.status_code, problems(answer)) == (422, [said])
        assert filled(soup(answer))["on"] == day

    def test_there_is_nothing_to_resume_without_a_hold(self, prescriber: Client, begun: Course) -> None:
        for answer in (prescriber.get(url("resume", begun)), prescriber.post(url("resume", begun), {})):
            assert (answer.status_code, answer["Location"]) == (302, chart(begun.patient))
            assert told(answer) == ["This course is not on hold."]

    def test_there_is_nothing_to_resume_after_the_hold_ended(self, prescriber: Client, begun: Course) -> None:
        services.resume_course(hold=on_hold(begun), on=TODAY, by=BY, at=AT)
        assert told(prescriber.get(url("resume", begun))) == ["This course is not on hold."]

    def test_a_second_hold_is_the_one_that_ends(self, prescriber: Client, begun: Course) -> None:
        first = on_hold(begun)
        services.resume_course(hold=first, on=TODAY, by=BY, at=AT)
        second = on_hold(begun)
        send(prescriber, url("resume", begun))
        assert Hold.objects.get(pk=second.pk).ended_on == TODAY


class TestStop:
    def test_a_course_stops(self, prescriber: Client, begun: Course) -> None:
        answer = send(prescriber, url("stop", begun), reason="Another therapy")
        assert (answer.status_code, answer["Location"]) == (302, chart(begun.patient))
        assert told(answer) == ["The course was stopped."]
        course = Course.objects.get()
        assert (course.stopped_on, course.stop_reason) == (TODAY, "Another therapy")

    def test_leaving_the_page_is_not_called_cancel(self, prescriber: Client, begun: Course) -> None:
        first = soup(prescriber.get(url("stop", begun)))
        assert [text(one) for one in first.select(".form-buttons > *")] == ["Show what changes", "Keep the course"]
        page = soup(prescriber.post(url("stop", begun), filled(first) | {"reason": "Another therapy"}))
        assert [text(one) for one in page.select(".form-buttons > *")] == ["Stop the course", "Keep the course"]
        assert page.select(".form-buttons .btn-danger")

    def test_the_booking_is_cancelled_with_it(self, prescriber: Client, begun: Course, dose: Dose) -> None:
        services.book(dose=dose, on=date(2026, 7, 9), at_time=None, place="", by=BY, at=AT)
        send(prescriber, url("stop", begun), reason="Another therapy")
        assert Booking.objects.get().cancel_reason == "Course stopped"

    def test_the_same_form_twice_stops_once(self, prescriber: Client, begun: Course) -> None:
        values = looked_at(prescriber, url("stop", begun), reason="Another therapy")
        prescriber.post(url("stop", begun), values)
        before = entries()
        second = prescriber.post(url("stop", begun), values)
        assert (second.status_code, told(second)) == (302, SAVED_BEFORE)
        assert entries() == before

    def test_of_two_people_the_second_sees_when_and_why_and_keeps_what_was_typed(
        self, prescriber: Client, begun: Course
    ) -> None:
        values = filled(soup(prescriber.get(url("stop", begun)))) | {"reason": "Moved to Leeds"}
        stopped(begun, "Family decided")
        answer = prescriber.post(url("stop", begun), values)
        assert (answer.status_code, problems(answer)) == (
            422,
            ["This course was stopped on 4 Jul 2026 already: Family decided"],
        )
        assert filled(soup(answer))["reason"].strip() == "Moved to Leeds"
        assert Course.objects.get().stop_reason == "Family decided"

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"on": "2026-07-05"}, "Stopped on : That day lies in the future; stop the course on the day it ends."),
            (
                {"on": "2026-06-24"},
                "Stopped on : A dose was given on 25 Jun 2026; stop the course on that day or later.",
            ),
            ({"reason": ""}, "Reason : Write the reason in a few words."),
        ],
    )
    def test_what_is_wrong_is_told_where_it_was_typed(
        self, prescriber: Client, begun: Course, typed: dict[str, str], said: str
    ) -> None:
        answer = send(prescriber, url("stop", begun), **({"reason": "Another therapy"} | typed))
        assert (answer.status_code, problems(answer)) == (422, [said])
        assert Course.objects.get().is_open

    def test_there_is_nothing_to_stop_twice(self, prescriber: Client, begun: Course) -> None:
        stopped(begun)
        assert told(prescriber.get(url("stop", begun))) == ["The course was stopped; nothing more is planned on it."]


class TestElsewhere:
    DOSE = {"given_on": "2026-06-11", "place": "Eastbrook Children's Hospital"}

    def test_the_planned_amount_is_proposed_without_zeros_and_no_day_is(self, nurse: Client, begun: Course) -> None:
        page = soup(nurse.get(url("elsewhere", begun)))
        assert page.select("[name=mg]")[0]["value"] == "12"
        assert "value" not in page.select("[name=given_on]")[0].attrs

    def test_fifty_is_fifty(self, nurse: Client, site: Site) -> None:
        heavy = US_12MG | {"key": "heavy", "loading": [{"mg": 50, "ml": 5, "after": "0 days"}]}
        course = builders.course(builders.patient(site), on=builders.regimen(heavy))
        assert soup(nurse.get(url("elsewhere", course))).select("[name=mg]")[0]["value"] == "50"

    def test_the_whole_series_is_counted_anew(self, nurse: Client, begun: Course) -> None:
        answer = send(nurse, url("elsewhere", begun), **self.DOSE)
        assert (answer.status_code, answer["Location"]) == (302, chart(begun.patient))
        assert told(answer) == ["The dose was added. Next is L3 on 9 Jul 2026."]
        rows = Administration.objects.order_by("given_on")
        assert [(row.dose.label, row.elsewhere, row.place) for row in rows] == [
            ("L1", True, "Eastbrook Children's Hospital"),
            ("L2", False, ""),
        ]

    def test_the_same_form_twice_adds_one_dose(self, nurse: Client, begun: Course) -> None:
        values = filled(soup(nurse.get(url("elsewhere", begun)))) | self.DOSE
        nurse.post(url("elsewhere", begun), values)
        before = entries()
        second = nurse.post(url("elsewhere", begun), values)
        assert (second.status_code, told(second)) == (302, SAVED_BEFORE)
        assert (Administration.objects.count(), entries()) == (2, before)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"given_on": "2026-07-05"}, "Day given : 5 Jul 2026 lies in the future; enter when the dose was given."),
            ({"given_on": "2020-05-16"}, "Day given : 16 May 2020 lies before the patient was born."),
            (
                {"given_on": "2026-06-25"},
                "Day given : A dose is recorded on 25 Jun 2026 already; two doses on one day cannot both count.",
            ),
            ({"mg": ""}, "Amount : Enter the amount in mg."),
            ({"mg": "0"}, "Amount : Enter more than 0."),
            ({"mg": "100.01"}, "Amount : Enter 100 mg or less."),
            ({"mg": "12,5"}, "Amount : Enter a plain number, with a point for decimals, such as 4.5."),
            ({"mg": "1.234"}, "Amount : Ensure that there are no more than 2 decimal places."),
            ({"place": " "}, "Given at : Enter the centre that gave it."),
        ],
    )
    def test_what_is_wrong_is_told_where_it_was_typed_and_the_rest_is_kept(
        self, nurse: Client, begun: Course, typed: dict[str, str], said: str
    ) -> None:
        before = entries()
        answer = send(nurse, url("elsewhere", begun), **(self.DOSE | {"note": "From the letter"} | typed))
        assert (answer.status_code, problems(answer)) == (422, [said])
        assert filled(soup(answer))["note"].strip() == "From the letter"
        assert entries() == before

    @pytest.mark.parametrize("mg", ["0.01", "100"])
    def test_the_smallest_and_the_largest_amount_are_taken(self, nurse: Client, begun: Course, mg: str) -> None:
        assert send(nurse, url("elsewhere", begun), **(self.DOSE | {"mg": mg})).status_code == 302
        assert Administration.objects.get(elsewhere=True).mg == Decimal(mg)

    def test_there_is_nothing_to_add_to_a_stopped_course(self, nurse: Client, begun: Course) -> None:
        values: dict[str, Any] = filled(soup(nurse.get(url("elsewhere", begun)))) | self.DOSE
        stopped(begun)
        assert told(nurse.get(url("elsewhere", begun))) == ["The course was stopped; nothing more is planned on it."]
        assert nurse.post(url("elsewhere", begun), values).status_code == 422
        assert Administration.objects.count() == 1


@pytest.mark.parametrize(("name", "most"), [("hold", 11), ("stop", 10), ("elsewhere", 11)])
def test_a_long_course_takes_no_more_queries_than_a_short_one(
    prescriber: Client, site: Site, name: str, most: int
) -> None:
    course = builders.course(builders.patient(site), planned_start=date(2023, 1, 2))
    days = [date(2023 + month // 12, month % 12 + 1, 5) for month in range(0, 36, 3)]
    for day in days[:3]:
        builders.give(course, day)
    few = queries(prescriber, url(name, course))
    for day in days[3:]:
        builders.give(course, day)
    assert queries(prescriber, url(name, course)) == few <= most


def test_an_unknown_course_is_not_found(prescriber: Client, begun: Course) -> None:
    for name in ("hold", "resume", "stop", "elsewhere"):
        assert prescriber.get(reverse(f"courses:{name}", args=[uuid4()])).status_code == 404
