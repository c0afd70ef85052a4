"""Gathers the models of this system's concepts for Django."""

from dealwright.signing.blueprints.models import (
    SigningTemplate,
    TemplateDocument,
    TemplateUse,
    TemplateVersion,
)
from dealwright.signing.bulk.models import BulkSend, BulkSendRow
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.delegation.models import Delegation
from dealwright.signing.embedding.models import EmbeddedSending, EmbeddedSigning, EmbeddingSite
from dealwright.signing.envelopes.models import (
    Envelope,
    EnvelopeDocument,
    FormerLink,
    Recipient,
)
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.groups.models import SigningGroup, SigningGroupMember
from dealwright.signing.identity.models import (
    IdentityAttempt,
    IdentityStep,
    MessengerSettings,
    OneTimeCode,
    PasskeyChallenge,
    ProviderChecks,
    SignerPasskey,
    SignerTotp,
    SigningSettings,
)
from dealwright.signing.payments.models import Payment, PaymentSettings, TestCheckout
from dealwright.signing.public_forms.models import FormRequest, SigningForm
from dealwright.signing.redlines.models import Redline
from dealwright.signing.retention.models import LegalHold, RetentionPolicy, RetentionRun
from dealwright.signing.seals.models import (
    ArchivedVersion,
    RevokedCertificate,
    SealCertificate,
    SealSettings,
)

__all__ = [
    "AdoptedSignature",
    "ArchivedVersion",
    "BulkSend",
    "BulkSendRow",
    "ConsentText",
    "Delegation",
    "EmbeddedSending",
    "EmbeddedSigning",
    "EmbeddingSite",
    "Envelope",
    "EnvelopeDocument",
    "EnvelopeField",
    "EvidenceDetail",
    "FormRequest",
    "FormerLink",
    "IdentityAttempt",
    "IdentityStep",
    "LegalHold",
    "MessengerSettings",
    "OneTimeCode",
    "PasskeyChallenge",
    "Payment",
    "PaymentSettings",
    "ProviderChecks",
    "Recipient",
    "Redline",
    "RetentionPolicy",
    "RetentionRun",
    "RevokedCertificate",
    "SealCertificate",
    "SealSettings",
    "SignerPasskey",
    "SignerTotp",
    "SigningForm",
    "SigningGroup",
    "SigningGroupMember",
    "SigningSettings",
    "SigningTemplate",
    "TemplateDocument",
    "TemplateUse",
    "TemplateVersion",
    "TestCheckout",
]
