"""The certificate of completion: a page a court can read, sealed together with the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst

from dealwright.base.evidence.models import EvidenceChain, EvidenceEntry
from dealwright.base.money import Money
from dealwright.base.people.organization import organization
from dealwright.signing.documents import fonts
from dealwright.signing.documents.typesetting import typeset
from dealwright.signing.envelopes.models import (
    Envelope,
    IdentityMethod,
    Recipient,
    Role,
    SignatureLevel,
)
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.fields.paid import Paid, shown_money, shown_payment
from dealwright.signing.identity.assured import assured_of, sentence_of
from dealwright.signing.identity.choices import labels_of
from dealwright.signing.redlines.queries import changes_in_english

_TEMPLATE = Path(__file__).with_name("certificate.typ")
MOST_CHANGES = 12  # of one correction, named in its line of the log
EVENT_TEXTS = {
    "envelope.sent": "Envelope sent",
    "envelope.redlined": "Words struck out and inserted by the sender",
    "envelope.signed": "Everyone has acted",
    "envelope.sealed": "Documents sealed",
    "envelope.seal_failed": "Sealing failed; it is tried again",
    "envelope.archive_renewed": "Archive time stamp renewed",
    "envelope.declined": "Envelope declined",
    "envelope.voided": "Envelope withdrawn by the sender",
    "envelope.expired": "Envelope expired",
    "recipient.sent": "{who} was invited by e-mail",
    "recipient.reminded": "{who} was reminded by e-mail",
    "recipient.viewed": "{who} opened the envelope",
    "recipient.consented": "{who} agreed to sign electronically",
    "recipient.consent_withdrawn": "{who} withdrew the agreement to sign electronically",
    "recipient.code_sent": "A one-time code was sent to {who}",
    "recipient.authenticated": "{who} showed who they are ({method})",
    "recipient.authentication_failed": "{who} entered a wrong code",
    "recipient.locked": "{who} was locked after too many wrong codes",
    "recipient.unlocked": "The sender let {who} try again",
    "recipient.identity_changed": "How {who} shows who they are was changed",
    "recipient.bounced": "The mail to {who} came back",
    "recipient.expired": "The time of {who} ran out",
    "recipient.reassigned": "The part of {who} went to somebody else",
    "recipient.skipped": "{who} was not needed",
    "recipient.took_part": "{who} acts for the group",
    "recipient.named": "{who} named the next person",
    "recipient.hosted": "The host handed the device to {who}",
    "envelope.corrected": "Envelope corrected",
    "envelope.expiring": "Everyone waited for was told that it expires soon",
    "recipient.adopted": "{who} adopted a {form}",
    "field.attached": "{who} put a file into a field",
    "payment.begun": "{who} went to pay {payment}",
    "payment.paid": "{who} paid {payment}",
    "payment.failed": "The payment of {payment} by {who} failed",
    "payment.expired": "{who} did not pay {payment} on the page that was opened",
    "payment.refunded": "{payment} of {who} was sent back",
    "recipient.signed": "{who} signed",
    "recipient.approved": "{who} approved",
    "recipient.acknowledged": "{who} confirmed having read the documents",
    "recipient.declined": "{who} declined",
    "document.downloaded": "{who} downloaded a document",
    "evidence.downloaded": "The evidence package was taken",
    "envelope.held": "Put on legal hold",
    "envelope.released": "Legal hold ended",
    "envelope.purged": "Files and personal details destroyed",
    "recipient.embedded_url": "An address to sign inside another site was made for {who}",
    "recipient.embedded_opened": "{who} opened the envelope inside another site",
    "recipient.account_opened": "{who} opened the envelope from their account",
    "recipient.vouched_for": "The site in which {who} signs vouched for who they are",
    "envelope.embedded_sent": "Sent from inside another site",
    "recipient.mailbox_confirmed": "{who} confirmed the mailbox",
    "recipient.erased": "Personal details of a recipient erased",
}
# With certificates for signers: what they are, and what they are not.
_ADVANCED = (
    "Each person named above who signed held a secret link sent to the e-mail address shown, "
    "proved who they are as noted, agreed to sign electronically, and chose to sign. For each of "
    "them the file carries a digital signature by a key made for this envelope alone and a "
    "certificate in their name that {organisation} issued on the evidence noted here. They are "
    "meant as advanced electronic signatures (eIDAS, Regulation (EU) 910/2014, article 26). They "
    "are not qualified electronic signatures: no qualified trust service provider checked an "
    "identity document, and the keys were held by {organisation} for the moment of signing. "
    "{organisation} then put its seal on each document together with this certificate. The seal "
    "shows that the file is unchanged since. Trust in both rests on the root certificate of the "
    "organisation. Times are in UTC."
)
_FORMS = {
    "drawn": "drawn signature",
    "typed": "typed signature",
    "uploaded": "picture of a signature",
}
_STATEMENT = (
    "Each person named above held a secret link sent to the e-mail address shown, showed "
    "who they are in the way that is noted, agreed to sign electronically, and chose "
    "to sign. These are simple electronic signatures (eIDAS, Regulation (EU) 910/2014, article "
    "3(10); ESIGN Act, 15 USC 7006(5)). {organisation} then put its seal on each document "
    "together with this certificate. The seal shows that the file is unchanged since; it is not "
    "a signature of the persons named, and its own trust rests on the root certificate of the "
    "organisation. Times are in UTC."
)


def certificate_of_completion(envelope: Envelope, *, at: datetime) -> bytes:
    """The PDF (PDF/A-2u). Any script a font is there for; others by code point, never failing."""
    chain = EvidenceChain.objects.get(key=envelope.chain)
    company = organization().name
    people = list(envelope.recipients.select_related("consent").prefetch_related("adopted"))
    sender = envelope.owner
    checks = assured_of(envelope)
    data = {
        "heading": "Certificate of completion",
        "organisation": company,
        "id": str(envelope.pk),
        "title": envelope.title,
        "sender": f"{sender.name}, {sender.email} ({company})" if sender else company,
        "sent": utc(envelope.sent_at),
        "completed": utc(at),
        "changes": [
            {
                "where": f"{each['document']}, page {each['page']}",
                "said": f"{each['said']}, by {fonts.isolated(each['author'])}",
                "note": each["note"],
            }
            for each in changes_in_english(envelope, named=fonts.isolated)
        ],
        "documents": [
            {
                "name": each.name,
                "pages": each.page_count,
                "sha256": each.prepared_sha256,
            }
            for each in envelope.documents.all()
        ],
        "people": [_person(each, checks.get(str(each.pk))) for each in people],
        "events": [_event(each) for each in evidence_rows(envelope, named=fonts.isolated)],
        "length": chain.length,
        "head": chain.head,
        "statement": (
            _ADVANCED if envelope.signature_level == SignatureLevel.AES else _STATEMENT
        ).format(organisation=company),
    }
    shown, at = _drawable(data), at.replace(microsecond=0)
    try:
        return typeset(_TEMPLATE, shown, standards=["a-2u"], at=at)
    except typst.TypstError:
        # PDF/A refuses what it cannot promise to show for ever; evidence must not fail on a glyph.
        return typeset(_TEMPLATE, shown, at=at)


def evidence_rows(envelope: Envelope, *, named: Callable[[str], str] = str) -> list[dict[str, Any]]:
    """The log of an envelope for people: number, time, sentence, from where; oldest first.

    ``named`` says how a person's name is put into a sentence.
    """
    methods = {
        seq: _method(str(method), str(assurance or ""))
        for seq, method, assurance in EvidenceEntry.objects.filter(
            chain_id=envelope.chain, kind="recipient.authenticated"
        ).values_list("seq", "payload__method", "payload__assurance")
    }
    payments = dict(
        EvidenceEntry.objects.filter(
            chain_id=envelope.chain, kind__startswith="payment."
        ).values_list("seq", "payload")
    )
    rows = (
        EvidenceDetail.objects.filter(envelope=envelope).select_related("recipient").order_by("seq")
    )
    return [
        {
            "seq": row.seq,
            "at": row.at,
            "kind": row.kind,
            "text": EVENT_TEXTS.get(row.kind, row.kind).format(
                who=named(row.recipient.name) if row.recipient else "Someone",
                form=_FORMS.get(str(row.details.get("form")), "signature"),
                method=methods.get(row.seq, "as the sender asked"),
                payment=_payment(payments.get(row.seq, {})),
            )
            + _changes(row.details),
            "where": ", ".join(
                str(row.details[key])
                for key in ("email", "ip", "user_agent", "reason")
                if row.details.get(key)
            ),
        }
        for row in rows
    ]


def _changes(details: Mapping[str, Any]) -> str:
    """What a correction changed, within its sentence."""
    said = [str(each) for each in details.get("changes") or ()]
    if not said:
        return ""
    more = f"; and {len(said) - MOST_CHANGES} more" if len(said) > MOST_CHANGES else ""
    return f": {'; '.join(said[:MOST_CHANGES])}{more}"


def _payment(facts: Mapping[str, Any]) -> str:
    """What was paid, within a sentence: the provider's words of it, and where no money moved."""
    if not facts:
        return ""
    money = shown_money(Money(Decimal(str(facts["amount"])), str(facts["currency"])))
    said = [f"reference {facts['reference']}"] if facts.get("reference") else []
    if facts.get("test"):
        said.append("TEST, no money moved")
    if facts.get("problem"):
        said.append("it does not count and is to be sent back")
    return f"{money} ({'; '.join(said)})" if said else money


