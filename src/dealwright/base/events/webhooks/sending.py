"""From the change feed to the endpoint: signed, retried over days, never to a private address.

Follows the Standard Webhooks convention: headers ``webhook-id``, ``webhook-timestamp`` and
``webhook-signature`` (``v1``, HMAC-SHA256), body ``{type, timestamp, data}``.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import orjson
import structlog
from django.db import transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from dealwright import __version__
from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict, DealwrightError
from dealwright.base.events.feed import (
    FeedEvent,
    as_json,
    last_position,
    place_events,
    read_changes,
)
from dealwright.base.events.webhooks.addresses import AddressRefused, resolve
from dealwright.base.events.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from dealwright.base.events.webhooks.services import disable_endpoint, signing_secrets
from dealwright.base.jobs.due import claim_due, due
from dealwright.base.loops import complete
from dealwright.base.whole_numbers import whole_number

log = structlog.get_logger("dealwright.webhooks")

LARGEST_BODY = 20_000
TIMEOUT_SECONDS = 15
WHOLE_SECONDS = 30
BATCH = 40
LEASE = timedelta(minutes=3)
ANSWER_KEPT = 1_000

# Between attempts; about three days in all.
WAITS = [
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
]
LONGEST_WAIT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request; ``status`` is None where nothing answered."""

    status: int | None
    text: str = ""
    error: str = ""
    milliseconds: int = 0
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@due(every=2, name="webhooks.collect")
def collect_messages() -> int:
    """Make messages of what happened since each endpoint was last told; returns how many."""
    if not WebhookEndpoint.objects.filter(disabled_at__isnull=True).exists():
        return 0
    place_events()
    last = last_position()
    made = 0
    with transaction.atomic():
        behind = WebhookEndpoint.objects.filter(disabled_at__isnull=True, told_until__lt=last)
        for endpoint in claim_due(behind.order_by("told_until"), limit=100):
            made += _collect(endpoint, last)
    return made


@due(every=1, name="webhooks.send")
def send_messages() -> int:
    """Send what is due, several at once; returns how many were tried."""
    with transaction.atomic():
        # The lease lets another worker take over when this one dies while it waits for answers.
        messages = claim_due(
            WebhookMessage.objects.filter(next_attempt_at__lte=timezone.now())
            .order_by("next_attempt_at")
            .select_related("endpoint"),
            limit=BATCH,
        )
        WebhookMessage.objects.filter(pk__in=[each.pk for each in messages]).update(
            next_attempt_at=timezone.now() + LEASE
        )
    if not messages:
        return 0
    prepared = [(message, _headers(message)) for message in messages]
    answers = complete(
        _request_all([(each.endpoint.url, each.body, headers) for each, headers in prepared])
    )
    for message, answer in zip(messages, answers, strict=True):
        _note(message, answer)
    return len(messages)


async def _request_all(requests: Sequence[tuple[str, str, dict[str, str]]]) -> list[Answer]:
    return await asyncio.gather(*(request(*each) for each in requests))


async def request(url: str, body: str, headers: dict[str, str]) -> Answer:
    """One POST to the address the name resolves to now; redirects are not followed.

    Whatever the other side does (silence, one byte a second), it is over after 30 s.
    """
    started = time.perf_counter()
    status, text, error, retry_after = None, "", "", None
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            status, text, retry_after = await _post(url, body, headers)
    except AddressRefused as refusal:
        error = str(refusal)
    except TimeoutError:
        error = f"No answer within {WHOLE_SECONDS} s."
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as trouble:
        error = f"{type(trouble).__name__}: {trouble}".rstrip(": ")[:300]
    milliseconds = int((time.perf_counter() - started) * 1000)
    return Answer(status, text, error, milliseconds, retry_after)


async def _post(url: str, body: str, headers: dict[str, str]) -> tuple[int, str, timedelta | None]:
    target = httpx.URL(url)
    port = target.port or (443 if target.scheme == "https" else 80)
    address = await asyncio.to_thread(resolve, target.host, port)
    async with (
        httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client,
        client.stream(
            "POST",
            target.copy_with(host=address),
            content=body.encode(),
            headers={"Host": target.netloc.decode(), **headers},
            extensions={"sni_hostname": target.host},
        ) as response,
    ):
        text = await _beginning(response)
        return response.status_code, text, _retry_after(response.headers.get("Retry-After", ""))


