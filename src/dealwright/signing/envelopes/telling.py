"""What stands in the evidence of a recipient is told to the house as an event, too."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.events.outbox import record_event
from dealwright.base.events.registry import Event
from dealwright.signing.envelopes import events
from dealwright.signing.envelopes.models import Envelope, Recipient

_OF: dict[str, type[Event]] = {
    each.event_name: each
    for each in (
        events.RecipientSent,
        events.RecipientBounced,
        events.RecipientViewed,
        events.RecipientConsented,
        events.RecipientConsentWithdrawn,
        events.RecipientAuthenticated,
        events.RecipientAuthenticationFailed,
        events.RecipientLocked,
        events.RecipientApproved,
        events.RecipientDeclined,
        events.RecipientReassigned,
        events.RecipientReminded,
        events.RecipientExpired,
        events.DocumentDownloaded,
    )
}


def tell_recipient_event(
    envelope: Envelope,
    kind: str,
    *,
    actor: Actor,
    recipient: Recipient | None,
    facts: Mapping[str, Any],
) -> None:
    """Tell the event of an entry's kind, where there is one; its further data are facts of the
    same name."""
    made = _OF.get(kind)
    if made is None or recipient is None:
        return
    common = {
        "envelope_id": envelope.pk,
        "subject_object": envelope.subject_object,
        "subject_id": envelope.subject_id,
        "recipient_id": recipient.pk,
        "role": recipient.role,
    }
    known: set[str] = {each.name for each in dataclasses.fields(made)}  # type: ignore[arg-type]
    further = {key: value for key, value in facts.items() if key in known and key not in common}
    record_event(actor, made(**common, **further), object="envelope", record_id=envelope.pk)
