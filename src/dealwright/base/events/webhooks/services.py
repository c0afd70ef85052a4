"""What can be done with webhook endpoints and the messages sent to them."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson
from django.db.models import QuerySet
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.encrypted_text import decrypt_text, encrypt_text
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events.feed import last_position, place_events
from dealwright.base.events.registry import encode_value, published_events
from dealwright.base.events.webhooks.addresses import check_url
from dealwright.base.events.webhooks.models import WebhookEndpoint, WebhookMessage
from dealwright.base.identifiers import uuid7

PURPOSE = "webhook"
OVERLAP = timedelta(hours=24)
ENDPOINTS_PER_PERSON = 50
TEST_EVENT = "webhook.test"


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint with its signing secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str


def visible_endpoints(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """One's own endpoints; all of them for administrators."""
    endpoints = WebhookEndpoint.objects.select_related("owner")
    if actor.is_system or actor.require_user().is_administrator:
        return endpoints
    return endpoints.filter(owner=actor.user)


def get_endpoint(actor: Actor, endpoint_id: uuid.UUID, *, lock: bool = False) -> WebhookEndpoint:
    """One endpoint; raises NotFound alike for absent and for another's."""
    endpoints = visible_endpoints(actor)
    if lock:
        endpoints = endpoints.select_for_update(of=("self",))
    endpoint = endpoints.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("This webhook does not exist, or you may not see it.")
    return endpoint


def create_endpoint(
    actor: Actor, *, url: str, events: Sequence[str] = (), description: str = ""
) -> WithSecret:
    """Have an address told of events from now on; raises Invalid per field."""
    user = actor.require_user()
    if WebhookEndpoint.objects.filter(owner=user).count() >= ENDPOINTS_PER_PERSON:
        raise Conflict(f"A person may have at most {ENDPOINTS_PER_PERSON} webhooks.")
    secret = new_signing_secret()
    with change(actor):
        endpoint = WebhookEndpoint.objects.create(
            url=check_url(url),
            events=_check_events(events),
            description=description.strip()[:200],
            owner=user,
            secret=encrypt_text(secret, purpose=PURPOSE),
            told_until=_last_position(),
        )
    return WithSecret(endpoint, secret)


def update_endpoint(
    actor: Actor,
    endpoint_id: uuid.UUID,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
) -> WebhookEndpoint:
    """Change address, events or description; what is None stays."""
    with change(actor):
        endpoint = get_endpoint(actor, endpoint_id, lock=True)
        if url is not None:
            endpoint.url = check_url(url)
        if events is not None:
            endpoint.events = _check_events(events)
        if description is not None:
            endpoint.description = description.strip()[:200]
        endpoint.save(update_fields=["url", "events", "description"])
    return endpoint


def enable_endpoint(actor: Actor, endpoint_id: uuid.UUID) -> WebhookEndpoint:
    """Tell the address again, of what happens from now on."""
    with change(actor):
        endpoint = get_endpoint(actor, endpoint_id, lock=True)
        if not endpoint.is_active:
            endpoint.disabled_at, endpoint.disabled_reason = None, ""
            endpoint.told_until = _last_position()
            endpoint.save(update_fields=["disabled_at", "disabled_reason", "told_until"])
    return endpoint


def disable_endpoint(
    actor: Actor, endpoint_id: uuid.UUID, *, reason: str = "Switched off."
) -> WebhookEndpoint:
    """Tell the address no more; what is still to be sent is dropped."""
    with change(actor):
        endpoint = get_endpoint(actor, endpoint_id, lock=True)
        if endpoint.is_active:
            endpoint.disabled_at, endpoint.disabled_reason = timezone.now(), reason
            endpoint.save(update_fields=["disabled_at", "disabled_reason"])
            endpoint.messages.filter(next_attempt_at__isnull=False).update(
                next_attempt_at=None, failed_at=timezone.now()
            )
    return endpoint


def delete_endpoint(actor: Actor, endpoint_id: uuid.UUID) -> None:
    """Remove an endpoint with its log."""
    with change(actor):
        get_endpoint(actor, endpoint_id, lock=True).delete()


def rotate_secret(actor: Actor, endpoint_id: uuid.UUID) -> WithSecret:
    """A new signing secret. For 24 hours messages carry a signature of the old one as well."""
    secret = new_signing_secret()
    with change(actor):
        endpoint = get_endpoint(actor, endpoint_id, lock=True)
        endpoint.previous_secret = endpoint.secret
        endpoint.previous_secret_until = timezone.now() + OVERLAP
        endpoint.secret = encrypt_text(secret, purpose=PURPOSE)
        endpoint.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    return WithSecret(endpoint, secret)


def signing_secrets(endpoint: WebhookEndpoint) -> list[str]:
    """The secrets to sign with now, the current one first."""
    stored = [endpoint.secret]
    until = endpoint.previous_secret_until
    if endpoint.previous_secret and until and until > timezone.now():
        stored.append(endpoint.previous_secret)
    return [decrypt_text(each, purpose=PURPOSE) for each in stored]


def send_test(actor: Actor, endpoint_id: uuid.UUID) -> WebhookMessage:
    """Send a message of type ``webhook.test`` to an active endpoint."""
    with change(actor):
        endpoint = get_endpoint(actor, endpoint_id, lock=True)
        if not endpoint.is_active:
            raise Conflict("This webhook is switched off. Switch it on first.")
        now = timezone.now()
        body = {
            "type": TEST_EVENT,
            "timestamp": encode_value(now),
            "data": {"message": "It works.", "endpoint_id": str(endpoint.pk)},
        }
        return WebhookMessage.objects.create(
            endpoint=endpoint,
            event_id=uuid7(),
            name=TEST_EVENT,
            body=orjson.dumps(body).decode(),
            next_attempt_at=now,
        )


def get_message(actor: Actor, message_id: uuid.UUID) -> WebhookMessage:
    """One message; raises NotFound alike for absent and for another's."""
    message = (
        WebhookMessage.objects.select_related("endpoint")
        .filter(pk=message_id, endpoint__in=visible_endpoints(actor))
        .first()
    )
    if message is None:
        raise NotFound("This message does not exist, or you may not see it.")
    return message


def replay_message(actor: Actor, message_id: uuid.UUID) -> WebhookMessage:
    """Send a message again, under the same id, whether it was delivered or failed."""
    with change(actor):
        message = (
            WebhookMessage.objects.select_for_update(of=("self",))
            .filter(pk=message_id, endpoint__in=visible_endpoints(actor))
            .select_related("endpoint")
            .first()
        )
        if message is None:
            raise NotFound("This message does not exist, or you may not see it.")
        if not message.endpoint.is_active:
            raise Conflict("This webhook is switched off. Switch it on first.")
        message.next_attempt_at = timezone.now()
        message.delivered_at = message.failed_at = None
        message.attempts_made = 0
        message.save(
            update_fields=["next_attempt_at", "delivered_at", "failed_at", "attempts_made"]
        )
    return message


def _check_events(events: Sequence[str]) -> list[str]:
    known = published_events()
    objects = {name.partition(".")[0] for name in known}
    wrong = [
        name
        for name in events
        if name not in known and not (name.endswith(".*") and name[:-2] in objects)
    ]
    if wrong:
        sentence = f"There is no event “{wrong[0][:80]}”."
        raise Invalid(sentence, fields={"events": [sentence]})
    return list(dict.fromkeys(events))


def _last_position() -> int:
    place_events()
    return last_position()


def new_signing_secret() -> str:
    """As the Standard Webhooks convention writes it: 24 random bytes, base64, prefixed."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
