"""What a digest looks like as text and as HTML, and that nothing personal is in any part of it."""

import email.policy
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from bs4 import BeautifulSoup
from pytest_django import Settings

from clinic.patients.models import Carer, Identifier
from clinic.records import writing
from clinic.staff import services as staff
from clinic.staff.models import Site, User
from clinic.staff.roles import Role
from monographs.models import Monograph
from tests import factories
from tests.treatments.courses import builders as courses
from tests.treatments.reminders import builders
from tests.treatments.reminders.builders import CLOSES, TARGET, run_on
from tests.treatments.reminders.post import PostOffice
from treatments.courses.models import Dose
from treatments.reminders import emails
from treatments.reminders.emails import Digest, DigestLine
from treatments.rules.reminders import Audience, Kind

AT = datetime(2026, 7, 8, 6, 0, tzinfo=UTC)
TODAY = date(2026, 7, 8)
MESSAGE = uuid.UUID("11111111-2222-4333-8444-555555555555")
DOSE = uuid.UUID("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")


@pytest.fixture(autouse=True)
def _addresses(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Appointments <appointments@clinic.example>"
    settings.PUBLIC_URL = "https://clinic.example"


def line(kind: Kind = Kind.DOSE_UPCOMING, **facts: Any) -> DigestLine:
    values: dict[str, Any] = {
        "what": DOSE,
        "site": "Northfield",
        "kind": kind,
        "audience": Audience.STAFF,
        "day": date(2026, 7, 15) if kind is Kind.DOSE_UPCOMING else date(2026, 6, 29),
        "booked": False,
        "today": TODAY,
    }
    return DigestLine(**(values | facts))


def digest(*lines: DigestLine, **facts: Any) -> EmailMessage:
    """Return the digest as its reader's program understands it."""
    values: dict[str, Any] = {"message_id": MESSAGE, "attempt": 1, "to": "nurse@northfield.example", "at": AT}
    mail = emails.digest(Digest(lines=lines or (line(),), **(values | facts)))
    return parsed(mail.message().as_bytes())


def parsed(raw: bytes) -> EmailMessage:
    return BytesParser(policy=email.policy.default).parsebytes(raw)


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


class TestTheHeaders:
    def test_say_who_sent_it_to_whom_and_that_a_machine_did(self) -> None:
        mail = digest()
        assert mail["From"] == "Appointments <appointments@clinic.example>"
        assert mail["To"] == "nurse@northfield.example"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"] == "Wed, 08 Jul 2026 06:00:00 +0000"

    def test_carry_the_id_of_the_row_at_every_attempt(self) -> None:
        first, again = digest(), digest(attempt=2)
        assert first["Message-ID"] == again["Message-ID"] == f"<{MESSAGE}@clinic.example>"
        assert (first["X-Attempt"], again["X-Attempt"]) == (None, "2")

    def test_the_id_needs_a_domain_even_when_the_sender_has_none(self, settings: Settings) -> None:
        settings.DEFAULT_FROM_EMAIL = "appointments"
        assert emails.message_id(MESSAGE) == f"<{MESSAGE}@localhost>"

    @pytest.mark.parametrize(
        ("lines", "subject"),
        [
            ((line(),), "1 thing needs you today – Northfield"),
            ((line(), line()), "2 things need you today – Northfield"),
            ((line(), line(site="Southgate")), "2 things need you today – Northfield and Southgate"),
            ((line(), line(site="A"), line(site="B")), "3 things need you today – 3 sites"),
            ((line(site="Smith & Sons’ <Clinic>"),), "1 thing needs you today – Smith & Sons’ <Clinic>"),
        ],
    )
    def test_the_subject_says_how_much_and_where(self, lines: tuple[DigestLine, ...], subject: str) -> None:
        assert digest(*lines)["Subject"].strip() == subject, "folding may leave a blank before it"

    def test_a_site_name_of_two_lines_stays_one_header(self) -> None:
        assert digest(line(site="North\nBcc: all@example.org"))["Subject"].endswith("– North Bcc: all@example.org")
        assert digest(line(site="North\nBcc: all@example.org"))["Bcc"] is None

    def test_the_bytes_end_their_lines_as_mail_must(self) -> None:
        raw = emails.digest(Digest(MESSAGE, 1, "n@example.org", AT, (line(),))).message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        assert not re.search(rb"(?<!\r)\n", raw)


class TestALine:
    @pytest.mark.parametrize(
        ("day", "text"),
        [
            (date(2026, 7, 15), "An appointment is due on 15 Jul 2026 (in 7 days)."),
            (date(2026, 7, 9), "An appointment is due on 9 Jul 2026 (tomorrow)."),
            (date(2026, 7, 8), "An appointment is due on 8 Jul 2026 (today)."),
        ],
    )
    def test_of_one_coming_up_says_when(self, day: date, text: str) -> None:
        assert line(day=day).text == text

    def test_of_a_booked_one_says_so(self) -> None:
        assert line(booked=True).text == "An appointment is booked for 15 Jul 2026 (in 7 days)."

    @pytest.mark.parametrize(
        ("closed", "text"),
        [
            (date(2026, 7, 7), "An appointment is 1 day overdue."),
            (date(2026, 6, 29), "An appointment is 9 days overdue."),
        ],
    )
    def test_of_an_overdue_one_says_how_late(self, closed: date, text: str) -> None:
        assert line(Kind.DOSE_OVERDUE, day=closed).text == text

    def test_tells_the_lead_clinician_why_they_are_told(self) -> None:
        told = line(Kind.DOSE_OVERDUE, audience=Audience.LEAD)
        assert told.text == "An appointment is 9 days overdue. You are told as the lead clinician."

    def test_leads_to_a_page_by_an_id_that_says_nothing(self) -> None:
        assert line().url == f"https://clinic.example/doses/{DOSE}/"


class TestTheBodies:
    @pytest.fixture
    def mail(self) -> EmailMessage:
        lines = [
            line(day=date(2026, 7, 20), what=uuid.UUID(int=1)),
            line(Kind.DOSE_OVERDUE, day=date(2026, 7, 1), what=uuid.UUID(int=2)),
            line(day=date(2026, 7, 9), what=uuid.UUID(int=3)),
            line(Kind.DOSE_OVERDUE, day=date(2026, 6, 1), what=uuid.UUID(int=4)),
        ]
        return digest(*lines)

    def test_begin_with_what_is_overdue_longest_then_what_comes_soonest(self, mail: EmailMessage) -> None:
        for body in (plain(mail), html(mail)):
            links = [uuid.UUID(found) for found in re.findall(r"/doses/([0-9a-f-]{36})/", body)]
            assert [link.int for link in links] == [4, 2, 3, 1]
            assert body.index("Overdue") < body.index("Coming up")

    def test_the_text_reads_as_it_stands(self) -> None:
        mail = digest(line(Kind.DOSE_OVERDUE), line(booked=True, what=MESSAGE))
        assert (
            plain(mail)
            == f"""\
2 things need you today.

Overdue

- An appointment is 9 days overdue.
  https://clinic.example/doses/{DOSE}/

Coming up

- An appointment is booked for 15 Jul 2026 (in 7 days).
  https://clinic.example/doses/{MESSAGE}/

--\x20
You receive this because you look after appointments at Northfield.
To change that, ask the administrator of your site.
Sent by Tidemark, https://clinic.example
This mail names nobody and says nothing personal on purpose.
Sign in to see whom it is about.
"""
        )

    def test_an_empty_group_has_no_heading(self) -> None:
        for body in (plain(digest()), html(digest())):
            assert "Coming up" in body
            assert "Overdue" not in body

    def test_a_reader_at_several_sites_sees_which_is_which(self) -> None:
        mail = digest(line(), line(site="Southgate"))
        for body in (plain(mail), BeautifulSoup(html(mail), "html.parser").get_text()):
            assert "Northfield: An appointment" in body
            assert "Southgate: An appointment" in body
        assert "Northfield: " not in plain(digest())

    def test_both_say_the_same(self, mail: EmailMessage) -> None:
        seen = BeautifulSoup(html(mail), "html.parser").get_text(" ", strip=True)
        for sentence in re.findall(r"An appointment[^.]*\.", plain(mail)):
            assert sentence in seen
        for said in ("You receive this because", "ask the administrator", "Sent by", "on purpose"):
            assert said in seen
            assert said in plain(mail)

    def test_a_site_name_is_escaped_in_html_only(self) -> None:
        mail = digest(line(site="Smith & <b>Sons</b>"))
        assert "Smith &amp; &lt;b&gt;Sons" in html(mail)
        assert "Smith & <b>Sons</b>" in plain(mail)

    def test_the_html_loads_nothing_and_leaves_colours_to_the_reader(self, mail: EmailMessage) -> None:
        tree = BeautifulSoup(html(mail), "html.parser")
        assert tree.find_all(["img", "script", "link", "style", "iframe", "form"]) == []
        assert not re.search(r"url\(|src=|@import", html(mail))
        assert not re.search(r"(?<![-\w])(color|background)\s*:", html(mail)), "dark mode chooses"
        scheme = tree.find("meta", attrs={"name": "color-scheme"})
        assert scheme is not None
        assert scheme["content"] == "light dark"

    def test_both_are_utf8(self, mail: EmailMessage) -> None:
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part is not None
            assert part.get_content_charset() == "utf-8"


class TestNothingPersonal:
    """A word planted in every field of every row must not leave the house, in whatever encoding."""

    CANARY = "Zyxwvut"

    @pytest.fixture
    def planted(self, site: Site, nurse: User) -> list[Dose]:
        """Plant the canary in everything that is known about two patients, one overdue and one coming up."""
        staff.give_role(user=nurse, site=site, role=Role.COORDINATOR, by=factories.BY, at=factories.AT)
        User.objects.filter(pk=nurse.pk).update(full_name=self.CANARY, username=f"{self.CANARY}-user")
        Monograph.objects.create(slug="nusinersen", title=self.CANARY, generic_name=self.CANARY)
        courses.regimen(courses.US_12MG | {"name": self.CANARY, "source": self.CANARY})
        return [self.plant(site, target) for target in (TARGET, TARGET - timedelta(days=30))]

    def plant(self, site: Site, target: date) -> Dose:
        word = self.CANARY
        patient = builders.patient(site, given_name=word)
        patient = builders.change(patient, family_name=f"{word}-{target:%j}")
        dose = builders.dose(
            site,
            of_course=builders.course(site, patient),
            target=target,
            label=word,
            phase=word,
            mg=Decimal("87.65"),
            ml=Decimal("43.21"),
            why=word,
            flags=[word],
        )
        builders.change(builders.book(dose, target), place=word)
        for row in (
            Identifier(patient=patient, site=site, kind="mrn", value=f"{word}{target:%j}"),
            Carer(patient=patient, name=word, email=f"{word}@example.org", relationship=word),
        ):
            writing.add(row, event="test.planted", by=factories.BY, at=factories.AT)
        return dose

    FORBIDDEN = (
        CANARY,
        "87.65",
        "43.21",
        "nusinersen",
        "spinraza",
        "spinal",
        "muscular",
        "atrophy",
        "SMA",
        "neuro",
        "intrathecal",
        "lumbar",
        "injection",
        "drug",
        "medic",
        "dose ",
        "loading",
        "maintenance",
        "platelet",
        "lab ",
        "patient",
        "2020",  # the year of birth
    )

    def decoded(self, mail: EmailMessage) -> str:
        """Return every header and every body, decoded."""
        headers = [f"{name}: {value}" for part in mail.walk() for name, value in part.items()]
        bodies = [str(part.get_content()) for part in mail.walk() if not part.is_multipart()]
        return "\n".join([*headers, *bodies])

    def test_leaves_in_any_header_or_body(self, planted: list[Dose], post: PostOffice) -> None:
        assert run_on(TARGET - timedelta(days=1)).sent == 1
        (mail,) = post.mails
        text = self.decoded(mail)
        assert all(str(dose.pk) in text for dose in planted), "the lines themselves are there"
        for word in self.FORBIDDEN:
            assert word.casefold() not in text.casefold(), word
        assert self.CANARY.encode() not in post.raw[0]

    def test_the_words_would_be_found_if_they_were_there(
        self, planted: list[Dose], post: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The twin: a line that named the patient is caught in both bodies, behind any encoding."""
        monkeypatch.setattr(DigestLine, "text", property(lambda _line: f"About {self.CANARY} – ü"))
        run_on(TARGET - timedelta(days=1))
        (mail,) = post.mails
        assert self.decoded(mail).count(self.CANARY) == 4

    def test_is_logged_or_printed_on_the_way(
        self, planted: list[Dose], post: PostOffice, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        post.refusals["nurse@northfield.example"] = "451 later"
        run_on(TARGET - timedelta(days=1))
        printed = capfd.readouterr()
        assert self.CANARY not in caplog.text + printed.out + printed.err

    def test_the_links_hold_ids_only(self, planted: list[Dose], post: PostOffice) -> None:
        run_on(TARGET - timedelta(days=1))
        text = self.decoded(post.mails[0])
        allowed = {f"https://clinic.example/doses/{dose.pk}/" for dose in planted} | {"https://clinic.example"}
        assert set(re.findall(r"https?://[^\s\"<>]+", text)) == allowed


def test_three_patients_lines_never_mix(
    site: Site, other_site: Site, person: Callable[..., User], post: PostOffice
) -> None:
    """Each link in a mail belongs to a site of its reader, and the three readers see three different sets."""
    third = factories.site("Eastwick")
    people = {place.pk: person(Role.NURSE, at=place) for place in (site, other_site, third)}
    doses = {place.pk: builders.dose(place) for place in (site, other_site, third)}
    run_on(CLOSES + timedelta(days=2))
    assert len(post.mails) == 3
    for place, reader in people.items():
        (mail,) = [mail for mail in post.mails if mail["To"] == reader.email]
        found = set(re.findall(r"/doses/([0-9a-f-]{36})/", plain(mail) + html(mail)))
        assert found == {str(doses[place].pk)}
