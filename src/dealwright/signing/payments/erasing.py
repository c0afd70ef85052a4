"""What is forgotten of payments when an envelope is purged: words about what was paid for.

Amounts, times and the provider's ids stay, as accounts need them; they name nobody.
"""

from __future__ import annotations

from dealwright.base.records.audit_erasure import erase_audit_values
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.payments.models import Payment, TestCheckout
from dealwright.signing.retention.purging import erase_with


def erase_words(envelope: Envelope) -> None:
    """Empty titles and descriptions, also on the side of the provider for trying out."""
    payments = Payment.objects.filter(envelope=envelope)
    keys = list(payments.values_list("pk", flat=True))
    TestCheckout.objects.filter(reference__in=map(str, keys)).update(description="")
    payments.update(title="", description="", address="")
    erase_audit_values(keys)


erase_with("payments", erase_words)
