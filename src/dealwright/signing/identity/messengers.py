"""Codes by WhatsApp, through the company's SMS provider, and by a bridge of the company's to any
other messenger.

WhatsApp takes codes in an approved template only: the provider fills the code into it. The bridge
gets a POST of JSON ``{channel, to, text, reference, language, expires_at}``, signed as the
Standard Webhooks convention says, and answers 2xx once it has taken the message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from standardwebhooks.webhooks import Webhook

from dealwright import __version__
from dealwright.base.access.actor import Actor, change
from dealwright.base.encrypted_text import decrypt_text, encrypt_text
from dealwright.base.errors import Conflict, Invalid, Unavailable
from dealwright.base.events.webhooks.services import new_signing_secret
from dealwright.base.messaging import accounts
from dealwright.base.messaging.addresses import check_phone
from dealwright.base.messaging.carriers import Carrier, add_carrier
from dealwright.base.messaging.delivery import hand_over_now
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.messaging.outbox import send_by_carrier
from dealwright.base.messaging.sms import post_message
from dealwright.base.messaging.smtp import Refusal
from dealwright.base.whole_numbers import whole_number
from dealwright.signing.identity.models import MessengerSettings
from dealwright.signing.identity.policy import MOST_SMS_PER_DAY, refused_country

WHATSAPP = "whatsapp"
CHANNEL = "messenger"
PURPOSE = "signing messenger"
SECONDS = 15
LONGEST_ADDRESS = 120
TEST_CODE = "000000"


@dataclass(frozen=True, slots=True)
class SavedMessengers:
    """The settings, and the bridge's new secret where one was made: it is shown this once."""

    stored: MessengerSettings
    secret: str = ""


def messenger_settings() -> MessengerSettings:
    """What was set up; unsaved defaults where nothing was."""
    return MessengerSettings.objects.first() or MessengerSettings()


def has_whatsapp(stored: MessengerSettings | None = None) -> bool:
    """Whether codes can go out by WhatsApp."""
    stored = stored or messenger_settings()
    ready = bool(stored.whatsapp_from and stored.whatsapp_templates)
    return ready and accounts.sms_account() is not None


def has_channel(stored: MessengerSettings | None = None) -> bool:
    """Whether codes can go out by the company's own messenger."""
    stored = stored or messenger_settings()
    return bool(stored.channel_url and stored.secret)


def channel_name() -> str:
    """What the company's messenger is called, such as Signal; “Messenger” before it has a name."""
    return messenger_settings().channel_name or "Messenger"


def check_messenger_address(text: str, stored: MessengerSettings | None = None) -> str:
    """An address in the company's messenger as it is kept; raises Invalid naming "messenger"."""
    stored = stored or messenger_settings()
    if stored.channel_to == MessengerSettings.To.PHONE:
        return check_phone(text, field="messenger")
    kept = text.strip()
    if not kept or len(kept) > LONGEST_ADDRESS or re.search(r"[\s\x00-\x1f\x7f]", kept):
        sentence = _("Give the person's name or id in %(name)s, without spaces.") % {
            "name": stored.channel_name
        }
        raise Invalid(sentence, fields={"messenger": [sentence]})
    return kept


def wrong_whatsapp_number(phone: str) -> str:
    """Why no code goes to a number (E.164) by WhatsApp, as a sentence; empty where one may."""
    if not has_whatsapp():
        return _not_set_up("WhatsApp")
    return refused_country(phone, what="WhatsApp message")


def wrong_messenger_address(text: str) -> str:
    """Why no code goes to an address in the company's messenger; empty where one may."""
    stored = messenger_settings()
    if not has_channel(stored):
        return _not_set_up(stored.channel_name or "A messenger")
    try:
        kept = check_messenger_address(text, stored)
    except Invalid as error:
        return error.message
    if stored.channel_to != MessengerSettings.To.PHONE:
        return ""
    return refused_country(kept, what=f"{stored.channel_name} message")


