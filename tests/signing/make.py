"""PDFs, envelopes and signers for tests; everything goes through the real services."""

from __future__ import annotations

import io
import re
import secrets
from typing import Any

import pikepdf
import typst

from dealwright.base.access.actor import Actor
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.ceremonies import adopting, filling, identifying
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.steps import Ceremony, Visit, open_ceremony
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.drafts import NewDocument, NewRecipient
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.services import create_envelope, send_envelope
from dealwright.signing.fields.models import FieldKind
from make import acting, make_user

SQUIGGLE = {
    "ratio": 0.4,
    "strokes": [
        [[0.1 + i / 50, 0.2 + 0.1 * ((i % 7) - 3) / 3, i * 12] for i in range(40)],
        [[0.3, 0.35, 600], [0.7, 0.05, 700]],
    ],
}


def make_pdf(*paragraphs: str, pages: int = 1, size: tuple[int, int] = (595, 842)) -> bytes:
    """A plain PDF: the paragraphs on each page. Braces and hashes stand for themselves."""
    body = "\n\n".join(paragraphs or ("An agreement between two parties.",))
    for mark in "\\#{}$*_@<>[]":
        body = body.replace(mark, "\\" + mark)
    source = (
        f"#set page(width: {size[0]}pt, height: {size[1]}pt, margin: 60pt)\n"
        + "\n#pagebreak()\n".join(f"= Page {n}\n{body}" for n in range(1, pages + 1))
    )
    return bytes(typst.compile(source.encode(), format="pdf"))


def with_changes(pdf: bytes, change: Any) -> bytes:
    """The PDF after ``change(pikepdf.Pdf)``."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        change(document)
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def make_envelope(actor: Actor | None = None, **fields: Any) -> Envelope:
    """A draft with one document and two signers, Ada before Grace, unless told otherwise."""
    values: dict[str, Any] = {
        "title": "Order form",
        "documents": [NewDocument(name="Order.pdf", content=make_pdf("The order."))],
        "recipients": [
            NewRecipient(name="Ada Lovelace", email="ada@buyer.test", order=1),
            NewRecipient(name="Grace Hopper", email="grace@seller.test", order=2),
        ],
    }
    return create_envelope(actor or acting(make_user()), **{**values, **fields})


def make_sent_envelope(actor: Actor | None = None, **fields: Any) -> Envelope:
    actor = actor or acting(make_user())
    return send_envelope(actor, make_envelope(actor, **fields).pk)


def recipient_of(envelope: Envelope, name: str) -> Recipient:
    return Recipient.objects.get(envelope=envelope, name__startswith=name)


def token_of(recipient: Recipient) -> str:
    """The secret of the newest link in the recipient's mail."""
    found = []
    for message in OutboundMessage.objects.filter(to=recipient.email).order_by("id"):
        found += re.findall(r"/sign/([A-Za-z0-9_-]{20,})", message.text)
    assert found, f"no link was mailed to {recipient.email}"
    return found[-1]


def code_of(recipient: Recipient) -> str:
    """The newest one-time code in the recipient's mail."""
    message = (
        OutboundMessage.objects.filter(to=recipient.email, purpose="signing.code")
        .order_by("-id")
        .first()
    )
    assert message is not None, f"no code was mailed to {recipient.email}"
    found = re.search(r"\b(\d{6})\b", message.text)
    assert found
    return found[1]


def a_visit(**fields: Any) -> Visit:
    return Visit(
        **{
            "session_key": secrets.token_urlsafe(16),
            "ip": "203.0.113.7",
            "user_agent": "Mozilla/5.0 (test)",
            **fields,
        }
    )


def enter(recipient: Recipient, visit: Visit | None = None) -> Ceremony:
    """Open the link; the rows are read anew each time."""
    return open_ceremony(token_of(recipient), visit or a_visit())


def identify(recipient: Recipient, visit: Visit | None = None) -> Ceremony:
    """Open, consent and confirm the code: ready to fill in the document."""
    visit = visit or a_visit()
    ceremony = enter(recipient, visit)
    ceremonies.view_envelope(ceremony)
    ceremonies.give_consent(enter(recipient, visit), current_consent().pk)
    identifying.request_code(enter(recipient, visit))
    identifying.confirm_code(enter(recipient, visit), code_of(recipient))
    return enter(recipient, visit)


def sign_all(
    recipient: Recipient, *, typed: str = "", values: dict[str, str] | None = None
) -> None:
    """Go the whole way of one signer, drawing unless ``typed``."""
    ceremony = identify(recipient)
    kinds = set(recipient.fields.values_list("kind", flat=True))
    for kind in (FieldKind.SIGNATURE, FieldKind.INITIALS):
        if kind in kinds:
            adopting.adopt_signature(
                ceremony, kind=kind, **({"text": typed} if typed else {"strokes": SQUIGGLE})
            )
            for field in recipient.fields.filter(kind=kind):
                filling.fill_field(ceremony, field.pk, "on")
    ceremonies.sign(ceremony, values)
