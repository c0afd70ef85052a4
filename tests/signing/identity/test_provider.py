"""An identity provider vouches for a recipient's address, and signs nobody in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.cache import cache
from django.test import Client

from base.people.identity_provider import Provider, identity_provider
from dealwright.base.errors import NotAllowed, NotFound
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.people.identity import add_provider, providers, restrict_provider
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Recipient
from make import acting, make_administrator, make_user
from signing.make import make_sent_envelope, recipient_of, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits_anew() -> None:
    cache.clear()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with identity_provider() as running:
        add_provider(
            acting(make_administrator()),
            name="Company login",
            issuer=running.url,
            client_id="dealwright",
            secret="the client's secret",
        )
        yield running


def asked(email: str) -> Recipient:
    ada = NewRecipient(
        name="Ada",
        email=email,
        role="approver",
        identity_methods=["idp"],
        provider="company-login",
    )
    return recipient_of(make_sent_envelope(recipients=[ada]), "Ada")


def come_through(recipient: Recipient) -> tuple[Client, Any]:
    """Agree, go to the provider, and come back."""
    client, address = Client(), f"/sign/{token_of(recipient)}"
    client.post(f"{address}/consent", {"agree": "on", "consent": current_consent().pk})
    leave = client.post(f"{address}/provider")
    assert leave.status_code == 302, leave.content.decode()
    back = urlsplit(httpx.get(leave.headers["Location"]).headers["Location"])
    return client, client.get(f"{back.path}?{back.query}")


def test_who_proves_the_address_there_sees_the_documents_and_is_not_signed_in(
    provider: Provider,
) -> None:
    user = make_user(email=provider.email)
    recipient = asked(provider.email)
    client, answer = come_through(recipient)
    assert answer.headers["Location"].startswith("/sign/")
    recipient.refresh_from_db()
    assert recipient.verified_at is not None
    entry = EvidenceEntry.objects.get(
        chain_id=recipient.envelope.chain, kind="recipient.authenticated"
    )
    assert entry.payload["method"] == "idp"
    page = client.get(f"/sign/{token_of(recipient)}")
    assert b"data-page" in page.content
    assert client.get("/settings/profile").status_code == 302
    assert user.is_active


def test_one_for_signers_alone_lets_nobody_in(provider: Provider) -> None:
    user = make_user(email=provider.email)
    client = Client()
    assert "Company login" in client.get("/me/login/").content.decode()
    restrict_provider(acting(make_administrator()), providers()[0].pk, signers_only=True)
    assert "Company login" not in client.get("/me/login/").content.decode()
    leave = client.post("/me/oidc/company-login/login/")
    back = urlsplit(httpx.get(leave.headers["Location"]).headers["Location"])
    answer = client.get(f"{back.path}?{back.query}")
    assert answer.headers["Location"] == "/me/3rdparty/login/cancelled/"
    assert client.get("/settings/profile").status_code == 302
    recipient = asked(user.email)
    come_through(recipient)
    recipient.refresh_from_db()
    assert recipient.verified_at is not None
    with pytest.raises(NotFound):
        restrict_provider(acting(make_administrator()), 0, signers_only=True)
    with pytest.raises(NotAllowed):
        restrict_provider(acting(user), providers()[0].pk, signers_only=False)


def test_another_address_is_refused(provider: Provider) -> None:
    recipient = asked("ada@elsewhere.test")
    _client, answer = come_through(recipient)
    assert "another e-mail address" in answer.content.decode()
    recipient.refresh_from_db()
    assert recipient.verified_at is None
