"""The e-mails of an envelope. Each says who writes, about what, and what to do.

Those that carry a link or a code are sensitive: their text is gone from the database once
they are sent, and until then only administrators see it, not the sender. All
are written in the envelope's language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.template import loader
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.base.access.actor import Actor
from dealwright.base.files.models import StoredFile
from dealwright.base.messaging.notices import notify
from dealwright.base.messaging.outbox import send_email
from dealwright.base.people.organization import organization
from dealwright.base.web.formats import format_date
from dealwright.signing.envelopes.models import Envelope, Recipient, Role

ATTACH_UP_TO = 10_000_000  # bytes; many mail servers refuse more
_WHAT = {
    Role.SIGNER: (gettext_noop("%(who)s asks you to sign"), gettext_noop("Review and sign")),
    Role.APPROVER: (
        gettext_noop("%(who)s asks you to approve"),
        gettext_noop("Review and approve"),
    ),
    Role.VIEWER: (gettext_noop("%(who)s asks you to read"), gettext_noop("Open and confirm")),
    Role.WITNESS: (
        gettext_noop("%(who)s asks you to witness a signature"),
        gettext_noop("Review and sign"),
    ),
    Role.EDITOR: (
        gettext_noop("%(who)s asks you to prepare documents"),
        gettext_noop("Open and prepare"),
    ),
}
_ENDED = {
    "declined": (
        gettext_noop("Declined: %(title)s"),
        gettext_noop("“%(title)s” was declined by a recipient. You need not do anything."),
    ),
    "voided": (
        gettext_noop("Voided: %(title)s"),
        gettext_noop("“%(title)s” was withdrawn by the sender. You need not do anything."),
    ),
    "expired": (
        gettext_noop("Expired: %(title)s"),
        gettext_noop("“%(title)s” has expired. You need not do anything."),
    ),
}
type _Telling[**More] = Callable[Concatenate[Actor, Envelope, Recipient, More], None]


def _in_its_language[**More](tell: _Telling[More]) -> _Telling[More]:
    """Writes in the envelope's language, whoever caused the mail."""

    @wraps(tell)
    def told(
        actor: Actor,
        envelope: Envelope,
        recipient: Recipient,
        /,
        *args: More.args,
        **kwargs: More.kwargs,
    ) -> None:
        gone = recipient.reassigned_at or recipient.skipped_at
        if gone and tell.__name__ != "tell_not_needed":
            return  # their part is somebody else's, or nobody's
        known = envelope.language in dict(settings.LANGUAGES)
        with translation.override(envelope.language if known else "en"):
            tell(actor, envelope, recipient, *args, **kwargs)

    return told


def link_of(token: str) -> str:
    return f"{settings.PUBLIC_URL}/sign/{token}"


@_in_its_language
def tell_invited(
    actor: Actor, envelope: Envelope, recipient: Recipient, token: str, *, reminder: bool
) -> None:
    """Whose turn it is, with their link."""
    request, button = _WHAT[Role(recipient.role)]
    asks = _(request) % {"who": _sender(envelope)}
    paragraphs = [f"{asks}: “{envelope.title}”."]
    if envelope.message:
        paragraphs.append(envelope.message)
    if recipient.role == Role.WITNESS and recipient.witness_of is not None:
        paragraphs.append(
            _("You confirm that you saw %(name)s sign.") % {"name": recipient.witness_of.name}
        )
    if recipient.member_of is not None:
        paragraphs.append(
            _("This went to everyone in “%(group)s”: whoever acts first does it for all.")
            % {"group": recipient.member_of.name}
        )
    paragraphs += _until(envelope)
    paragraphs.append(
        _(
            "The link is for you alone: do not forward this message. "
            "If you did not expect it, ask the sender by replying."
        )
    )
    _send(
        actor,
        envelope,
        recipient,
        subject=(_("Reminder: %(subject)s") if reminder else "%(subject)s")
        % {"subject": f"{asks}: {envelope.title}"},
        paragraphs=paragraphs,
        button=(_(button), link_of(token)),
        purpose="signing.reminder" if reminder else "signing.invitation",
    )


@_in_its_language
def tell_host(actor: Actor, envelope: Envelope, recipient: Recipient, *, reminder: bool) -> None:
    """The host of an in-person signer: where to open it when the person is there."""
    host = recipient.host
    if host is None:
        return
    names = {"name": recipient.name, "title": envelope.title}
    _send(
        actor,
        envelope,
        recipient,
        to=(host.name, host.email),
        subject=(_("Reminder: %(subject)s") if reminder else "%(subject)s")
        % {"subject": _("%(name)s signs with you in person: %(title)s") % names},
        paragraphs=[
            _("You are the host: %(name)s signs “%(title)s” on your device.") % names,
            _(
                "Open it when you are together. You sign in, say how you know who it is, and "
                "hand the device over; to take it back you sign in again."
            ),
            *_until(envelope),
        ],
        button=(
            _("Open for signing in person"),
            f"{settings.PUBLIC_URL}/envelopes/{envelope.pk}/host/{recipient.pk}",
        ),
        purpose="signing.reminder" if reminder else "signing.invitation",
    )


