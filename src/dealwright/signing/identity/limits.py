"""Limits against guessing and flooding that hold over all envelopes, for a network address,
an account or the whole company."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from dealwright.base.access.actor import change, system
from dealwright.base.errors import Conflict
from dealwright.signing.identity.models import IdentityAttempt

KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` in ``within``, counted under ``kind``."""

    kind: str
    most: int
    within: timedelta


# Whole companies sign from one address, so these are wide; the narrow ones are per recipient.
WRONG_TRIES = Limit("wrong", 30, timedelta(minutes=15))
LINK_GUESSES = Limit("link", 60, timedelta(minutes=15))
SENT_CODES = Limit("sent", 60, timedelta(hours=1))
PASSWORD_TRIES = Limit("password", 10, timedelta(hours=1))


def is_used_up(limit: Limit, key: str) -> bool:
    """Whether nothing more may happen for now. An unknown key (no address) has no limit."""
    if not key:
        return False
    since = timezone.now() - limit.within
    found = IdentityAttempt.objects.filter(
        kind=limit.kind, key_hash=key_hash(limit, key), at__gt=since
    )
    return found.count() >= limit.most


def check_limit(limit: Limit, key: str) -> None:
    """Raises Conflict where a limit is used up."""
    if is_used_up(limit, key):
        raise too_many()


def count_one(limit: Limit, key: str) -> None:
    """Count one, in the caller's transaction."""
    if key:
        IdentityAttempt.objects.create(kind=limit.kind, key_hash=key_hash(limit, key))


def take_one(limit: Limit, key: str) -> None:
    """Count one where the limit allows it, else raise Conflict; two at once count as two.

    The count stands when the caller's transaction commits.
    """
    if not key:
        return
    lock_key(f"{limit.kind}:{key}")
    check_limit(limit, key)
    count_one(limit, key)


def lock_key(text: str) -> None:
    """Let one transaction at a time pass for the key, until it ends."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [number])


def count_link_guess(ip: str) -> None:
    """Count a link that leads nowhere."""
    with change(system("Signing links", via="public")):
        count_one(LINK_GUESSES, ip)


def forget_old_attempts() -> int:
    """Forget what counts no longer; returns how many."""
    return IdentityAttempt.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


def key_hash(limit: Limit, key: str) -> str:
    """What is kept of an address or account."""
    return hashlib.sha256(f"{limit.kind}:{key}".encode()).hexdigest()


def too_many() -> Conflict:
    return Conflict(
        "Too many tries came from your network. Wait a quarter of an hour, then try again.",
        code="too_many_tries",
    )
