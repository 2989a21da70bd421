"""What people decide about reminders: switch a kind off, put one off, send one again, look at what would leave."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.audit.trail import person_actor
from clinic.staff.models import Site, SitePolicy, User
from clinic.staff.roles import Role
from tests import factories
from tests.treatments.pages import filled, send, soup, text
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import CLOSES, DAY, TARGET, noon, plan_on, sender
from tests.treatments.reminders.post import PostOffice
from treatments.reminders import services
from treatments.reminders.models import Kind, Message, MessageState, Mute, PutOff, Reminder
from treatments.reminders.services.running import plan_and_send

OVER = CLOSES + timedelta(days=1)


@pytest.fixture
def browser(nurse: User, signed_in: Callable[..., Client]) -> Client:
    """Return the nurse's browser."""
    return signed_in(user=nurse)


def quiet(line: Reminder, who: User, until: date, *, on: date, reason: str = "Waits for a letter") -> PutOff:
    return services.put_off(line=line, until=until, reason=reason, by=person_actor(who), at=noon(on))


class TestPuttingOff:
    def test_what_waits_is_taken_back_and_told_again_when_the_time_is_up(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(OVER)
        line = Reminder.objects.get(kind="dose_overdue")
        quiet(line, nurse, OVER + timedelta(days=3), on=OVER)
        plan_on(OVER)
        line.refresh_from_db()
        assert (line.state, line.reason) == (MessageState.CANCELLED, "Somebody put it off until 26 Jul 2026.")
        plan_on(OVER + timedelta(days=2))
        line.refresh_from_db()
        assert line.state == MessageState.CANCELLED
        plan_on(OVER + timedelta(days=3))
        line.refresh_from_db()
        assert line.state == MessageState.PLANNED

    def test_the_mail_does_not_leave_even_when_nothing_was_swept_since(
        self, site: Site, nurse: User, post: PostOffice
    ) -> None:
        builders.dose(site)
        plan_on(OVER)
        quiet(Reminder.objects.get(), nurse, OVER + timedelta(days=3), on=OVER)
        plan_and_send(sender(noon(OVER)))
        assert post.mails == []

    def test_nobody_else_is_told_of_it_and_of_everything_else_all_are(
        self, site: Site, nurse: User, person: Callable[..., User]
    ) -> None:
        person(Role.COORDINATOR)
        first, second = builders.dose(site), builders.dose(site)
        plan_on(OVER)
        quiet(Reminder.objects.filter(what=first.pk)[0], nurse, OVER + timedelta(days=3), on=OVER)
        plan_on(OVER)
        assert not Reminder.objects.waiting().filter(what=first.pk).exists()
        assert Reminder.objects.waiting().filter(what=second.pk).count() == 2

    def test_the_lead_clinician_hears_of_an_overdue_dose_all_the_same(
        self, site: Site, nurse: User, person: Callable[..., User]
    ) -> None:
        lead = person(Role.PRESCRIBER)
        Site.objects.filter(pk=site.pk).update(lead_clinician=lead)
        builders.dose(site)
        day = CLOSES + timedelta(days=14)
        plan_on(day)
        quiet(Reminder.objects.filter(kind="dose_overdue")[0], nurse, day + timedelta(days=5), on=day)
        plan_on(day)
        waiting = Reminder.objects.waiting().filter(kind="dose_overdue")
        assert [line.recipient for line in waiting] == [lead]

    @pytest.mark.parametrize(("days", "taken"), [(0, False), (1, True), (14, True), (15, False)])
    def test_it_lasts_from_tomorrow_to_two_weeks(self, site: Site, nurse: User, days: int, taken: bool) -> None:
        builders.dose(site)
        plan_on(OVER)
        line = Reminder.objects.get()
        if taken:
            assert quiet(line, nurse, OVER + timedelta(days=days), on=OVER).reason == "Waits for a letter"
        else:
            with pytest.raises(services.PutOffTooLong, match="from tomorrow until 6 Aug 2026"):
                quiet(line, nurse, OVER + timedelta(days=days), on=OVER)

    def test_it_needs_a_reason_and_stands_in_the_trail(self, site: Site, nurse: User) -> None:
        builders.dose(site)
        plan_on(OVER)
        line = Reminder.objects.get()
        with pytest.raises(services.NobodySaidWhy):
            quiet(line, nurse, OVER + timedelta(days=1), on=OVER, reason="  ")
        quiet(line, nurse, OVER + timedelta(days=1), on=OVER)
        assert Entry.objects.get(event="reminders.put_off").reason == "Waits for a letter"

    def test_on_the_page_once_however_often_it_is_sent(self, site: Site, browser: Client) -> None:
        builders.dose(site)
        plan_on(OVER)
        url = reverse("reminders:put_off", args=[Reminder.objects.get().pk])
        with time_machine.travel(noon(OVER), tick=False):
            values = filled(soup(browser.get(url))) | {"until": "2026-07-25", "reason": "Waits"}
            assert browser.post(url, values).status_code == 302
            assert browser.post(url, values).status_code == 302
        assert PutOff.objects.get().until == date(2026, 7, 25)

    def test_a_day_too_far_is_told_at_the_day(self, site: Site, browser: Client) -> None:
        builders.dose(site)
        plan_on(OVER)
        url = reverse("reminders:put_off", args=[Reminder.objects.get().pk])
        with time_machine.travel(noon(OVER), tick=False):
            answer = send(browser, url, until="2026-09-25", reason="Waits")
        assert answer.status_code == 422
        assert "Choose a day from tomorrow until 6 Aug 2026." in text(soup(answer))

    def test_only_those_who_are_told_may_and_elsewhere_there_is_no_such_line(
        self, site: Site, nurse: User, other_site: Site, signed_in: Callable[..., Client]
    ) -> None:
        builders.dose(site)
        plan_on(OVER)
        url = reverse("reminders:put_off", args=[Reminder.objects.get().pk])
        assert signed_in(Role.VIEWER).get(url).status_code == 403
        assert signed_in(Role.NURSE, at=other_site).get(url).status_code == 404


class TestPreferences:
    def test_a_kind_that_was_switched_off_is_told_no_more_and_its_lines_are_taken_back(
        self, site: Site, nurse: User, person: Callable[..., User]
    ) -> None:
        other = person(Role.COORDINATOR)
        builders.dose(site)
        plan_on(DAY)
        services.set_preferences(user=nurse, off=[Kind.DOSE_UPCOMING], by=person_actor(nurse), at=noon(DAY))
        plan_on(DAY)
        assert [line.recipient for line in Reminder.objects.waiting()] == [other]
        services.set_preferences(user=nurse, off=[], by=person_actor(nurse), at=noon(DAY))
        plan_on(DAY)
        assert Reminder.objects.waiting().count() == 2

    def test_what_the_site_keeps_on_is_told_whatever_somebody_chose(self, site: Site, nurse: User) -> None:
        Mute.objects.create(user=nurse, kind=Kind.DOSE_OVERDUE)
        builders.dose(site)
        plan_on(OVER)
        assert Reminder.objects.waiting().get().recipient == nurse

    def test_a_site_decides_what_may_be_switched_off(self, site: Site, nurse: User) -> None:
        SitePolicy.objects.filter(site=site).update(optional_kinds=["dose_overdue"])
        Mute.objects.create(user=nurse, kind=Kind.DOSE_OVERDUE)
        builders.dose(site)
        plan_on(OVER)
        assert not Reminder.objects.exists()

    def test_the_page_offers_what_is_theirs_and_says_what_is_fixed(self, browser: Client, nurse: User) -> None:
        page = soup(browser.get(reverse("reminders:preferences")))
        offered = {str(box["value"]) for box in page.select("[name=wanted]")}
        assert offered == {"dose_upcoming", "labs_due", "authorisation_ending"}
        assert "You are always told: Dose overdue, Decision needed." in text(page)

    def test_what_is_unticked_is_switched_off_with_a_trail(self, browser: Client, nurse: User) -> None:
        url = reverse("reminders:preferences")
        answer = browser.post(url, {"wanted": ["labs_due"]})
        assert answer.status_code == 302
        assert set(Mute.objects.values_list("kind", flat=True)) == {"dose_upcoming", "authorisation_ending"}
        assert Entry.objects.filter(event="reminders.preferences_set").count() == 1
        browser.post(url, {"wanted": ["labs_due"]})
        assert Entry.objects.filter(event="reminders.preferences_set").count() == 1

    def test_somebody_who_is_told_nothing_has_nothing_to_choose(self, signed_in: Callable[..., Client]) -> None:
        page = soup(signed_in(Role.VIEWER).get(reverse("reminders:preferences")))
        assert "No reminders are sent to you" in text(page)


class TestSendingAgain:
    @pytest.fixture
    def sent(self, site: Site, nurse: User, post: PostOffice) -> Reminder:
        """Return a line that was handed over today."""
        builders.dose(site)
        plan_and_send(sender(noon(DAY)))
        return Reminder.objects.get(state=MessageState.HANDED_OVER)

    def again(self, line: Reminder, by: User, reason: str = "It never came") -> Message:
        assert line.message is not None
        return services.send_again(message=line.message, reason=reason, by=person_actor(by), at=noon(DAY))

    def test_the_same_mail_leaves_once_more_and_says_so(self, sent: Reminder, nurse: User, post: PostOffice) -> None:
        self.again(sent, nurse)
        plan_and_send(sender(noon(DAY)))
        first, second = post.mails
        assert first["Message-ID"] == second["Message-ID"]
        assert second["X-Attempt"] == "2"
        assert Message.objects.get().state == MessageState.HANDED_OVER
        assert Entry.objects.get(event="reminders.sent_again").reason == "It never came"

    def test_what_no_longer_holds_does_not_leave_again(self, sent: Reminder, nurse: User, post: PostOffice) -> None:
        assert sent.dose is not None
        builders.hold(sent.dose, DAY)
        self.again(sent, nurse)
        plan_and_send(sender(noon(DAY)))
        assert len(post.mails) == 1
        assert Message.objects.get().state == MessageState.CANCELLED

    def test_twice_at_once_it_is_sent_again_once(self, sent: Reminder, nurse: User) -> None:
        self.again(sent, nurse)
        with pytest.raises(services.NothingToSendAgain):
            self.again(sent, nurse)

    def test_it_needs_a_reason(self, sent: Reminder, nurse: User) -> None:
        with pytest.raises(services.NoReason):
            self.again(sent, nurse, " ")

    def test_the_page_asks_why_and_leads_back(self, sent: Reminder, browser: Client) -> None:
        url = reverse("reminders:again", args=[sent.pk])
        assert send(browser, url, reason="").status_code == 422
        assert send(browser, url, reason="It never came").status_code == 302
        assert Message.objects.get().state == MessageState.PLANNED
        assert browser.get(url).status_code == 302


class TestLookingAhead:
    def test_the_preview_is_the_mail_that_then_leaves_and_writes_nothing(
        self, site: Site, nurse: User, browser: Client, post: PostOffice
    ) -> None:
        builders.dose(site)
        with time_machine.travel(noon(DAY) - timedelta(hours=8), tick=False):
            page = soup(browser.get(reverse("reminders:preview")))
            assert "Your digest of 8 Jul 2026, 07:00" in text(page)
        assert not Reminder.objects.exists()
        plan_and_send(sender(noon(DAY)))
        (mail,) = post.mails
        part = mail.get_body(("plain",))
        assert part is not None
        body = str(part.get_content())
        assert [line.strip() for line in body.strip().splitlines()] == [
            line.strip()
            for line in page.select_one("pre").get_text().strip().splitlines()  # type: ignore[union-attr]
        ]

    def test_once_todays_has_left_it_is_that_of_tomorrow(self, site: Site, nurse: User, browser: Client) -> None:
        with time_machine.travel(noon(DAY), tick=False):
            assert "Your digest of 9 Jul 2026, 07:00" in text(soup(browser.get(reverse("reminders:preview"))))

    def test_another_day_is_looked_at_as_the_records_are_now(self, site: Site, nurse: User, browser: Client) -> None:
        builders.dose(site)
        with time_machine.travel(noon(DAY), tick=False):
            page = text(soup(browser.get(reverse("reminders:preview"), {"on": OVER.isoformat()})))
        assert "An appointment is 1 day overdue." in page
        assert "1 day overdue." in page

    def test_a_day_that_nobody_can_read_is_told(self, browser: Client) -> None:
        answer = browser.get(reverse("reminders:preview"), {"on": "32 July"})
        assert answer.status_code == 200
        assert soup(answer).select(".error-summary")

    def test_nobody_sees_what_would_be_planned_elsewhere(self, nurse: User, other_site: Site, browser: Client) -> None:
        factories.user(Role.NURSE, site=other_site)
        builders.dose(other_site)
        with time_machine.travel(noon(DAY), tick=False):
            page = text(soup(browser.get(reverse("reminders:preview"), {"on": DAY.isoformat()})))
        assert "Dose coming up" not in page

    def test_a_test_mail_goes_to_oneself_and_says_nothing(self, browser: Client, nurse: User, post: PostOffice) -> None:
        answer = browser.post(reverse("reminders:test_mail"), follow=True)
        (mail,) = post.mails
        assert (mail["To"], mail["Subject"]) == (nurse.email, "Test mail")
        assert "The mail server took a test mail" in text(soup(answer))

    def test_when_the_mail_server_is_away_the_page_says_so(self, browser: Client, smtp: object) -> None:
        answer = browser.post(reverse("reminders:test_mail"), follow=True)
        assert "The mail server could not be reached" in text(soup(answer))


def test_the_target_of_the_stage_lies_where_the_tests_think() -> None:
    assert TARGET + timedelta(days=14) > OVER
