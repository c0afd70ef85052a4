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
from dealwright.signing.identity.choices import (
    BY_MAIL,
    OWN,
    asked_anew,
    check_choice,
    choice_for_successor,
)
from dealwright.signing.identity.policy import signing_settings

PASSED_ON = {*BY_MAIL, *OWN}
HANDING = (Step.CONSENT, Step.CODE, Step.DOCUMENT)


def may_hand_over(envelope: Envelope, recipient: Recipient, *, has_shown: bool = False) -> bool:
    """Whether a recipient may put somebody else in their place.

    The sender may forbid it. Who has to show who they are by something that the sender set for
    them alone (an access code, a number) may pass the part on only where the company allows it,
    and after they have shown it themselves (``has_shown``): otherwise whoever holds the link could
    name a number of their own. Nobody passes on an account, a passkey, what happens in person, or
    what they are to have seen.
    """
    methods = set(recipient.identity_methods)
    if not envelope.may_reassign or recipient.role in (Role.IN_PERSON_SIGNER, Role.CC):
        return False
    if methods <= set(BY_MAIL):
        return True
    return has_shown and methods <= PASSED_ON and signing_settings().successor_codes


def reassign(
    ceremony: Ceremony,
    *,
    name: str,
    email: str,
    reason: str,
    access_code: str = "",
    phone: str = "",
    messenger: str = "",
) -> Recipient:
    """Give the own part to somebody else, with a reason that the sender reads.

    Where the part asks for an access code, a number or an address in a messenger, they get one of
    their own, which is ``access_code``, ``phone`` or ``messenger``. They are invited at once; the
    own link leads to nothing any more. Raises Conflict where the sender forbids it or it is not
    the time, Invalid that names the place.
    """
    reason = check_text("reason", reason, longest=2_000, name="The reason")
    if not reason:
        sentence = "Say why: the sender reads it."
        raise Invalid(sentence, fields={"reason": [sentence]})
    with acting(ceremony) as (envelope, recipient):
        step = ceremony_step(ceremony, envelope, recipient)
        if step not in HANDING:
            raise not_now()
        if not may_hand_over(envelope, recipient, has_shown=step == Step.DOCUMENT):
            raise Conflict(
                "The sender wants this from you in person. Decline and say who should do it.",
                code="may_not_reassign",
            )
        if email.strip().lower() == recipient.email:
            sentence = "This is your own address."
            raise Invalid(sentence, fields={"email": [sentence]})
        choice = choice_for_successor(
            recipient, access_code=access_code, phone=phone, messenger=messenger
        )
        if asked_anew(choice.methods):
            check_choice(choice, addressed=True, part11=envelope.part11)
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
            identity=choice,
        )
        advance(ceremony.actor, envelope)
        mail.tell_owner(
            envelope, f"{recipient.name} assigned {envelope.title} to {taken.name}", reason
        )
    return taken