def _collect(endpoint: WebhookEndpoint, last: int) -> int:
    if not endpoint.owner.is_active:
        disable_endpoint(system("Webhooks"), endpoint.pk, reason="Its owner is not active.")
        return 0
    owner = Actor(user=endpoint.owner, via="job")
    try:
        changes = read_changes(owner, endpoint.told_until, names=endpoint.events, limit=100)
    except Conflict:  # it slept longer than the feed remembers
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(told_until=last)
        return 0
    now = timezone.now()
    WebhookMessage.objects.bulk_create(
        [
            WebhookMessage(
                endpoint=endpoint,
                event_id=event.public_id,
                name=event.name,
                body=_body(event),
                next_attempt_at=now,
            )
            for event in changes.events
        ],
        ignore_conflicts=True,
    )
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(told_until=changes.cursor)
    return max(len(changes.events), int(changes.more))


def _body(event: FeedEvent) -> str:
    """``{type, timestamp, data}``; an event too large for it says so and comes without values."""
    plain = as_json(event)
    data = {
        "event_id": plain["id"],
        "object": plain["object"],
        "record_id": plain["record_id"],
        "actor": plain["actor"],
        "actor_id": plain["actor_id"],
        "values": plain["data"],
    }
    whole = {"type": plain["type"], "timestamp": plain["occurred_at"], "data": data}
    body = orjson.dumps(whole)
    if len(body) >= LARGEST_BODY:
        body = orjson.dumps(whole | {"data": data | {"values": None, "too_large": True}})
    return body.decode()


def _headers(message: WebhookMessage) -> dict[str, str]:
    now = timezone.now()
    identifier = f"msg_{message.pk.hex}"
    signatures = [
        Webhook(secret).sign(msg_id=identifier, timestamp=now, data=message.body)
        for secret in signing_secrets(message.endpoint)
    ]
    return {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": f"Dealwright/{__version__}",
        "webhook-id": identifier,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _note(message: WebhookMessage, answer: Answer) -> None:
    """Write the attempt down and decide what comes next."""
    now = timezone.now()
    with change(system("Webhooks")):
        message = WebhookMessage.objects.select_for_update().get(pk=message.pk)
        WebhookAttempt.objects.create(
            message=message,
            at=now,
            status=answer.status,
            milliseconds=answer.milliseconds,
            answer=answer.text,
            error=answer.error,
        )
        message.attempts_made += 1
        message.next_attempt_at = None
        if answer.is_success:
            message.delivered_at = now
        elif answer.status == httpx.codes.GONE or message.attempts_made > len(WAITS):
            message.failed_at = now
        else:
            message.next_attempt_at = now + _wait(message.attempts_made, answer.retry_after)
        message.save(
            update_fields=["attempts_made", "next_attempt_at", "delivered_at", "failed_at"]
        )
    if answer.status == httpx.codes.GONE:
        _give_up_on(message, "It answered 410 Gone.")
    elif message.failed_at and not _answered_lately(message.endpoint_id):
        _give_up_on(message, "It has not answered for three days.")


def _wait(attempts_made: int, retry_after: timedelta | None) -> timedelta:
    wait = WAITS[attempts_made - 1] * random.uniform(0.9, 1.1)  # noqa: S311  spreads load only
    return max(wait, min(retry_after or timedelta(0), LONGEST_WAIT))


def _answered_lately(endpoint_id: uuid.UUID) -> bool:
    since = timezone.now() - sum(WAITS, timedelta(0))
    return WebhookMessage.objects.filter(endpoint_id=endpoint_id, delivered_at__gte=since).exists()


def _give_up_on(message: WebhookMessage, reason: str) -> None:
    from dealwright.base.messaging import notify

    endpoint = disable_endpoint(system("Webhooks"), message.endpoint_id, reason=reason)
    log.warning("webhook switched off", endpoint=str(endpoint.pk), reason=reason)
    try:
        with change(system("Webhooks")):
            notify(
                endpoint.owner,
                "A webhook was switched off",
                body=f"{endpoint.url}: {reason}",
                url=f"/settings/webhooks/{endpoint.pk}",
            )
    except DealwrightError as error:
        log.warning("no notice of a webhook", error=error.message)


def _retry_after(header: str) -> timedelta | None:
    """Seconds or a date, as RFC 9110 section 10.2.3 has it; what is neither counts as absent."""
    seconds = whole_number(header, most=10**9)
    if seconds is not None:
        return min(timedelta(seconds=seconds), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment - datetime.now(UTC), timedelta(0))


async def _beginning(response: httpx.Response) -> str:
    """The first 1,000 characters; an endless answer is not read to its end."""
    start = b""
    async for part in response.aiter_raw():
        start += part
        if len(start) >= ANSWER_KEPT:
            break
    return start[:ANSWER_KEPT].decode("utf-8", "replace").replace("\x00", "")
