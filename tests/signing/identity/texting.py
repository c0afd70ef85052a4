"""Messengers that are set up, and recipients who are sent codes by them."""

from __future__ import annotations

from typing import Any

from dealwright.base.messaging.accounts import save_mail_settings
from dealwright.base.messaging.delivery import deliver_messages
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.identifying import Shown, confirm_identity
from dealwright.signing.ceremonies.steps import Visit
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.identity import messengers
from make import acting, make_administrator
from signing.identity.gateways import Gateway
from signing.make import a_visit, enter, make_sent_envelope, recipient_of

PHONE = "+49 151 23456789"
TEMPLATES = {"template_en": f"HX{'a' * 32}", "template_de": f"HX{'b' * 32}"}
WAYS = {"whatsapp_otp": "whatsapp", "messenger_otp": "messenger"}


def set_up(twilio: Gateway | None = None, bridge: Gateway | None = None, **given: Any) -> str:
    """Set up both; answers the bridge's secret."""
    administrator = acting(make_administrator())
    if twilio:
        save_mail_settings(
            administrator,
            {
                "sms_url": twilio.url,
                "sms_account": "AC1",
                "sms_token": "token",
                "sms_from": "+4930999",
            },
            test=False,
        )
    values = {
        "whatsapp_from": "+4930998" if twilio else "",
        **(TEMPLATES if twilio else {}),
        "whatsapp_per_day": "50",
        "channel_name": "Signal" if bridge else "",
        "channel_url": f"{bridge.url}/codes" if bridge else "",
        "channel_to": "phone",
        "channel_per_day": "50",
    }
    saved = messengers.save_messenger_settings(administrator, {**values, **given})
    if bridge:
        bridge.secret = saved.secret
    return saved.secret


def asked(*methods: str, **fields: Any) -> Recipient:
    given = {"name": "Ada", "email": "ada@buyer.test", "role": "approver", **fields}
    part11, language = given.pop("part11", False), given.pop("language", "en")
    envelope = make_sent_envelope(
        recipients=[NewRecipient(**given, identity_methods=list(methods))],
        part11=part11,
        language=language,
    )
    return recipient_of(envelope, "Ada")


def by(method: str, **fields: Any) -> Recipient:
    own = "phone" if method == "whatsapp_otp" else "messenger"
    return asked(method, **{own: PHONE, **fields})


def agreed(recipient: Recipient, visit: Visit | None = None) -> Visit:
    visit = visit or a_visit()
    ceremonies.give_consent(enter(recipient, visit), current_consent().pk)
    return visit


def texted() -> OutboundMessage:
    newest = OutboundMessage.objects.filter(channel="sms").order_by("-id").first()
    assert newest is not None
    return newest


def deliver() -> None:
    assert deliver_messages() > 0


def show(recipient: Recipient, visit: Visit, code: str) -> None:
    confirm_identity(enter(recipient, visit), Shown(secret=code))
