"""Paying, as a signer sees it: what is asked, the way to the provider's page, and back.

Nothing that comes from the browser or in a message says that something is paid: each only leads
to the provider being asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from dealwright.base.errors import Conflict, DealwrightError, NotFound, Unavailable
from dealwright.base.jobs.queue import defer
from dealwright.base.payments.signatures import is_signed
from dealwright.base.web.pages import Form, render
from dealwright.signing.ceremonies.pages import back_to, ceremony_page, show_page
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.embedding.services import PREFIX
from dealwright.signing.fields.models import EnvelopeField, FieldKind
from dealwright.signing.fields.paid import price_tag, read_paid
from dealwright.signing.payments import services, trying_out
from dealwright.signing.payments.accounts import webhook_secret
from dealwright.signing.payments.jobs import check_one
from dealwright.signing.payments.models import Payment
from dealwright.signing.payments.noting import PROBLEMS
from dealwright.signing.payments.standing import asked_by_field

REMEMBERED = "signing_payments"
MOST_REMEMBERED = 20
LARGEST_MESSAGE = 500_000
_ASKED_ABOUT = (
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
)


@ceremony_page("GET", "HEAD", "POST")
def pay(request: HttpRequest, ceremony: Ceremony, token: str, field_id: UUID) -> HttpResponse:
    """What is to be paid for one field and how it stands; a POST begins, or asks anew."""
    if ceremony.step != Step.DOCUMENT:
        return back_to(token)
    field = _find_field(ceremony, field_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            if form["act"] == "check":
                with _told_on_the_page():
                    for each in Payment.objects.filter(field=field, state="created"):
                        services.check_payment(each.pk)
                return back_to(token, f"/pay/{field.pk}")
            with _told_on_the_page():
                payment = services.begin_payment(ceremony, field.pk)
            if not token.startswith(PREFIX):  # there the way back leads to another window
                _remember(request, payment, token)
            going = "" if payment.counts else "?go=1"
            return back_to(token, f"/pay/{field.pk}{going}")
    field.refresh_from_db()
    return _page(request, ceremony, token, field, form)


def returned(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Where the provider sends people back to. It asks the provider, and leads on whoever began
    the payment in this browser; anybody else learns nothing."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    tokens = request.session.get(REMEMBERED, {})
    if Payment.objects.filter(pk=payment_id).exists() and request.method == "GET":
        with suppress(DealwrightError):  # it is not known yet then, and the worker asks again
            services.check_payment(payment_id)
    known = tokens.get(str(payment_id))
    if known:
        return back_to(known["token"], f"/pay/{known['field']}")
    response = render(request, "signing/payments/returned.html", {})
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@csrf_exempt
def message(request: HttpRequest) -> HttpResponse:
    """A message of the provider, signed with the secret of the endpoint: the worker then asks it
    about the payment. What the message itself says is not believed."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    body, secret = request.body, webhook_secret()
    if len(body) > LARGEST_MESSAGE:
        return HttpResponse(status=413)
    if not secret or not is_signed(body, request.headers.get("Stripe-Signature", ""), secret):
        return HttpResponse("The signature is not right.\n", content_type="text/plain", status=400)
    try:
        told = orjson.loads(body)
        kind, session = told["type"], told["data"]["object"]["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return HttpResponse("Not understood.\n", content_type="text/plain", status=400)
    if kind in _ASKED_ABOUT and isinstance(session, str):
        known = Payment.objects.filter(provider="stripe", session=session[:200]).first()
        if known is not None and known.is_open:
            defer(check_one, payment_id=str(known.pk))
    return HttpResponse(status=204)


def test_page(request: HttpRequest, checkout_id: UUID) -> HttpResponse:
    """The page of the provider for trying out: it says that no money moves."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    form = Form(request)
    found = trying_out.find_checkout(checkout_id)
    if request.method == "POST":
        with form:
            if form["act"] == "pay":
                trying_out.pay_checkout(checkout_id)
            return HttpResponseRedirect(found.return_url, status=303)
    session = trying_out.TestGateway().read(str(checkout_id))
    context = {
        "form": form,
        "checkout": found,
        "is_open": session.status == "open",
        "money": price_tag(session.money, get_language() or "en"),
    }
    status = 200 if form.ok else 409
    response = render(request, "signing/payments/test.html", context, status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


test_page.__test__ = False  # type: ignore[attr-defined]  # no test


@contextmanager
def _told_on_the_page() -> Iterator[None]:
    """A provider that does not answer is told on the page, like any other refusal."""
    try:
        yield
    except Unavailable as error:
        raise Conflict(error.message, code=error.code) from None


def _page(
    request: HttpRequest, ceremony: Ceremony, token: str, field: EnvelopeField, form: Form
) -> HttpResponse:
    language = get_language() or "en"
    paid = read_paid(field.value)
    mine = list(Payment.objects.filter(field=field, recipient=ceremony.recipient))
    current = next((each for each in reversed(mine) if each.is_open), None)
    money = asked_by_field(ceremony.envelope).get(field.pk)
    address = _safe_address(current)
    fits = current is not None and money is not None and current.money == money
    context: dict[str, Any] = {
        "form": form,
        "field": field,
        "paid": paid,
        "paid_money": price_tag(paid.money, language) if paid else "",
        "money": price_tag(money, language) if money else "",
        "description": field.checks.get("description", ""),
        "current": current,
        "is_under_way": current is not None and current.submitted_at is not None,
        "address": address if fits else "",
        "host": urlsplit(address).hostname or "",
        "goes": bool(address and fits and request.GET.get("go") and not token.startswith(PREFIX)),
        "in_frame": token.startswith(PREFIX),
        "surplus": [
            {"money": price_tag(each.taken, language), "why": _(PROBLEMS[each.problem])}
            for each in mine
            if each.problem and each.refunded_at is None
        ],
        "sent_back": [price_tag(each.taken, language) for each in mine if each.refunded_at],
    }
    return show_page(request, ceremony, token, "pay", context)


def _find_field(ceremony: Ceremony, field_id: UUID) -> EnvelopeField:
    field: EnvelopeField | None = ceremony.recipient.fields.filter(
        pk=field_id, kind=FieldKind.PAYMENT
    ).first()
    if field is None:
        raise NotFound("This envelope has no such field.")
    return field


def _safe_address(payment: Payment | None) -> str:
    """The provider's page, where a browser may go there."""
    address = payment.address if payment is not None else ""
    return address if urlsplit(address).scheme in ("https", "http") else ""


def _remember(request: HttpRequest, payment: Payment, token: str) -> None:
    """So that the way back needs no secret in the address that the provider gets."""
    known = dict(request.session.get(REMEMBERED, {}))
    known[str(payment.pk)] = {"token": token, "field": str(payment.field_id)}
    request.session[REMEMBERED] = dict(list(known.items())[-MOST_REMEMBERED:])
