"""Payments for administrators and senders: which provider takes them, and sending money back."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Conflict, NotFound, Unavailable
from dealwright.base.payments.stripe import STANDARD_URL
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.signing.fields.paid import price_tag
from dealwright.signing.payments.accounts import payment_settings, save_payment_settings
from dealwright.signing.payments.models import Payment, Provider
from dealwright.signing.payments.noting import PROBLEMS
from dealwright.signing.payments.services import refund_payment
from dealwright.signing.payments.standing import is_refundable


@page(profiles=["administrator"])
def settings(request: HttpRequest) -> HttpResponse:
    """The provider and its secrets. Saving asks the provider first."""
    stored = payment_settings()
    form = Form(request, {"provider": stored.provider, "url": stored.url})
    if request.method == "POST":
        with form:
            save_payment_settings(
                actor_of(request),
                provider=form["provider"],
                url=form["url"],
                key=form["key"],
                webhook_secret=form["webhook_secret"],
            )
            said = {
                Provider.STRIPE: _("Saved; the provider took the key."),
                Provider.TEST: _("Saved. Payments are tried out: no money moves."),
            }
            return done(
                request,
                "/settings/payments",
                said.get(form["provider"], _("Saved. Nobody can be asked to pay now.")),
            )
    form.values["key"] = form.values["webhook_secret"] = ""
    context = {
        "stored": stored,
        "providers": [("", _("None")), *((key, _(label)) for key, label in Provider.choices)],
        "standard_url": STANDARD_URL,
        "messages_url": f"{request.scheme}://{request.get_host()}/payments/messages",
    }
    return form.page("signing/payments/settings.html", context)


@page
def refund(request: HttpRequest, envelope_id: UUID, payment_id: UUID) -> HttpResponse:
    """Ask once more, then send the money back."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    payment = (
        Payment.objects.filter(envelope=envelope, pk=payment_id).select_related("recipient").first()
    )
    if payment is None:
        raise NotFound("This envelope has no such payment.")
    form = Form(request)
    if request.method == "POST":
        with form:
            try:
                refund_payment(actor, envelope_id, payment_id)
            except Unavailable as error:
                raise Conflict(error.message, code=error.code) from None
            return done(request, f"{envelope.url}?tab=payments", _("The money is sent back."))
    return form.page(
        "signing/payments/refund.html",
        {
            "envelope": envelope,
            "payment": payment,
            "money": price_tag(payment.taken, get_language() or "en"),
            "why": _(PROBLEMS[payment.problem]) if payment.problem else "",
            "may": is_refundable(payment, envelope),
        },
    )
