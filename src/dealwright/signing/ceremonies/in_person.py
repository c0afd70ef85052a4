"""Signing in person: a host opens it on their device and hands it over."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.signing.ceremonies.steps import Visit, is_over
from dealwright.signing.envelopes.drafts import check_text
from dealwright.signing.envelopes.models import Envelope, Recipient, Role
from dealwright.signing.envelopes.routing import new_link, pending_recipients
from dealwright.signing.evidence.services import record_evidence


def find_hosted(actor: Actor, envelope_id: Any, recipient_id: Any) -> Recipient:
    """The in-person signer whom the signed-in user hosts; raises NotFound for any other."""
    user = actor.require_user()
    found: Recipient | None = (
        Recipient.objects.filter(
            pk=as_uuid(recipient_id),
            envelope_id=as_uuid(envelope_id),
            envelope__deleted_at=None,
            role=Role.IN_PERSON_SIGNER,
            host=user,
        )
        .select_related("envelope__owner", "host")
        .first()
    )
    if found is None:
        raise NotFound("You do not host anybody here.")
    return found


def hand_device(
    actor: Actor, envelope_id: Any, recipient_id: Any, *, checked: str, visit: Visit
) -> str:
    """Open the signing for the person who is there; answers the secret of a fresh link.

    ``checked`` says how the host knows who it is. Whoever calls this must end the host's own
    session on the device before the page of the link is shown. Raises NotFound, Invalid, or
    Conflict where it is not the person's turn.
    """
    checked = check_text("checked", checked, longest=200, name="How you know them")
    if not checked:
        sentence = "Say how you know who it is, for instance by an identity card."
        raise Invalid(sentence, fields={"checked": [sentence]})
    host = actor.require_user()
    hosted = find_hosted(actor, envelope_id, recipient_id)
    with change(actor):
        envelope = Envelope.objects.select_for_update(of=("self",)).get(pk=hosted.envelope_id)
        recipient = envelope.recipients.get(pk=hosted.pk)
        turn = {each.pk for each in pending_recipients(envelope)}
        if not envelope.is_open or is_over(envelope) or recipient.pk not in turn:
            raise Conflict("It is not this person's turn to sign.", code="not_their_turn")
        token = new_link(recipient)
        recipient.hosted_at = timezone.now()
        recipient.save(update_fields=["token_hash", "hosted_at"])
        record_evidence(
            envelope,
            "recipient.hosted",
            actor=actor,
            recipient=recipient,
            facts={"host": str(host.pk)},
            details={
                "host": f"{host.name}, {host.email}",
                "checked": checked,
                **visit.details,
            },
        )
    return token