def _method(key: str, assurance: str = "") -> str:
    """A way to show who one is, within a sentence; ``assurance`` is what a provider checked."""
    label = labels_of([key], assurance)[0] if key in IdentityMethod.values else ""
    if label.startswith("ID "):
        return label
    return label[:1].lower() + label[1:] if label else "as the sender asked"


def utc(moment: datetime | None) -> str:
    """A time as evidence prints it, with its zone."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "–"


def _person(recipient: Recipient, check: Mapping[str, Any] | None) -> dict[str, Any]:
    facts = []
    if recipient.role == Role.CC:
        facts.append(["Copy", "gets the final documents by e-mail"])
    if recipient.opened_at:
        facts.append(["Opened", utc(recipient.opened_at)])
    if recipient.consented_at and recipient.consent:
        facts.append(
            [
                "Agreed to sign electronically",
                f"{utc(recipient.consented_at)}, text version {recipient.consent.version} "
                f"({recipient.consent.language}), SHA-256 {recipient.consent.sha256}",
            ]
        )
    if recipient.verified_at:
        assurance = str(check["assurance"]) if check else ""
        ways = [_method(each, assurance) for each in recipient.identity_methods]
        shown = ", ".join(ways) or "as the sender asked"
        facts.append(["Identity", f"{shown}; {recipient.email}, {utc(recipient.verified_at)}"])
        if check:
            facts.append(["Identity checked", sentence_of(check, named=fonts.isolated)])
    elif recipient.signed_at:
        facts.append(["Identity", f"secret link sent to {recipient.email}"])
    if recipient.signed_at:
        verb = {"approver": "Approved", "viewer": "Confirmed reading"}.get(recipient.role, "Signed")
        facts.append([verb, utc(recipient.signed_at)])
        if recipient.meaning:
            facts.append(["Meaning", recipient.meaning])
    for payment in recipient.payments.filter(counts=True):
        at = payment.paid_at or payment.created_at
        paid = Paid(payment.taken, at.date(), payment.reference, payment.is_test)
        facts.append(["Payment", f"{payment.title}: {shown_payment(paid.value, 'en')}"])
    return {
        "name": recipient.name,
        "email": recipient.email,
        "role": Role(recipient.role).label,
        "signature": _signature(recipient) if recipient.signed_at else {},
        "facts": facts or [["Status", recipient.status]],
    }


def _signature(recipient: Recipient) -> dict[str, str]:
    """What stands for the person: ink as an SVG, or the typed text with its font."""
    adopted = next((each for each in recipient.adopted.all() if each.kind == "signature"), None)
    if adopted is None:
        return {}
    if adopted.ink is None:
        return {"text": adopted.text, "font": adopted.font}
    left, top, right, bottom = (round(each * 1000) for each in adopted.ink.bounds)
    box = f"{left - 10} {top - 10} {right - left + 20} {bottom - top + 20}"
    return {
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><path fill="none" '
        f'stroke="#111827" stroke-width="8" stroke-linecap="round" stroke-linejoin="round" '
        f'd="{adopted.ink.svg_path(width=1000)}"/></svg>'
    }


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "at": utc(row["at"])}


def _drawable(value: Any) -> Any:
    """Every text in the data as a font can draw it."""
    if isinstance(value, str):
        return fonts.drawable(value)
    if isinstance(value, dict):
        return {key: _drawable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_drawable(each) for each in value]
    return value
