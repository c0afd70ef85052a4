"""The parts of a user in envelopes: by the addresses that they have confirmed as theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import EnvelopeStatus, Recipient, Role

MOST = 200
ON_CARD = 5
DONE_FOR = timedelta(days=30)
# Who signs in person does so on the host's device; a copy asks for nothing.
_NOT_HERE = (Role.CC, Role.IN_PERSON_SIGNER)


def has_confirmed(user: User) -> bool:
    """Whether the user has shown to get mail at the address of their account."""
    return _confirmed(user).filter(address=user.email.lower()).exists()


def parts_of(user: User) -> QuerySet[Recipient]:
    """Every part in an envelope that was sent to one of the user's confirmed addresses."""
    return Recipient.objects.filter(
        email__in=_confirmed(user).values("address"),
        envelope__deleted_at=None,
        envelope__purged_at=None,
        sent_at__isnull=False,
    ).select_related("envelope__owner")


def waiting_for(user: User) -> QuerySet[Recipient]:
    """The user's parts whose turn it is, what runs out first on top."""
    soonest = F("envelope__expires_at").asc(nulls_last=True)
    return parts_of(user).filter(_due()).exclude(role__in=_NOT_HERE).order_by(soonest, "sent_at")


def hosted_by(user: User) -> QuerySet[Recipient]:
    """The in-person signers to whom the user hands their device, whose turn it is."""
    parts = Recipient.objects.filter(
        _due(), host=user, role=Role.IN_PERSON_SIGNER, envelope__deleted_at=None
    )
    return parts.select_related("envelope__owner").order_by("sent_at")


def done_by(user: User) -> QuerySet[Recipient]:
    """What the user has signed, approved or confirmed lately, the newest first."""
    since = timezone.now() - DONE_FOR
    return parts_of(user).filter(signed_at__gte=since).order_by("-signed_at")


def card(user: User) -> Mapping[str, Any] | None:
    """The home page's card, in one statement; None where nothing waits."""
    mine = Q(email__in=_confirmed(user).values("address")) & ~Q(role__in=_NOT_HERE)
    hosted = Q(host=user, role=Role.IN_PERSON_SIGNER)
    found = list(
        Recipient.objects.filter(
            _due(), mine | hosted, envelope__deleted_at=None, envelope__purged_at=None
        )
        .select_related("envelope__owner")
        .order_by(F("envelope__expires_at").asc(nulls_last=True), "sent_at")[: ON_CARD + 1]
    )
    return {"parts": found[:ON_CARD], "more": len(found) > ON_CARD} if found else None


def _confirmed(user: User) -> QuerySet[Any]:
    """The addresses that the user has confirmed, each as ``address`` in lower case."""
    mine: QuerySet[Any] = EmailAddress.objects.filter(user=user, verified=True)
    named: QuerySet[Any] = mine.annotate(address=Lower("email"))
    return named


def _due() -> Q:
    open_envelope = Q(envelope__status__in=(EnvelopeStatus.SENT, EnvelopeStatus.IN_PROGRESS))
    lasts = Q(envelope__expires_at=None) | Q(envelope__expires_at__gt=timezone.now())
    waits = Q(
        sent_at__isnull=False,
        signed_at=None,
        declined_at=None,
        reassigned_at=None,
        skipped_at=None,
        expired_at=None,
    )
    return open_envelope & lasts & waits
