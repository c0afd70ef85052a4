"""What can be asked about payments: for the pages of the sender and for the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import changeable_by, visible_to
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.paid import price_tag
from dealwright.signing.payments.models import Payment, PaymentState
from dealwright.signing.payments.noting import PROBLEMS
from dealwright.signing.payments.standing import is_refundable

TONES = {
    "created": "info",
    "paid": "success",
    "expired": "neutral",
    "failed": "danger",
    "refunded": "warning",
}


def payments_of(envelope_id: Any) -> list[Payment]:
    """Every payment of an envelope, oldest first, with its recipient."""
    return list(
        Payment.objects.filter(envelope_id=envelope_id).select_related("recipient", "refunded_by")
    )


def as_row(payment: Payment) -> dict[str, Any]:
    """A payment as the API shows it."""
    return {
        "id": payment.pk,
        "recipient": payment.recipient_id,
        "field": payment.field_id,
        "title": payment.title,
        "description": payment.description,
        "amount": f"{payment.taken.amount:f}",
        "currency": payment.taken.currency,
        "state": payment.state,
        "counts": payment.counts,
        "problem": payment.problem,
        "provider": payment.provider,
        "is_test": payment.is_test,
        "session": payment.session,
        "reference": payment.reference,
        "created_at": payment.created_at,
        "submitted_at": payment.submitted_at,
        "paid_at": payment.paid_at,
        "failed_at": payment.failed_at,
        "expired_at": payment.expired_at,
        "refunded_at": payment.refunded_at,
    }


def payments_panel(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The payments of an envelope, for its page; None where nobody began one."""
    payments = payments_of(record_id)
    if not payments:
        return None
    envelope = Envelope.objects.filter(visible_to(user, "envelope"), pk=record_id).first()
    if envelope is None:
        return None
    may = Envelope.objects.filter(changeable_by(user, "envelope"), pk=record_id).exists()
    language = get_language() or "en"
    return {
        "envelope": envelope,
        "payments": [
            {
                **as_row(each),
                "who": each.recipient.name,
                "money": price_tag(each.taken, language),
                "asked": price_tag(each.money, language) if each.taken != each.money else "",
                "label": _("Money on its way")
                if each.is_open and each.submitted_at
                else _(PaymentState(each.state).label),
                "tone": "warning" if each.problem and not each.refunded_at else TONES[each.state],
                "why": _(PROBLEMS[each.problem]) if each.problem else "",
                "at": each.refunded_at or each.paid_at or each.created_at,
                "may_refund": may and is_refundable(each, envelope),
                "refunded_by": each.refunded_by.name if each.refunded_by else "",
            }
            for each in payments
        ],
    }
