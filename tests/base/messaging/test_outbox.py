"""Sending: what is written, what rests, who sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from crm.make import make_account
from dealwright.base.access.actor import change, system
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.files import store_file
from dealwright.base.messaging import get_message, send_email, send_sms, visible_messages
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.messaging.outbox import discard_messages, release_messages
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db
ACTOR = system("test")


def make_mail(**fields: Any) -> OutboundMessage:
    values = {"to": "kim@example.com", "subject": "Hello", "text": "Good day"} | fields
    return send_email(values.pop("actor", ACTOR), **values)


def test_without_a_server_a_mail_rests_in_the_outbox() -> None:
    message = make_mail()
    assert message.status == "held"
    assert message.message_id.startswith("<") and message.message_id.endswith("@localhost>")
    assert OutboundMessage.objects.get().text == "Good day"


def test_a_rolled_back_transaction_sends_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(), change(ACTOR):
        make_mail()
        raise ZeroDivisionError
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"to": "kim"}, "to", "“kim” is not an e-mail address."),
        ({"to": "a@b.example\nBcc: x@y.example"}, "to", "is not an e-mail address"),
        ({"cc": ["nobody"]}, "cc", "“nobody” is not an e-mail address."),
        ({"subject": "", "text": ""}, "text", "Write something."),
        ({"headers": {"Bcc": "x@y.example"}}, "headers", "Bcc"),
        ({"headers": {"X-A": "a\r\nBcc: x"}}, "headers", "X-A"),
    ],
)
def test_it_names_the_wrong_field(fields: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make_mail(**fields)
    assert sentence in refusal.value.fields[field][0]
    assert not OutboundMessage.objects.exists()


def test_a_subject_stays_one_line() -> None:
    assert make_mail(subject="One\r\nBcc: two@example.com").subject == "One Bcc: two@example.com"


def test_html_is_cleaned_and_gives_the_text() -> None:
    message = make_mail(
        text="",
        html='<p onclick="x()">Dear <b>Kim</b>,</p><script>alert(1)</script>'
        '<ul><li>one</li><li><a href="https://dealwright.example/x">two</a></li></ul>'
        '<a href="javascript:x()">three</a>',
    )
    assert "script" not in message.html and "onclick" not in message.html
    assert "javascript" not in message.html
    assert message.text == ("Dear Kim,\n\n- one\n- two (https://dealwright.example/x)\n\nthree")


def test_an_answer_stands_in_the_thread() -> None:
    first = make_mail()
    second = make_mail(answer_to=first)
    third = make_mail(answer_to=second)
    assert second.in_reply_to == first.message_id
    assert third.references == [first.message_id, second.message_id]


def test_too_much_to_attach_is_refused() -> None:
    large = store_file(
        ACTOR, name="a.bin", content=b"x" * 20_000_001, generated=True, purpose="test"
    )
    with pytest.raises(Invalid, match="20 MB in all"):
        make_mail(attachments=[large])


def test_people_see_their_own_and_their_records_messages() -> None:
    admin, rep, other = make_administrator(), make_user("Rita"), make_user("Otto")
    account = make_account(owner=rep)
    mine = make_mail(actor=acting(other))
    about = make_mail(object="account", record_id=account.pk)
    secret = make_mail(object="account", record_id=account.pk, sensitive=True)
    assert set(visible_messages(acting(admin))) == {mine, about, secret}
    assert set(visible_messages(acting(rep))) == {about}
    assert set(visible_messages(acting(other))) == {mine}
    with pytest.raises(NotFound):
        get_message(acting(other), about.id)
    with pytest.raises(NotFound):
        get_message(acting(other), "no-id")


def test_resting_mail_is_sent_or_discarded_by_an_administrator(settings: Any) -> None:
    admin = acting(make_administrator())
    first, second = make_mail(), make_mail()
    with pytest.raises(Conflict, match="Set a mail server first"):
        release_messages(admin)
    settings.SMTP_URL = "smtp://mail.example"
    with pytest.raises(NotAllowed):
        release_messages(acting(make_user()))
    assert release_messages(admin, [first.id]) == 1
    assert discard_messages(admin) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("queued", "discarded")


def test_plus_addressing_puts_the_token_into_the_answer_address(settings: Any) -> None:
    from dealwright.base.messaging.accounts import save_mail_settings

    save_mail_settings(
        acting(make_administrator()),
        {"from_address": "sales@acme.example", "plus_addressing": True},
        test=False,
    )
    message = make_mail()
    token = message.message_id[1:33]
    assert message.reply_to == f"sales+{token}@acme.example"
    assert message.message_id == f"<{token}@acme.example>"


def test_djangos_own_mail_goes_through_the_outbox() -> None:
    mail = EmailMultiAlternatives("Sign in", "Your code: 123", None, ["Kim Lee <kim@example.com>"])
    mail.attach_alternative("<p>Your code: <b>123</b></p>", "text/html")
    # Django's test runner swaps the mailer, so the backend is asked as the product would.
    from dealwright.base.messaging.backend import OutboxBackend

    assert OutboxBackend(alias="default").send_messages([mail]) == 1
    message = OutboundMessage.objects.get()
    assert (message.to, message.to_name, message.purpose) == (
        "kim@example.com",
        "Kim Lee",
        "account",
    )
    assert message.is_sensitive


@pytest.mark.parametrize(
    ("number", "region", "kept"),
    [("+49 30 123456", "", "+4930123456"), ("030 123456", "DE", "+4930123456")],
)
def test_an_sms_goes_to_one_written_number(number: str, region: str, kept: str) -> None:
    message = send_sms(ACTOR, to=number, text="Your code: 123", region=region)
    assert (message.to, message.channel, message.status) == (kept, "sms", "held")


def test_an_sms_needs_a_number_and_a_text() -> None:
    with pytest.raises(Invalid, match="“030 123456” is not a phone number"):
        send_sms(ACTOR, to="030 123456", text="x")
    with pytest.raises(Invalid, match="from 1 to 1600 characters"):
        send_sms(ACTOR, to="+4930123456", text=" ")
