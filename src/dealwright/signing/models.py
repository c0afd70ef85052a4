"""Gathers the models of this system's concepts for Django."""

from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.delegation.models import Delegation
from dealwright.signing.envelopes.models import (
    Envelope,
    EnvelopeDocument,
    FormerLink,
    Recipient,
)
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.groups.models import SigningGroup, SigningGroupMember
from dealwright.signing.identity.models import OneTimeCode

__all__ = [
    "AdoptedSignature",
    "ConsentText",
    "Delegation",
    "Envelope",
    "EnvelopeDocument",
    "EnvelopeField",
    "EvidenceDetail",
    "FormerLink",
    "OneTimeCode",
    "Recipient",
    "SigningGroup",
    "SigningGroupMember",
]
