"""Fetching answers from the mailbox; nothing in it is deleted, moved or marked as read."""

from __future__ import annotations

import imaplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from django.utils import timezone
from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from dealwright.base.errors import Unavailable
from dealwright.base.jobs import every
from dealwright.base.messaging import accounts
from dealwright.base.messaging.accounts import ImapAccount
from dealwright.base.messaging.inbound import receive_email
from dealwright.base.messaging.models import MailSettings

log = structlog.get_logger("dealwright.messaging")

SECONDS = 30
BATCH = 200


@every(name="messaging.fetch_mail", minutes=1)
def fetch_mail() -> int:
    """Read what is new in the mailbox; returns how many mails. Without a mailbox, nothing.

    Goes by UID (RFC 3501, 2.3.1.1), so each mail is read once; where the mailbox was made
    anew, its mails are read again and recognised by their content.
    """
    stored = accounts.mail_settings()
    mailbox = accounts.imap_account(stored)
    if mailbox is None:
        return 0
    try:
        count = _read_new(mailbox, stored)
    except Unavailable as error:
        _note(imap_error=error.message[:500])
        log.warning("mailbox not available", reason=error.message)
        return 0
    _note(imap_error="", imap_fetched_at=timezone.now())
    return count


def test_imap(account: ImapAccount) -> None:
    """Sign in and open the folder, no more; raises Unavailable with a sentence."""
    with _open(account):
        pass


def _read_new(account: ImapAccount, stored: MailSettings) -> int:
    count = 0
    with _open(account) as box:
        status = box.folder.status(account.folder, ["UIDVALIDITY", "UIDNEXT"])
        validity, following = str(status["UIDVALIDITY"]), int(status["UIDNEXT"])
        last = stored.imap_last_uid
        if stored.imap_validity != validity:
            # The first time, what lies in the mailbox is old; after that it was made anew.
            last = following - 1 if not stored.imap_validity else 0
            _note(imap_validity=validity, imap_last_uid=last)
        uids = sorted(int(uid) for uid in box.uids(AND(uid=f"{last + 1}:*")))
        # "n:*" names the last mail even where its UID is below n.
        for uid in [each for each in uids if each > last][:BATCH]:
            for mail in box.fetch(AND(uid=str(uid)), mark_seen=False, bulk=False):
                receive_email(mail.obj.as_bytes())
                count += 1
            _note(imap_last_uid=uid)
    return count


def _note(**values: object) -> None:
    MailSettings.objects.filter(pk=1).update(**values)


@contextmanager
def _open(account: ImapAccount) -> Iterator[BaseMailBox]:
    """A signed-in mailbox; raises Unavailable with a sentence that says what to change."""
    where = f"{account.host}:{account.port}"
    context = ssl.create_default_context()
    try:
        box: BaseMailBox
        if account.security == "tls":
            box = MailBox(account.host, account.port, timeout=SECONDS, ssl_context=context)
        elif account.security == "starttls":
            box = MailBoxStartTls(account.host, account.port, timeout=SECONDS, ssl_context=context)
        else:
            box = MailBoxUnencrypted(account.host, account.port, timeout=SECONDS)
        box.login(account.username, account.password, initial_folder=account.folder)
    except ImapToolsError as error:
        raise Unavailable(f"{where} refuses to open the mailbox: {error}") from None
    except ssl.SSLError as error:
        raise Unavailable(
            f"{where}: the encrypted connection failed ({error.reason or error}). "
            "Check the port and the kind of encryption."
        ) from None
    except socket.gaierror:
        raise Unavailable(f"There is no server “{account.host}”.") from None
    except TimeoutError:
        raise Unavailable(f"{where} does not answer within {SECONDS} seconds.") from None
    except (imaplib.IMAP4.error, OSError) as error:
        raise Unavailable(f"{where} does not open the mailbox: {error}") from None
    try:
        yield box
    except (imaplib.IMAP4.error, ImapToolsError, OSError) as error:
        raise Unavailable(f"{where} broke off: {error}") from None
    finally:
        with suppress(imaplib.IMAP4.error, ImapToolsError, OSError):
            box.logout()
