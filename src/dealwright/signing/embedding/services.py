"""Signing inside another site: which sites may, addresses that work once, and the visit."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, get_changeable
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.credentials import ApiToken
from dealwright.signing.embedding.models import EmbeddedSending, EmbeddedSigning, EmbeddingSite
from dealwright.signing.envelopes.models import Envelope, Recipient, Role
from dealwright.signing.envelopes.routing import hash_token, pending_recipients
from dealwright.signing.envelopes.services import find_recipient
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.trials import session_hash

URL_LIFE = timedelta(minutes=5)
SESSION_LIFE = timedelta(hours=8)
PREFIX = "e/"  # of the token of a visit inside another site: /sign/e/…


@dataclass(frozen=True, slots=True)
class SigningUrl:
    """An address for one recipient: it works once, until ``expires_at``."""

    url: str
    expires_at: Any
    embedding: EmbeddedSigning


def sites() -> list[EmbeddingSite]:
    """All origins that are allowed, with the client that each is for."""
    return list(EmbeddingSite.objects.select_related("token__user"))


def allow_site(actor: Actor, origin: str, *, token_id: Any = None) -> EmbeddingSite:
    """Let an origin show signing; with ``token_id`` only for that API client. For
    administrators. Raises NotAllowed, Invalid, NotFound, or Conflict where it is there."""
    _check_administrator(actor)
    token = None
    if token_id:
        token = ApiToken.objects.filter(pk=as_uuid(token_id), revoked_at=None).first()
        if token is None:
            raise NotFound("There is no such token.")
    checked = checked_origin(origin, key="origin")
    with change(actor):
        try:
            with transaction.atomic():
                made: EmbeddingSite = EmbeddingSite.objects.create(
                    origin=checked, token=token, created_by=actor.user
                )
        except IntegrityError:
            raise Conflict("This site is allowed already.") from None
    return made


def forbid_site(actor: Actor, site_id: Any) -> None:
    """Allow an origin no longer; visits that began go on. Raises NotAllowed or NotFound."""
    _check_administrator(actor)
    with change(actor):
        found = EmbeddingSite.objects.filter(pk=as_uuid(site_id)).first()
        if found is None:
            raise NotFound("There is no such site.")
        found.delete()


def create_signing_url(
    actor: Actor,
    envelope_id: Any,
    recipient_id: Any,
    *,
    token: ApiToken | None = None,
    origin: str = "",
    return_url: str = "",
    asserted: Mapping[str, str] | None = None,
) -> SigningUrl:
    """An address at which one recipient signs inside the caller's site, or by being sent there.

    ``origin`` is the site that frames it; without one nothing may. ``return_url`` is where the
    signer is sent afterwards, with ``event`` (signed, declined, later, expired). Both must be of
    an allowed site. ``asserted`` says how the caller knows the person (``method``, and where it
    has one a ``reference``): the recipient's own steps are then not asked, and the evidence says
    who vouched. The link in the e-mail stays as it is.

    Raises NotFound, NotAllowed, Invalid, or Conflict where it is not this person's turn.
    """
    origin = checked_origin(origin, key="origin") if origin else ""
    if origin:
        check_allowed(origin, token, key="origin")
    if return_url:
        check_allowed(_origin_of(return_url), token, key="return_url")
    claimed = _checked_assertion(asserted or {})
    client = f"{token.name} ({token.prefix}…)" if token else actor.name
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        recipient = find_recipient(envelope, recipient_id)
        check_turn(envelope, recipient)
        secret = secrets.token_urlsafe(32)
        made: EmbeddedSigning = EmbeddedSigning.objects.create(
            recipient=recipient,
            client=client[:200],
            user=actor.user,
            origin=origin,
            return_url=return_url,
            asserted=claimed,
            url_hash=hash_token(secret),
            url_expires_at=timezone.now() + URL_LIFE,
        )
        record_evidence(
            envelope,
            "recipient.embedded_url",
            actor=actor,
            recipient=recipient,
            facts={"embedding": str(made.pk), "client": client, "origin": origin},
        )
    return SigningUrl(f"{settings.PUBLIC_URL}/embed/{secret}", made.url_expires_at, made)


def unused[E: (EmbeddedSigning, EmbeddedSending)](found: E | None) -> E:
    """What an address stands for, where it can still be opened.

    Raises NotFound with the code "unknown_url", "used_url" or "expired_url".
    """
    if found is None:
        raise NotFound("This address is not valid.", code="unknown_url")
    if found.opened_at is not None:
        raise NotFound("This address was used already.", code="used_url")
    if found.url_expires_at <= timezone.now():
        raise NotFound("This address has expired.", code="expired_url")
    return found


def begin_visit(secret: str, *, details: Mapping[str, str], request_id: str = "") -> str:
    """Use up an address; returns the secret of the visit that takes its place.

    Raises NotFound with the code "unknown_url", "used_url" or "expired_url".
    """
    with transaction.atomic():
        found = (
            EmbeddedSigning.objects.select_for_update(of=("self",))
            .select_related("recipient__envelope")
            .filter(url_hash=hash_token(secret))
            .first()
        )
        found = unused(found)
        return start_visit(found, details=details, request_id=request_id)


def start_visit(
    embedding: EmbeddedSigning,
    *,
    details: Mapping[str, str],
    request_id: str = "",
    kind: str = "recipient.embedded_opened",
    more: Mapping[str, str] | None = None,
) -> str:
    """Open the visit of a locked row; returns its secret. ``kind`` and ``more`` facts are how the
    evidence tells of it."""
    recipient = embedding.recipient
    session = secrets.token_urlsafe(32)
    now = timezone.now()
    embedding.opened_at, embedding.ends_at = now, now + SESSION_LIFE
    embedding.session_hash = hash_token(PREFIX + session)
    embedding.save(update_fields=["opened_at", "ends_at", "session_hash"])
    actor = Actor(user=None, via="public", request_id=request_id, label=recipient.label)
    facts = {
        "embedding": str(embedding.pk),
        "client": embedding.client,
        "origin": embedding.origin,
        **(more or {}),
    }
    with change(actor):
        envelope = Envelope.objects.select_for_update(of=("self",)).get(pk=recipient.envelope_id)
        record_evidence(
            envelope,
            kind,
            actor=actor,
            recipient=recipient,
            facts=facts,
            details=details,
        )
        if embedding.asserted:
            recipient.session_hash = session_hash(visit_key(session))
            recipient.verified_at = now
            recipient.save(update_fields=["session_hash", "verified_at"])
            record_evidence(
                envelope,
                "recipient.vouched_for",
                actor=actor,
                recipient=recipient,
                facts={**facts, "asserted": dict(embedding.asserted)},
                details=details,
            )
    return session


def find_visit(session: str) -> EmbeddedSigning | None:
    """The visit with this secret, as long as it lasts."""
    found: EmbeddedSigning | None = EmbeddedSigning.objects.filter(
        session_hash=hash_token(PREFIX + session), ends_at__gt=timezone.now()
    ).first()
    return found


def visit_key(session: str) -> str:
    """What stands in place of a browser's session: inside a frame there are no cookies, and the
    secret in the address is known to nobody else."""
    return salted_hmac("dealwright.signing.embedding", session, algorithm="sha256").hexdigest()


def find_expired(secret: str) -> EmbeddedSigning | None:
    """The row of an address that was never used and whose time is over."""
    found: EmbeddedSigning | None = EmbeddedSigning.objects.filter(
        url_hash=hash_token(secret), opened_at=None, url_expires_at__lte=timezone.now()
    ).first()
    return found


def checked_origin(text: str, *, key: str) -> str:
    """The origin as browsers write it (RFC 6454); raises Invalid for anything else."""
    given = text.strip().lower().rstrip("/")
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    local = host in ("localhost", "127.0.0.1")
    plain = not (parts.path or parts.query or parts.fragment or parts.username)
    good = plain and host and all(c.isalnum() or c in ".-" for c in host) and host.isascii()
    if not good or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
        sentence = f"“{text[:80]}” is no origin such as https://portal.example.com."
        raise Invalid(sentence, fields={key: [sentence]})
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"


def outcome_of(envelope: Envelope, recipient: Recipient) -> str:
    """How it ended for a recipient; empty where it has not."""
    if recipient.signed_at:
        return "signed"
    if recipient.declined_at:
        return "declined"
    if recipient.reassigned_at:
        return "reassigned"
    if envelope.voided_at:
        return "voided"
    if envelope.declined_at:
        return "closed"
    over = envelope.expires_at is not None and envelope.expires_at <= timezone.now()
    return "expired" if envelope.expired_at or over else ""


def _check_administrator(actor: Actor) -> None:
    actor.require_administrator("Only administrators say which sites may show signing.")


def check_allowed(origin: str, token: ApiToken | None, *, key: str) -> None:
    """Raises Invalid where no administrator allowed this origin, for all or for this client."""
    allowed = EmbeddingSite.objects.filter(origin=origin)
    mine = [each for each in allowed if each.token_id is None or (token and each.token == token)]
    if not mine:
        sentence = (
            f"{origin} is not allowed to show signing. An administrator adds it under "
            "Settings, Embedded signing."
        )
        raise Invalid(sentence, code="site_not_allowed", fields={key: [sentence]})


def _origin_of(address: str) -> str:
    """The origin of an absolute address; raises Invalid."""
    try:
        parts = urlsplit(address)
        if len(address) > 1_000 or any(ord(each) <= 32 for each in address) or parts.username:
            raise ValueError
        return checked_origin(f"{parts.scheme}://{parts.netloc}", key="return_url")
    except ValueError:
        sentence = "The return address must be a whole address of at most 1000 characters."
        raise Invalid(sentence, fields={"return_url": [sentence]}) from None


def _checked_assertion(given: Mapping[str, str]) -> dict[str, str]:
    claimed = {key: str(value).strip() for key, value in given.items() if str(value).strip()}
    if not claimed:
        return {}
    sentence = ""
    if not claimed.get("method"):
        sentence = "Say by which method you know the person."
    elif any(len(value) > 200 or "\x00" in value for value in claimed.values()):
        sentence = "What is asserted may have at most 200 characters each."
    if sentence:
        raise Invalid(sentence, fields={"authentication": [sentence]})
    return claimed


def check_turn(envelope: Envelope, recipient: Recipient) -> None:
    """Raises Conflict where this recipient cannot act through an address now."""
    if not envelope.is_open:
        raise Conflict("This envelope is not out for signature.", code="not_open")
    if recipient.locked_at is not None:
        raise Conflict("This recipient is locked. Let them try again first.", code="locked")
    if recipient.role in (Role.CC, Role.IN_PERSON_SIGNER) or recipient.is_group:
        raise Conflict("This recipient does not sign through an address.", code="not_their_turn")
    turn = {each.pk for each in pending_recipients(envelope)}
    if recipient.pk not in turn or recipient.sent_at is None:
        raise Conflict("It is not this person's turn.", code="not_their_turn")