def send_by_messenger(
    actor: Actor,
    scheme: str,
    *,
    to: str,
    text: str,
    code: str,
    reference: str,
    language: str,
    expires_at: datetime,
    envelope: Any = None,
) -> OutboundMessage:
    """Have a code carried by WhatsApp or the bridge; ``reference`` names the code and is not it.
    Raises Conflict where the carrier is not set up."""
    extra = (
        {"code": code, "language": language}
        if scheme == WHATSAPP
        else {
            "reference": reference,
            "language": language,
            "expires_at": expires_at.isoformat(timespec="seconds"),
        }
    )
    return send_by_carrier(
        actor,
        scheme,
        to=to,
        text=text,
        extra=extra,
        object="envelope" if envelope else "",
        record_id=envelope,
        purpose="signing.code" if envelope else "test",
        sensitive=True,
    )


def send_test(actor: Actor, scheme: str, to: str) -> OutboundMessage:
    """Send a message with the code 000000 here and now; for administrators.

    Raises Invalid naming "to", Conflict where it is not set up, Unavailable.
    """
    actor.require_administrator()
    try:
        to = check_messenger_address(to) if scheme == CHANNEL else check_phone(to)
    except Invalid as error:
        raise Invalid(error.message, fields={"to": [error.message]}) from None
    with change(actor):
        message = send_by_messenger(
            actor,
            scheme,
            to=to,
            text=f"{TEST_CODE} is a test from Dealwright. Nobody asks you for it.",
            code=TEST_CODE,
            reference="test",
            language=settings.LANGUAGE_CODE,
            expires_at=timezone.now(),
        )
        message.next_attempt_at, message.claimed_at = None, timezone.now()
        message.save(update_fields=["next_attempt_at", "claimed_at"])
    return hand_over_now(actor, message)


def save_messenger_settings(actor: Actor, given: Mapping[str, str]) -> SavedMessengers:
    """Set up WhatsApp and the bridge anew; for administrators. Raises Invalid naming each wrong
    place. A bridge gets a secret when it gets an address, and a new one with ``new_secret``."""
    actor.require_administrator()
    values, wrong = _read(given)
    if wrong:
        raise Invalid(" ".join(each for said in wrong.values() for each in said), fields=wrong)
    secret = ""
    with change(actor):
        stored = MessengerSettings.objects.select_for_update().first() or MessengerSettings()
        moved = stored.channel_url != values["channel_url"]
        for name, value in values.items():
            setattr(stored, name, value)
        if not stored.channel_url:
            stored.secret = ""
        elif moved or given.get("new_secret") or not stored.secret:
            secret = new_signing_secret()
            stored.secret = encrypt_text(secret, purpose=PURPOSE)
        stored.updated_by = actor.user
        stored.save()
    return SavedMessengers(stored, secret)


def add_carriers() -> None:
    """Make both known to the outbox."""
    add_carrier(
        Carrier(
            scheme=WHATSAPP,
            label=lambda: "WhatsApp",
            is_ready=has_whatsapp,
            send=_by_whatsapp,
        )
    )
    add_carrier(Carrier(scheme=CHANNEL, label=channel_name, is_ready=has_channel, send=_by_bridge))


def _by_whatsapp(message: OutboundMessage) -> str:
    account, stored = accounts.sms_account(), messenger_settings()
    if account is None or not has_whatsapp(stored):
        raise Unavailable("WhatsApp is not set up any more.")
    templates: dict[str, str] = stored.whatsapp_templates
    language = str(message.headers.get("language", ""))
    template = templates.get(language) or templates.get("en") or next(iter(templates.values()))
    sender = stored.whatsapp_from
    given = {
        "To": message.to,
        "ContentSid": template,
        "ContentVariables": orjson.dumps({"1": message.headers.get("code", "")}).decode(),
    }
    if sender.startswith("MG"):
        return post_message(account, {**given, "MessagingServiceSid": sender})
    return post_message(account, {**given, "From": f"{WHATSAPP}:{sender}"})


