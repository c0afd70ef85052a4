"""SMS through a provider with Twilio's interface (POST …/Accounts/<id>/Messages.json)."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from dealwright.base.errors import Unavailable
from dealwright.base.messaging.accounts import SmsAccount
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.messaging.smtp import Refusal

SECONDS = 15


def send_by_provider(account: SmsAccount, message: OutboundMessage) -> str:
    """Hand a text message over; returns the provider's id of it. Raises as ``post_message``."""
    given = {"To": message.to, "From": account.sender, "Body": message.text}
    return post_message(account, given)


def post_message(account: SmsAccount, given: Mapping[str, str]) -> str:
    """Post a message's parameters, by the provider's names; returns its id of the message.

    Raises Refusal where the provider says no, Unavailable where it does not answer or asks
    to come back later.
    """
    address = f"{account.url.rstrip('/')}/2010-04-01/Accounts/{account.account}/Messages.json"
    try:
        answer = httpx.post(
            address,
            data=dict(given),
            auth=(account.account, account.token),
            timeout=SECONDS,
        )
    except httpx.HTTPError as error:
        raise Unavailable(f"The SMS provider does not answer: {error}.") from None
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise Unavailable(f"The SMS provider asks to wait ({answer.status_code}).")
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if answer.is_success and body.get("sid"):
        return str(body["sid"])[:200]
    words = str(body.get("message") or answer.reason_phrase or "no reason given")[:300]
    # Every other refusal is about this message: the code in the text is the provider's own.
    raise Refusal(550, f"{words} ({body.get('code') or answer.status_code})")
