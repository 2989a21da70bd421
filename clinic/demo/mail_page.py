"""How the mail capture shows what it caught: one list and one page per mail, pure functions from bytes to HTML.

Whatever a mail holds is shown as text, or inside a frame that may run nothing and load nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import escape
from typing import Final

REFRESH_SECONDS: Final = 5
# A framed mail inherits this: no script, no picture from elsewhere, nothing sent anywhere.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    + "frame-ancestors 'none'"
)
STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #59636e; --paper: #fff; --line: #d5dae0; --accent: #0b5cad }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --faint: #9aa4af; --paper: #14181d; --line: #333b44; --accent: #7db7f0 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper) }
h1 { font-size: 1.5rem; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { color: var(--faint); margin: 0 0 1.5rem } a { color: var(--accent) }
table { width: 100%; border-collapse: collapse } th, td { text-align: left; vertical-align: top; padding: .5rem .75rem
  .5rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere } th { font-weight: 600; color: var(--faint) }
.time { white-space: nowrap }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: 1rem; border: 1px solid var(--line);
  border-radius: .4rem; font: .95rem/1.5 ui-monospace, monospace }
iframe { width: 100%; height: 32rem; border: 1px solid var(--line); border-radius: .4rem; background: #fff }
"""


@dataclass(frozen=True)
class Caught:
    """One mail: its name in the capture, when it came (in the machine's own zone), and its bytes as sent."""

    name: str
    at: datetime
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return BytesParser(policy=policy.default).parsebytes(self.content)


def list_page(mails: Sequence[Caught]) -> str:
    """Return the page of all mails, in the order given; it asks for itself again every few seconds."""
    if not mails:
        return _page("Mail capture", _heading(0) + "<p>Nothing has been sent yet.</p>", refreshes=True)
    rows = "".join(_row(mail) for mail in mails)
    head = "<tr><th scope=col>Sent</th><th scope=col>To</th><th scope=col>Subject</th></tr>"
    body = f"{_heading(len(mails))}<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    return _page("Mail capture", body, refreshes=True)


def mail_page(mail: Caught) -> str:
    """Return the page of one mail: its headers, its text and, in a frame that can do nothing, its HTML."""
    message = mail.message
    subject = str(message["Subject"] or "(no subject)")
    headers = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in message.items()
    )
    parts = _text_part(message) + _html_part(message)
    body = f'<p><a href="/">All mails</a></p><h1>{escape(subject)}</h1><table>{headers}</table>{parts}'
    return _page(subject, body)


def missing_page() -> str:
    """Return the page for a mail that is not there."""
    return _page("No such mail", '<h1>No such mail</h1><p>It may have been cleared away. <a href="/">All mails</a></p>')


def _heading(count: int) -> str:
    mails = "1 mail" if count == 1 else f"{count} mails"
    return f"<h1>Mail capture</h1><p>{mails}, newest first. Nothing here has left this machine.</p>"


def _row(mail: Caught) -> str:
    message = mail.message
    subject = escape(str(message["Subject"] or "(no subject)"))
    return (
        f"<tr><td class=time>{mail.at:%d %b %Y %H:%M:%S}</td><td>{escape(str(message['To'] or ''))}</td>"
        + f'<td><a href="/mail/{escape(mail.name)}">{subject}</a></td></tr>'
    )


def _text_part(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    return f"<h2>Text</h2><pre>{escape(part.get_content())}</pre>" if part else ""


def _html_part(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    if not part:
        return ""
    return f'<h2>HTML</h2><iframe sandbox title="HTML part" srcdoc="{escape(part.get_content())}"></iframe>'


def _page(title: str, body: str, *, refreshes: bool = False) -> str:
    refresh = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">' if refreshes else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{refresh}'
        + '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        + f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
