"""A part in an envelope goes to somebody else: the old row stays, a new one takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Max
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.messaging.addresses import check_email
from dealwright.signing.envelopes.models import Envelope, Recipient, Role
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.models import FieldKind
from dealwright.signing.identity.choices import (
    IdentityChoice,
    asked_anew,
    choice_for_successor,
    keep_choice,
)
from dealwright.signing.payments.standing import check_not_paid_by


def hand_over(
    actor: Actor,
    envelope: Envelope,
    recipient: Recipient,
    *,
    name: str,
    email: str,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    identity: IdentityChoice | None = None,
) -> Recipient:
    """Put another person in a recipient's place, with their fields; invites nobody.

    ``identity`` is how they show who they are (``choice_for_successor``); without it they have no
    access code and no number until somebody gives them. The links of the one before lead to no
    document any more. What they typed is gone. Call it with the envelope's row locked. Raises
    Invalid where the person cannot take the part, Conflict where the one before has paid.
    """
    name, email = check_person(name, email)
    check_witness(recipient, email)
    check_not_paid_by(recipient)
    now = timezone.now()
    # The copy keeps what was asked of the part, also what other rooms ask (a way to identify).
    taken = Recipient.objects.get(pk=recipient.pk)
    taken.pk, taken._state.adding = Recipient._meta.pk.get_default(), True
    taken.position, taken.name, taken.email = next_position(envelope), name, email
    taken.token_hash = taken.session_hash = ""
    for moment in _OWN_MOMENTS:
        setattr(taken, moment, None)
    taken.consent = taken.named_by = None
    taken.save(force_insert=True)
    choice = identity or choice_for_successor(recipient)
    keep_choice(taken, choice)
    take_fields(recipient, taken)
    recipient.witnesses.update(witness_of=taken)
    recipient.names.update(named_by=taken)
    recipient.reassigned_at, recipient.reassigned_to = now, taken
    recipient.save(update_fields=["reassigned_at", "reassigned_to"])
    record_evidence(
        envelope,
        "recipient.reassigned",
        actor=actor,
        recipient=recipient,
        facts={
            "to_recipient": str(taken.pk),
            **({"identity_methods": taken.identity_methods} if asked_anew(choice.methods) else {}),
            **(facts or {}),
        },
        details={
            "from_name": recipient.name,
            "from_email": recipient.email,
            "to_name": name,
            "to_email": email,
            "reason": reason,
            **({"phone": choice.phone} if choice.phone else {}),
            **({"messenger": choice.messenger} if choice.messenger else {}),
            **(details or {}),
        },
    )
    return taken


def take_fields(before: Recipient, after: Recipient) -> None:
    """Give one recipient's fields to another, without what the one before put into them."""
    seen = before.opened_at is not None
    for field in before.fields.all():
        field.recipient = after
        if field.kind in (FieldKind.NAME, FieldKind.EMAIL):
            field.value = after.name if field.kind == FieldKind.NAME else after.email
            field.filled_at = timezone.now() if field.value else None
        elif seen and not field.read_only:
            field.value, field.filled_at, field.file = "", None, None
        field.save(update_fields=["recipient", "value", "filled_at", "file"])


def check_person(name: str, email: str) -> tuple[str, str]:
    """A name and address as they are kept; raises Invalid naming "name" or "email"."""
    name = " ".join(name.split())
    if not name or len(name) > 160 or "\x00" in name:
        sentence = "Give a name of at most 160 characters."
        raise Invalid(sentence, fields={"name": [sentence]})
    return name, check_email(email, field="email").lower()


def check_witness(recipient: Recipient, email: str) -> None:
    """Raises Invalid where somebody would witness their own signature."""
    seen = recipient.witness_of
    sees = any(each.email == email for each in recipient.witnesses.all())
    if (seen is not None and seen.email == email and recipient.role == Role.WITNESS) or sees:
        sentence = "Nobody can be the witness of their own signature."
        raise Invalid(sentence, fields={"email": [sentence]})


def next_position(envelope: Envelope) -> int:
    """The number after the last recipient's."""
    return int(envelope.recipients.aggregate(last=Max("position"))["last"] or 0) + 1


# What happened to one person, and to nobody who takes their place.
_OWN_MOMENTS = (
    "sent_at", "delivered_at", "bounced_at", "reminded_at", "opened_at", "consented_at",
    "consent_withdrawn_at", "identifying_at", "verified_at", "locked_at", "hosted_at",
)  # fmt: skip
