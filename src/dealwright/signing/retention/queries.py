"""What is to be destroyed when, and what holds it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from dealwright.base.access.visibility import visible_to
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.retention.models import LegalHold, RetentionPolicy

_ENDS = ("completed_at", "declined_at", "voided_at", "expired_at")


@dataclass(frozen=True, slots=True)
class Due:
    """An envelope whose time is over. ``policy`` is the one that let it stay the longest."""

    id: UUID
    title: str
    ended_at: datetime
    due_at: datetime
    policy: str
    held: bool


def ended_envelopes() -> QuerySet[Any]:
    """Envelopes that have ended and are not purged; ``ended_at`` says when, ``held`` whether a
    legal hold stands."""
    standing = LegalHold.objects.filter(envelope=OuterRef("pk"), released_at__isnull=True)
    found: QuerySet[Any] = (
        Envelope.objects.filter(sent_at__isnull=False, purged_at__isnull=True)
        .annotate(ended_at=Coalesce(*_ENDS), held=Exists(standing))
        .filter(ended_at__isnull=False)
    )
    return found


def policy_of(
    policies: Sequence[RetentionPolicy], *, subject_object: str, title: str
) -> RetentionPolicy | None:
    """The policy that counts: of those that fit, the one that keeps the longest."""
    fitting = [
        each
        for each in policies
        if each.subject_object in ("", subject_object) and each.words.casefold() in title.casefold()
    ]
    return max(fitting, key=lambda each: each.keep_days, default=None)


def due_envelopes(at: datetime | None = None) -> Iterator[Due]:
    """Every envelope whose time is over, the oldest first; held ones among them."""
    at = at or timezone.now()
    policies = list(RetentionPolicy.objects.all())
    if not policies:
        return
    shortest = min(each.keep_days for each in policies)
    rows: QuerySet[Any, Any] = (
        ended_envelopes()
        .filter(ended_at__lte=at - timedelta(days=shortest))
        .order_by("ended_at", "pk")
        .values("id", "title", "subject_object", "ended_at", "held")
    )
    for row in rows.iterator(chunk_size=1_000):
        policy = policy_of(policies, subject_object=row["subject_object"], title=row["title"])
        if policy is None:
            continue
        due_at = row["ended_at"] + timedelta(days=policy.keep_days)
        if due_at <= at:
            yield Due(row["id"], row["title"], row["ended_at"], due_at, policy.name, row["held"])


def keeping_panel(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """How long an envelope is kept and why, for its page."""
    envelope = (
        ended_envelopes().filter(visible_to(user, "envelope"), pk=record_id).first()
        or Envelope.objects.filter(visible_to(user, "envelope"), pk=record_id)
        .filter(Q(sent_at__isnull=False))
        .first()
    )
    if envelope is None:
        return None
    policy = policy_of(
        list(RetentionPolicy.objects.all()),
        subject_object=envelope.subject_object,
        title=envelope.title,
    )
    ended_at = getattr(envelope, "ended_at", None)
    return {
        "envelope": envelope,
        "holds": envelope.holds.select_related("placed_by", "released_by"),
        "policy": policy,
        "due_at": ended_at + timedelta(days=policy.keep_days) if ended_at and policy else None,
        "is_keeper": user.profile in ("administrator", "legal"),
    }
