"""Which mail server and SMS provider carry our messages, and from whom they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.encrypted_text import decrypt_text, encrypt_text
from dealwright.base.errors import Invalid, Unavailable
from dealwright.base.messaging.addresses import check_email, default_from_address
from dealwright.base.messaging.models import MailSettings
from dealwright.base.whole_numbers import whole_number

_SCHEMES = {"smtp": "starttls", "smtps": "tls", "smtp+plain": "none"}
_SECRETS = {"smtp_password", "imap_password", "sms_token"}
_PORTS = ("smtp_port", "imap_port")
_TEXTS = {
    "smtp_host": 253, "smtp_username": 320, "from_name": 200, "imap_host": 253,
    "imap_username": 320, "imap_folder": 200, "sms_url": 500, "sms_account": 120, "sms_from": 40,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """A server that takes mail from us. ``security`` is starttls, tls or none."""

    host: str
    port: int
    security: str
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """A mailbox that answers come to."""

    host: str
    port: int
    security: str
    username: str
    password: str
    folder: str


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """A provider with Twilio's interface."""

    url: str
    account: str
    token: str
    sender: str


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom mail comes unless a message says otherwise."""

    address: str
    name: str
    plus_addressing: bool


def mail_settings() -> MailSettings:
    """The stored settings, unsaved defaults where nothing was stored yet."""
    return MailSettings.objects.filter(pk=1).first() or MailSettings(id=1)


def given_by_environment() -> bool:
    """Whether the operator set the mail server of the installation (``DEALWRIGHT_SMTP_URL``)."""
    return bool(settings.SMTP_URL)


def smtp_account(stored: MailSettings | None = None) -> SmtpAccount | None:
    """The server to send through, or None: then mail rests in the outbox.

    ``DEALWRIGHT_SMTP_URL`` goes before what is stored.
    """
    if settings.SMTP_URL:
        return account_from_url(settings.SMTP_URL)
    stored = stored or mail_settings()
    if not stored.smtp_host:
        return None
    return SmtpAccount(
        stored.smtp_host,
        stored.smtp_port,
        stored.smtp_security,
        stored.smtp_username,
        _opened(stored, "smtp_password"),
    )


def imap_account(stored: MailSettings | None = None) -> ImapAccount | None:
    """The mailbox to read, or None."""
    stored = stored or mail_settings()
    if not stored.imap_host:
        return None
    return ImapAccount(
        stored.imap_host,
        stored.imap_port,
        stored.imap_security,
        stored.imap_username,
        _opened(stored, "imap_password"),
        stored.imap_folder,
    )


def sms_account(stored: MailSettings | None = None) -> SmsAccount | None:
    """The provider for SMS, or None: then they rest in the outbox."""
    stored = stored or mail_settings()
    if not stored.sms_account:
        return None
    return SmsAccount(
        stored.sms_url or "https://api.twilio.com",
        stored.sms_account,
        _opened(stored, "sms_token"),
        stored.sms_from,
    )


def sender(stored: MailSettings | None = None) -> Sender:
    """From whom mail comes: the settings, ``DEALWRIGHT_MAIL_FROM``, or a made-up address."""
    stored = stored or mail_settings()
    name, address = parseaddr(settings.MAIL_FROM)
    return Sender(
        stored.from_address or address or default_from_address(),
        stored.from_name or name or _company(),
        stored.plus_addressing,
    )


def account_from_url(url: str) -> SmtpAccount:
    """``smtp://user:password@host:587`` (STARTTLS), ``smtps://`` (TLS), ``smtp+plain://``.

    Raises Invalid for any other.
    """
    parts = urlsplit(url)
    security = _SCHEMES.get(parts.scheme)
    if security is None or not parts.hostname:
        raise Invalid("DEALWRIGHT_SMTP_URL must look like smtp://user:password@host:587.")
    port = parts.port or {"starttls": 587, "tls": 465, "none": 25}[security]
    return SmtpAccount(
        parts.hostname, port, security, unquote(parts.username or ""), unquote(parts.password or "")
    )


def save_mail_settings(
    actor: Actor, values: Mapping[str, Any], *, test: bool = True
) -> MailSettings:
    """Store the settings once a connection with them has worked; for administrators.

    An empty password keeps the stored one unless its server or user name changed, so that
    a password never goes to another server than it was given for. Raises Invalid naming each
    wrong field, with the server's own words where it refused.
    """
    _check_administrator(actor)
    with change(actor):
        MailSettings.objects.get_or_create(pk=1)
        stored = MailSettings.objects.select_for_update().get(pk=1)
        before = {name: getattr(stored, name) for name in (*_TEXTS, "imap_folder")}
        _assign(stored, values)
        for secret, fields in (
            ("smtp_password", ("smtp_host", "smtp_username")),
            ("imap_password", ("imap_host", "imap_username")),
            ("sms_token", ("sms_url", "sms_account")),
        ):
            moved = any(getattr(stored, name) != before[name] for name in fields)
            if given := str(values.get(secret) or ""):
                setattr(stored, secret, encrypt_text(given, purpose=f"mail.{secret}"))
            elif moved:
                setattr(stored, secret, "")
        if (stored.imap_host, stored.imap_folder) != (before["imap_host"], before["imap_folder"]):
            stored.imap_validity, stored.imap_last_uid = "", 0
        if test:
            _test(stored)
        stored.updated_at, stored.updated_by = timezone.now(), actor.user
        stored.save()
    return stored


def _test(stored: MailSettings) -> None:
    """Sign in to what is set; raises Invalid at the host's field with the server's words."""
    from dealwright.base.messaging.imap import test_imap
    from dealwright.base.messaging.smtp import test_smtp

    wrong: dict[str, list[str]] = {}
    if stored.smtp_host and not given_by_environment():
        try:
            test_smtp(smtp_account(stored))
        except Unavailable as error:
            wrong["smtp_host"] = [error.message]
    if mailbox := imap_account(stored):
        try:
            test_imap(mailbox)
        except Unavailable as error:
            wrong["imap_host"] = [error.message]
    if wrong:
        raise Invalid(
            "Nothing was saved: " + " ".join(each for row in wrong.values() for each in row),
            code="mail_server",
            fields=wrong,
        )


def _assign(stored: MailSettings, values: Mapping[str, Any]) -> None:
    """Set what was given and is right; raises Invalid naming each wrong field."""
    wrong: dict[str, list[str]] = {}
    for name, longest in _TEXTS.items():
        if name not in values:
            continue
        text = str(values[name] or "").strip()
        if len(text) > longest or any(ord(each) < 32 for each in text):
            wrong[name] = [f"This may have at most {longest} characters, all printable."]
        setattr(stored, name, text)
    for name in _PORTS:
        if name in values:
            port = whole_number(values[name], least=1, most=65535)
            if port is None:
                wrong[name] = ["A port is a number from 1 to 65535."]
            else:
                setattr(stored, name, port)
    for name in ("smtp_security", "imap_security"):
        if name in values:
            if values[name] not in MailSettings.Security.values:
                wrong[name] = ["Choose one of the list."]
            setattr(stored, name, values[name])
    if values.get("from_address"):
        try:
            stored.from_address = check_email(str(values["from_address"]), field="from_address")
        except Invalid as error:
            wrong.update(error.fields)
    elif "from_address" in values:
        stored.from_address = ""
    if stored.smtp_host and not stored.from_address:
        wrong["from_address"] = ["Say from which address mail comes."]
    if "plus_addressing" in values:
        stored.plus_addressing = bool(values["plus_addressing"])
    if stored.sms_url and not stored.sms_url.startswith(("https://", "http://")):
        wrong["sms_url"] = ["This must be a web address."]
    if stored.sms_account and not stored.sms_from:
        wrong["sms_from"] = ["Say from which number SMS come."]
    stored.imap_folder = stored.imap_folder or "INBOX"
    if wrong:
        raise Invalid("Some settings are not right. Nothing was saved.", fields=wrong)


def _check_administrator(actor: Actor) -> None:
    actor.require_administrator("Mail is set up by administrators.")


def _opened(stored: MailSettings, secret: str) -> str:
    sealed: str = getattr(stored, secret)
    return decrypt_text(sealed, purpose=f"mail.{secret}") if sealed else ""


def _company() -> str:
    from dealwright.base.people.organization import organization

    return organization().name
