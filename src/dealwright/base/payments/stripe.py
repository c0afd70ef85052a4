"""A provider that speaks Stripe's API: Checkout Sessions and refunds.

Requests are form-encoded with the secret key as bearer, answers JSON; ``Idempotency-Key`` lets
every request that moves something be sent again (https://docs.stripe.com/api).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from dealwright.base.errors import Invalid, Unavailable
from dealwright.base.events.webhooks.addresses import AddressRefused, check_url, resolve
from dealwright.base.money import Money
from dealwright.base.payments.amounts import from_minor, to_minor
from dealwright.base.payments.gateway import Order, Refund, Refused, Session

SECONDS = 15
LARGEST_ANSWER = 500_000
STANDARD_URL = "https://api.stripe.com"
_LANGUAGES = {"de", "en", "es", "fr", "it", "nl", "pl", "pt"}


@dataclass(frozen=True, slots=True)
class StripeGateway:
    """The account of a secret key at ``url``."""

    url: str
    key: str
    name: str = "stripe"

    def begin(self, order: Order) -> Session:
        """Begin a session; the same order again is the same session."""
        code = order.money.currency.lower()
        answer = self._ask(
            "POST",
            "/v1/checkout/sessions",
            {
                "mode": "payment",
                "client_reference_id": order.reference,
                "line_items[0][quantity]": "1",
                "line_items[0][price_data][currency]": code,
                "line_items[0][price_data][unit_amount]": str(to_minor(order.money)),
                "line_items[0][price_data][product_data][name]": order.description,
                "payment_intent_data[metadata][reference]": order.reference,
                "success_url": order.return_url,
                "cancel_url": order.return_url,
                "expires_at": str(int(order.expires_at.timestamp())),
                "locale": order.language if order.language in _LANGUAGES else "auto",
            },
            reference=f"begin-{order.reference}",
        )
        return _session(answer)

    def read(self, session_id: str) -> Session:
        """How a session stands now."""
        path = f"/v1/checkout/sessions/{_safe(session_id)}"
        return _session(self._ask("GET", path, {"expand[]": "payment_intent"}))

    def expire(self, session_id: str) -> Session:
        """End an open session, so that it cannot be paid any more."""
        return _session(self._ask("POST", f"/v1/checkout/sessions/{_safe(session_id)}/expire", {}))

    def refund(self, payment: str, *, money: Money, reference: str) -> Refund:
        """Send the money back, once for each reference."""
        answer = self._ask(
            "POST",
            "/v1/refunds",
            {
                "payment_intent": payment,
                "amount": str(to_minor(money)),
                "metadata[reference]": reference,
            },
            reference=f"refund-{reference}",
        )
        found = str(answer.get("status") or "")
        status = {"succeeded": "succeeded", "pending": "pending", "requires_action": "pending"}
        return Refund(id=_text(answer, "id"), status=status.get(found, "failed"))  # type: ignore[arg-type]

    def check(self) -> None:
        """Ask for nothing in particular, to see that the address and the key are right."""
        self._ask("GET", "/v1/checkout/sessions", {"limit": "1"})

    def _ask(
        self, method: str, path: str, values: Mapping[str, str], *, reference: str = ""
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Encoding": "identity"}
        if reference:
            headers["Idempotency-Key"] = reference
        try:
            status, body = _request(method, self.url.rstrip("/") + path, values, headers)
        except AddressRefused as refusal:
            raise Unavailable(f"The payment provider cannot be reached: {refusal}") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as trouble:
            raise Unavailable(
                f"The payment provider does not answer ({type(trouble).__name__})."
            ) from None
        if status == 409 or status in (408, 429) or status >= 500:
            raise Unavailable(f"The payment provider asks to wait ({status}).")
        if 200 <= status < 300 and "error" not in body:
            return body
        error = body.get("error")
        told: Mapping[str, Any] = error if isinstance(error, dict) else {}
        words = str(told.get("message") or "no reason given")[:300]
        code = str(told.get("code") or "")[:60]
        if status in (401, 403):
            raise Refused("The payment provider does not take the key.", code="payment_key")
        if status == 404:
            raise Refused("The payment provider does not know this.", code="payment_unknown")
        raise Refused(
            f"The payment provider refused: {words}",
            code="already_refunded" if code == "charge_already_refunded" else None,
        )


def check_provider_url(url: str) -> str:
    """The address of a provider in its plain form; raises Invalid naming "url"."""
    plain = check_url(url).rstrip("/")
    if "?" in plain or "#" in plain:
        sentence = "The address ends before any ? or #."
        raise Invalid(sentence, fields={"url": [sentence]})
    return plain


def _request(
    method: str, url: str, values: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    """One request to the address that the name resolves to now; redirects are not followed."""
    target = httpx.URL(url)
    address = resolve(target.host, target.port or (443 if target.scheme == "https" else 80))
    sent = {"params": values} if method == "GET" else {"data": values}
    with (
        httpx.Client(timeout=SECONDS, trust_env=False) as client,
        client.stream(
            method,
            target.copy_with(host=address),
            headers={"Host": target.netloc.decode(), **headers},
            extensions={"sni_hostname": target.host},
            **sent,  # type: ignore[arg-type]
        ) as response,
    ):
        content = b""
        for part in response.iter_raw():
            content += part
            if len(content) > LARGEST_ANSWER:
                raise ValueError("the answer is too long")
        status = response.status_code
    try:
        body = httpx.Response(200, content=content).json()
    except ValueError:
        if 200 <= status < 300:
            raise
        body = {}
    return status, body if isinstance(body, dict) else {}


def _session(answer: Mapping[str, Any]) -> Session:
    status = str(answer.get("status") or "")
    if status not in ("open", "complete", "expired"):
        raise _unreadable()
    number, currency = answer.get("amount_total"), answer.get("currency")
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(currency, str):
        raise _unreadable()
    intent = answer.get("payment_intent")
    payment = intent.get("id") if isinstance(intent, dict) else intent
    stands = str(intent.get("status") or "") if isinstance(intent, dict) else ""
    is_paid = answer.get("payment_status") == "paid"
    try:
        money = from_minor(number, currency)
    except Invalid:
        raise _unreadable() from None
    return Session(
        id=_text(answer, "id"),
        reference=str(answer.get("client_reference_id") or "")[:100],
        status=status,  # type: ignore[arg-type]
        is_paid=is_paid,
        money=money,
        payment=str(payment or "")[:200],
        url=str(answer.get("url") or "")[:5_000],
        is_live=answer.get("livemode") is True,
        has_failed=not is_paid
        and status == "complete"
        and stands in ("requires_payment_method", "canceled"),
    )


def _text(answer: Mapping[str, Any], key: str) -> str:
    found = answer.get(key)
    if not isinstance(found, str) or not 1 <= len(found) <= 200:
        raise _unreadable()
    return found


def _safe(name: str) -> str:
    """A provider's id as part of an address."""
    if not name or not all(each.isalnum() or each in "_-" for each in name):
        raise Invalid("This is no session of a payment provider.")
    return name


def _unreadable() -> Unavailable:
    return Unavailable("The payment provider's answer cannot be read.", code="payment_answer")