def _by_bridge(message: OutboundMessage) -> str:
    stored = messenger_settings()
    if not has_channel(stored):
        raise Unavailable("The messenger is not set up any more.")
    name = stored.channel_name
    body = orjson.dumps(
        {
            "channel": name,
            "to": message.to.removeprefix(f"{CHANNEL}:"),
            "text": message.text,
            **message.headers,
        }
    ).decode()
    now, identifier = timezone.now(), f"msg_{message.pk.hex}"
    signature = Webhook(decrypt_text(stored.secret, purpose=PURPOSE)).sign(
        msg_id=identifier, timestamp=now, data=body
    )
    try:
        answer = httpx.post(
            stored.channel_url,
            content=body.encode(),
            headers={
                "Content-Type": "application/json",
                "User-Agent": f"Dealwright/{__version__}",
                "webhook-id": identifier,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": signature,
            },
            timeout=SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise Unavailable(f"The bridge to {name} does not answer: {error}.") from None
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise Unavailable(f"The bridge to {name} asks to wait ({answer.status_code}).")
    if not answer.is_success:
        raise Refusal(550, f"The bridge to {name} refuses the message ({answer.status_code})")
    return identifier


def _read(given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The values as they are kept, and what is wrong with them by place."""
    wrong: dict[str, list[str]] = {}
    values: dict[str, Any] = {"whatsapp_from": "", "whatsapp_templates": {}}
    if sender := given.get("whatsapp_from", "").strip():
        try:
            is_service = re.fullmatch(r"MG[0-9a-f]{32}", sender)
            values["whatsapp_from"] = (
                sender if is_service else check_phone(sender, field="whatsapp_from")
            )
        except Invalid as error:
            wrong.update(error.fields)
    for language, _label in settings.LANGUAGES:
        key = f"template_{language}"
        if template := given.get(key, "").strip():
            values["whatsapp_templates"][language] = template
            if not re.fullmatch(r"HX[0-9a-f]{32}", template):
                wrong[key] = ["A template's id is HX and 32 digits or letters from a to f."]
    if values["whatsapp_from"] and not values["whatsapp_templates"]:
        wrong["template_en"] = ["WhatsApp takes codes in an approved template only: give its id."]
    name = " ".join(given.get("channel_name", "").split())
    url = given.get("channel_url", "").strip()
    values |= {"channel_name": name, "channel_url": url}
    if len(name) > 40 or (url and not name):
        wrong["channel_name"] = ["Say in at most 40 characters what people call the messenger."]
    if url and (sentence := _wrong_url(url)):
        wrong["channel_url"] = [sentence]
    values["channel_to"] = given.get("channel_to") or MessengerSettings.To.PHONE.value
    if values["channel_to"] not in MessengerSettings.To.values:
        wrong["channel_to"] = ["Choose one of the list."]
    for key in ("whatsapp_per_day", "channel_per_day"):
        most = whole_number(given.get(key, ""), most=MOST_SMS_PER_DAY)
        values[key] = most or 0
        if most is None:
            wrong[key] = [f"Give a number from 0 to {MOST_SMS_PER_DAY}."]
    return values, wrong


def _wrong_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018  raises where it is no number
    except ValueError:
        host = ""
    if not host or len(url) > 500 or re.search(r"[\s#]", url) or parts.username:
        return "This must be a web address."
    if parts.scheme != "https" and not (
        parts.scheme == "http" and host in ("localhost", "127.0.0.1", "::1")
    ):
        return "This must start with https://; http:// only on this machine."
    return ""


def _not_set_up(name: str) -> str:
    said = _("%(name)s is not set up: an administrator can do it in the settings of signing.")
    return said % {"name": name}


def check_ready(scheme: str) -> None:
    """Raises Conflict where a code cannot go out this way now."""
    ready = has_whatsapp() if scheme == WHATSAPP else has_channel()
    if not ready:
        raise Conflict(
            "Codes cannot be sent this way any more. Ask the sender for another way.",
            code="no_messenger",
        )
