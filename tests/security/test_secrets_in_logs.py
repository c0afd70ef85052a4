"""Whatever happens, at the loudest level: no secret stands in a line of the log."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.test import Client

from crm.make import make_account
from dealwright.base.events.webhooks.services import create_endpoint
from dealwright.base.people.invitations import invite_user
from dealwright.base.people.tokens import create_token
from make import acting, make_administrator, make_user
from signing.make import code_of, make_sent_envelope, recipient_of, token_of

from .test_page_doors import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the process writes, every logger as loud as it can be."""
    from dealwright.base.operations.logs import configure_logging

    configure_logging()
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.Logger.manager.loggerDict)]
    levels = [(each, each.level) for each in loggers]
    # Not the database's own: its statements hold what is written, and no setting shows them.
    silent = {"django.request", "django.security.csrf", "django.server", "django.db.backends"}
    config = structlog.get_config()
    for each in loggers:
        if each.name not in silent:
            each.setLevel(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    out = io.StringIO()
    root = logging.getLogger()
    # pytest exchanges standard error between set-up and test, so beside it: the same lines.
    handler = logging.StreamHandler(out)
    handler.setFormatter(next(each.formatter for each in root.handlers if is_ours(each)))
    root.addHandler(handler)
    yield out
    root.removeHandler(handler)
    structlog.configure(**config)
    for each, level in levels:
        each.setLevel(level)


def is_ours(handler: logging.Handler) -> bool:
    return type(handler).__module__ == "dealwright.base.operations.logs"


def check(lines: io.StringIO, *secrets: str) -> None:
    written = lines.getvalue()
    assert re.search(r'"(event|route)"', written), "nothing was logged: the test proves nothing"
    for secret in secrets:
        assert len(secret) >= 6
        assert secret not in written


def test_signing_in(lines: io.StringIO) -> None:
    user = make_user()
    client = Client()
    wrong = "wrong horse battery staple"
    client.post("/me/login/", {"login": user.email, "password": wrong})
    client.post("/me/login/", {"login": user.email, "password": "a good long password"})
    client.get("/")
    session = client.cookies["sessionid"].value
    check(lines, wrong, "a good long password", session, client.cookies["csrftoken"].value)


def test_tokens(lines: io.StringIO) -> None:
    user = make_user()
    secret = create_token(acting(user), name="Mine", scopes=["crm:read"]).secret
    headers = {"Authorization": f"Bearer {secret}"}
    client = Client(headers=headers)
    client.get("/api/v1/accounts")
    client.get("/api/v1/accounts?cursor=%00")
    client.post("/api/v1/accounts", "{", content_type="application/json")
    logging.getLogger("dealwright.test").warning("sent %s", headers)
    page = signed_in(user).post("/settings/tokens", {"name": "x", "scopes": ["crm:read"]})
    shown = re.findall(r"dw_[A-Za-z0-9_-]{20,}", page.content.decode())
    check(lines, secret, *shown)
    assert shown


def test_webhooks(lines: io.StringIO) -> None:
    admin = make_administrator()
    made = create_endpoint(acting(admin), url="https://hooks.example.com/x")
    client = signed_in(admin)
    client.post(f"/settings/webhooks/{made.endpoint.pk}/rotate")
    client.post("/settings/webhooks", {"url": "https://user:hunter22@hooks.example.com/y"})
    check(lines, made.secret, made.secret.removeprefix("whsec_"), "hunter22")


def test_a_ceremony(lines: io.StringIO) -> None:
    envelope = make_sent_envelope(acting(make_user()))
    ada = recipient_of(envelope, "Ada")
    token = token_of(ada)
    client = Client()
    page = client.get(f"/sign/{token}").content.decode()
    consent = re.search(r'name="consent"[^>]*value="([^"]+)"', page)
    client.post(f"/sign/{token}/opened")
    client.post(f"/sign/{token}/consent", {"consent": consent[1] if consent else ""})
    client.post(f"/sign/{token}/consent", {"agree": "on", "version": "1"})
    client.post(f"/sign/{token}/code")
    client.post(f"/sign/{token}/confirm", {"code": "000001"})
    client.get(f"/sign/{token}x")
    check(lines, token, "000001")


def test_one_time_codes(lines: io.StringIO) -> None:
    from dealwright.signing.ceremonies import identifying
    from dealwright.signing.ceremonies import services as ceremonies
    from dealwright.signing.consent.services import current_consent
    from signing.make import a_visit, enter

    ada = recipient_of(make_sent_envelope(acting(make_user())), "Ada")
    visit = a_visit()
    ceremonies.view_envelope(enter(ada, visit))
    ceremonies.give_consent(enter(ada, visit), current_consent().pk)
    identifying.request_code(enter(ada, visit))
    code = code_of(ada)
    client = Client()
    client.post(f"/sign/{token_of(ada)}/confirm", {"code": code})
    check(lines, code, token_of(ada))


def test_invitations(lines: io.StringIO) -> None:
    invited = invite_user(acting(make_administrator()), email="new@dealwright.test", name="New")
    token = invited.link.rstrip("/").rsplit("/", 1)[1]
    client = Client()
    client.get(f"/invitation/{token}")
    client.post(f"/invitation/{token}", {"name": "New", "password": "swordfish99"})
    check(lines, token, "swordfish99")


def test_the_mail_server(lines: io.StringIO) -> None:
    client = signed_in(make_administrator())
    address = "smtp://robot:tr0ub4dor&3@127.0.0.1:9"
    set_up = client.post(
        "/settings/mail",
        {
            "smtp_host": "mail.example",
            "smtp_port": "587",
            "smtp_security": "starttls",
            "smtp_username": "robot",
            "smtp_password": "tr0ub4dor&3",
            "from_address": "us@here.example",
        },
    )
    assert set_up.status_code == 422  # the server was asked, with the password, and is none
    client.post("/settings/mail/test", {"address": "a@b.example"})
    logging.getLogger("dealwright.test").error("cannot reach %s", address)
    check(lines, "tr0ub4dor")


def test_a_crash(lines: io.StringIO, monkeypatch: Any) -> None:
    """The trace tells where it happened, not what was sent."""
    from dealwright.base.records import services

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("something broke")

    user = make_administrator()
    account = make_account(owner=user)
    monkeypatch.setattr(services, "insert_record", crash)
    client = signed_in(user)
    client.post(
        "/accounts/new",
        {"name": "Secret takeover of Initech", "password": "correct horse battery"},
        headers={"Authorization": "Bearer dw_" + "q" * 43},
    )
    client.get(f"/accounts/{account.pk}?token=zzzzzzzzzzzz")
    check(lines, "Secret takeover", "correct horse battery", "q" * 43, "zzzzzzzzzzzz")
