"""Redlines become part of the documents on sending: everyone sees them then, and the hash of what
they agree to holds them."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from dealwright.base.access.actor import Actor
from dealwright.base.events.outbox import record_event
from dealwright.base.files.services import read_file
from dealwright.signing.documents.anchors import without_anchors
from dealwright.signing.documents.fonts import isolated
from dealwright.signing.documents.reading import opened
from dealwright.signing.documents.words import Word, words_in
from dealwright.signing.envelopes.models import Envelope, EnvelopeDocument
from dealwright.signing.envelopes.preparing import draw_marks
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.redlines.events import EnvelopeRedlined
from dealwright.signing.redlines.models import Redline
from dealwright.signing.redlines.queries import (
    changes_in_english,
    marks_of,
    redlines_of,
    words_on,
)

_Passage = tuple[int, int, str]  # characters from, to, and what is said in their place


def fix_redlines(actor: Actor, envelope: Envelope) -> int:
    """Draw every redline into its document; returns how many.

    Call it when nothing else changes the documents any more: what is told of the pages in words
    is written here. Raises Unavailable where a redline cannot be seen after it was drawn.
    """
    count = 0
    for document in envelope.documents.select_related("prepared"):
        document.envelope = envelope
        rows = [each for _number, each in redlines_of(document)]
        if not rows:
            continue
        before = read_file(document.prepared)
        told = {page: _told(before, document, page, rows) for page in {each.page for each in rows}}
        unseen = (
            "what you inserted or struck out on page {page} cannot be seen. Change or remove it."
        )
        draw_marks(actor, envelope, document, marks_of(document), unseen=unseen)
        document.texts = [told.get(page, text) for page, text in enumerate(document.texts)]
        document.save(update_fields=["texts"])
        count += len(rows)
    Redline.objects.filter(document__envelope=envelope).update(fixed_at=timezone.now())
    return count


def note_redlines(actor: Actor, envelope: Envelope) -> None:
    """Log what was changed in the documents, and tell the house; nothing where nothing was."""
    changes = changes_in_english(envelope, named=isolated)
    if not changes:
        return
    documents = sorted({str(each["document_id"]) for each in changes})
    hashes = envelope.documents.filter(pk__in=documents).values_list("prepared_sha256", flat=True)
    record_evidence(
        envelope,
        "envelope.redlined",
        actor=actor,
        facts={"documents": list(hashes), "count": len(changes)},
        details={
            "changes": [
                f"{each['document']}, page {each['page']}, {each['said']}, by {each['author']}"
                for each in changes
            ],
            "redlines": [
                {
                    key: str(each[key])
                    for key in ("document", "page", "kind", "struck", "inserted", "author", "note")
                }
                for each in changes
            ],
        },
    )
    record_event(
        actor,
        EnvelopeRedlined(
            envelope_id=envelope.pk,
            subject_object=envelope.subject_object,
            subject_id=envelope.subject_id,
            documents=documents,
            count=len(changes),
        ),
        object="envelope",
        record_id=envelope.pk,
    )


def _told(pdf: bytes, document: EnvelopeDocument, page: int, rows: Sequence[Redline]) -> str:
    """The page's text with what is struck out and inserted, for those who hear it."""
    words = words_on(document, page)
    with override(document.envelope.language):
        passages = [
            passage
            for row in rows
            if row.page == page and not row.is_picture
            for passage in _passages(row, words_in(words, row.lines))
        ]
        pictures = [_of_picture(row) for row in rows if row.page == page and row.is_picture]
    text = without_anchors(_with_passages(pdf, page, sorted(passages)))
    return "\n".join(part for part in (text, *pictures) if part)


def _passages(row: Redline, words: Sequence[Word]) -> list[_Passage]:
    """What is put into the text of the page, as it is read."""
    if not words:
        return []
    inserted = _("[inserted: %(text)s]") % {"text": row.inserted} if row.inserted else ""
    start, end = words[0].start, words[-1].end
    if not row.strikes and row.side == "before":
        return [(start, start, f"{inserted} ")]
    if not row.strikes:
        return [(end, end, f" {inserted}")]
    struck = _("[struck out: %(text)s]") % {"text": row.struck}
    return [(start, end, f"{struck} {inserted}".strip())]


def _of_picture(row: Redline) -> str:
    said = [_("[a part of the picture is struck out]")] if row.strikes else []
    if row.inserted:
        said.append(_("[inserted: %(text)s]") % {"text": row.inserted})
    return " ".join(said)


def _with_passages(pdf: bytes, page: int, passages: Sequence[_Passage]) -> str:
    """The page's text in reading order with passages in the place of characters."""
    with opened(pdf) as opening:
        sheet = opening[page].get_textpage()
        try:
            parts, at = [], 0
            for start, end, said in passages:
                if start < at:  # text put beside a word within another passage follows it
                    parts.append(said)
                    continue
                if start > at:
                    parts.append(str(sheet.get_text_range(at, start - at)))
                parts.append(said)
                at = end
            if (rest := sheet.count_chars() - at) > 0:
                parts.append(str(sheet.get_text_range(at, rest)))
            return "".join(parts)
        finally:
            sheet.close()
