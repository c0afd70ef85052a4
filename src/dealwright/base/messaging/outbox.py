"""Wanting a message sent, and looking at what was."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, visible_to
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.files.models import StoredFile
from dealwright.base.messaging import accounts
from dealwright.base.messaging.addresses import check_email, check_phone, new_message_id
from dealwright.base.messaging.carriers import carrier_named
from dealwright.base.messaging.html_text import clean_html, text_of_html
from dealwright.base.messaging.models import Channel, MessageTemplate, OutboundMessage
from dealwright.base.messaging.suppression import ASKED, hold_to_the_list, unsubscribe_headers
from dealwright.base.objects.registry import object_types

LARGEST_MAIL = 20_000_000  # bytes of attachments; most servers take 25 MB once encoded
LONGEST_SMS = 1600
_OWN_HEADERS = {
    "from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "in-reply-to",
    "references", "sender", "return-path", "mime-version", "content-type",
    "content-transfer-encoding", "content-disposition", "dkim-signature", "received",
}  # fmt: skip


def send_email(
    actor: Actor,
    *,
    to: str,
    subject: str,
    text: str = "",
    html: str = "",
    to_name: str = "",
    cc: Sequence[str] = (),
    from_name: str = "",
    from_address: str = "",
    reply_to: str = "",
    object: str = "",
    record_id: uuid.UUID | None = None,
    purpose: str = "",
    attachments: Sequence[StoredFile] = (),
    headers: Mapping[str, str] | None = None,
    answer_to: OutboundMessage | None = None,
    template: MessageTemplate | None = None,
    sensitive: bool = False,
) -> OutboundMessage:
    """Have an e-mail sent if and when the current transaction commits.

    One message goes to one person; ``object`` and ``record_id`` name the record it belongs
    to, through which it and its answers are seen. ``html`` is cleaned; ``text`` is made of
    it where it is missing. ``answer_to`` puts it in the thread of an earlier message.
    ``sensitive`` takes the text out of the database once it is sent (sign-in codes).

    For the purposes ``sequence`` and ``marketing`` the suppression list is asked, here and
    again on sending, and the one-click unsubscribe headers (RFC 8058) are added. A
    suppressed message is written, with ``suppressed_at`` set, and not sent.

    Until a mail server is set, messages rest in the outbox with ``held_at`` set.

    Raises Invalid naming the wrong field.
    """
    from_whom = accounts.sender()
    subject = " ".join(subject.split())[:998]
    html = clean_html(html) if html else ""
    text = text or text_of_html(html)
    if not subject and not text:
        raise Invalid("A mail needs a subject or a text.", fields={"text": ["Write something."]})
    _check_sizes(attachments)
    to = check_email(to)
    # Our own default on a machine without a domain (dealwright@localhost) is no full address.
    given = check_email(from_address, field="from_address") if from_address else ""
    from_address = given or from_whom.address
    message_id = new_message_id(from_address)
    extra = dict(headers or {})
    _check_headers(extra)
    if purpose in ASKED:
        extra |= unsubscribe_headers(to, purpose)
    if not reply_to and from_whom.plus_addressing:
        local, _, domain = from_address.rpartition("@")
        reply_to = f"{local}+{message_id[1:33]}@{domain}"
    message = OutboundMessage(
        channel=Channel.EMAIL,
        purpose=purpose,
        to=to,
        to_name=_one_line(to_name)[:200],
        cc=[check_email(each, field="cc") for each in cc],
        from_address=from_address,
        from_name=_one_line(from_name or from_whom.name)[:200],
        reply_to=check_email(reply_to, field="reply_to") if reply_to else "",
        subject=subject,
        text=text,
        html=html,
        headers=extra,
        object=object,
        record_id=record_id,
        template=template,
        message_id=message_id,
        is_sensitive=sensitive,
        created_by=actor.user,
    )
    if answer_to is not None:
        message.in_reply_to = answer_to.message_id
        message.references = [*answer_to.references, answer_to.message_id][-20:]
    return _queue(actor, message, attachments, has_server=accounts.smtp_account() is not None)


def send_sms(
    actor: Actor,
    *,
    to: str,
    text: str,
    region: str = "",
    object: str = "",
    record_id: uuid.UUID | None = None,
    purpose: str = "",
    sensitive: bool = False,
) -> OutboundMessage:
    """Have a text message sent if and when the current transaction commits; see ``send_email``.

    ``region`` is the country (ISO 3166) of a number written without one. Raises Invalid.
    """
    text = _short_text(text)
    account = accounts.sms_account()
    message = OutboundMessage(
        channel=Channel.SMS,
        purpose=purpose,
        to=check_phone(to, region=region),
        from_address=account.sender if account else "",
        text=text,
        object=object,
        record_id=record_id,
        message_id=new_message_id("sms@dealwright.invalid"),
        is_sensitive=sensitive,
        created_by=actor.user,
    )
    return _queue(actor, message, (), has_server=account is not None)


def send_by_carrier(
    actor: Actor,
    scheme: str,
    *,
    to: str,
    text: str,
    extra: Mapping[str, str] | None = None,
    object: str = "",
    record_id: uuid.UUID | None = None,
    purpose: str = "",
    sensitive: bool = False,
) -> OutboundMessage:
    """Have a short text carried by something other than SMS (``carriers``); see ``send_email``.

    ``extra`` is what the carrier needs besides the text. Raises Invalid, or Conflict where the
    carrier is not set up: such a message would rest for ever.
    """
    carrier = carrier_named(scheme)
    if not carrier.is_ready():
        raise Conflict(f"{carrier.label()} is not set up.", code="no_carrier")
    message = OutboundMessage(
        channel=Channel.SMS,
        purpose=purpose,
        to=f"{scheme}:{to}",
        text=_short_text(text),
        headers=dict(extra or {}),
        object=object,
        record_id=record_id,
        message_id=new_message_id("text@dealwright.invalid"),
        is_sensitive=sensitive,
        created_by=actor.user,
    )
    return _queue(actor, message, (), has_server=True)


def visible_messages(actor: Actor) -> QuerySet[OutboundMessage]:
    """Messages the actor may see: administrators all, others their own and those of records
    they may see. Newest first. Sensitive ones are for administrators alone."""
    rows = OutboundMessage.objects.order_by("-id")
    if actor.is_system:
        return rows
    user = actor.require_user()
    if user.is_administrator:
        return rows
    mine = Q(created_by=user)
    for of in object_types():
        model: Any = of.model
        seen = model.objects.filter(visible_to(user, of.key)).values("pk")
        mine |= Q(object=of.key, record_id__in=seen)
    return rows.filter(mine, is_sensitive=False)


def get_message(actor: Actor, message_id: Any) -> OutboundMessage:
    """One message; raises NotFound alike for absent and for hidden."""
    message = visible_messages(actor).filter(pk=as_uuid(message_id)).first()
    if message is None:
        raise NotFound("This message does not exist, or you may not see it.")
    return message


def release_messages(actor: Actor, ids: Sequence[uuid.UUID] | None = None) -> int:
    """Send resting messages (all of them without ``ids``); returns how many. Administrators.

    Raises Conflict while there is no server to send through.
    """
    _check_administrator(actor)
    channels = [
        *([Channel.EMAIL] if accounts.smtp_account() else []),
        *([Channel.SMS] if accounts.sms_account() else []),
    ]
    if not channels:
        raise Conflict("Set a mail server first, then send what rests in the outbox.")
    with change(actor):
        return (
            _resting(ids)
            .filter(channel__in=channels)
            .update(held_at=None, next_attempt_at=timezone.now(), error="")
        )


def discard_messages(actor: Actor, ids: Sequence[uuid.UUID] | None = None) -> int:
    """Never send resting messages (all of them without ``ids``); returns how many."""
    _check_administrator(actor)
    with change(actor):
        return _resting(ids).update(held_at=None, discarded_at=timezone.now())


def send_again(actor: Actor, message_id: Any) -> OutboundMessage:
    """Try a failed message once more from the beginning.

    Raises Conflict for one that did not fail or whose text is no longer kept.
    """
    with change(actor):
        get_message(actor, message_id)
        message = OutboundMessage.objects.select_for_update().get(pk=as_uuid(message_id))
        if not message.failed_at:
            raise Conflict("Only a message that failed can be sent again.")
        if message.is_sensitive:
            raise Conflict("Its text is no longer kept. Ask for a new one.")
        if reason := hold_to_the_list(message):
            raise Conflict(f"It may not be sent: {reason.lower()}.")
        message.failed_at = message.bounced_at = message.claimed_at = None
        message.attempts, message.error = 0, ""
        message.next_attempt_at = timezone.now()
        message.save()
    return message


def _queue(
    actor: Actor, message: OutboundMessage, attachments: Sequence[StoredFile], *, has_server: bool
) -> OutboundMessage:
    with change(actor):
        now = timezone.now()
        message.queued_at = now
        if reason := hold_to_the_list(message):
            message.suppressed_at, message.error = now, reason
        elif has_server:
            message.next_attempt_at = now
        else:
            message.held_at = now
        message.save(force_insert=True)
        if attachments:
            message.attachments.set(attachments)
    return message


def _resting(ids: Sequence[uuid.UUID] | None) -> QuerySet[OutboundMessage]:
    rows = OutboundMessage.objects.filter(held_at__isnull=False)
    return rows if ids is None else rows.filter(pk__in=ids)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", name) or name.lower() in _OWN_HEADERS:
            raise Invalid(f"The header “{name[:60]}” cannot be set.", fields={"headers": [name]})
        if any(ord(each) < 32 for each in value) or len(value) > 900:
            raise Invalid(
                f"The value of the header {name} must be one line.", fields={"headers": [name]}
            )


def _check_sizes(attachments: Sequence[StoredFile]) -> None:
    if sum(stored.size for stored in attachments) > LARGEST_MAIL:
        sentence = f"Attachments may have {LARGEST_MAIL // 1_000_000} MB in all; send a link."
        raise Invalid(sentence, fields={"attachments": [sentence]})


def _short_text(text: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST_SMS:
        sentence = f"A text message has from 1 to {LONGEST_SMS} characters."
        raise Invalid(sentence, fields={"text": [sentence]})
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _check_administrator(actor: Actor) -> None:
    actor.require_administrator("The outbox is emptied by administrators.")
