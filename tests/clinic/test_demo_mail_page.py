"""How caught mails are shown: everything escaped, nothing that runs or loads."""

from datetime import UTC, datetime
from email.message import EmailMessage

from bs4 import BeautifulSoup, Tag

from clinic.demo.mail_page import Caught, list_page, mail_page, missing_page

NASTY = "<script>alert(1)</script>\"'&"


def caught(name: str = "1-a", *, subject: str | None = "Doses due", html: str = "", text: str = "Two doses.") -> Caught:
    message = EmailMessage()
    message["From"], message["To"] = "appointments@localhost", "nurse@example.org"
    if subject is not None:
        message["Subject"] = subject
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return Caught(name, datetime(2026, 7, 4, 12, 30, 5, tzinfo=UTC), bytes(message))


def parsed(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "html.parser")


def one(page: str, selector: str) -> Tag:
    found = parsed(page).select(selector)
    assert len(found) == 1, selector
    return found[0]


def test_an_empty_capture_says_so() -> None:
    assert "Nothing has been sent yet." in parsed(list_page([])).text


def test_the_list_keeps_its_order_and_counts() -> None:
    page = list_page([caught("2-b", subject="Second"), caught("1-a", subject="First")])
    assert [link["href"] for link in parsed(page).select("td a")] == ["/mail/2-b", "/mail/1-a"]
    assert "2 mails, newest first" in parsed(page).text


def test_one_mail_is_not_called_mails() -> None:
    assert "1 mail, newest first" in parsed(list_page([caught()])).text


def test_the_list_says_when_to_whom_and_what() -> None:
    cells = [cell.text for cell in parsed(list_page([caught()])).select("td")]
    assert cells == ["04 Jul 2026 12:30:05", "nurse@example.org", "Doses due"]


def test_the_list_renews_itself_without_scripts() -> None:
    page = list_page([])
    assert one(page, "meta[http-equiv=refresh]")["content"] == "5"
    assert parsed(page).select("script") == []


def test_a_mail_that_is_being_read_stays_still() -> None:
    assert parsed(mail_page(caught())).select("meta[http-equiv=refresh]") == []


def test_a_mail_shows_its_headers_and_text() -> None:
    page = mail_page(caught(text="Two doses are due."))
    assert "nurse@example.org" in one(page, "table").text
    assert one(page, "pre").text.strip() == "Two doses are due."


def test_the_html_part_stands_in_a_frame_that_may_do_nothing() -> None:
    frame = one(mail_page(caught(html="<p>Two <b>doses</b></p>")), "iframe")
    assert "sandbox" in frame.attrs
    assert not frame["sandbox"]
    assert "<b>doses</b>" in str(frame["srcdoc"])


def test_a_mail_without_html_has_no_frame() -> None:
    assert parsed(mail_page(caught())).select("iframe") == []


def test_a_mail_of_html_alone_has_no_text() -> None:
    message = EmailMessage()
    message.set_content("<p>only</p>", subtype="html")
    page = mail_page(Caught("1-a", datetime(2026, 7, 4, tzinfo=UTC), bytes(message)))
    assert parsed(page).select("pre") == []
    assert "<p>only</p>" in str(one(page, "iframe")["srcdoc"])


def test_what_a_mail_holds_cannot_leave_its_place() -> None:
    nasty = caught(subject=NASTY, text=NASTY, html=f"<p>{NASTY}</p>")
    for page in (mail_page(nasty), list_page([nasty])):
        assert parsed(page).select("script") == []
    assert one(mail_page(nasty), "pre").text.strip() == NASTY


def test_a_mail_without_a_subject_can_still_be_opened() -> None:
    assert "(no subject)" in one(list_page([caught(subject=None)]), "td a").text
    assert one(mail_page(caught(subject=None)), "h1").text == "(no subject)"


def test_no_page_names_another_host() -> None:
    for page in (list_page([caught()]), mail_page(caught(html="<p>x</p>")), missing_page()):
        assert "//" not in page.replace("<!doctype", "")
