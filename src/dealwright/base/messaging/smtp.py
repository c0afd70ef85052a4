"""Speaking to the mail server: making the MIME message, handing it over, reading the refusal."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from dealwright.base.errors import Unavailable
from dealwright.base.files import read_file
from dealwright.base.messaging.accounts import SmtpAccount
from dealwright.base.messaging.models import OutboundMessage

SECONDS = 20


class Refusal(Exception):
    """The server said no to one message. ``permanent`` by its code (RFC 5321, 4.2.1);
    ``bad_address`` where it is the receiver it does not know."""

    def __init__(self, code: int, text: str, *, bad_address: bool = False) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.bad_address = bad_address

    @property
    def permanent(self) -> bool:
        return 500 <= self.code < 600


def mime_message(message: OutboundMessage) -> EmailMessage:
    """The message as it travels (RFC 5322, MIME): text, HTML beside it, attachments."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(message.from_name, message.from_address)
    mail["To"] = _address(message.to_name, message.to)
    if message.cc:
        mail["Cc"] = [_address("", each) for each in message.cc]
    if message.reply_to:
        mail["Reply-To"] = _address("", message.reply_to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.queued_at)
    mail["Message-ID"] = message.message_id
    if message.in_reply_to:
        mail["In-Reply-To"] = message.in_reply_to
    if message.references:
        mail["References"] = " ".join(message.references)
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text or " ", charset="utf-8")
    if message.html:
        mail.add_alternative(message.html, subtype="html", charset="utf-8")
    for stored in message.attachments.all():
        main, _, sub = stored.content_type.partition("/")
        if main in ("message", "multipart", "text"):  # these have rules of their own in MIME
            main, sub = "application", "octet-stream"
        mail.add_attachment(read_file(stored), maintype=main, subtype=sub, filename=stored.name)
    return mail


class SmtpSession:
    """A signed-in connection that hands over message after message."""

    def __init__(self, connection: smtplib.SMTP) -> None:
        self._connection = connection

    def hand_over(self, message: OutboundMessage) -> None:
        """Give one message to the server; raises Refusal, or Unavailable where it went away."""
        mail = mime_message(message)
        receivers = [message.to, *message.cc]
        try:
            refused = self._connection.send_message(mail, message.from_address, receivers)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients.get(message.to) or next(iter(error.recipients.values()))
            self._forget()
            raise Refusal(code, _words(text), bad_address=_unknown_receiver(code, text)) from None
        except smtplib.SMTPResponseException as error:  # sender or data refused
            self._forget()
            raise Refusal(error.smtp_code, _words(error.smtp_error)) from None
        except smtplib.SMTPNotSupportedError as error:
            raise Refusal(553, str(error)) from None
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise Unavailable(f"The mail server went away: {error}.") from None
        if message.to in refused:  # a copy went out, but not to the one it is for
            code, text = refused[message.to]
            raise Refusal(code, _words(text), bad_address=_unknown_receiver(code, text))

    def _forget(self) -> None:
        with suppress(smtplib.SMTPException, OSError):
            self._connection.rset()


@contextmanager
def smtp_session(account: SmtpAccount) -> Iterator[SmtpSession]:
    """Connect and sign in; raises Unavailable with a sentence that says what to change."""
    connection = _connect(account)
    try:
        yield SmtpSession(connection)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()


def test_smtp(account: SmtpAccount | None) -> None:
    """Connect and sign in, no more; raises Unavailable with a sentence."""
    if account is None:
        raise Unavailable("No mail server is set.")
    with smtp_session(account):
        pass


def _connect(account: SmtpAccount) -> smtplib.SMTP:
    context = ssl.create_default_context()
    where = f"{account.host}:{account.port}"
    try:
        connection: smtplib.SMTP
        if account.security == "tls":
            connection = smtplib.SMTP_SSL(
                account.host, account.port, timeout=SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(account.host, account.port, timeout=SECONDS)
            if account.security == "starttls":
                connection.starttls(context=context)
        if account.username:
            connection.login(account.username, account.password)
    except ssl.SSLError as error:
        raise Unavailable(
            f"{where}: the encrypted connection failed ({error.reason or error}). "
            "Check the port and the kind of encryption."
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        raise Unavailable(
            f"{where} refuses the user name and password: {_words(error.smtp_error)}"
        ) from None
    except smtplib.SMTPNotSupportedError as error:
        raise Unavailable(f"{where} cannot do what is set: {error}") from None
    except socket.gaierror:
        raise Unavailable(f"There is no server “{account.host}”.") from None
    except TimeoutError:
        raise Unavailable(f"{where} does not answer within {SECONDS} seconds.") from None
    except (smtplib.SMTPException, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Unavailable(f"{where} does not take mail: {reason}") from None
    return connection


def _address(name: str, address: str) -> Any:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _words(text: bytes | str) -> str:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(plain.split())[:500]


def _unknown_receiver(code: int, text: bytes | str) -> bool:
    """Whether the refusal is for good and about the receiver: 5.1.x (RFC 3463), or a bare 550.

    5.7.x speaks of us (policy, spam), 5.2.2 of a full mailbox: neither says it is not there.
    """
    words = _words(text)
    if code not in (550, 551, 553):
        return False
    return words.startswith("5.1.") or "5.1.1" in words or words[:2] != "5."
