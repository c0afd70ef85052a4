"""Versions of the consent text, and who agreed to which."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_to
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.envelopes.models import Envelope, Recipient

MOST = 200


def versions(in_force: Collection[Any]) -> list[dict[str, Any]]:
    """Every version, newest first, with how many agreed and whether it is one of those in force."""
    texts = list(ConsentText.objects.order_by("language", "-version"))
    return [
        {
            "text": each,
            "in_force": each.pk in in_force,
            "agreed": Recipient.objects.filter(consent=each).count(),
        }
        for each in texts
    ]


def agreed_to(actor: Actor, text: ConsentText) -> list[Recipient]:
    """The newest who agreed to a version, in envelopes that the actor may see."""
    seen = Envelope.objects.filter(visible_to(actor.require_user(), "envelope")).values("pk")
    rows = Recipient.objects.filter(consent=text, envelope__in=seen).select_related("envelope")
    return list(rows.order_by("-consented_at")[:MOST])
