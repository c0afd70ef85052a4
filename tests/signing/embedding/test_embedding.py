"""Signing inside another site: one address, once, for one origin."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, DealwrightError, NotAllowed, NotFound
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.people.tokens import create_token
from dealwright.signing.consent.services import current_consent
from dealwright.signing.embedding import services
from dealwright.signing.embedding.models import EmbeddedSigning
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.services import void_envelope
from dealwright.signing.evidence.services import verify_envelope
from make import acting, make_administrator, make_user
from signing.embedding.visiting import SITE, path_of, visit
from signing.make import code_of, enter, make_sent_envelope, recipient_of, token_of

pytestmark = pytest.mark.django_db
BACK = f"{SITE}/done?order=7"


@pytest.fixture
def actor() -> Actor:
    services.allow_site(acting(make_administrator()), SITE)
    return acting(make_user())


@pytest.fixture
def envelope(actor: Actor) -> Envelope:
    return make_sent_envelope(actor)


def post(client: Client, address: str, data: dict[str, str] | None = None) -> str:
    answer = client.post(address, data or {})
    client.cookies.clear()
    assert answer.status_code in (204, 303), answer.content
    return answer.headers.get("Location", "")


def sign_here(client: Client, address: str, ada: Recipient, *, code: bool) -> None:
    post(client, f"{address}/opened")
    post(client, f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)})
    if code:
        post(client, f"{address}/confirm", {"code": code_of(ada)})
    post(client, f"{address}/adopt?kind=signature", {"text": "Ada Lovelace", "font": "handwritten"})
    for field in ada.fields.filter(kind="signature"):
        post(client, f"{address}/fields/{field.pk}", {"value": "on"})
    post(client, f"{address}/sign", {"agree": "on"})


def kinds(envelope: Envelope) -> list[str]:
    return list(
        EvidenceEntry.objects.filter(chain_id=envelope.chain)
        .order_by("seq")
        .values_list("kind", flat=True)
    )


def test_a_signer_signs_in_the_frame_and_is_sent_back(actor: Actor, envelope: Envelope) -> None:
    ada = recipient_of(envelope, "Ada")
    made = services.create_signing_url(actor, envelope.pk, ada.pk, origin=SITE, return_url=BACK)
    client, address = visit(made)
    page = client.get(address)
    assert page.status_code == 200
    assert f"frame-ancestors {SITE}" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    sign_here(client, address, ada, code=True)
    ada.refresh_from_db()
    assert ada.signed_at is not None
    back = urlsplit(client.get(address).headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"{SITE}/done"
    told = parse_qs(back.query)
    assert told == {
        "order": ["7"],
        "event": ["signed"],
        "envelope": [str(envelope.pk)],
        "recipient": [str(ada.pk)],
    }
    assert {"recipient.embedded_url", "recipient.embedded_opened"} <= set(kinds(envelope))
    opened = EvidenceEntry.objects.get(kind="recipient.embedded_opened")
    assert opened.payload["origin"] == SITE
    assert verify_envelope(envelope).ok


def test_the_link_of_the_mail_stays_and_may_not_be_framed(
    actor: Actor, envelope: Envelope, client: Client
) -> None:
    ada = recipient_of(envelope, "Ada")
    token = token_of(ada)
    services.create_signing_url(actor, envelope.pk, ada.pk, origin=SITE)
    page = client.get(f"/sign/{token}")
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"


def test_without_an_origin_nothing_may_frame_it(actor: Actor, envelope: Envelope) -> None:
    ada = recipient_of(envelope, "Ada")
    client, address = visit(services.create_signing_url(actor, envelope.pk, ada.pk))
    page = client.get(address)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"


def test_an_address_works_once(actor: Actor, envelope: Envelope, client: Client) -> None:
    made = services.create_signing_url(
        actor, envelope.pk, recipient_of(envelope, "Ada").pk, origin=SITE, return_url=BACK
    )
    assert client.head(path_of(made)).status_code == 405  # a look does not use it up
    assert client.get(path_of(made)).status_code == 303
    again = client.get(path_of(made))
    assert again.status_code == 410
    assert "used already" in again.content.decode()
    assert EmbeddedSigning.objects.count() == 1
    assert client.get("/embed/nothing-of-ours").status_code == 404


def test_an_address_that_is_too_old_sends_back(
    actor: Actor, envelope: Envelope, client: Client
) -> None:
    ada = recipient_of(envelope, "Ada")
    made = services.create_signing_url(actor, envelope.pk, ada.pk, return_url=BACK)
    EmbeddedSigning.objects.update(url_expires_at=timezone.now() - timedelta(seconds=1))
    answer = client.get(path_of(made))
    assert "event=expired" in answer.headers["Location"]
    silent = services.create_signing_url(actor, envelope.pk, ada.pk)
    EmbeddedSigning.objects.update(url_expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(path_of(silent)).status_code == 410


def test_later_and_declined_are_told(actor: Actor, envelope: Envelope) -> None:
    ada = recipient_of(envelope, "Ada")
    made = services.create_signing_url(actor, envelope.pk, ada.pk, return_url=BACK)
    client, address = visit(made)
    assert "event=later" in client.get(f"{address}/later").headers["Location"]
    post(client, f"{address}/decline", {"reason": "Too dear", "choice": "no"})
    assert "event=declined" in client.get(address).headers["Location"]


def test_a_visit_ends(actor: Actor, envelope: Envelope) -> None:
    ada = recipient_of(envelope, "Ada")
    client, address = visit(services.create_signing_url(actor, envelope.pk, ada.pk))
    EmbeddedSigning.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert client.get(address).status_code == 410
    with pytest.raises(NotFound):
        from dealwright.signing.ceremonies.steps import open_ceremony
        from signing.make import a_visit

        open_ceremony(address.removeprefix("/sign/"), a_visit())


def test_a_caller_may_vouch_for_the_person(actor: Actor, envelope: Envelope) -> None:
    ada = recipient_of(envelope, "Ada")
    made = services.create_signing_url(
        actor, envelope.pk, ada.pk, asserted={"method": "single sign-on", "reference": "s-1"}
    )
    client, address = visit(made)
    sign_here(client, address, ada, code=False)
    ada.refresh_from_db()
    assert ada.signed_at is not None
    vouched = EvidenceEntry.objects.get(kind="recipient.vouched_for")
    assert vouched.payload["asserted"] == {"method": "single sign-on", "reference": "s-1"}
    assert vouched.payload["client"] == actor.name
    # The mailed link has not become an identified one by this.
    assert not enter(recipient_of(envelope, "Grace")).was_confirmed_here


def test_without_that_the_code_is_asked(actor: Actor, envelope: Envelope) -> None:
    ada = recipient_of(envelope, "Ada")
    client, address = visit(services.create_signing_url(actor, envelope.pk, ada.pk))
    post(client, f"{address}/opened")
    post(client, f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)})
    answer = client.post(f"{address}/sign", {"agree": "on"})
    assert answer.status_code in (303, 409, 422)
    ada.refresh_from_db()
    assert ada.signed_at is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"origin": "https://evil.example"}, "not allowed"),
        ({"origin": "javascript:alert(1)"}, "no origin"),
        ({"origin": "http://portal.example.com"}, "no origin"),
        ({"origin": f"{SITE}/path"}, "no origin"),
        ({"origin": "https://*.example.com"}, "no origin"),
        ({"return_url": "https://evil.example/"}, "not allowed"),
        ({"return_url": f"{SITE}.evil.example/"}, "not allowed"),
        ({"return_url": "https://portal.example.com@evil.example/"}, "whole address"),
        ({"return_url": "//portal.example.com"}, "no origin"),
        ({"return_url": "javascript:alert(1)"}, "no origin"),
        ({"asserted": {"method": "x" * 201}}, "at most 200"),
        ({"asserted": {"reference": "s-1"}}, "by which method"),
    ],
)
def test_a_wrong_address_is_refused(
    actor: Actor, envelope: Envelope, given: dict[str, str], words: str
) -> None:
    with pytest.raises(DealwrightError) as refused:
        services.create_signing_url(
            actor,
            envelope.pk,
            recipient_of(envelope, "Ada").pk,
            **given,  # type: ignore[arg-type]
        )
    assert words in str(refused.value)
    assert not EmbeddedSigning.objects.exists()


def test_nobody_gets_an_address_who_may_not(actor: Actor, envelope: Envelope) -> None:
    ada, grace = recipient_of(envelope, "Ada"), recipient_of(envelope, "Grace")
    with pytest.raises(NotFound):
        services.create_signing_url(acting(make_user()), envelope.pk, ada.pk)
    with pytest.raises(Conflict, match="not this person's turn"):
        services.create_signing_url(actor, envelope.pk, grace.pk)
    other = make_sent_envelope(actor)
    with pytest.raises(NotFound):
        services.create_signing_url(actor, other.pk, ada.pk)
    void_envelope(actor, envelope.pk, reason="A mistake.")
    with pytest.raises(Conflict, match="not out for signature"):
        services.create_signing_url(actor, envelope.pk, ada.pk)
    with pytest.raises(NotAllowed):
        services.allow_site(actor, "https://mine.example.com")


def test_a_site_of_one_client_serves_no_other(client: Client, envelope: Envelope) -> None:
    boss = acting(make_administrator())
    mine = create_token(boss, name="Portal", scopes=["signing:write"])
    other = create_token(boss, name="Other", scopes=["signing:write"])
    reader = create_token(boss, name="Reader", scopes=["signing:read"])
    services.allow_site(boss, "https://shop.example.com", token_id=mine.token.pk)
    ada = recipient_of(envelope, "Ada")
    address = f"/api/v1/envelopes/{envelope.pk}/recipients/{ada.pk}/signing-url"

    def ask(secret: str) -> int:
        return client.post(
            address,
            {"origin": "https://shop.example.com"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        ).status_code

    assert ask(other.secret) == 422
    assert ask(reader.secret) == 403
    assert ask("dw_nothing") == 401
    assert ask(mine.secret) == 201
    assert EmbeddedSigning.objects.get().client.startswith("Portal (dw_")
