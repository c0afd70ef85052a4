"""Receiving: replies found, automatic answers and bounces told apart, each mail once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from base.messaging.test_outbox import ACTOR, make_mail
from crm.make import make_account
from dealwright.base.errors import Invalid
from dealwright.base.events.models import OutboxEvent
from dealwright.base.files import read_file
from dealwright.base.messaging import receive_email, suppressed_reason
from dealwright.base.messaging.mail_reading import read_mail
from dealwright.base.messaging.models import InboundMessage, OutboundMessage

pytestmark = pytest.mark.django_db


def answer_to(message: OutboundMessage, *headers: str, body: str = "Gladly.") -> bytes:
    """A person's answer, with further headers."""
    return "\r\n".join(
        [
            "From: Kim Lee <Kim@Example.com>",
            "To: Sales <sales@acme.example>",
            "Subject: Re: Hello",
            "Date: Tue, 24 Nov 2026 12:00:00 +0100",
            "Message-ID: <answer-1@example.com>",
            f"In-Reply-To: {message.message_id}",
            f"References: <older@example.com> {message.message_id}",
            *headers,
            "",
            body,
        ]
    ).encode()


def bounce_of(message_id: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A delivery status report (RFC 3464) that brings the headers of our mail back."""
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
To: sales@acme.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you ...
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; kim@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--b
Content-Type: text/rfc822-headers

From: sales@acme.example
To: kim@example.com
Message-ID: {message_id}
Subject: Hello

--b--
""".encode()


def received() -> dict[str, Any]:
    """The payload of the last ``email.received``."""
    row = OutboxEvent.objects.filter(name="email.received").latest("seq")
    return {**row.payload, "about": (row.object, row.record_id)}


def test_a_reply_is_matched_and_told() -> None:
    account = make_account()
    message = make_mail(object="account", record_id=account.pk)
    inbound = receive_email(answer_to(message))
    assert (inbound.kind, inbound.outbound, inbound.record_id) == ("reply", message, account.pk)
    assert (inbound.from_address, inbound.from_name) == ("kim@example.com", "Kim Lee")
    assert (inbound.subject, inbound.text) == ("Re: Hello", "Gladly.")
    assert received() == {
        "message": str(inbound.id),
        "outbound": str(message.id),
        "object": "account",
        "record_id": str(account.pk),
        "from_address": "kim@example.com",
        "subject": "Re: Hello",
        "kind": "reply",
        "is_auto_reply": False,
        "is_bounce": False,
        "about": ("account", account.pk),
    }
    message.refresh_from_db()
    assert message.status == "delivered"


def test_the_raw_mail_is_kept() -> None:
    raw = answer_to(make_mail())
    inbound = receive_email(raw)
    assert inbound.raw
    assert read_file(inbound.raw) == raw
    assert inbound.raw.content_type == "message/rfc822"


def test_the_same_mail_again_is_the_same_row() -> None:
    raw = answer_to(make_mail())
    assert receive_email(raw) == receive_email(raw)
    assert OutboxEvent.objects.filter(name="email.received").count() == 1


def test_the_thread_is_found_by_references_alone() -> None:
    message = make_mail()
    raw = answer_to(message).replace(f"In-Reply-To: {message.message_id}\r\n".encode(), b"")
    assert receive_email(raw).outbound == message


def test_a_plus_address_finds_the_message_when_the_headers_do_not() -> None:
    message = make_mail()
    token = message.message_id[1:33]
    raw = (
        "From: kim@example.com\r\n"
        f"To: sales+{token}@localhost\r\n"
        "In-Reply-To: <rewritten@provider.example>\r\n"
        "Subject: Re: Hello\r\n\r\nYes"
    ).encode()
    inbound = receive_email(raw)
    assert (inbound.kind, inbound.outbound) == ("reply", message)


def test_an_answer_to_a_strangers_mail_is_new_mail() -> None:
    raw = b"From: kim@example.com\r\nIn-Reply-To: <x@y.example>\r\nSubject: Re: x\r\n\r\nHi"
    inbound = receive_email(raw)
    assert (inbound.kind, inbound.outbound, inbound.object) == ("new", None, "")


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; type=vacation",
        "X-Autoreply: yes",
        "X-Autorespond: vacation",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "Return-Path: <>",
    ],
)
def test_an_automatic_answer_is_no_reply(header: str) -> None:
    message = make_mail()
    inbound = receive_email(answer_to(message, header))
    assert (inbound.kind, inbound.outbound) == ("auto_reply", message)
    assert inbound.is_auto_reply and received()["is_auto_reply"]


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Hello",
        "Automatische Antwort: Hello",
        "Out of office",
        "=?utf-8?q?R=C3=A9ponse_automatique_=3A_Hello?=",
        "Respuesta automática: Hello",
    ],
)
def test_exchange_says_it_by_a_header_and_the_subject(subject: str) -> None:
    raw = (
        answer_to(make_mail(), "X-Auto-Response-Suppress: All")
        .decode()
        .replace("Subject: Re: Hello", f"Subject: {subject}")
        .encode()
    )
    assert receive_email(raw).kind == "auto_reply"


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("Auto-Submitted: no", "Gladly."),
        ("X-Auto-Response-Suppress: OOF", "Gladly."),  # Exchange adds it to people's mail, too
        ("Precedence: list", "Gladly."),
        ("X-Priority: 1", "I am out of office next week, but yes. Undeliverable? No."),
    ],
)
def test_a_person_is_not_taken_for_a_machine(header: str, body: str) -> None:
    assert receive_email(answer_to(make_mail(), header, body=body)).kind == "reply"


