"""The e-mails of an envelope. Each says who writes, about what, and what to do.

Those that carry a link or a code are sensitive: their text is gone from the database once
they are sent, and until then only administrators see it, not the sender.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.template import loader

from dealwright.base.access.actor import Actor
from dealwright.base.files.models import StoredFile
from dealwright.base.messaging.notices import notify
from dealwright.base.messaging.outbox import send_email
from dealwright.base.people.organization import organization
from dealwright.signing.envelopes.models import Envelope, Recipient, Role

ATTACH_UP_TO = 10_000_000  # bytes; many mail servers refuse more
_WHAT = {
    Role.SIGNER: ("sign", "Review and sign"),
    Role.APPROVER: ("approve", "Review and approve"),
    Role.VIEWER: ("read", "Open and confirm"),
}


def link_of(token: str) -> str:
    return f"{settings.PUBLIC_URL}/sign/{token}"


def tell_invited(
    actor: Actor, envelope: Envelope, recipient: Recipient, token: str, *, reminder: bool
) -> None:
    """Whose turn it is, with their link."""
    verb, button = _WHAT[Role(recipient.role)]
    sender = _sender(envelope)
    paragraphs = [f"{sender} asks you to {verb} “{envelope.title}”."]
    if envelope.message:
        paragraphs.append(envelope.message)
    if envelope.expires_at:
        paragraphs.append(f"This is possible until {envelope.expires_at:%d %B %Y, %H:%M} UTC.")
    paragraphs.append(
        "The link is for you alone: do not forward this message. "
        "If you did not expect it, ask the sender by replying."
    )
    _send(
        actor,
        envelope,
        recipient,
        subject=f"{'Reminder: ' if reminder else ''}{sender} asks you to {verb}: {envelope.title}",
        paragraphs=paragraphs,
        button=(button, link_of(token)),
        purpose="signing.reminder" if reminder else "signing.invitation",
    )


def tell_code(actor: Actor, envelope: Envelope, recipient: Recipient, code: str) -> None:
    """The one-time code. Its text is forgotten once it is sent."""
    _send(
        actor,
        envelope,
        recipient,
        subject=f"{code} is your code for “{envelope.title}”",
        paragraphs=[
            f"Your code is {code}. It is valid for 10 minutes.",
            "Type it on the page from which you asked for it. Nobody from us will ask you for it.",
        ],
        purpose="signing.code",
        sensitive=True,
    )


def tell_completed(
    actor: Actor,
    envelope: Envelope,
    recipient: Recipient,
    token: str,
    files: Sequence[StoredFile],
) -> None:
    """The final documents: attached where they are small enough, always behind the link."""
    attached = list(files) if sum(each.size for each in files) <= ATTACH_UP_TO else []
    _send(
        actor,
        envelope,
        recipient,
        subject=f"Completed: {envelope.title}",
        paragraphs=[
            f"Everyone has signed “{envelope.title}”, and the documents are sealed.",
            "Your copy is attached. Keep it: anyone can check from the file alone that it is "
            "unchanged."
            if attached
            else "Open the link to save your copy. Keep it: anyone can check from the file alone "
            "that it is unchanged.",
        ],
        button=("Open the documents", link_of(token)),
        purpose="signing.completed",
        attachments=attached,
    )


def tell_ended(
    actor: Actor, envelope: Envelope, recipient: Recipient, how: str, reason: str
) -> None:
    """That an envelope ended without a signature: declined, voided or expired."""
    what = {
        "declined": "was declined by a recipient",
        "voided": "was withdrawn by the sender",
        "expired": "has expired",
    }[how]
    _send(
        actor,
        envelope,
        recipient,
        subject=f"{how.capitalize()}: {envelope.title}",
        paragraphs=[
            f"“{envelope.title}” {what}. You need not do anything.",
            *([f"Reason: {reason}"] if reason else []),
        ],
        purpose=f"signing.{how}",
    )


def tell_owner(envelope: Envelope, title: str, body: str = "") -> None:
    """A notice for the sender."""
    if envelope.owner is not None:
        notify(
            envelope.owner,
            title,
            body=body,
            url=envelope.url,
            object="envelope",
            record_id=envelope.pk,
        )


def _sender(envelope: Envelope) -> str:
    company = organization().name
    return f"{envelope.owner.name} ({company})" if envelope.owner else company


def _send(
    actor: Actor,
    envelope: Envelope,
    recipient: Recipient,
    *,
    subject: str,
    paragraphs: Sequence[str],
    purpose: str,
    button: tuple[str, str] | None = None,
    attachments: Sequence[StoredFile] = (),
    sensitive: bool = False,
) -> None:
    lines = [f"Hello {recipient.name},", *paragraphs]
    if button:
        lines.append(f"{button[0]}: {button[1]}")
    send_email(
        actor,
        to=recipient.email,
        to_name=recipient.name,
        subject=_one_line(subject),
        text="\n\n".join(lines) + "\n",
        html=loader.render_to_string(
            "signing/envelopes/mail.html",
            {
                "greeting": f"Hello {recipient.name},",
                "paragraphs": paragraphs,
                "button": button,
                "title": envelope.title,
                "company": organization().name,
            },
        ),
        from_name=_one_line(_sender(envelope)),
        reply_to=envelope.owner.email if envelope.owner else "",
        object="envelope",
        record_id=envelope.pk,
        purpose=purpose,
        attachments=attachments,
        sensitive=sensitive or button is not None,
    )


def _one_line(text: str) -> str:
    """Header text: a title with a line break must not become a header of its own."""
    return " ".join(text.split())[:200]
