"""What the API takes and shows of envelopes, wherever it does."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Schema
from pydantic import Field

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes import queries
from dealwright.signing.envelopes.drafts import NewField
from dealwright.signing.envelopes.models import Envelope

Text = Annotated[str, Field(max_length=2_000)]
Name = Annotated[str, Field(max_length=200)]
Method = Literal[
    "email_link", "access_code", "email_otp", "sms_otp", "whatsapp_otp", "messenger_otp", "account",
    "totp", "webauthn", "idp",
]  # fmt: skip
Check = Literal["", "document_face", "document", "questions"]
OtherNames = Literal["", "refuse", "show"]
Fraction = Annotated[float, Field(ge=0, le=1)]


class OwnSecretsIn(Given):
    """What one person alone is asked with: told to them, or where they get codes."""

    access_code: Annotated[str, Field(max_length=80)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    messenger: Annotated[str, Field(max_length=120)] = ""


class ProofIn(OwnSecretsIn):
    """Who vouches for a person, and what has to have been checked."""

    provider: Annotated[str, Field(max_length=200)] = ""
    assurance: Check = ""
    other_name: OtherNames = ""


class RecipientIn(ProofIn):
    """Equal `order` acts side by side, a higher one waits.

    `condition` over fields of earlier recipients, by label, decides whether they are needed.
    `group` is a signing group of which any one acts, `named_by` the number of the recipient who
    says who this is, `witness_of` of whom a witness sees sign, `host` the user on whose device
    an in-person signer signs. `identity_methods` are the ways in which the person shows who they
    are, in order (`[]`: the link alone); `identity_method` says the same of a single one.
    `access_code` is told to the person by the sender, `phone` gets codes by SMS or WhatsApp,
    `messenger` in the company's messenger; `provider` is the id of an identity provider, which has
    to have made the check `assurance` where that is given: another name that it verified is
    refused, or shown beside the one you gave (`other_name`).
    """

    name: Name = ""
    email: Name = ""
    role: Literal["signer", "approver", "viewer", "cc", "in_person_signer", "witness", "editor"] = (
        "signer"
    )
    order: Annotated[int, Field(ge=1, le=100)] = 1
    identity_method: Method = "email_otp"
    identity_methods: Annotated[list[Method], Field(max_length=8)] | None = None
    condition: Annotated[str, Field(max_length=500)] = ""
    group: UUID | None = None
    named_by: Annotated[int, Field(ge=1, le=50)] | None = None
    witness_of: Annotated[int, Field(ge=1, le=50)] | None = None
    host: UUID | None = None


class FieldIn(Given):
    """A place to fill, in fractions of the visible page from its top left corner.

    `recipient`, `document` and `page` count from 1. `value` is what it starts with; `checks` may
    hold pattern, min_length, max_length, minimum, maximum, places and message; of an attachment
    private: only the sender can open it; of a payment its amount (as text, or a `formula` in its
    place), currency and description.
    """

    recipient: Annotated[int, Field(ge=1, le=50)]
    kind: Literal[
        "signature", "initials", "name", "email", "date_signed", "text", "number", "date",
        "checkbox", "radio", "dropdown", "multi_select", "attachment", "stamp", "formula",
        "payment",
    ]  # fmt: skip
    document: Annotated[int, Field(ge=1, le=20)] = 1
    page: Annotated[int, Field(ge=1, le=2_000)] = 1
    x: Fraction
    y: Fraction
    w: Fraction
    h: Fraction
    label: Annotated[str, Field(max_length=80)] = ""
    required: bool = True
    value: Annotated[str, Field(max_length=1_000)] = ""
    read_only: bool = False
    tab: Annotated[int, Field(ge=0, le=9_999)] | None = None
    help: Annotated[str, Field(max_length=200)] = ""
    options: Annotated[list[str], Field(max_length=50, default_factory=list)]
    option: Annotated[str, Field(max_length=80)] = ""
    condition: Annotated[str, Field(max_length=500)] = ""
    formula: Annotated[str, Field(max_length=500)] = ""
    checks: Annotated[dict[str, bool | int | str], Field(default_factory=dict)]


class RecipientOut(Schema):
    """A person and how far they are."""

    id: UUID
    name: str
    email: str
    role: str
    order: int
    identity_method: str
    identity_methods: list[str]
    assurance: str
    meaning: str
    status: str
    sent_at: datetime | None
    opened_at: datetime | None
    consented_at: datetime | None
    verified_at: datetime | None
    signed_at: datetime | None
    declined_at: datetime | None
    delivered_at: datetime | None
    bounced_at: datetime | None
    reassigned_at: datetime | None
    reassigned_to: UUID | None
    skipped_at: datetime | None
    condition: str
    group: UUID | None
    member_of: UUID | None
    named_by: UUID | None
    witness_of: UUID | None
    host: UUID | None


class DocumentOut(Schema):
    """A document and the SHA-256 of each of its forms."""

    id: UUID
    position: int
    name: str
    pages: int
    original_sha256: str
    prepared_sha256: str
    sealed_sha256: str | None


class EnvelopeProgressOut(Schema):
    """An envelope with its people and documents."""

    id: UUID
    title: str
    status: str
    message: str
    subject_object: str
    subject_id: UUID | None
    send_at: datetime | None
    sent_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None
    remind_first_days: int | None
    remind_every_days: int | None
    remind_most: int | None
    warn_days: int | None
    may_reassign: bool
    part11: bool
    ended_reason: str
    seal_profile: str
    recipients: list[RecipientOut]
    documents: list[DocumentOut]


def field_of(given: FieldIn) -> NewField:
    values = given.dict()
    box = Box(*(values.pop(axis) for axis in ("x", "y", "w", "h")))
    return NewField(**values, box=box)


def shown(actor: Actor, envelope_id: UUID, *, status: int = 200) -> HttpResponse:
    envelope: Envelope = get_visible(actor, "envelope", envelope_id)
    keys = (
        "title", "status", "message", "subject_object", "subject_id", "send_at", "sent_at",
        "completed_at", "expires_at", "ended_reason", "seal_profile", "remind_first_days",
        "remind_every_days", "remind_most", "warn_days", "may_reassign", "part11",
    )  # fmt: skip
    hidden = ("role_label", "identity_label", "status_label", "tone")
    return as_json(
        {
            "id": envelope.pk,
            **{key: getattr(envelope, key) for key in keys},
            "recipients": [
                {key: value for key, value in each.items() if key not in hidden}
                for each in queries.recipients_of(envelope.pk)
            ],
            "documents": queries.documents_of(envelope.pk),
        },
        status=status,
    )
