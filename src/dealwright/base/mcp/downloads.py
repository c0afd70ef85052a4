"""Files for those who call the tools: an address that works once, as an answer holds only text."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from dealwright.base.errors import NotFound
from dealwright.base.mcp.authentication import recall
from dealwright.base.mcp.operations import call_operation
from dealwright.base.mcp.tools import Caller

LASTS = timedelta(minutes=5)


def link_to(caller: Caller, operation_id: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """A one-time address of the file that an operation of the API gives.

    What it gives is asked for when the address is opened, with the rights that the caller's
    token has then.
    """
    secret = secrets.token_urlsafe(32)
    kept = {"by": caller.credential, "operation": operation_id, "arguments": dict(arguments)}
    cache.set(_key(secret), kept, timeout=LASTS.total_seconds())
    return {
        "url": f"{settings.PUBLIC_URL}/mcp/files/{secret}",
        "expires_at": timezone.now() + LASTS,
        "works": "once",
    }


@require_GET
def take(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The file behind a one-time address."""
    key = _key(secret)
    kept = cache.get(key)
    # Of two who come at once, one deletes it.
    caller = recall(kept["by"], request) if kept and cache.delete(key) else None
    if caller is None:
        raise NotFound("This address was used already, or its five minutes are over.")
    return call_operation(caller, kept["operation"], kept["arguments"])


def _key(secret: str) -> str:
    return f"mcp-file:{hashlib.sha256(secret.encode()).hexdigest()}"
