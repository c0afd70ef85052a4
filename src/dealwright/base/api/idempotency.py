"""``Idempotency-Key``: a write that is sent twice happens once and answers the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from django.contrib.auth import get_user
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dealwright.base.api.problems import problem

KEEP = timedelta(hours=24)
GIVE_UP_AFTER = timedelta(seconds=60)
_PREFIX = "/api/"


class IdempotentRequest(models.Model):
    """A write seen under a key: by whom, what was asked, what was answered (status 0: running)."""

    id = models.BigAutoField(primary_key=True)
    caller = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=80, blank=True)
    body = models.BinaryField(default=bytes)
    etag = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["caller", "key"], name="idempotent_request_once")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotent_request_age")]


class IdempotencyMiddleware:
    """Answers a repeated POST, PUT or PATCH to the API from what was answered first.

    A key is bound to the caller's credentials and to the exact request: another request
    under the same key is refused (422), one that still runs is a conflict (409). An answer
    of 500 and above is not kept, so that trying again can work.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        if (
            not key
            or request.method not in ("POST", "PUT", "PATCH")
            or not request.path.startswith(_PREFIX)
        ):
            return self.get_response(request)
        if len(key) > 200 or not key.isprintable():
            return problem(
                request,
                422,
                "Idempotency-Key may have at most 200 printable characters.",
                code="idempotency_key_invalid",
            )
        caller = _digest(
            request.headers.get("Authorization", ""), request.COOKIES.get("sessionid", "")
        )
        fingerprint = _digest(request.method, request.get_full_path(), request.body)
        known = _claim(caller, key, fingerprint)
        if known is None:
            response = self.get_response(request)
            _keep(caller, key, response)
            return response
        if known.fingerprint != fingerprint:
            return problem(
                request,
                422,
                "This Idempotency-Key was used for another request.",
                code="idempotency_key_reused",
            )
        if known.status == 0:
            return problem(
                request,
                409,
                "The first request with this Idempotency-Key still runs.",
                code="idempotency_running",
            )
        if not _is_let_in(request):
            return self.get_response(request)
        return HttpResponse(
            bytes(known.body),
            status=known.status,
            content_type=known.content_type,
            headers={
                "Idempotent-Replayed": "true",
                **({"ETag": known.etag} if known.etag else {}),
            },
        )


def _is_let_in(request: HttpRequest) -> bool:
    """Whether the credentials hold now: they may have been taken back since the first time."""
    from dealwright.base.people.tokens import authenticate_token

    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return authenticate_token(secret.strip()) is not None
    return bool(get_user(request).is_authenticated)


def _claim(caller: str, key: str, fingerprint: str) -> IdempotentRequest | None:
    """None if the key is ours now, else what is known under it."""
    now = timezone.now()
    IdempotentRequest.objects.filter(
        models.Q(created_at__lt=now - KEEP)
        | models.Q(status=0, created_at__lt=now - GIVE_UP_AFTER),
        caller=caller,
        key=key,
    ).delete()
    try:
        with transaction.atomic():
            IdempotentRequest.objects.create(caller=caller, key=key, fingerprint=fingerprint)
    except IntegrityError:
        return IdempotentRequest.objects.filter(caller=caller, key=key).first()
    return None


def _keep(caller: str, key: str, response: HttpResponse) -> None:
    rows = IdempotentRequest.objects.filter(caller=caller, key=key)
    if response.status_code >= 500 or response.status_code == 401 or response.streaming:
        rows.delete()
        return
    rows.update(
        status=response.status_code,
        content_type=response.headers.get("Content-Type", "application/json")[:80],
        body=response.content,
        etag=response.headers.get("ETag", "")[:80],
    )


def forget_old_requests() -> int:
    """Drop kept answers older than a day; returns how many."""
    return IdempotentRequest.objects.filter(created_at__lt=timezone.now() - KEEP).delete()[0]


def _digest(*parts: str | bytes | None) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else (part or b"")
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()
