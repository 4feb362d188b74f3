"""Mail by SMTP, encrypted or not at all: STARTTLS that the server must offer, or TLS from the first byte.

One connection takes several messages; each is preceded by a NOOP, so that a connection which the server has closed
meanwhile costs no message. When it breaks after the text was sent, nobody knows whether it arrived, and it is sent again
under the same Message-ID.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Mapping
from datetime import datetime

from app.kit.refusal import Refused
from app.notices import composing
from app.notices.carriers.carrier import Outcome, Result, Ways
from app.notices.shapes import Message

_PORTS = {"starttls": "587", "implicit": "465", "none": "25"}
_PER_CONNECTION = 50  # servers limit it, and say so with a 421 that looks like an outage


class EmailCarrier:
    """A connection to one mail server, opened with the first message."""

    def __init__(self, config: Mapping[str, str], secret: Mapping[str, str], ways: Ways) -> None:
        self._config, self._secret, self._timeout = config, secret, ways.timeout_s
        self._open: smtplib.SMTP | None = None
        self._sent = 0

    def send(self, message: Message, at: datetime) -> Outcome:
        """Send the message as a mail. An address or text that the server refuses for good is that message's own matter."""
        try:
            made = composing.mail(message, sender=self._config["sender"], at=at)
        except Refused as refused:
            return Outcome(Result.NEVER, str(refused))
        try:
            self._connection().send_message(made)
        except smtplib.SMTPRecipientsRefused as refused_by:
            self._reset()
            code, told = next(iter(refused_by.recipients.values()))
            return _answered(code, told)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError) as error:
            self.close()
            return Outcome(Result.TROUBLE, _told(error.smtp_code, error.smtp_error), error.smtp_code)
        except smtplib.SMTPDataError as error:
            self._reset()
            return _answered(error.smtp_code, error.smtp_error)
        except smtplib.SMTPResponseException as error:
            self.close()
            return Outcome(Result.TROUBLE, _told(error.smtp_code, error.smtp_error), error.smtp_code)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Outcome(Result.TROUBLE, f"{self._config['host']}: {_plain(error)}")
        self._sent += 1
        return Outcome(Result.DELIVERED, code=250)

    def close(self) -> None:
        """Say goodbye, if there is somebody to say it to."""
        if self._open is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._open.quit()
            with contextlib.suppress(OSError):
                self._open.close()
            self._open = None

    def _connection(self) -> smtplib.SMTP:
        if self._open is not None and (self._sent >= _PER_CONNECTION or not self._alive(self._open)):
            self.close()
        if self._open is None:
            self._open, self._sent = self._connect(), 0
        return self._open

    def _connect(self) -> smtplib.SMTP:
        config = self._config
        tls = config.get("tls", "starttls")
        port = int(config.get("port") or _PORTS[tls])
        name = config["sender"].rpartition("@")[2].encode("idna").decode("ascii")  # what we call ourselves in EHLO
        context = ssl.create_default_context(cafile=config.get("ca_file") or None)
        if tls == "implicit":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(config["host"], port, name, timeout=self._timeout, context=context)
        else:
            opened = smtplib.SMTP(config["host"], port, name, timeout=self._timeout)
        try:
            if tls == "starttls":
                opened.starttls(context=context)  # raises where the server does not offer it: never in the clear
            if config.get("username"):
                opened.login(config["username"], self._secret["password"])
        except BaseException:
            opened.close()
            raise
        return opened

    def _alive(self, opened: smtplib.SMTP) -> bool:
        try:
            return opened.noop()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False

    def _reset(self) -> None:
        """End a transaction that was refused half-way, so that the connection takes the next message."""
        try:
            if self._open is not None:
                self._open.rset()
        except (smtplib.SMTPException, OSError):
            self.close()


def _answered(code: int, told: bytes | str) -> Outcome:
    """What a refusal of one message means: 4xx passes (greylisting), 5xx does not (RFC 5321, 4.2.1)."""
    return Outcome(Result.NEVER if code >= 500 else Result.LATER, _told(code, told), code)


def _told(code: int, told: bytes | str) -> str:
    text = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    return " ".join(f"answered {code}: {text}".split())[:300]


def _plain(error: Exception) -> str:
    """An error of the connection in words; the library's own hold no password."""
    return " ".join(str(error).split())[:200] or type(error).__name__
