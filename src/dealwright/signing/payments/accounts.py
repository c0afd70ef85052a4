"""Which provider takes payments, and the secrets of the account there."""

from __future__ import annotations

from typing import Any

from django.db.models import Subquery

from dealwright.base.access.actor import Actor, change
from dealwright.base.encrypted_text import decrypt_text, encrypt_text
from dealwright.base.errors import DealwrightError, Invalid, Unavailable
from dealwright.base.payments.gateway import Gateway
from dealwright.base.payments.stripe import STANDARD_URL, StripeGateway, check_provider_url
from dealwright.base.people.organization import Organization, organization
from dealwright.signing.payments.models import PaymentSettings, Provider
from dealwright.signing.payments.trying_out import TestGateway

NO_PROVIDER = (
    "Nobody can pay yet: an administrator sets up a payment provider under Settings, Payments."
)
_LONGEST = 300  # characters of a secret


def payment_settings() -> PaymentSettings:
    """What is set; unsaved defaults before anything was."""
    return PaymentSettings.objects.filter(pk=1).first() or PaymentSettings(id=1)


def can_take_payments() -> bool:
    """Whether an administrator chose a provider."""
    return bool(payment_settings().provider)


def paying_facts() -> dict[str, Any]:
    """What the field editor shows of payments, in one statement: whether anybody can pay, and the
    company's currency."""
    chosen = PaymentSettings.objects.filter(pk=1).values("provider")
    row = Organization.objects.filter(pk=1).values_list("currency", Subquery(chosen)).first()
    if row is None:
        return {"can_pay": can_take_payments(), "currency": organization().currency}
    return {"can_pay": bool(row[1]), "currency": row[0]}


def gateway_of(provider: str) -> Gateway:
    """What speaks to a provider, also to one that is not chosen any more; raises Unavailable
    where its key is gone or there is no such provider."""
    if provider == Provider.TEST:
        return TestGateway()
    stored = payment_settings()
    if provider != Provider.STRIPE or not stored.key:
        raise Unavailable(NO_PROVIDER, code="no_payment_provider")
    return StripeGateway(
        stored.url or STANDARD_URL, decrypt_text(stored.key, purpose="payments.key")
    )


def webhook_secret() -> str:
    """The secret that the provider signs its messages with; "" where none was entered."""
    sealed = payment_settings().webhook_secret
    return decrypt_text(sealed, purpose="payments.webhook_secret") if sealed else ""


def save_payment_settings(
    actor: Actor,
    *,
    provider: str,
    url: str = "",
    key: str = "",
    webhook_secret: str = "",
    test: bool = True,
) -> PaymentSettings:
    """Choose a provider, once it has answered with this key; for administrators.

    An empty key keeps the one there is, unless the address changed: a key never goes to another
    server than it was given for. Raises Invalid naming each wrong field.
    """
    actor.require_administrator("Payments are set up by administrators.")
    if provider not in ("", *Provider.values):
        raise _wrong("provider", "Choose one of the list.")
    key, webhook_secret = key.strip(), webhook_secret.strip()
    for name, secret in (("key", key), ("webhook_secret", webhook_secret)):
        if len(secret) > _LONGEST or not secret.isascii() or any(ord(c) < 33 for c in secret):
            raise _wrong(name, "This is no such secret: copy it from the provider's page.")
    with change(actor):
        PaymentSettings.objects.get_or_create(pk=1)
        stored = PaymentSettings.objects.select_for_update().get(pk=1)
        if provider == Provider.STRIPE:
            plain = check_provider_url(url) if url.strip() else ""
            if plain != stored.url:
                stored.key = stored.webhook_secret = ""
            stored.url = plain
            if key:
                stored.key = encrypt_text(key, purpose="payments.key")
            if webhook_secret:
                stored.webhook_secret = encrypt_text(
                    webhook_secret, purpose="payments.webhook_secret"
                )
            if not stored.key:
                raise _wrong("key", "Enter the secret key of the account.")
            if test:
                _test(stored)
        stored.provider, stored.updated_by = provider, actor.user
        stored.save()
    return stored


def _test(stored: PaymentSettings) -> None:
    """Ask the provider with what is set; raises Invalid at the field it is about."""
    opened = decrypt_text(stored.key, purpose="payments.key")
    try:
        StripeGateway(stored.url or STANDARD_URL, opened).check()
    except DealwrightError as error:
        place = "key" if error.code == "payment_key" else "url"
        raise _wrong(place, error.message) from None


def _wrong(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