def test_a_bounce_marks_the_message_and_suppresses_the_address() -> None:
    account = make_account()
    message = make_mail(object="account", record_id=account.pk, purpose="sequence")
    inbound = receive_email(bounce_of(message.message_id))
    assert (inbound.kind, inbound.outbound, inbound.bounce_status) == ("bounce", message, "5.1.1")
    message.refresh_from_db()
    assert (message.status, message.error) == ("bounced", "5.1.1 550 5.1.1 user unknown")
    assert suppressed_reason("kim@example.com", "sequence") == "The address does not exist"
    assert received()["is_bounce"]
    names = list(OutboxEvent.objects.order_by("seq").values_list("name", flat=True))
    assert names[-3:] == ["email.bounced", "address.suppressed", "email.received"]


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("delayed", "4.4.1", "delay"),
        ("delivered", "2.0.0", "receipt"),
        ("failed", "4.2.2", "bounce"),
    ],
)
def test_what_is_not_for_good_suppresses_nobody(action: str, status: str, kind: str) -> None:
    message = make_mail()
    inbound = receive_email(bounce_of(message.message_id, action=action, status=status))
    assert inbound.kind == kind
    message.refresh_from_db()
    assert message.bounced_at is None
    assert not suppressed_reason("kim@example.com", "sequence")


def test_a_forged_bounce_without_our_id_does_nothing() -> None:
    message = make_mail()
    inbound = receive_email(bounce_of("<guessed@acme.example>"))
    assert (inbound.kind, inbound.outbound) == ("bounce", None)
    message.refresh_from_db()
    assert message.bounced_at is None
    assert not suppressed_reason("kim@example.com", "sequence")


def test_a_spam_complaint_suppresses_the_address() -> None:
    message = make_mail(purpose="marketing")
    raw = f"""From: abuse@provider.example
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1

--b
Content-Type: message/rfc822

From: sales@acme.example
Message-ID: {message.message_id}
Subject: Hello

Good day
--b--
""".encode()
    inbound = receive_email(raw)
    assert (inbound.kind, inbound.outbound) == ("complaint", message)
    assert suppressed_reason("kim@example.com", "marketing") == "Reported as spam"


def test_an_unsubscribe_mail_is_obeyed() -> None:
    message = make_mail(purpose="sequence")
    raw = answer_to(message).replace(b"Subject: Re: Hello", b"Subject: Unsubscribe")
    assert receive_email(raw).kind == "unsubscribe"
    assert suppressed_reason("kim@example.com", "sequence") == "Unsubscribed"


def test_bodies_in_any_writing_are_read() -> None:
    raw = (
        b"From: =?iso-8859-1?q?J=FCrgen?= <j@example.com>\r\n"
        b"Subject: =?utf-8?b?w5xi?= =?bogus?q?x?=\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html; charset=windows-1252\r\n\r\n"
        b"<p>Gr\xfc\xdfe</p><script>x</script>\r\n--b--\r\n"
    )
    inbound = receive_email(raw)
    assert inbound.from_name == "Jürgen"
    assert inbound.text == "Grüße"
    assert "script" not in inbound.html


@pytest.mark.parametrize(
    "raw",
    [
        b"no header at all",
        b"\xff\xfe\x00garbage\x00\r\n\r\n\x00",
        b"From: \xff\xff@\xff\r\nDate: nonsense\r\nMessage-ID: <>\r\n\r\nx",
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nx",
        b"Date: Tue, 99 Foo 99999 99:99:99 +9999\r\n\r\nx",
        b"From: a@b.example, <<>>, ,\r\nTo: undisclosed-recipients:;\r\n\r\n",
    ],
)
def test_a_broken_mail_is_taken_in_as_far_as_it_goes(raw: bytes) -> None:
    assert receive_email(raw).sha256


@given(some.binary(min_size=1, max_size=400))
def test_no_bytes_make_reading_fail(raw: bytes) -> None:
    assert "\x00" not in read_mail(raw).subject


@given(
    some.lists(
        some.tuples(
            some.sampled_from(
                ["From", "To", "Subject", "References", "Content-Type", "Date", "Auto-Submitted"]
            ),
            some.text(max_size=60),
        ),
        max_size=8,
    ),
    some.text(max_size=100),
)
def test_no_headers_make_reading_fail(headers: list[tuple[str, str]], body: str) -> None:
    raw = "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n" + body
    assert read_mail(raw.encode("utf-8", "surrogatepass")).kind


def test_nothing_is_no_mail() -> None:
    with pytest.raises(Invalid, match="it is empty"):
        receive_email(b" \r\n")
    assert not InboundMessage.objects.exists()


def test_a_reply_after_a_bounce_does_not_hide_it() -> None:
    message = make_mail()
    receive_email(bounce_of(message.message_id))
    receive_email(answer_to(message))
    message.refresh_from_db()
    assert message.status == "bounced"


def test_it_runs_as_the_product() -> None:
    receive_email(answer_to(make_mail(actor=ACTOR)))
    row = OutboxEvent.objects.filter(name="email.received").latest("seq")
    assert (row.actor_name, row.via) == ("Dealwright mail", "mail")


def test_what_was_answered_rests_no_longer() -> None:
    message = make_mail()
    assert message.status == "held"
    receive_email(answer_to(message))
    message.refresh_from_db()
    assert (message.status, message.held_at) == ("delivered", None)
