"""One connection to the mail server for many mails, and what its answers mean."""

import contextlib
import smtplib
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, Self

from django.core import mail
from django.core.mail import EmailMessage


class Answer(Enum):
    """What the server made of a mail."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The server's answer, and its reason in a few words."""

    answer: Answer
    reason: str = ""


class Unreachable(Exception):
    """The server could not be reached or would not talk to us at all. The message is short and names no one."""


class Carrier:
    """Carries mails over one connection, opened for the first and renewed after it was lost.

    It is whatever `EMAIL_BACKEND` says, in earnest SMTP. Use it as a context manager.
    """

    def __init__(self) -> None:
        """Prepare; nothing is opened before there is a mail."""
        # Typed loosely: backends have `open`, `close` and `send_messages`, and the SMTP one also a `connection`.
        self._backend: Any = mail.get_connection(fail_silently=False)
        self._is_open = False

    def __enter__(self) -> Self:
        """Return the carrier itself."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        """Take leave of the server; what it says to that no longer matters."""
        if self._is_open:
            with contextlib.suppress(OSError):
                self._backend.close()

    def carry(self, message: EmailMessage) -> Outcome:
        """Hand one mail to the server.

        Raises Unreachable when there is no connection to be had. Anything that is wrong with the mail itself, such as
        a header that cannot be written, is raised as it comes.
        """
        self._open()
        try:
            self._backend.send_messages([message])
        except smtplib.SMTPRecipientsRefused as refused:
            return self._answered(*next(iter(refused.recipients.values())))
        except smtplib.SMTPResponseException as answer:
            return self._answered(answer.smtp_code, answer.smtp_error)
        except OSError as error:  # what smtplib raises is one of these too
            if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
                raise  # about this mail: the server lacks what it needs
            return self._lost(error)
        return Outcome(Answer.TAKEN)

    def _open(self) -> None:
        if self._is_open:
            return
        try:
            self._backend.open()
        except OSError as error:  # smtplib's own are among these
            self._drop()
            raise Unreachable(f"The mail server could not be reached ({type(error).__name__}).") from None
        self._is_open = True

    def _answered(self, code: int, text: bytes | str) -> Outcome:
        """Read a refusal: 5xx is for good, anything else may pass later. After 421 the server hangs up."""
        if code == 421:
            self._drop()
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        reason = f"The mail server answered {code} {' '.join(said.split())}".rstrip()
        return Outcome(Answer.REFUSED if 500 <= code < 600 else Answer.LATER, reason)

    def _lost(self, error: OSError) -> Outcome:
        """Give up the connection. A time-out reaches us as the cause of smtplib's own error."""
        self._drop()
        late = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
        return Outcome(Answer.LATER, "The mail server " + ("did not answer in time." if late else "was cut off."))

    def _drop(self) -> None:
        """Cut the connection without a farewell, which a hanging server would not answer either."""
        self._is_open = False
        connection = getattr(self._backend, "connection", None)
        if connection is not None:
            connection.close()
            self._backend.connection = None
