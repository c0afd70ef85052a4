"""The public door for web visits: small batches, idempotent, nothing kept without consent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from dealwright.base.errors import Invalid, NotAllowed
from dealwright.intelligence.tracking.channels import channel_of_visit
from dealwright.intelligence.tracking.models import Touchpoint, Visitor
from dealwright.intelligence.tracking.settings import may_send, tracking_settings

BATCH = 100
SESSION = timedelta(minutes=30)
OLDEST = timedelta(days=2)
_ANONYMOUS = re.compile(r"^[A-Za-z0-9_-]{16,64}$")
_BOTS = re.compile(
    r"bot\b|crawl|spider|slurp|preview|headless|lighthouse|monitor|python-|curl/|wget|scan", re.I
)


def collect(
    payload: Any,
    *,
    user_agent: str,
    opted_out: bool,
    own_host: str,
    origin: str = "",
    now: datetime | None = None,
) -> int:
    """Take a batch ``{"visitor", "sent_at", "events": [{"id", "name", "at", "url", "referrer",
    "title"}]}``; returns how many touches are new.

    Only page views that open a session become touches, so that a reader of ten pages is one
    visit. Opted-out browsers (``Sec-GPC``, ``DNT``) leave nothing, nobody does while tracking
    is off. Raises Invalid for a payload that is not of this form, and NotAllowed for pages of
    a site that the settings do not name.
    """
    now = now or timezone.now()
    anonymous, events = _checked(payload)
    stored = tracking_settings()
    if opted_out or not stored.is_on:
        return 0
    sites = [str(event.get("url", ""))[:1000] for event in events]
    if origin not in ("", "null"):
        sites.append(origin)
    if not all(may_send(stored, site) for site in sites if _is_web_address(site)):
        raise NotAllowed(
            "This site may not send visits. An administrator names it in the settings of tracking."
        )
    shift = _clock_shift(payload.get("sent_at"), now)
    with transaction.atomic():
        visitor, _ = Visitor.objects.get_or_create(anonymous_id=anonymous)
        visitor = Visitor.objects.select_for_update().get(pk=visitor.pk)
        new = 0
        for event in events:
            new += _take(visitor, event, shift, user_agent, own_host, now)
        visitor.last_seen_at = now
        visitor.save(update_fields=["last_seen_at"])
    return new


def _checked(payload: Any) -> tuple[str, Sequence[Mapping[str, Any]]]:
    if not isinstance(payload, dict):
        raise Invalid("The batch is not a JSON object.")
    anonymous = payload.get("visitor")
    if not isinstance(anonymous, str) or not _ANONYMOUS.match(anonymous):
        raise Invalid("The batch names no visitor.", fields={"visitor": ["16 to 64 letters."]})
    events = payload.get("events")
    if not isinstance(events, list) or not 0 < len(events) <= BATCH:
        raise Invalid(f"Send 1 to {BATCH} events.", fields={"events": [f"1 to {BATCH} events."]})
    if not all(isinstance(event, dict) for event in events):
        raise Invalid("An event is not an object.", fields={"events": ["Objects only."]})
    return anonymous, events


def _take(
    visitor: Visitor,
    event: Mapping[str, Any],
    shift: timedelta,
    user_agent: str,
    own_host: str,
    now: datetime,
) -> int:
    event_id = _uuid(event.get("id"))
    url = str(event.get("url", ""))[:1000].replace("\x00", "")
    if event_id is None or event.get("name") != "page" or not _is_web_address(url):
        return 0
    at = _moment(event.get("at"), now) + shift
    at = min(max(at, now - OLDEST), now)
    utm = _utm(url)
    referrer = str(event.get("referrer", ""))[:1000].replace("\x00", "")
    last = Touchpoint.objects.filter(visitor=visitor).order_by("-occurred_at").first()
    goes_on = last is not None and at - last.occurred_at < SESSION
    if goes_on and last is not None and (not utm or utm == _marks(last)):
        return 0
    _, new = Touchpoint.objects.get_or_create(
        key=f"visit:{event_id}",
        defaults={
            "kind": "web_visit",
            "channel": channel_of_visit(utm, referrer, own_host),
            "title": _title(event, url),
            "occurred_at": at,
            "visitor": visitor,
            "contact_id": visitor.contact_id,
            "url": url,
            "referrer": referrer,
            "is_marketing": True,
            "is_machine": bool(_BOTS.search(user_agent)),
            **utm,
        },
    )
    return int(new)


def _title(event: Mapping[str, Any], url: str) -> str:
    title = str(event.get("title", "")).replace("\x00", "").strip()
    return f"Visited {title or urlsplit(url).path or '/'}"[:250]


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _utm(url: str) -> dict[str, str]:
    try:
        query = parse_qsl(urlsplit(url).query, max_num_fields=100)
    except ValueError:  # more fields than a person's link has
        return {}
    names = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    return {name: value[:250].replace("\x00", "") for name, value in query if name in names}


def _marks(touch: Touchpoint) -> dict[str, str]:
    names = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    return {name: getattr(touch, name) for name in names if getattr(touch, name)}


def _clock_shift(sent_at: Any, now: datetime) -> timedelta:
    """How far the browser's clock is behind ours, by when it said it sent the batch."""
    sent = _moment(sent_at, now)
    return now - sent


def _moment(value: Any, otherwise: datetime) -> datetime:
    if isinstance(value, int | float) and 0 < value < 4e12:
        return datetime.fromtimestamp(value / 1000, tz=UTC)
    return otherwise


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
