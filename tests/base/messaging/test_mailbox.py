"""Fetching from a mailbox: each mail once, nothing changed in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from base.messaging.mailbox_server import Mailbox, mailbox_server
from base.messaging.test_inbound import answer_to
from base.messaging.test_outbox import make_mail
from dealwright.base.errors import Invalid
from dealwright.base.messaging.accounts import mail_settings, save_mail_settings
from dealwright.base.messaging.imap import fetch_mail
from dealwright.base.messaging.models import InboundMessage
from make import acting, make_administrator

pytestmark = pytest.mark.django_db
NEW = b"From: kim@example.com\r\nSubject: %s\r\n\r\nHi"


def connect(mailbox: Mailbox, **values: Any) -> None:
    save_mail_settings(
        acting(make_administrator()),
        {
            "imap_host": "127.0.0.1",
            "imap_port": mailbox.port,
            "imap_security": "none",
            "imap_username": "sales",
            "imap_password": "secret",
        }
        | values,
    )


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mailbox_server() as running:
        running.put(NEW % b"From before we came")
        connect(running)
        fetch_mail()
        yield running


def subjects() -> list[str]:
    return list(InboundMessage.objects.order_by("id").values_list("subject", flat=True))


def test_what_lay_there_before_is_not_read(mailbox: Mailbox) -> None:
    assert subjects() == []
    assert mail_settings().imap_last_uid == 1


def test_new_mail_is_read_once_and_left_as_it_is(mailbox: Mailbox) -> None:
    message = make_mail()
    mailbox.put(answer_to(message))
    mailbox.put(NEW % b"Another")
    assert fetch_mail() == 2
    assert fetch_mail() == 0
    assert subjects() == ["Re: Hello", "Another"]
    assert InboundMessage.objects.get(kind="reply").outbound == message
    assert mailbox.changes == []


def test_a_mailbox_made_anew_is_read_again_without_doubles(mailbox: Mailbox) -> None:
    mailbox.put(NEW % b"One")
    fetch_mail()
    mailbox.validity, mailbox.mails, mailbox.following = 8, {}, 1
    mailbox.put(NEW % b"One")
    mailbox.put(NEW % b"Two")
    assert fetch_mail() == 2
    assert subjects() == ["One", "Two"]


def test_it_goes_on_where_it_was_broken_off(mailbox: Mailbox) -> None:
    for name in (b"One", b"Two", b"Three"):
        mailbox.put(NEW % name)
    mailbox.break_off_at = 3
    assert fetch_mail() == 0
    assert "broke off" in mail_settings().imap_error
    assert subjects() == ["One"]
    mailbox.break_off_at = 0
    assert fetch_mail() == 2
    assert subjects() == ["One", "Two", "Three"]
    assert mail_settings().imap_error == ""


def test_a_wrong_password_is_told_and_nothing_is_saved(mailbox: Mailbox) -> None:
    with pytest.raises(Invalid) as refusal:
        connect(mailbox, imap_password="wrong", imap_username="other")
    assert "refuses to open the mailbox" in refusal.value.fields["imap_host"][0]
    assert mail_settings().imap_username == "sales"


def test_without_a_mailbox_nothing_happens() -> None:
    assert fetch_mail() == 0