@_in_its_language
def tell_expiring(actor: Actor, envelope: Envelope, recipient: Recipient, token: str) -> None:
    """Whoever is waited for: the time runs out soon."""
    _request, button = _WHAT.get(Role(recipient.role), _WHAT[Role.SIGNER])
    title = {"title": envelope.title}
    _send(
        actor,
        envelope,
        recipient,
        subject=_("Expires soon: %(title)s") % title,
        paragraphs=[
            _("“%(title)s” still waits for you, and the time runs out soon.") % title,
            *_until(envelope),
        ],
        button=(_(button), link_of(token)),
        purpose="signing.expiring",
    )


@_in_its_language
def tell_not_needed(actor: Actor, envelope: Envelope, recipient: Recipient, by: str = "") -> None:
    """Whoever was asked and is not any more: ``by`` has taken it, or nobody needs to."""
    title = {"title": envelope.title, "name": by}
    what = (
        _("%(name)s has taken “%(title)s”. You need not do anything.")
        if by
        else _("You are no longer asked to act on “%(title)s”. You need not do anything.")
    )
    _send(
        actor,
        envelope,
        recipient,
        subject=_("No longer needed: %(title)s") % title,
        paragraphs=[what % title],
        purpose="signing.not_needed",
    )


@_in_its_language
def tell_code(actor: Actor, envelope: Envelope, recipient: Recipient, code: str) -> None:
    """The one-time code. Its text is forgotten once it is sent."""
    _send(
        actor,
        envelope,
        recipient,
        subject=_("%(code)s is your code for “%(title)s”")
        % {"code": code, "title": envelope.title},
        paragraphs=[
            _("Your code is %(code)s. It is valid for 10 minutes.") % {"code": code},
            _(
                "Type it on the page from which you asked for it. "
                "Nobody from us will ask you for it."
            ),
        ],
        purpose="signing.code",
        sensitive=True,
    )


@_in_its_language
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
        subject=_("Completed: %(title)s") % {"title": envelope.title},
        paragraphs=[
            _("Everyone has signed “%(title)s”, and the documents are sealed.")
            % {"title": envelope.title},
            _("Your copy is attached.") if attached else _("Open the link to save your copy."),
            _("Keep it: anyone can check from the file alone that it is unchanged."),
        ],
        button=(_("Open the documents"), link_of(token)),
        purpose="signing.completed",
        attachments=attached,
    )


@_in_its_language
def tell_ended(
    actor: Actor, envelope: Envelope, recipient: Recipient, how: str, reason: str
) -> None:
    """That an envelope ended without a signature: declined, voided or expired."""
    subject, what = _ENDED[how]
    title = {"title": envelope.title}
    _send(
        actor,
        envelope,
        recipient,
        subject=_(subject) % title,
        paragraphs=[
            _(what) % title,
            *([_("Reason: %(reason)s") % {"reason": reason}] if reason else []),
        ],
        purpose=f"signing.{how}",
    )


def tell_owner(envelope: Envelope, title: str, body: str = "", *, url: str = "") -> None:
    """A notice for the sender; ``url`` is where they can do something about it."""
    if envelope.owner is not None:
        notify(
            envelope.owner,
            title,
            body=body,
            url=url or envelope.url,
            object="envelope",
            record_id=envelope.pk,
        )


def _until(envelope: Envelope) -> list[str]:
    if envelope.expires_at is None:
        return []
    until = {
        "day": format_date(envelope.expires_at.date(), "long"),
        "time": f"{envelope.expires_at:%H:%M}",
    }
    return [_("This is possible until %(day)s, %(time)s UTC.") % until]


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
    to: tuple[str, str] | None = None,
) -> None:
    name, address = to or (recipient.name, recipient.email)
    if not address:
        return  # who signs in person need not have one
    greeting = _("Hello %(name)s,") % {"name": name}
    lines = [greeting, *paragraphs]
    if button:
        lines.append(f"{button[0]}: {button[1]}")
    send_email(
        actor,
        to=address,
        to_name=name,
        subject=_one_line(subject),
        text="\n\n".join(lines) + "\n",
        html=loader.render_to_string(
            "signing/envelopes/mail.html",
            {
                "greeting": greeting,
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
