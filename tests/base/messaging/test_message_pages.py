"""The pages of messages, notices and mail settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from base.messaging.mail_server import mail_server
from base.messaging.test_inbound import answer_to, bounce_of
from base.messaging.test_outbox import make_mail
from crm.make import make_account
from dealwright.base.files import store_file
from dealwright.base.messaging import notify, receive_email, suppressed_reason
from dealwright.base.messaging.accounts import mail_settings
from dealwright.base.messaging.delivery import deliver_messages
from dealwright.base.messaging.suppression import unsubscribe_url
from dealwright.base.people.models import User
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


def browser(user: User | None = None, **options: Any) -> Client:
    client = Client(**options)
    if user is not None:
        client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_the_outbox_shows_what_one_may_see() -> None:
    rep, other = make_user(), make_user()
    account = make_account(owner=rep)
    message = make_mail(subject="To the account", object="account", record_id=account.pk)
    make_mail(actor=acting(other), subject="From another")
    page = text_of(browser(rep).get("/outbox"))
    assert "To the account" in page and "From another" not in page
    assert "No mail server is set" in page
    assert "Send what rests" not in page
    detail = browser(rep).get(f"/outbox/{message.id}")
    assert f'href="/accounts/{account.pk}"' in text_of(detail)
    assert browser(other).get(f"/outbox/{message.id}").status_code == 404
    assert "From another" in text_of(browser(make_administrator()).get("/outbox"))


def test_the_html_of_a_message_is_shut_off() -> None:
    admin = make_administrator()
    message = make_mail(html="<p>Hello</p>")
    page = browser(admin).get(f"/outbox/{message.id}")
    assert f'src="/outbox/{message.id}/html" sandbox' in text_of(page)
    response = browser(admin).get(f"/outbox/{message.id}/html")
    assert text_of(response) == "<p>Hello</p>"
    assert response["Content-Type"] == "text/html; charset=utf-8"
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "img-src data:" in policy


def test_attachments_and_answers_stand_by_the_message() -> None:
    admin = make_administrator()
    offer = store_file(acting(admin), name="Offer.txt", content=b"x")
    message = make_mail(attachments=[offer])
    inbound = receive_email(answer_to(message))
    page = text_of(browser(admin).get(f"/outbox/{message.id}"))
    assert "Offer.txt" in page and f"/outbox/received/{inbound.id}" in page
    answer = text_of(browser(admin).get(f"/outbox/received/{inbound.id}"))
    assert "Gladly." in answer and f"/outbox/{message.id}" in answer
    assert inbound.raw and inbound.raw.url in answer


def test_what_came_in_is_listed_for_those_who_may_see_it() -> None:
    rep, other = make_user(), make_user()
    message = make_mail(actor=acting(rep))
    receive_email(answer_to(message))
    receive_email(bounce_of("<unknown@example.com>"))
    assert "Re: Hello" in text_of(browser(rep).get("/outbox/received"))
    assert "No mail yet" in text_of(browser(other).get("/outbox/received"))
    page = text_of(browser(make_administrator()).get("/outbox/received"))
    assert "Re: Hello" in page and "Undelivered Mail" in page


def test_many_messages_come_page_by_page() -> None:
    admin = browser(make_administrator())
    for number in range(55):
        make_mail(subject=f"Mail {number:02d}")
    first = text_of(admin.get("/outbox"))
    assert "Mail 54" in first and "Mail 05" in first and "Mail 04" not in first
    following = first.split("?before=")[1].split('"')[0]
    assert "Mail 04" in text_of(admin.get(f"/outbox?before={following}"))
    assert admin.get("/outbox?before=nonsense").status_code == 404
    assert admin.get("/outbox?show=nonsense").status_code == 200


def test_resting_mail_is_released_and_failed_mail_sent_again(settings: Any) -> None:
    admin = browser(make_administrator())
    first, second = make_mail(), make_mail()
    with mail_server() as server:
        settings.SMTP_URL = server.url
        server.answers["kim@example.com"] = "550 5.7.1 no"
        assert "Send what rests" in text_of(admin.get("/outbox?show=resting"))
        admin.post("/outbox/release", {"message": str(first.id)})
        deliver_messages()
        assert "550 5.7.1 no" in text_of(admin.get(f"/outbox/{first.id}"))
        server.answers.clear()
        assert admin.post(f"/outbox/{first.id}/again").status_code == 303
        deliver_messages()
        assert len(server.received) == 1
        admin.post("/outbox/discard")
    second.refresh_from_db()
    assert second.status == "discarded"
    assert browser(make_user()).post("/outbox/release").status_code == 403


def test_mail_settings_are_saved_when_the_sign_in_worked() -> None:
    admin = browser(make_administrator("Ada", email="ada@acme.example"))
    with mail_server("dw", "secret") as server:
        values = {
            "smtp_host": "127.0.0.1",
            "smtp_port": server.port,
            "smtp_security": "none",
            "smtp_username": "dw",
            "smtp_password": "wrong",
            "from_address": "sales@acme.example",
            "imap_port": "993",
            "imap_security": "tls",
        }
        refused = admin.post("/settings/mail", values)
        assert refused.status_code == 422
        assert "refuses the user name and password" in text_of(refused)
        assert 'value="sales@acme.example"' in text_of(refused)
        assert "wrong" not in text_of(refused)
        assert mail_settings().smtp_host == ""
        assert admin.post("/settings/mail", values | {"smtp_password": "secret"}).status_code == 303
        page = text_of(admin.get("/settings/mail"))
        assert "secret" not in page and 'placeholder="unchanged"' in page
        assert admin.post("/settings/mail/test", {"address": "kim@example.com"}).status_code == 303
        assert server.received[0].receivers == ["kim@example.com"]
        server.answers["kim@example.com"] = "550 5.7.1 no"
        refused = admin.post("/settings/mail/test", {"address": "kim@example.com"})
        assert refused.status_code == 422 and "550 5.7.1 no" in text_of(refused)
    refused = admin.post("/settings/mail/test", {"address": "kim@example.com"})
    assert refused.status_code == 422 and "does not take mail" in text_of(refused)
    assert browser(make_user()).get("/settings/mail").status_code == 403


def test_an_address_is_put_on_the_list_and_taken_off() -> None:
    admin = browser(make_administrator())
    form = {"address": "kim@example.com"}
    assert "may be written to" in text_of(admin.post("/settings/suppression", form | {"check": 1}))
    admin.post("/settings/suppression", form | {"suppress": 1})
    page = text_of(admin.post("/settings/suppression", form | {"check": 1}))
    assert "kim@example.com is on the list: Set by hand." in page
    admin.post("/settings/suppression", form | {"lift": 1})
    assert not suppressed_reason("kim@example.com", "sequence")
    wrong = admin.post("/settings/suppression", {"address": "kim", "check": 1})
    assert wrong.status_code == 422 and "“kim” is not an e-mail address" in text_of(wrong)


def test_one_click_unsubscribes_without_cookies() -> None:
    visitor = browser(enforce_csrf_checks=True)
    address = unsubscribe_url("kim@example.com", "sequence").removeprefix("http://localhost:8000")
    asked = visitor.get(address)
    assert "kim@example.com will get no more sales mail" in text_of(asked)
    assert asked["Referrer-Policy"] == "no-referrer"
    assert not suppressed_reason("kim@example.com", "sequence")
    done = visitor.post(address, {"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200 and "Done." in text_of(done)
    assert suppressed_reason("kim@example.com", "sequence") == "Unsubscribed"
    assert visitor.post("/unsubscribe/made-up").status_code == 404


def test_notices_are_counted_listed_and_read() -> None:
    user, other = make_user(), make_user()
    notice = notify(user, "The import is done.", body="85 accounts", url="/accounts")
    client = browser(user)
    assert client.get("/notices/count").json() == {"count": 1}
    page = text_of(client.get("/notices"))
    assert "The import is done." in page and "85 accounts" in page
    part = text_of(client.get("/notices", headers={"HX-Request": "true"}))
    assert "The import is done." in part and "<html" not in part
    client.get(f"/notices/{notice.id}")
    assert client.get("/notices/count").json() == {"count": 1}
    assert browser(other).post(f"/notices/{notice.id}").status_code == 404
    opened = client.post(f"/notices/{notice.id}")
    assert (opened.status_code, opened["Location"]) == (303, "/accounts")
    assert client.get("/notices/count").json() == {"count": 0}
    notify(user, "Another")
    client.post("/notices/read")
    assert client.get("/notices/count").json() == {"count": 0}


def test_nobody_without_a_sign_in_gets_anywhere() -> None:
    message = make_mail()
    for address in (
        "/outbox",
        f"/outbox/{message.id}",
        f"/outbox/{message.id}/html",
        "/outbox/received",
        "/notices",
        "/settings/mail",
        "/settings/suppression",
    ):
        response = browser().get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/me/login/")
