"""Saying who comes next, where the sender left it to a recipient."""

from __future__ import annotations

from typing import Any

from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid, NotFound
from dealwright.signing.ceremonies.acts import acting, require_step
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.handing import check_person, check_witness, take_fields
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.evidence.services import record_evidence


def name_next(ceremony: Ceremony, recipient_id: Any, *, name: str, email: str) -> Recipient:
    """Say who a later recipient is; until the own act it can be said anew.

    Raises NotFound for a recipient whom this one does not name, or Invalid.
    """
    name, email = check_person(name, email)
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        found: Recipient | None = recipient.names.filter(
            pk=as_uuid(recipient_id), skipped_at=None, signed_at=None
        ).first()
        if found is None:
            raise NotFound("You do not name this recipient.")
        if email == recipient.email:
            sentence = "Name somebody else: you act yourself already."
            raise Invalid(sentence, fields={"email": [sentence]})
        check_witness(found, email)
        found.name, found.email = name, email
        found.save(update_fields=["name", "email"])
        take_fields(found, found)
        record_evidence(
            envelope,
            "recipient.named",
            actor=ceremony.actor,
            recipient=recipient,
            facts={"named_recipient": str(found.pk)},
            details={"name": name, "email": email, **ceremony.visit.details},
        )
    return found


def check_named(recipient: Recipient) -> None:
    """Raises Invalid where a recipient who is about to act has not said who comes next."""
    if any(each.is_unnamed and not each.is_done for each in recipient.names.all()):
        raise Invalid("Say first who comes after you.", code="name_next")
