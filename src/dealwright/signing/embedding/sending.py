"""Preparing and sending one draft inside another site: the address that works once, the visit."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict
from dealwright.base.people.credentials import ApiToken
from dealwright.signing.embedding.models import EmbeddedSending
from dealwright.signing.embedding.services import URL_LIFE, check_allowed, checked_origin, unused
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.routing import hash_token
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.evidence.services import record_evidence

VISIT_LIFE = URL_LIFE * 24  # two hours


@dataclass(frozen=True, slots=True)
class SendingUrl:
    """An address for one draft: it works once, until ``expires_at``."""

    url: str
    expires_at: datetime
    sending: EmbeddedSending


def create_sending_url(
    actor: Actor, envelope_id: Any, *, origin: str, token: ApiToken | None = None
) -> SendingUrl:
    """An address at which the actor places the fields of one draft and sends it, inside the
    caller's site. ``origin`` is that site; it alone may frame the page and is told what happens.

    Raises NotFound, NotAllowed, Invalid for an origin that is not allowed, Conflict where the
    envelope is no draft.
    """
    user = actor.require_user()
    origin = checked_origin(origin, key="origin")
    check_allowed(origin, token, key="origin")
    client = f"{token.name} ({token.prefix}…)" if token else actor.name
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        if envelope.sent_at is not None or envelope.voided_at is not None:
            raise Conflict("This envelope was sent already.", code="already_sent")
        secret = secrets.token_urlsafe(32)
        made: EmbeddedSending = EmbeddedSending.objects.create(
            envelope=envelope,
            client=client[:200],
            user=user,
            token=token,
            origin=origin,
            url_hash=hash_token(secret),
            url_expires_at=timezone.now() + URL_LIFE,
        )
    address = f"{settings.PUBLIC_URL}/embed/sending/{secret}"
    return SendingUrl(address, made.url_expires_at, made)


def begin_sending(secret: str) -> tuple[EmbeddedSending, str]:
    """Use up an address; returns its row and the secret of the visit that takes its place.

    Raises NotFound with the code "unknown_url", "used_url" or "expired_url".
    """
    with transaction.atomic():
        found = (
            EmbeddedSending.objects.select_for_update(of=("self",))
            .filter(url_hash=hash_token(secret))
            .first()
        )
        found = unused(found)
        now = timezone.now()
        session = secrets.token_urlsafe(32)
        found.opened_at, found.ends_at = now, now + VISIT_LIFE
        found.session_hash = hash_token(f"sending:{session}")
        found.save(update_fields=["opened_at", "ends_at", "session_hash"])
    return found, session


def find_origin(secret: str) -> str:
    """To which site the answer about an address that leads nowhere may be shown; "" for none."""
    row = EmbeddedSending.objects.filter(url_hash=hash_token(secret)).first()
    return row.origin if row is not None else ""


def find_sending(session: str) -> EmbeddedSending | None:
    """The visit with this secret, as long as it lasts: neither closed nor over, its user may sign
    in, and the token it was asked with is good."""
    visit: EmbeddedSending | None = (
        EmbeddedSending.objects.filter(
            session_hash=hash_token(f"sending:{session}"),
            ends_at__gt=timezone.now(),
            closed_at=None,
            user__is_active=True,
        )
        .select_related("user", "token", "envelope")
        .first()
    )
    if visit is not None and visit.token is not None and not _is_good(visit.token):
        return None
    return visit


def actor_of_visit(visit: EmbeddedSending, request_id: str = "") -> Actor:
    """The user for whom the address was made, through the client's door."""
    return Actor(user=visit.user, via="api", request_id=request_id)


def send_here(actor: Actor, visit: EmbeddedSending) -> Envelope:
    """Send the draft and end the visit. Raises as ``send_envelope``."""
    with change(actor):
        envelope = send_envelope(actor, visit.envelope_id)
        record_evidence(
            envelope,
            "envelope.embedded_sent",
            actor=actor,
            facts={
                "sending": str(visit.pk),
                "client": visit.client,
                "origin": visit.origin,
            },
        )
        close_visit(visit)
    return envelope


def close_visit(visit: EmbeddedSending) -> None:
    """End it; the draft stays as it is."""
    visit.closed_at = timezone.now()
    visit.save(update_fields=["closed_at"])


def _is_good(token: ApiToken) -> bool:
    over = token.expires_at is not None and token.expires_at <= timezone.now()
    return token.revoked_at is None and not over
