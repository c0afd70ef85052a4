"""A recipient hands their part to somebody else."""

from __future__ import annotations

from dealwright.base.errors import Conflict, Invalid
from dealwright.signing.ceremonies.acts import acting, ceremony_step, not_now, note_view
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.drafts import check_text
from dealwright.signing.envelopes.handing import hand_over
from dealwright.signing.envelopes.models import Envelope, Recipient, Role
from dealwright.signing.envelopes.routing import advance, take_part
from dealwright.signing.identity.choices import BY_MAIL

HANDING = (Step.CONSENT, Step.CODE, Step.DOCUMENT)


def may_hand_over(envelope: Envelope, recipient: Recipient) -> bool:
    """Whether a recipient may put somebody else in their place.

    The sender may forbid it. Who has to show who they are by something that the sender set for
    them alone (a number, an account) cannot pass that on, and nobody hands on what happens in
    person or what they are to have seen.
    """
    return (
        envelope.may_reassign
        and set(recipient.identity_methods) <= set(BY_MAIL)
        and recipient.role not in (Role.IN_PERSON_SIGNER, Role.CC)
    )


def reassign(ceremony: Ceremony, *, name: str, email: str, reason: str) -> Recipient:
    """Give the own part to somebody else, with a reason that the sender reads.

    They are invited at once; the own link leads to nothing any more. Raises Conflict where the
    sender forbids it or it is not the time, Invalid that names the place.
    """
    reason = check_text("reason", reason, longest=2_000, name="The reason")
    if not reason:
        sentence = "Say why: the sender reads it."
        raise Invalid(sentence, fields={"reason": [sentence]})
    with acting(ceremony) as (envelope, recipient):
        if ceremony_step(ceremony, envelope, recipient) not in HANDING:
            raise not_now()
        if not may_hand_over(envelope, recipient):
            raise Conflict(
                "The sender wants this from you in person. Decline and say who should do it.",
                code="may_not_reassign",
            )
        if email.strip().lower() == recipient.email:
            sentence = "This is your own address."
            raise Invalid(sentence, fields={"email": [sentence]})
        note_view(ceremony, envelope, recipient)
        take_part(ceremony.actor, envelope, recipient)
        taken = hand_over(
            ceremony.actor,
            envelope,
            recipient,
            name=name,
            email=email,
            reason=reason,
            details=ceremony.visit.details,
        )
        advance(ceremony.actor, envelope)
        mail.tell_owner(
            envelope, f"{recipient.name} assigned {envelope.title} to {taken.name}", reason
        )
    return taken
