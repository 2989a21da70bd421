"""The list of courses on older versions, one course before and after, and the step to the newer version."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.patients.choices import CareStatus
from clinic.patients.services import change_care_status
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Permission, Role
from clinic.staff.services import give_role
from tests.factories import AT, BY
from tests.treatments.courses import builders, newer
from tests.treatments.courses.builders import US_12MG
from tests.treatments.courses.newer import FIVE_MONTHS, TODAY
from tests.treatments.courses.pages import problems, title, told
from tests.treatments.pages import filled, send, soup, text
from tests.treatments.worklist.builders import Planned, seed
from treatments.courses import services
from treatments.courses.models import Course, Decision
from treatments.courses.queries import versions
from treatments.courses.views.shared import SAVED_BEFORE

pytestmark = pytest.mark.usefixtures("at_noon")
LIST = "/courses/versions/"
LOADING = [*US_12MG["loading"][:3], {"mg": 12, "ml": 5, "after": "35 days"}]


@pytest.fixture
def courses(site: Site) -> list[Course]:
    """BIRCH still loads and would move; ALDER is loaded and would not. Both stand on version 1."""
    courses = [newer.loaded(site, "Alder"), newer.loaded(site, "Birch", 3)]
    newer.version(loading=LOADING)
    return courses


@pytest.fixture
def cedar(other_site: Site) -> Course:
    """A course at another site. Ask for it before `courses`: it begins while version 1 is in force."""
    return newer.loaded(other_site, "Cedar")


def names(response: Any) -> list[str]:
    return [text(link).split(",")[0] for link in soup(response).select("tbody th a")]


def boxes(response: Any) -> dict[str, str]:
    """Return the value of each box by the patient it stands beside."""
    found = soup(response).select("input[name=ticked]")
    return {str(box["aria-label"]).split(",")[0]: str(box["value"]) for box in found}


def migrate(client: Client, *ticked: str, at: str = LIST, **typed: str) -> Any:
    """Tick boxes of the list as it is, give a reason, and send it."""
    page = client.get(at)
    values = [boxes(page)[name] for name in ticked]
    return client.post(at, filled(soup(page)) | {"ticked": values, "reason": "The label changed"} | typed)


def number(course: Course) -> int:
    return Course.objects.select_related("regimen__version").get(pk=course.pk).regimen.version.number


def one(course: Course) -> str:
    return reverse("courses:migrate", args=[course.pk])


class TestWhoSeesWhat:
    @pytest.mark.parametrize("role", Role)
    def test_everybody_reads_the_list_and_only_a_prescriber_finds_boxes(
        self, signed_in: Callable[..., Client], courses: list[Course], role: Role
    ) -> None:
        client = signed_in(role)
        page = client.get(LIST)
        decides = Permission.DECIDE in GRANTS[role]
        assert sorted(names(page)) == ["ALDER", "BIRCH"]
        assert bool(boxes(page)) is bool(soup(page).select("main form[method=post]")) is decides
        assert client.post(LIST, {}).status_code == (422 if decides else 403)
        assert client.get(one(courses[0])).status_code == (200 if decides else 403)
        assert client.post(one(courses[0]), {}).status_code == (422 if decides else 403)

    def test_another_sites_courses_are_not_there(
        self,
        signed_in: Callable[..., Client],
        other_site: Site,
        prescriber: Client,
        cedar: Course,
        courses: list[Course],
    ) -> None:
        stranger = signed_in(Role.PRESCRIBER, at=other_site)
        assert names(stranger.get(LIST)) == ["CEDAR"]
        value = boxes(prescriber.get(LIST))["ALDER"]
        sent = filled(soup(stranger.get(LIST))) | {"ticked": [value], "reason": "The label changed"}
        assert stranger.post(LIST, sent).status_code == 404
        assert number(courses[0]) == 1

    def test_who_only_reads_at_a_second_site_finds_no_box_there(
        self,
        signed_in: Callable[..., Client],
        petra: User,
        other_site: Site,
        cedar: Course,
        courses: list[Course],
    ) -> None:
        give_role(user=petra, site=other_site, role=Role.VIEWER, by=BY, at=AT)
        client = signed_in(user=petra)
        page = client.get(LIST)
        assert sorted(names(page)) == ["ALDER", "BIRCH", "CEDAR"]
        assert sorted(boxes(page)) == ["ALDER", "BIRCH"]
        assert len(soup(page).select("td.do a")) == 2

    def test_neither_title_nor_address_names_anybody(self, prescriber: Client, courses: list[Course]) -> None:
        page = prescriber.get(LIST)
        assert title(page) == "Courses on older versions · Tidemark"
        assert title(prescriber.get(one(courses[0]))) == "Migrate to the newer version · Tidemark"
        links = [str(link["href"]).lower() for link in soup(page).select("main a")]
        assert not [link for link in links if "alder" in link or "birch" in link]


class TestTheList:
    def test_a_row_tells_both_versions_and_both_next_doses(self, prescriber: Client, courses: list[Course]) -> None:
        (birch,) = [text(row) for row in soup(prescriber.get(LIST)).select("tbody tr") if "BIRCH" in text(row)]
        assert "Monograph version 1 → version 2" in birch
        assert "Upcoming was Due L4, 12 mg Target 4 Jul 2026 9 Jul 2026 Window 4–11 Jul 2026 9–16 Jul 2026" in birch
        assert "9 of the next 9 doses move, by 5 days at most" in birch
        assert "No identifier" in birch

    @pytest.mark.parametrize(
        ("moves", "found"),
        [
            ("", ["ALDER", "BIRCH"]),
            ("something", ["BIRCH"]),
            ("nothing", ["ALDER"]),
            ("nonsense", ["ALDER", "BIRCH"]),
        ],
    )
    def test_the_filter_keeps_what_moves_or_what_does_not(
        self, prescriber: Client, courses: list[Course], moves: str, found: list[str]
    ) -> None:
        page = prescriber.get(LIST, {"moves": moves})
        assert sorted(names(page)) == found
        chosen = soup(page).select("#moves option[selected]")
        assert [str(option["value"]) for option in chosen] == ([moves] if len(found) == 1 else [])

    def test_the_site_can_be_chosen_by_whoever_works_at_several(
        self,
        signed_in: Callable[..., Client],
        petra: User,
        other_site: Site,
        cedar: Course,
        courses: list[Course],
    ) -> None:
        assert not soup(signed_in(user=petra).get(LIST)).select("#site")
        give_role(user=petra, site=other_site, role=Role.PRESCRIBER, by=BY, at=AT)
        client = signed_in(user=User.objects.get(pk=petra.pk))
        assert "Southgate" in text(soup(client.get(LIST)).select("tbody")[0])
        assert names(client.get(LIST, {"site": str(other_site.pk)})) == ["CEDAR"]
        assert names(client.get(LIST, {"site": str(other_site.pk), "moves": "something"})) == []
        assert len(names(client.get(LIST, {"site": "nonsense"}))) == 3

    def test_a_filter_stays_when_the_ticked_ones_are_sent(self, prescriber: Client, courses: list[Course]) -> None:
        answer = migrate(prescriber, "ALDER", at=f"{LIST}?moves=nothing")
        assert answer["Location"] == f"{LIST}?moves=nothing"
        page = prescriber.get(answer["Location"])
        assert "No course fits" in text(soup(page))
        assert names(prescriber.get(LIST)) == ["BIRCH"]

    def test_an_empty_list_says_that_all_is_well(self, prescriber: Client, site: Site) -> None:
        assert "Every course stands on the newest version" in text(soup(prescriber.get(LIST)))

    def test_beyond_the_last_page_a_link_leads_back(self, prescriber: Client, courses: list[Course]) -> None:
        page = soup(prescriber.get(LIST, {"after": f"2099-01-01.{courses[0].pk.hex}"}))
        assert "Nothing more here" in text(page)
        assert page.select_one(f"a[href='{LIST}']") is not None

    @pytest.mark.parametrize("query", ["?after=x", "?before=2026-01-01.zz", "?site=1", "?tick=some"])
    def test_an_address_it_does_not_understand_is_the_first_page(
        self, prescriber: Client, courses: list[Course], query: str
    ) -> None:
        page = prescriber.get(f"{LIST}{query}")
        assert len(names(page)) == 2
        assert not soup(page).select("input[checked]")

    def test_pages_are_walked_forward_and_back_with_the_filter(
        self, prescriber: Client, courses: list[Course], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(versions, "PAGE_SIZE", 1)
        first = prescriber.get(LIST)
        assert "1 of 2 courses" in text(soup(first).select("nav.pager")[0])
        following = soup(first).select("a[rel=next]")[0]["href"]
        second = prescriber.get(str(following))
        back = soup(second).select("a[rel=prev]")[0]["href"]
        assert [names(first), names(second)] == [["BIRCH"], ["ALDER"]]
        assert names(prescriber.get(str(back))) == ["BIRCH"]
        filtered = prescriber.get(LIST, {"moves": "nothing"})
        assert "1 of 2 looked through, 2 courses in all" in text(soup(filtered).select("nav.pager")[0])

    def test_beyond_the_cap_the_count_says_more(
        self, prescriber: Client, courses: list[Course], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("treatments.courses.views.versions.COUNTED", 1)
        monkeypatch.setattr(versions, "COUNTED", 1)
        assert "2 of 1+ courses" in text(soup(prescriber.get(LIST)).select("nav.pager")[0])

    def test_all_boxes_of_a_page_can_be_ticked_without_a_script(
        self, prescriber: Client, courses: list[Course]
    ) -> None:
        link = soup(prescriber.get(LIST)).find("a", string="Tick all on this page")
        page = prescriber.get(str(link["href"]))  # type: ignore[index]
        assert len(soup(page).select("input[name=ticked][checked]")) == 2

    def test_five_courses_and_fifty_take_the_same_queries(
        self, signed_in: Callable[..., Client], site: Site, other_site: Site
    ) -> None:
        seed(site, [Planned(TODAY)] * 5)
        seed(other_site, [Planned(TODAY)] * 50)
        newer.version()
        taken = []
        for each, rows in ((site, 5), (other_site, 50)):
            client = signed_in(Role.PRESCRIBER, at=each)
            with CaptureQueriesContext(connection) as asked:
                assert len(names(client.get(LIST))) == rows
            taken.append(len(asked))
        assert taken[0] == taken[1] <= 15


class TestTogether:
    def test_the_ticked_ones_take_the_newer_version_with_one_reason(
        self, prescriber: Client, petra: User, courses: list[Course]
    ) -> None:
        answer = migrate(prescriber, "ALDER", "BIRCH")
        assert (answer.status_code, answer["Location"]) == (302, LIST)
        assert told(answer) == ["2 courses now stand on the newer versions."]
        assert [number(course) for course in courses] == [2, 2]
        assert set(Decision.objects.values_list("reason", "decided_by")) == {("The label changed", petra.pk)}
        assert Entry.objects.filter(event="courses.course_migrated", person=petra).count() == 2

    def test_those_not_ticked_stay(self, prescriber: Client, courses: list[Course]) -> None:
        answer = migrate(prescriber, "BIRCH")
        assert told(answer) == ["1 course now stands on the newer version."]
        assert [number(course) for course in courses] == [1, 2]

    def test_nothing_ticked_and_no_reason_are_said_and_ticks_stay(
        self, prescriber: Client, courses: list[Course]
    ) -> None:
        answer = migrate(prescriber, reason=" ")
        assert answer.status_code == 422
        assert problems(answer) == ["Courses : Tick at least one course.", "Reason : Write the reason in a few words."]
        answer = migrate(prescriber, "BIRCH", reason="")
        assert problems(answer) == ["Reason : Write the reason in a few words."]
        ticked = soup(answer).select("input[name=ticked][checked]")
        assert [str(box["aria-label"]) for box in ticked] == ["BIRCH, Robin"]

    @pytest.mark.parametrize("value", ["", "x", "0" * 32, f"{'0' * 32}.short"])
    def test_a_box_that_did_not_come_back_whole_is_refused(
        self, prescriber: Client, courses: list[Course], value: str
    ) -> None:
        sent = filled(soup(prescriber.get(LIST))) | {"ticked": [value], "reason": "The label changed"}
        answer = prescriber.post(LIST, sent)
        assert (answer.status_code, problems(answer)) == (
            422,
            ["Courses : Open the page again; it did not come back whole."],
        )

    def test_an_unknown_course_is_not_found(self, prescriber: Client, courses: list[Course]) -> None:
        value = f"{'0' * 32}.{'0' * 32}"
        sent = filled(soup(prescriber.get(LIST))) | {"ticked": [value], "reason": "The label changed"}
        assert prescriber.post(LIST, sent).status_code == 404

    def test_what_changed_meanwhile_is_named_and_the_rest_is_done(
        self, prescriber: Client, courses: list[Course]
    ) -> None:
        page = prescriber.get(LIST)
        mg = builders.next_dose(courses[1]).mg
        services.record_elsewhere(course=courses[1], given_on=TODAY, mg=mg, place="Eastbrook", by=BY, at=AT)
        sent = filled(soup(page)) | {"ticked": list(boxes(page).values()), "reason": "The label changed"}
        answer = prescriber.post(LIST, sent)
        assert answer.status_code == 409
        assert problems(answer) == [
            "BIRCH, Robin : This course, or what is in force, changed meanwhile; look at it again."
        ]
        assert "1 course now stands on the newer version." in text(soup(answer))
        assert [number(course) for course in courses] == [2, 1]
        assert names(answer) == ["BIRCH"]
        assert filled(soup(answer))["reason"].strip() == "The label changed"
        assert not soup(answer).select("input[checked]")
        again = prescriber.post(LIST, filled(soup(answer)) | {"ticked": list(boxes(answer).values())})
        assert told(again) == ["1 course now stands on the newer version."]

    def test_two_prescribers_with_the_same_list_migrate_each_course_once(
        self, prescriber: Client, signed_in: Callable[..., Client], courses: list[Course]
    ) -> None:
        other = signed_in(Role.PRESCRIBER)
        pages = {client: client.get(LIST) for client in (prescriber, other)}
        answers = [
            client.post(LIST, filled(soup(page)) | {"ticked": list(boxes(page).values()), "reason": "Label"})
            for client, page in pages.items()
        ]
        assert [answer.status_code for answer in answers] == [302, 409]
        assert {line.split(": ")[1] for line in problems(answers[1])} == {
            "This course stands on the newest versions already."
        }
        assert Decision.objects.count() == 2

    def test_the_same_form_sent_twice_says_so(self, prescriber: Client, courses: list[Course]) -> None:
        page = prescriber.get(LIST)
        sent = filled(soup(page)) | {"ticked": list(boxes(page).values()), "reason": "The label changed"}
        prescriber.post(LIST, sent)
        again = prescriber.post(LIST, sent)
        assert (again.status_code, told(again)) == (302, [SAVED_BEFORE])
        assert Decision.objects.count() == 2

    def test_somebody_elses_form_is_refused(
        self, prescriber: Client, signed_in: Callable[..., Client], courses: list[Course]
    ) -> None:
        page = prescriber.get(LIST)
        sent = filled(soup(page)) | {"ticked": list(boxes(page).values()), "reason": "The label changed"}
        answer = signed_in(Role.PRESCRIBER).post(LIST, sent)
        assert answer.status_code == 422
        assert "opened by somebody else" in problems(answer)[0]
        assert not Decision.objects.exists()


class TestOneCourse:
    def test_every_later_dose_and_what_the_newer_version_says_otherwise(
        self, prescriber: Client, courses: list[Course]
    ) -> None:
        page = text(soup(prescriber.get(one(courses[1]))).select("main")[0])
        assert "9 of the next 9 doses move, by 5 days at most" in page
        assert "L4 12 mg in 5 mL, 30 days after the dose before (day 58) 12 mg in 5 mL, 35 days after" in page
        assert "M1, 12 mg: Wed 4 Nov 2026 M1, 12 mg: Mon 9 Nov 2026 5 days later" in page

    def test_a_course_of_which_nothing_moves_says_so(self, prescriber: Client, courses: list[Course]) -> None:
        newer.version()
        page = text(soup(prescriber.get(one(courses[0]))).select("main")[0])
        assert "Nothing moves" in page
        assert "Every figure that plans doses is the same" in page

    def test_it_takes_the_newer_version_and_leads_back_to_the_list(
        self, prescriber: Client, courses: list[Course]
    ) -> None:
        answer = send(prescriber, one(courses[1]), reason="The label changed")
        assert (answer.status_code, answer["Location"]) == (302, LIST)
        assert told(answer) == ["The course stands on the newer version."]
        assert number(courses[1]) == 2

    def test_it_asks_for_a_reason(self, prescriber: Client, courses: list[Course]) -> None:
        answer = send(prescriber, one(courses[0]), reason="")
        assert (answer.status_code, number(courses[0])) == (422, 1)
        assert problems(answer) == ["Reason : Write the reason in a few words."]

    def test_a_course_that_changed_meanwhile_is_shown_anew_and_can_be_sent_again(
        self, prescriber: Client, courses: list[Course]
    ) -> None:
        sent = filled(soup(prescriber.get(one(courses[0])))) | {"reason": "The label changed"}
        newer.version(maintenance=FIVE_MONTHS)
        answer = prescriber.post(one(courses[0]), sent)
        assert (answer.status_code, number(courses[0])) == (422, 1)
        assert problems(answer) == ["This course, or what is in force, changed meanwhile; look at it again."]
        assert "version 3" in text(soup(answer).select("main")[0])
        assert prescriber.post(one(courses[0]), filled(soup(answer))).status_code == 302
        assert number(courses[0]) == 3

    def test_a_form_sent_twice_says_so(self, prescriber: Client, courses: list[Course]) -> None:
        sent = filled(soup(prescriber.get(one(courses[0])))) | {"reason": "The label changed"}
        prescriber.post(one(courses[0]), sent)
        assert told(prescriber.post(one(courses[0]), sent)) == [SAVED_BEFORE]
        assert Decision.objects.count() == 1

    def test_what_another_prescriber_has_done_meanwhile_is_said(
        self, prescriber: Client, signed_in: Callable[..., Client], courses: list[Course]
    ) -> None:
        sent = filled(soup(prescriber.get(one(courses[0])))) | {"reason": "Mine"}
        send(signed_in(Role.PRESCRIBER), one(courses[0]), reason="Theirs")
        answer = prescriber.post(one(courses[0]), sent)
        assert problems(answer) == ["This course stands on the newest versions already."]
        assert Decision.objects.get().reason == "Theirs"

    def test_where_there_is_nothing_to_look_at_it_says_why(self, prescriber: Client, courses: list[Course]) -> None:
        send(prescriber, one(courses[0]), reason="The label changed")
        newest = prescriber.get(one(courses[0]))
        assert (newest["Location"], told(newest)) == (LIST, ["This course stands on the newest versions."])
        services.stop_course(course=courses[1], on=TODAY, reason="Moved", by=BY, at=AT)
        assert "The course was stopped" in told(prescriber.get(one(courses[1])))[0]

    def test_a_course_that_cannot_take_it_shows_why_and_no_form(
        self, prescriber: Client, site: Site, courses: list[Course]
    ) -> None:
        high = US_12MG | {"key": "high", "name": "High dose", "default": False}
        regimen = newer.version(high | {"switch": {"from": [US_12MG["key"]], "mg": 50, "ml": 5}})
        day = TODAY + timedelta(days=200)
        after = services.switch_course(course=courses[0], regimen=regimen, day=day, reason="Stronger", by=BY, at=AT)
        newer.version(high)
        page = soup(prescriber.get(one(after)))
        assert "does not know the switch with which this course began" in text(page)
        assert not page.select("main form[method=post]")
        (row,) = [row for row in soup(prescriber.get(LIST)).select("tbody tr") if "ALDER" in text(row)]
        assert row.select_one("input") is None
        assert row.select_one(f"a[href='{one(after)}']") is not None

    def test_a_patient_who_left_keeps_the_version(self, prescriber: Client, courses: list[Course]) -> None:
        change_care_status(
            patient=courses[0].patient, to=CareStatus.TRANSFERRED, on=TODAY, reason="Moved", by=BY, at=AT
        )
        assert told(prescriber.get(one(courses[0]))) == ["This patient is no longer in the site's care."]
