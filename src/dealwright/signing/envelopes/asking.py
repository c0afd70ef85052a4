"""How a recipient is asked who they are, changed after sending: a new code, another number."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.signing.envelopes.correcting_fields import waited_for_in
from dealwright.signing.envelopes.models import IdentityMethod, Recipient, Role
from dealwright.signing.envelopes.routing import invite
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.choices import (
    BY_MAIL,
    OWN,
    IdentityChoice,
    asked_anew,
    check_choice,
    keep_choice,
)
from dealwright.signing.identity.models import IdentityStep, OtherName


def change_identity(
    actor: Actor, envelope_id: Any, recipient_id: Any, choice: IdentityChoice
) -> Recipient:
    """Ask a recipient in other ways, or in the same with a new code or number.

    An empty code or number keeps the one that was given. What they have shown so far does not
    count any more, a lock is lifted, and who was invited gets a new link. Neither a code nor what
    it was is written down. Raises NotFound, Conflict where it is not out or they have acted,
    Invalid that names the place.
    """
    with change(actor):
        envelope, recipient = waited_for_in(actor, envelope_id, recipient_id)
        if (recipient.is_group or recipient.is_unnamed) and set(choice.methods) - set(BY_MAIL):
            sentence = "Who is no one person yet can only be asked for a code by e-mail."
            raise Invalid(sentence, fields={"identity": [sentence]})
        addressed = recipient.role != Role.IN_PERSON_SIGNER or bool(recipient.email)
        kept = {each.method: each for each in recipient.identity_steps.all()}
        code = kept.get(IdentityMethod.ACCESS_CODE)
        keeps_code = not choice.access_code.strip() and bool(code and code.secret_hash)
        phones = _kept_destinations(kept, "phone")
        messengers = _kept_destinations(kept, "messenger")
        choice = dataclasses.replace(
            choice,
            phone=choice.phone.strip() or next(iter(phones), ""),
            messenger=choice.messenger.strip() or next(iter(messengers), ""),
        )
        # A code that stays is not known here, so its form was checked when it was given.
        as_checked = dataclasses.replace(choice, access_code="x" * 8) if keeps_code else choice
        check_choice(as_checked, addressed=addressed, part11=envelope.part11)
        asked = asked_anew(choice.methods)
        new_number = "phone" in asked and _plain(choice.phone) not in map(_plain, phones)
        new_messenger = "messenger" in asked and _plain(choice.messenger) not in map(
            _plain, messengers
        )
        before, was_locked = list(recipient.identity_methods), recipient.locked_at is not None
        if before == list(choice.methods) and not (
            was_locked
            or new_number
            or new_messenger
            or choice.access_code.strip()
            or _other_provider(kept, choice)
        ):
            raise Invalid("Nothing was changed.", code="nothing_changed")
        _keep(recipient, choice, secret_hash=code.secret_hash if keeps_code and code else "")
        if was_locked:
            record_evidence(envelope, "recipient.unlocked", actor=actor, recipient=recipient)
        record_evidence(
            envelope,
            "recipient.identity_changed",
            actor=actor,
            recipient=recipient,
            facts={
                "before": before,
                "after": list(choice.methods),
                "new_access_code": bool(choice.access_code.strip()),
                "new_number": new_number,
                **({"new_messenger_address": True} if new_messenger else {}),
                **({"assurance": choice.assurance} if choice.assurance else {}),
            },
            details={
                **({"phone": choice.phone} if new_number else {}),
                **({"messenger": choice.messenger} if new_messenger else {}),
            },
        )
        if recipient.sent_at is not None and not recipient.is_group:
            invite(actor, envelope, recipient, reminder=True)
    return recipient


def _keep(recipient: Recipient, choice: IdentityChoice, *, secret_hash: str) -> None:
    recipient.identity_methods = list(choice.methods)
    recipient.locked_at = recipient.verified_at = recipient.identifying_at = None
    recipient.session_hash = ""
    recipient.save(
        update_fields=[
            "identity_methods", "locked_at", "verified_at", "identifying_at", "session_hash",
        ]
    )  # fmt: skip
    keep_choice(recipient, choice)
    steps = recipient.identity_steps
    if secret_hash and IdentityMethod.ACCESS_CODE in choice.methods:
        steps.filter(method=IdentityMethod.ACCESS_CODE).update(secret_hash=secret_hash)
    steps.update(attempts=0, confirmed_at=None, session_hash="")
    recipient.codes.filter(invalidated_at=None).update(invalidated_at=timezone.now())
    recipient.codes.update(counted=False)
    for member in recipient.members.all():
        member.identity_methods = recipient.identity_methods
        member.save(update_fields=["identity_methods"])


def _other_provider(kept: dict[str, IdentityStep], choice: IdentityChoice) -> bool:
    step = kept.get(IdentityMethod.IDP)
    if IdentityMethod.IDP not in choice.methods:
        return False
    asked = (choice.provider, choice.assurance, choice.other_name or OtherName.REFUSE)
    return step is None or (step.destination, step.assurance, step.other_name) != asked


def _kept_destinations(kept: dict[str, IdentityStep], own: str) -> list[str]:
    """The numbers or addresses that a recipient has for ways of a kind (``OWN``)."""
    return [
        step.destination
        for method, name in OWN.items()
        if name == own and (step := kept.get(method)) is not None and step.destination
    ]


def _plain(address: str) -> str:
    """A number or address as two writings of it compare equal."""
    return "".join(each for each in address if each not in " -/().").casefold()
