"""What a recipient saw before the act: if it was corrected meanwhile, they look again."""

from __future__ import annotations

import hashlib
import json

from django.utils.crypto import constant_time_compare

from dealwright.base.errors import Conflict
from dealwright.signing.ceremonies.others import ruled_fields, standing_fields
from dealwright.signing.envelopes.models import Envelope, Recipient


def digest_of(envelope: Envelope, recipient: Recipient) -> str:
    """SHA-256 of the documents and of the recipient's fields, with what they ask and hold, and of
    the values that the sender gave for others. What somebody else signs meanwhile is not in it:
    who may sign side by side must not wait for one another."""
    ruled = ruled_fields(envelope)
    mine = [
        {**field.as_json(), "value": stands.value, "applies": stands.applies}
        for field, stands in ruled
        if field.recipient_id == recipient.pk
    ]
    given = [
        {**field.as_json(), "value": field.value}
        for field in standing_fields(envelope, recipient, ruled)
        if field.read_only
    ]
    documents = [each.prepared_sha256 for each in envelope.documents.all()]
    text = json.dumps([documents, mine, given], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def check_seen(envelope: Envelope, recipient: Recipient, seen: str) -> None:
    """Raises Conflict where it is no longer what the page showed; "" asks nothing."""
    if seen and not constant_time_compare(seen, digest_of(envelope, recipient)):
        raise Conflict(
            "Something was changed while you were looking. Look at it again, then go on.",
            code="changed_meanwhile",
        )
