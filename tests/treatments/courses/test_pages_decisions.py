"""The pages on which a prescriber answers, a second person confirms, and anybody asks what if."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit.trail import person_actor
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from tests.factories import AT, BY
from tests.treatments.courses import builders
from tests.treatments.courses.pages import panel, problems, queries, told
from tests.treatments.pages import filled, looked_at, send, soup, text
from treatments.courses import services
from treatments.courses.models import Administration, Booking, Course, Decision, Dose
from treatments.rules.proposals import Choice, Matter
from treatments.rules.schedule import Plan

pytestmark = pytest.mark.usefixtures("at_noon")

LOADING = (date(2025, 7, 9), date(2025, 7, 23), date(2025, 8, 6), date(2025, 9, 5))
HIGH_DOSE: dict[str, Any] = {
    "key": "nusinersen-high-dose",
    "name": "High dose",
    "source": "Test label of the high dose",
    "minimum_interval": "14 days",
    "loading": [{"mg": 50, "ml": 5, "after": "0 days"}, {"mg": 50, "ml": 5, "after": "14 days"}],
    "maintenance": {"mg": 28, "ml": 5, "every": "4 months"},
    "switch": {"from": ["nusinersen-12mg-us"], "mg": 50, "ml": 5},
}


@pytest.fixture
def interrupted(site: Site) -> Course:
    """A course whose last dose lies ten months back; from 5 January 2027 on it will be sixteen."""
    course = builders.course(builders.patient(site), planned_start=LOADING[0])
    for day in LOADING:
        builders.give(course, day)
    return course


@pytest.fixture
def maintained(site: Site) -> Course:
    """A course on 12 mg whose first maintenance dose is due in August 2026, and a high dose to change to."""
    course = builders.course(builders.patient(site), planned_start=date(2026, 2, 12))
    for day in (date(2026, 2, 12), date(2026, 2, 26), date(2026, 3, 12), date(2026, 4, 11)):
        builders.give(course, day)
    builders.regimen(HIGH_DOSE)
    return course


def decide_url(course: Course) -> str:
    return reverse("courses:decide", args=[course.pk])


def page_of(decision: Decision) -> str:
    return reverse("courses:decision", args=[decision.pk])


def dose_url(course: Course) -> str:
    return reverse("courses:dose", args=[builders.next_dose(course).pk])


def choice(response: Any, words: str) -> str:
    """Return the value of the button beside these words."""
    (label,) = [one for one in soup(response).select("label") if text(one).startswith(words)]
    return str(soup(response).select(f"#{label['for']}")[0]["value"])


class TestDeciding:
    def test_the_proposal_is_shown_with_its_rule_and_source_and_chosen_already(
        self, prescriber: Client, interrupted: Course
    ) -> None:
        page = prescriber.get(decide_url(interrupted))
        said = panel(page, "What the rules propose")
        assert "Two catch-up doses 14 days apart, then maintenance every 4 months from the last of them" in said
        assert "Rules 6 and 10" in said
        assert "Test label" in said
        assert filled(soup(page))["choice"] == "catch_up:2:14"

    def test_what_is_proposed_is_accepted_after_its_dates_were_seen(
        self, prescriber: Client, petra: User, interrupted: Course
    ) -> None:
        first = prescriber.post(
            decide_url(interrupted), filled(soup(prescriber.get(decide_url(interrupted)))) | {"day": "2026-07-13"}
        )
        assert not Decision.objects.exists()
        assert "M1, 12 mg: Mon 5 Jan 2026" in text(soup(first).select("#preview")[0])
        assert "C1, 12 mg: Mon 13 Jul 2026" in text(soup(first).select("#preview")[0])

        answer = prescriber.post(decide_url(interrupted), filled(soup(first)))
        assert (answer.status_code, told(answer)) == (302, ["The decision was recorded."])
        decision = Decision.objects.get()
        assert (decision.answer, decision.plan, decision.day) == ("accepted", "catch_up", date(2026, 7, 13))
        assert decision.decided_by == petra
        dose = builders.next_dose(interrupted)
        assert (dose.label, dose.target, dose.closes) == ("C1", date(2026, 7, 13), date(2026, 7, 20))

    def test_other_entries_are_shown_anew_before_they_are_saved(self, prescriber: Client, interrupted: Course) -> None:
        seen = looked_at(prescriber, decide_url(interrupted), day="2026-07-13")
        answer = prescriber.post(decide_url(interrupted), seen | {"day": "2026-07-20"})
        assert answer.status_code == 200
        assert "C1, 12 mg: Mon 20 Jul 2026" in text(soup(answer).select("#preview")[0])
        assert not Decision.objects.exists()

    def test_anything_else_needs_a_reason(self, prescriber: Client, interrupted: Course) -> None:
        page = prescriber.get(decide_url(interrupted))
        one_dose = choice(page, "One dose, M1")
        refused = send(prescriber, decide_url(interrupted), choice=one_dose)
        assert problems(refused) == ["Reason : Give the reason: this is not what was proposed."]

        answer = send(prescriber, decide_url(interrupted), choice=one_dose, reason="Seen weekly by the unit")
        assert answer.status_code == 302
        assert Decision.objects.get().answer == "edited"
        assert builders.next_dose(interrupted).label == "M1"

    def test_nothing_for_now_needs_a_day_to_look_again_and_shows_no_dates(
        self, prescriber: Client, interrupted: Course
    ) -> None:
        refused = send(prescriber, decide_url(interrupted), choice="nothing", reason="Family asks for time")
        assert problems(refused)[0].startswith("Look again on : Choose today or a later day")
        answer = send(
            prescriber,
            decide_url(interrupted),
            choice="nothing",
            reason="Family asks for time",
            look_again_on="2026-07-18",
        )
        assert answer.status_code == 302
        again = text(soup(prescriber.get(decide_url(interrupted))))
        assert "Declined on 4 Jul 2026 by Petra Prescriber, to look again on 18 Jul 2026: Family asks for time" in again

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"day": "2026-07-03"}, "Day of the next dose : 3 Jul 2026 has passed; choose today or a later day."),
            ({"day": ""}, "Day of the next dose : Enter the day."),
            ({"choice": "catch_up:9:1"}, "Decision : Choose one of these."),
            ({"matter": "tight"}, "Something else waits by now; look at the course again."),
        ],
    )
    def test_what_is_wrong_is_told_where_it_was_typed(
        self, prescriber: Client, interrupted: Course, typed: dict[str, str], said: str
    ) -> None:
        answer = send(prescriber, decide_url(interrupted), **typed)
        assert (answer.status_code, problems(answer)) == (422, [said])
        assert not Decision.objects.exists()

    def test_a_day_in_a_worse_band_is_confirmed_first(self, prescriber: Client, interrupted: Course) -> None:
        """On 5 January 2027 sixteen months have passed, and the label asks for three doses."""
        answer = send(prescriber, decide_url(interrupted), day="2027-01-05")
        assert problems(answer) == ["Please confirm : Read each point and tick it to confirm, or correct the entry."]
        (sentence,) = [str(box["value"]) for box in soup(answer).select("[name=confirmed]")]
        assert sentence.startswith("On 5 Jan 2027 more doses will be called for than today")
        shown = prescriber.post(decide_url(interrupted), filled(soup(answer)) | {"confirmed": sentence})
        done = prescriber.post(decide_url(interrupted), filled(soup(shown)) | {"confirmed": sentence})
        assert (done.status_code, Decision.objects.count()) == (302, 1)

    def test_the_same_form_twice_decides_once(self, prescriber: Client, interrupted: Course) -> None:
        seen = looked_at(prescriber, decide_url(interrupted), day="2026-07-04")
        prescriber.post(decide_url(interrupted), seen)
        second = prescriber.post(decide_url(interrupted), seen)
        assert second.status_code == 302
        assert Decision.objects.count() == 1

    def test_where_nothing_waits_the_page_leads_back(self, prescriber: Client, begun: Course) -> None:
        answer = prescriber.get(decide_url(begun))
        assert (answer.status_code, told(answer)) == (302, ["Nothing waits for a decision on this course."])

    def test_a_partial_dose_asks_whether_it_counts_and_for_no_day(self, prescriber: Client, begun: Course) -> None:
        attempted = services.Attempted(on=date(2026, 7, 3), reason="no_access", mg=Decimal(5))
        services.record_partial(dose=builders.next_dose(begun), attempted=attempted, by=BY, at=AT)
        page = prescriber.get(decide_url(begun))
        assert not soup(page).select("[name=day]")
        assert "No rule settles this, so nothing is proposed." in panel(page, "What has to be decided")

        answer = send(prescriber, decide_url(begun), choice=choice(page, "It counts as L2"), reason="Nearly all of it")
        assert answer.status_code == 302
        assert builders.next_dose(begun).label == "L3"


class TestADecision:
    @pytest.fixture
    def decision(self, petra: User, interrupted: Course) -> Decision:
        chosen = services.Answer(Matter.INTERRUPTED, Choice(Plan.CATCH_UP, 2, 14), date(2026, 7, 4))
        return services.decide(course=interrupted, answer=chosen, by=person_actor(petra), at=AT)

    def test_it_shows_both_sides_and_why(self, nurse: Client, decision: Decision) -> None:
        page = nurse.get(page_of(decision))
        assert text(soup(page).select("h1")[0]) == "Interrupted"
        assert "Accepted on 4 Jul 2026, 13:00 by Petra Prescriber" in text(soup(page))
        sides = panel(page, "The doses to come, as they were seen then")
        assert "M1, 12 mg: Mon 5 Jan 2026 C1, 12 mg: Sat 4 Jul 2026" in sides
        assert "Test label" in panel(page, "What stood to be decided")
        assert not soup(page).select(f"a[href='{reverse('courses:withdraw_decision', args=[decision.pk])}']")

    def test_a_prescriber_withdraws_it_and_the_proposal_is_back(
        self, prescriber: Client, interrupted: Course, decision: Decision
    ) -> None:
        place = reverse("courses:withdraw_decision", args=[decision.pk])
        assert soup(prescriber.get(page_of(decision))).select(f"a[href='{place}']")
        answer = send(prescriber, place, reason="Wrong patient")
        assert told(answer) == ["The decision was withdrawn."]
        assert "withdrawn and counts no more Wrong patient" in text(soup(prescriber.get(page_of(decision))))
        assert builders.next_dose(interrupted).label == "M1"

    def test_after_a_dose_it_cannot_be_withdrawn(
        self, prescriber: Client, interrupted: Course, decision: Decision
    ) -> None:
        builders.give(interrupted, date(2026, 7, 4))
        place = reverse("courses:withdraw_decision", args=[decision.pk])
        assert not soup(prescriber.get(page_of(decision))).select(f"a[href='{place}']")
        answer = send(prescriber, place, reason="Too late")
        assert problems(answer)[0].startswith("A dose was given or something else was decided since")

    def test_it_stands_on_the_chart_and_on_the_timeline(self, nurse: Client, decision: Decision) -> None:
        words = "Interrupted: Two catch-up doses 14 days apart, then maintenance every 4 months from the last of them"
        chart = nurse.get(reverse("chart", args=[decision.patient_id]))
        assert words in panel(chart, "Decisions")
        timeline = nurse.get(reverse("timeline", args=[decision.patient_id]), {"kind": "decisions"})
        assert [text(one) for one in soup(timeline).select(".timeline p:first-of-type")] == [words]


class TestTooSoon:
    """The second dose, given first on 25 June, is safe from 9 July on."""

    @pytest.fixture
    def place(self, dose: Dose) -> str:
        return reverse("courses:too_soon", args=[dose.pk])

    def test_one_asks_another_confirms_and_then_the_day_can_be_booked(
        self, prescriber: Client, nurse: Client, dose: Dose, place: str
    ) -> None:
        assert soup(prescriber.get(reverse("courses:dose", args=[dose.pk]))).select(f"a[href='{place}']")
        asked = send(prescriber, place, day="2026-07-07", reason="Surgery on the 8th")
        assert told(asked) == ["A second person has to confirm this before the day can be booked."]
        decision = Decision.objects.get()

        too_early = send(prescriber, reverse("courses:book", args=[dose.pk]), on="2026-07-07")
        assert "a prescriber and a second person must agree" in problems(too_early)[0]
        own = prescriber.post(reverse("courses:confirm_decision", args=[decision.pk]), {"version": 1})
        assert told(own) == ["A second person has to confirm this; you asked for it yourself."]

        button = soup(nurse.get(page_of(decision))).select("form[action$='/confirm/'] button")
        assert [text(one) for one in button] == ["Confirm as the second person"]
        nurse.post(reverse("courses:confirm_decision", args=[decision.pk]), {"version": 1})
        assert Decision.objects.get().second_id is not None
        page = nurse.get(reverse("courses:book", args=[dose.pk]))
        booked = nurse.post(reverse("courses:book", args=[dose.pk]), filled(soup(page)) | {"on": "2026-07-07"})
        sentences = [str(box["value"]) for box in soup(booked).select("[name=confirmed]")]
        nurse.post(reverse("courses:book", args=[dose.pk]), filled(soup(booked)) | {"confirmed": sentences})
        assert Booking.objects.get().on == date(2026, 7, 7)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"day": "2026-07-09"}, "Day : That day needs nobody's permission; book it."),
            ({"day": "2026-07-03"}, "Day : 3 Jul 2026 has passed; choose today or a later day."),
            ({"reason": " "}, "Why the dose cannot wait : Write the reason in a few words."),
        ],
    )
    def test_what_is_wrong_is_told(self, prescriber: Client, place: str, typed: dict[str, str], said: str) -> None:
        answer = send(prescriber, place, **({"day": "2026-07-07", "reason": "Surgery"} | typed))
        assert (answer.status_code, problems(answer)) == (422, [said])

    def test_the_dose_page_says_what_was_asked(self, prescriber: Client, nurse: Client, dose: Dose, place: str) -> None:
        send(prescriber, place, day="2026-07-07", reason="Surgery on the 8th")
        said = text(soup(nurse.get(reverse("courses:dose", args=[dose.pk]))))
        assert "A second person has to agree to a day before the earliest safe one" in said
        assert "Give L2 on 7 Jul 2026, 12 days after the last dose. Surgery on the 8th" in said


class TestSwitching:
    def url(self, course: Course) -> str:
        return reverse("courses:switch", args=[course.pk])

    def test_the_course_is_changed_at_its_due_date(self, prescriber: Client, maintained: Course) -> None:
        page = prescriber.get(self.url(maintained))
        assert filled(soup(page))["day"] == "2026-08-11"
        answer = send(prescriber, self.url(maintained), reason="Wearing off")
        assert (answer.status_code, told(answer)) == (302, ["The decision was recorded."])
        new = Course.objects.get(stopped_on=None)
        dose = builders.next_dose(new)
        assert (dose.label, dose.mg, dose.target) == ("L1", Decimal(50), date(2026, 8, 11))
        assert "50 mg" in panel(prescriber.get(reverse("chart", args=[new.patient_id])), "Next dose")

    def test_every_dose_is_shown_on_both_sides_first(self, prescriber: Client, maintained: Course) -> None:
        values = filled(soup(prescriber.get(self.url(maintained)))) | {"reason": "Wearing off"}
        said = text(soup(prescriber.post(self.url(maintained), values)).select("#preview")[0])
        assert "M1, 12 mg: Tue 11 Aug 2026 L1, 50 mg: Tue 11 Aug 2026 same day" in said
        assert "M2, 12 mg: Fri 11 Dec 2026 M1, 28 mg: Fri 11 Dec 2026 same day" in said

    def test_another_day_is_pointed_out(self, prescriber: Client, maintained: Course) -> None:
        values = filled(soup(prescriber.get(self.url(maintained)))) | {"reason": "Holiday", "day": "2026-08-20"}
        said = text(soup(prescriber.post(self.url(maintained), values)).select("#preview")[0])
        assert "This is not what the rules propose; the reason is kept with the decision." in said

    def test_a_doubt_is_said_before_it_is_saved(self, prescriber: Client, begun: Course) -> None:
        builders.regimen(HIGH_DOSE)
        values = filled(soup(prescriber.get(self.url(begun)))) | {"reason": "Wearing off"}
        said = text(soup(prescriber.post(self.url(begun), values)).select("#preview")[0])
        assert "The switch was made before maintenance: the new course begins under review" in said

    def test_staying_is_recorded_and_moves_nothing(self, prescriber: Client, maintained: Course) -> None:
        answer = send(prescriber, self.url(maintained), answer="stay", reason="Does well")
        assert answer.status_code == 302
        assert Decision.objects.get().answer == "declined"
        assert Course.objects.get().is_open

    def test_without_another_regimen_there_is_nothing_to_change(self, prescriber: Client, begun: Course) -> None:
        answer = prescriber.get(self.url(begun))
        assert told(answer) == ["No change is known from Nusinersen 12 mg to another regimen in force."]
        chart = soup(prescriber.get(reverse("chart", args=[begun.patient_id])))
        assert not chart.select(f"a[href='{self.url(begun)}']")

    def test_on_hold_it_is_resumed_first(self, prescriber: Client, maintained: Course) -> None:
        facts: dict[str, Any] = {"reason": "Surgery", "review_on": date(2026, 8, 1), "by": BY, "at": AT}
        services.hold_course(course=maintained, from_on=date(2026, 7, 1), **facts)
        assert "resume it before" in told(prescriber.get(self.url(maintained)))[0]


class TestWhatIf:
    def ask(self, client: Client, course: Course, day: str) -> str:
        return text(soup(client.get(dose_url(course), {"if_on": day})).select("#what-if")[0])

    def test_nothing_is_answered_before_it_is_asked(self, nurse: Client, begun: Course) -> None:
        assert not soup(nurse.get(dose_url(begun))).select("#what-if .notice, #what-if table")

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            ("2026-07-08", "Too soon: the earliest safe day is 9 Jul 2026."),
            ("2026-07-09", "On Thu 9 Jul 2026 it would be L2, 12 mg Inside the window."),
            ("2026-07-17", "After the window closed on 16 Jul 2026."),
        ],
    )
    def test_a_day_is_placed_against_the_window(self, nurse: Client, begun: Course, day: str, said: str) -> None:
        assert said in self.ask(nurse, begun, day)

    def test_every_later_dose_is_shown_on_both_sides(self, nurse: Client, begun: Course) -> None:
        said = self.ask(nurse, begun, "2026-07-12")
        assert "L2, 12 mg: Thu 9 Jul 2026 L2, 12 mg: Sun 12 Jul 2026 3 days later" in said
        assert "L3, 12 mg: Thu 23 Jul 2026 L3, 12 mg: Sun 26 Jul 2026 3 days later" in said

    def test_a_band_that_is_crossed_is_said(self, nurse: Client, interrupted: Course) -> None:
        said = self.ask(nurse, interrupted, "2027-01-05")
        assert "asks for three catch-up doses 14 days apart, more than today" in said

    @pytest.mark.parametrize("day", ["", "soon", "2026-02-30", "0001-01-01", "9999-12-31"])
    def test_a_day_that_cannot_be_read_is_refused_with_a_sentence(self, nurse: Client, begun: Course, day: str) -> None:
        page = nurse.get(dose_url(begun), {"if_on": day})
        assert page.status_code == 200
        assert soup(page).select("#what-if .invalid-feedback")

    def test_a_day_with_a_dose_is_refused(self, nurse: Client, begun: Course) -> None:
        assert "A dose is recorded on that day" in self.ask(nurse, begun, "2026-06-25")

    def test_nothing_is_written(self, nurse: Client, begun: Course) -> None:
        before = list(Dose.objects.values())
        self.ask(nurse, begun, "2026-07-12")
        assert (list(Dose.objects.values()), Administration.objects.count()) == (before, 1)

    def test_it_takes_no_query_more(self, nurse: Client, begun: Course) -> None:
        assert queries(nurse, f"{dose_url(begun)}?if_on=2026-07-12") == queries(nurse, dose_url(begun))


def test_a_booking_beyond_a_band_is_pointed_out_after_it_was_saved(nurse: Client, interrupted: Course) -> None:
    dose = builders.next_dose(interrupted)
    services.book(
        dose=dose,
        on=date(2027, 1, 5),
        at_time=None,
        place="",
        by=BY,
        at=AT,
        confirmed=["band_crossing", "after_window"],
    )
    assert "The booking lies beyond a boundary of the late-dose rules" in text(soup(nurse.get(dose_url(interrupted))))


def test_a_prescriber_is_led_from_the_worklist_to_the_decision(
    prescriber: Client, signed_in: Callable[..., Client], interrupted: Course
) -> None:
    row = soup(prescriber.get(reverse("worklist"), {"tab": "decision"})).select("td.do a")
    assert [one["href"] for one in row] == [decide_url(interrupted)]
    others = soup(signed_in(Role.NURSE).get(reverse("worklist"), {"tab": "decision"})).select("td.do a")
    assert [text(one).split()[0] for one in others] == ["Open"]


def test_the_rules_are_said_in_words(nurse: Client) -> None:
    assert len(soup(nurse.get(reverse("rules"))).select(".rules li")) == 12
