"""What redlines say of people and contracts, forgotten together with their envelope."""

from __future__ import annotations

from dealwright.base.records.audit_erasure import erase_audit_values
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.redlines.models import Redline
from dealwright.signing.retention.purging import erase_with


def erase_redlines(envelope: Envelope) -> None:
    """Forget the words; that there were changes, where and when, stays."""
    rows = Redline.objects.filter(document__envelope=envelope)
    keys = list(rows.values_list("pk", flat=True))
    rows.update(struck="", beside="", inserted="", note="", author_name="")
    documents = list(envelope.documents.values_list("pk", flat=True))
    erase_audit_values(keys, naming=("document_id", documents))  # also those taken away again


erase_with("redlines", erase_redlines)
