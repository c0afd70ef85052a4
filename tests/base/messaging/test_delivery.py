"""Handing over: sent, refused, tried again, never twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.utils import timezone

from base.messaging.mail_server import MailServer, mail_server
from base.messaging.test_outbox import ACTOR, make_mail
from dealwright.base.errors import Conflict, Invalid, NotAllowed, Unavailable
from dealwright.base.events.models import OutboxEvent
from dealwright.base.files import store_file
from dealwright.base.messaging import send_sms, suppress_address, suppressed_reason
from dealwright.base.messaging.accounts import mail_settings, save_mail_settings, smtp_account
from dealwright.base.messaging.delivery import REMOVED_TEXT, WAITS, deliver_messages, send_test
from dealwright.base.messaging.models import MailSettings, OutboundMessage
from dealwright.base.messaging.outbox import send_again
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server("dw", "secret") as running:
        settings.SMTP_URL = running.url
        settings.MAIL_FROM = "Acme Sales <sales@acme.example>"
        yield running


def deliver() -> None:
    """Hand over everything that is due by now."""
    while deliver_messages():
        pass


def make_due(message: OutboundMessage) -> None:
    OutboundMessage.objects.filter(pk=message.pk).update(next_attempt_at=timezone.now())


def events() -> list[str]:
    return list(OutboxEvent.objects.order_by("seq").values_list("name", flat=True))


def test_a_mail_arrives_as_it_was_meant(server: MailServer) -> None:
    offer = store_file(ACTOR, name="Offer.txt", content="Grüße".encode())
    message = make_mail(
        to_name="Kim Lée",
        cc=["boss@example.com"],
        subject="Grüße",
        text="Good day\n.\nBye",
        html="<p>Good <b>day</b></p>",
        reply_to="answers@acme.example",
        headers={"X-Deal": "42"},
        attachments=[offer],
    )
    assert message.status == "queued"
    deliver()
    (received,) = server.received
    assert (received.sender, received.receivers) == (
        "sales@acme.example",
        ["kim@example.com", "boss@example.com"],
    )
    mail = received.mail
    assert mail["From"] == "Acme Sales <sales@acme.example>"
    assert mail["To"] == "Kim Lée <kim@example.com>"
    assert (mail["Subject"], mail["Reply-To"], mail["X-Deal"], mail["Message-ID"]) == (
        "Grüße", "answers@acme.example", "42", message.message_id,
    )  # fmt: skip
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text and text.get_content().splitlines() == ["Good day", ".", "Bye"]
    assert html and html.get_content().strip() == "<p>Good <b>day</b></p>"
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "Offer.txt"
    assert attached.get_payload(decode=True) == "Grüße".encode()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.next_attempt_at) == ("sent", 1, None)
    assert events() == ["email.sent"]


def test_many_mails_take_one_connection(server: MailServer) -> None:
    for _ in range(5):
        make_mail()
    deliver()
    assert (len(server.received), server.connections) == (5, 1)


def test_a_sensitive_text_is_gone_once_it_is_sent(server: MailServer) -> None:
    message = make_mail(text="Your code: 123", sensitive=True)
    deliver()
    message.refresh_from_db()
    assert message.text == REMOVED_TEXT
    assert "123" in server.received[0].raw.decode()


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "550 no mailbox here"])
def test_an_unknown_receiver_is_a_bounce_and_never_asked_again(
    server: MailServer, answer: str
) -> None:
    server.answers["kim@example.com"] = answer
    message, other = make_mail(), make_mail(to="lee@example.com")
    deliver()
    message.refresh_from_db()
    other.refresh_from_db()
    assert (message.status, message.error, message.next_attempt_at) == ("bounced", answer, None)
    assert other.status == "sent"
    assert events() == ["email.bounced", "address.suppressed", "email.sent"]
    assert suppressed_reason("kim@example.com", "sequence") == "The address does not exist"


@pytest.mark.parametrize(
    "answer", ["550 5.7.1 you look like spam", "552 5.2.2 mailbox full", "554 5.7.1 no"]
)
def test_a_refusal_that_is_not_about_the_address_suppresses_nobody(
    server: MailServer, answer: str
) -> None:
    server.answers["kim@example.com"] = answer
    message = make_mail()
    deliver()
    message.refresh_from_db()
    assert (message.status, message.error) == ("failed", answer)
    assert events() == ["email.failed"]
    assert not suppressed_reason("kim@example.com", "sequence")


def test_a_refused_text_fails(server: MailServer) -> None:
    server.data_answer = "554 5.6.0 not that"
    message = make_mail()
    deliver()
    message.refresh_from_db()
    assert (message.status, message.error) == ("failed", "554 5.6.0 not that")


def test_a_busy_server_is_asked_again_later_and_at_last_no_more(server: MailServer) -> None:
    server.answers["kim@example.com"] = "451 4.3.0 come back later"
    message = make_mail()
    for wait in WAITS:
        before = timezone.now()
        deliver()
        message.refresh_from_db()
        assert message.status == "retrying"
        assert message.next_attempt_at
        assert wait <= message.next_attempt_at - before < wait + timedelta(minutes=1)
        make_due(message)
    deliver()
    message.refresh_from_db()
    assert message.status == "failed"
    assert message.error == f"Given up after {len(WAITS) + 1} tries: 451 4.3.0 come back later"
    server.answers.clear()
    send_again(ACTOR, message.id)
    deliver()
    message.refresh_from_db()
    assert message.status == "sent"


def test_wrong_credentials_hold_mail_back_and_lose_none(server: MailServer) -> None:
    server.password = "changed"
    messages = [make_mail(), make_mail()]
    deliver()
    for message in messages:
        message.refresh_from_db()
        assert message.status == "retrying"
        assert "refuses the user name and password: 5.7.8 bad credentials" in message.error
        make_due(message)
    assert server.connections == 1
    server.password = "secret"
    deliver()
    assert len(server.received) == 2


def test_a_server_that_hangs_up_loses_none(server: MailServer) -> None:
    server.hang_up = True
    message = make_mail()
    deliver()
    message.refresh_from_db()
    assert message.status == "retrying"
    server.hang_up = False
    make_due(message)
    deliver()
    assert len(server.received) == 1


@pytest.mark.parametrize(("purpose", "ends"), [("sequence", "failed"), ("account", "sent")])
def test_after_a_worker_died_only_what_may_come_twice_is_sent_again(
    server: MailServer, purpose: str, ends: str
) -> None:
    message = make_mail(purpose=purpose)
    OutboundMessage.objects.filter(pk=message.pk).update(
        claimed_at=timezone.now() - timedelta(hours=1), attempts=1
    )
    deliver()
    message.refresh_from_db()
    assert message.status == ends
    assert len(server.received) == (1 if ends == "sent" else 0)


def test_who_unsubscribed_meanwhile_gets_nothing(server: MailServer) -> None:
    message = make_mail(purpose="marketing")
    suppress_address(ACTOR, "KIM@Example.com", reason="unsubscribed")
    deliver()
    message.refresh_from_db()
    assert (message.status, message.error) == ("suppressed", "Unsubscribed")
    assert not server.received


def test_settings_are_saved_once_they_worked(server: MailServer, settings: Any) -> None:
    settings.SMTP_URL = ""
    admin = acting(make_administrator())
    values = {
        "smtp_host": "127.0.0.1",
        "smtp_port": str(server.port),
        "smtp_security": "none",
        "smtp_username": "dw",
        "smtp_password": "wrong",
        "from_address": "sales@acme.example",
    }
    with pytest.raises(Invalid) as refusal:
        save_mail_settings(admin, values)
    assert "refuses the user name and password" in refusal.value.fields["smtp_host"][0]
    assert not MailSettings.objects.exclude(smtp_host="").exists()
    assert save_mail_settings(admin, values | {"smtp_password": "secret"}).smtp_password.startswith(
        "v1."
    )
    # An empty password keeps the stored one; for another server it does not.
    save_mail_settings(admin, values | {"smtp_password": "", "from_name": "Acme"})
    account = smtp_account()
    assert account and account.password == "secret"
    save_mail_settings(admin, values | {"smtp_password": "", "smtp_host": "other"}, test=False)
    account = smtp_account()
    assert account and account.password == ""


def test_settings_name_each_wrong_field() -> None:
    with pytest.raises(Invalid) as refusal:
        save_mail_settings(
            acting(make_administrator()),
            {"smtp_host": "mail.example", "smtp_port": "99999", "imap_security": "magic"},
        )
    assert refusal.value.fields == {
        "smtp_port": ["A port is a number from 1 to 65535."],
        "imap_security": ["Choose one of the list."],
        "from_address": ["Say from which address mail comes."],
    }
    assert mail_settings().smtp_host == ""


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("127.0.0.1", 1, "127.0.0.1:1 does not take mail: Connection refused"),
        ("nowhere.invalid", 25, "There is no server “nowhere.invalid”."),
    ],
)
def test_a_server_that_is_not_there_is_told_in_a_sentence(
    settings: Any, host: str, port: int, sentence: str
) -> None:
    settings.SMTP_URL = f"smtp+plain://{host}:{port}"
    with pytest.raises(Unavailable) as refusal:
        send_test(ACTOR, "kim@example.com")
    assert refusal.value.message == sentence


def test_a_test_mail_tells_what_the_server_says(server: MailServer, settings: Any) -> None:
    admin = acting(make_administrator())
    assert send_test(admin, "kim@example.com").status == "sent"
    assert server.received[0].mail["Subject"] == "A test from Dealwright"
    server.answers["kim@example.com"] = "550 5.7.1 not you"
    with pytest.raises(Invalid, match=r"The server refuses the mail: 550 5\.7\.1 not you"):
        send_test(admin, "kim@example.com")
    with pytest.raises(NotAllowed):
        send_test(acting(make_user()), "kim@example.com")
    settings.SMTP_URL = ""
    with pytest.raises(Conflict, match="No mail server is set"):
        send_test(admin, "kim@example.com")


@pytest.fixture
def provider() -> Iterator[Any]:
    """An SMS provider with Twilio's interface."""
    asked: list[dict[str, Any]] = []
    answers: list[tuple[int, str]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append(
                {"path": self.path, "login": self.headers["Authorization"], **parse_qs(body)}
            )
            status, text = answers.pop(0) if answers else (201, '{"sid": "SM1"}')
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            return None

    running = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    save_mail_settings(
        acting(make_administrator()),
        {
            "sms_url": f"http://127.0.0.1:{running.server_port}",
            "sms_account": "AC1",
            "sms_token": "token",
            "sms_from": "+4930999",
        },
        test=False,
    )
    try:
        yield asked, answers
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def test_an_sms_goes_through_the_provider(provider: Any) -> None:
    asked, answers = provider
    message = send_sms(ACTOR, to="+4930123456", text="Hello")
    answers.append((503, "busy"))
    deliver()
    message.refresh_from_db()
    assert message.status == "retrying"
    make_due(message)
    deliver()
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", "SM1")
    assert asked[1]["path"] == "/2010-04-01/Accounts/AC1/Messages.json"
    assert asked[1]["login"] == "Basic QUMxOnRva2Vu"
    assert (asked[1]["To"], asked[1]["From"], asked[1]["Body"]) == (
        ["+4930123456"], ["+4930999"], ["Hello"],
    )  # fmt: skip
    assert events() == ["sms.sent"]


def test_an_sms_refused_for_good_fails(provider: Any) -> None:
    _, answers = provider
    answers.append((400, '{"code": 21211, "message": "Invalid To number"}'))
    message = send_sms(ACTOR, to="+4930123456", text="Hello")
    deliver()
    message.refresh_from_db()
    assert (message.status, message.error) == ("failed", "550 Invalid To number (21211)")
    assert events() == ["sms.failed"]
