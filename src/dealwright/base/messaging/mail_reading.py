"""Reading a raw e-mail: who, what, in answer to what, and whether a person wrote it.

The standards: RFC 5322 (threads), RFC 3834 (automatic answers), RFC 3464 (delivery status),
RFC 5965 (complaints), RFC 8098 (receipts). Text is never searched for words like
"undeliverable": only headers and machine-readable parts decide.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime

from dealwright.base.messaging.html_text import clean_html, text_of_html
from dealwright.base.messaging.models import InboundMessage

Kind = InboundMessage.Kind
LONGEST_TEXT = 200_000
_IDS = re.compile(r"<[^<>\s]{1,990}>")
_AUTO_SUBJECTS = re.compile(
    r"^\s*(auto(matic|matische|matisch)?[ -]?(re(ply|sponse)|antwort|:)|out of (the )?office|"
    r"abwesen(d|heit)|abwesenheitsnotiz|réponse automatique|absence du bureau|"
    r"respuesta automática|fuera de (la )?oficina|risposta automatica|resposta automática|"
    r"automatisch antwoord|automatiskt svar|autosvar|autoodpowiedź|автоответ|自動応答|自动回复)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Delivery:
    """What a delivery status report says of one receiver (RFC 3464, 2.3)."""

    address: str
    action: str
    status: str
    words: str


@dataclass(slots=True)
class Mail:
    """What was read of a raw mail."""

    kind: Kind
    message_id: str = ""
    in_reply_to: str = ""
    references: list[str] = field(default_factory=list)
    from_address: str = ""
    from_name: str = ""
    to: list[str] = field(default_factory=list)
    subject: str = ""
    text: str = ""
    html: str = ""
    dated_at: datetime | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    returned_ids: list[str] = field(default_factory=list)  # Message-IDs inside a returned mail
    plus_tokens: list[str] = field(default_factory=list)

    @property
    def answered_ids(self) -> list[str]:
        """Message-IDs of what this may answer, the most telling first."""
        return list(
            dict.fromkeys(
                [
                    *_IDS.findall(self.in_reply_to),
                    *reversed(self.references),
                    *self.returned_ids,
                ]
            )
        )


def read_mail(raw: bytes) -> Mail:
    """Read a mail as it came; nothing in it, however broken, makes this fail."""
    mail = email.message_from_bytes(raw, policy=compat32)
    senders = _addresses(mail, "From")
    name, address = senders[0] if senders else ("", "")
    receivers = _addresses(mail, "To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
    text, html = _bodies(mail)
    read = Mail(
        kind=Kind.NEW,
        message_id="".join(_IDS.findall(_header(mail, "Message-ID"))[:1])[:998],
        in_reply_to=" ".join(_IDS.findall(_header(mail, "In-Reply-To")))[:998],
        references=[each[:998] for each in _IDS.findall(_header(mail, "References"))][-50:],
        from_address=address[:320],
        from_name=name[:200],
        to=list(dict.fromkeys(each[:320] for _, each in receivers if each))[:50],
        subject=_header(mail, "Subject")[:998],
        text=text[:LONGEST_TEXT],
        html=html[:LONGEST_TEXT],
        dated_at=_date(_header(mail, "Date")),
        deliveries=list(_deliveries(mail)),
        returned_ids=_returned_ids(mail),
    )
    read.plus_tokens = [
        token[1] for each in read.to if (token := re.search(r"\+([0-9a-f]{32})@", each))
    ]
    read.kind = _kind_of(mail, read)
    return read


def _kind_of(mail: Message, read: Mail) -> Kind:
    """The kind, in the order in which one must not be taken for the next."""
    report = str(mail.get_param("report-type") or "").lower()
    if mail.get_content_type() != "multipart/report":
        report = ""
    if report == "delivery-status" or read.deliveries:
        if any(each.action == "failed" for each in read.deliveries):
            return Kind.BOUNCE
        if any(each.action == "delayed" for each in read.deliveries):
            return Kind.DELAY
        return Kind.RECEIPT if read.deliveries else Kind.BOUNCE
    if report == "feedback-report":
        return Kind.COMPLAINT
    if report == "disposition-notification":
        return Kind.RECEIPT
    if _is_automatic(mail, read):
        return Kind.AUTO_REPLY
    if re.fullmatch(r"\s*unsubscribe\s*", read.subject, re.IGNORECASE):
        return Kind.UNSUBSCRIBE
    return Kind.REPLY if read.answered_ids or read.plus_tokens else Kind.NEW


def _is_automatic(mail: Message, read: Mail) -> bool:
    """RFC 3834, section 5, and the headers that vendors used before and beside it."""
    automatic = _header(mail, "Auto-Submitted").split(";")[0].strip().lower()
    if automatic and automatic != "no":
        return True
    if _header(mail, "X-Autoreply") or _header(mail, "X-Autorespond"):
        return True
    if "auto" in _header(mail, "X-Precedence").lower():
        return True
    if _header(mail, "Precedence").strip().lower() in ("auto_reply", "auto-reply", "bulk", "junk"):
        return True
    if _header(mail, "Return-Path").strip() == "<>":
        return True
    # Exchange sends only this and a subject in the sender's language.
    suppresses = _header(mail, "X-Auto-Response-Suppress").strip().lower()
    return bool(suppresses and _AUTO_SUBJECTS.match(read.subject))


def _deliveries(mail: Message) -> Iterator[Delivery]:
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else ():
            if not isinstance(block, Message):
                continue
            action = _header(block, "Action").split(";")[0].strip().lower()
            if not action:
                continue  # the block about the report as a whole
            receiver = _header(block, "Original-Recipient") or _header(block, "Final-Recipient")
            status = re.search(r"\d\.\d{1,3}\.\d{1,3}", _header(block, "Status"))
            yield Delivery(
                address=receiver.rpartition(";")[2].strip().strip("<>")[:320],
                action=action,
                status=status[0] if status else "",
                words=_header(block, "Diagnostic-Code").rpartition(";")[2].strip()[:500],
            )


def _returned_ids(mail: Message) -> list[str]:
    """Message-IDs of the mail that a report brings back, whole or only its headers."""
    found: list[str] = []
    if mail.get_content_type() != "multipart/report":
        return found
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                found += _IDS.findall(_header(inner[0], "Message-ID"))
        elif kind == "text/rfc822-headers":
            inner_headers = email.message_from_string(_decoded(part))
            found += _IDS.findall(_header(inner_headers, "Message-ID"))
    return found


def _bodies(mail: Message) -> tuple[str, str]:
    """Plain text and cleaned HTML; each from the other where one is missing."""
    text = html = ""
    for part in mail.walk():
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and not text:
            text = _decoded(part)
        elif kind == "text/html" and not html:
            html = clean_html(_decoded(part)[: LONGEST_TEXT * 4])
    return (text or text_of_html(html)).strip(), html


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else str(part.get_payload()).encode()
    charset = part.get_content_charset() or "utf-8"
    try:
        text = raw.decode(charset, "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return text.replace("\x00", "").replace("\r\n", "\n")


def _header(mail: Message, name: str) -> str:
    """A header as readable text on one line, whatever is in it."""
    return next((_readable(value) for value in _raw_headers(mail, name)), "")


def _raw_headers(mail: Message, *names: str) -> list[str]:
    """Headers as they came, decoded as UTF-8 (many programs send it bare) or Latin-1."""
    wanted = [name.lower() for name in names]
    found = []
    for name, value in mail.raw_items():
        if str(name).lower() not in wanted:
            continue
        raw = str(value).encode("utf-8", "surrogateescape")
        try:
            found.append(raw.decode())
        except UnicodeDecodeError:
            found.append(raw.decode("latin-1"))
    return found


def _readable(value: str) -> str:
    """Encoded words (RFC 2047) decoded, white space made single, NUL taken out."""
    try:
        text = str(make_header(decode_header(value)))
    except (LookupError, ValueError, UnicodeError, MessageError):
        text = value
    text = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return re.sub(r"\s+", " ", text).strip()


def _addresses(mail: Message, *names: str) -> list[tuple[str, str]]:
    found = []
    for name, address in getaddresses(_raw_headers(mail, *names)):
        if "@" in address:
            found.append((_readable(name), _readable(address).lower()))
    return found


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
