"""A certificate and a signature for each signer, where an envelope asks for them (``aes``).

The key is made at sealing, signs the documents of one envelope and is gone; the certificate is
valid for an hour and issued by the organisation's own root on the evidence of the identity step.
So the time stamp in the signature is what keeps it provable, and there is none without one. Not
a qualified signature, and not one by a key that the signer alone controls.
"""

from __future__ import annotations

from django.conf import settings

from dealwright.base.errors import Invalid, Unavailable
from dealwright.base.people.organization import organization
from dealwright.signing.envelopes.models import Envelope, Recipient, SignatureLevel
from dealwright.signing.seals.keys import certify_signer
from dealwright.signing.seals.sealing import PersonalSignature
from dealwright.signing.seals.services import (
    SealPlan,
    authorities,
    ensure_organisation_seal,
    list_url,
)


def check_signature_level(level: str) -> str:
    """The level as an envelope keeps it; raises Invalid where it cannot be had here."""
    if level not in SignatureLevel.values:
        sentence = "The signature level is ses or aes."
        raise Invalid(sentence, fields={"signature_level": [sentence]})
    if level == SignatureLevel.AES and not authorities():
        sentence = (
            "Certificates for signers need a time-stamping authority. An administrator sets one "
            "under Settings, Seal."
        )
        raise Invalid(sentence, fields={"signature_level": [sentence]})
    return level


def personal_signatures(envelope: Envelope, plan: SealPlan) -> list[PersonalSignature]:
    """A key with its certificate for everyone who signed, in the order in which they did."""
    if plan.timestamper is None:
        raise Unavailable(
            "Certificates for signers need a time-stamping authority, and seals of level B-T or "
            "higher.",
            code="no_timestamp",
        )
    ensure_organisation_seal()
    signed = [
        each
        for each in envelope.recipients.filter(signed_at__isnull=False).order_by("signed_at")
        if each.signs
    ]
    return [_signature(each) for each in signed]


def _signature(recipient: Recipient) -> PersonalSignature:
    company = organization().name
    statement = (
        f"Issued by {company[:60]} for one signature, on the identity evidence of envelope "
        f"{recipient.envelope_id}. Not a qualified certificate."
    )
    key = certify_signer(
        settings.DATA_DIR,
        name=recipient.name,
        email=recipient.email,
        statement=statement,
        list_url=list_url(),
    )
    return PersonalSignature(
        key=key,
        name=recipient.name,
        reason=(
            f"Signed by {recipient.name} on {recipient.signed_at:%Y-%m-%d %H:%M:%S} UTC. "
            f"Envelope {recipient.envelope_id}"
        ),
    )
