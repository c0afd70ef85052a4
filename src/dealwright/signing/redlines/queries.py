"""What can be asked about the redlines of an envelope."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import override

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.stamping import Mark, page_with_marks
from dealwright.signing.documents.words import Word, words_in, words_of_page
from dealwright.signing.envelopes.contents import file_content
from dealwright.signing.envelopes.models import Envelope, EnvelopeDocument
from dealwright.signing.redlines.models import Redline

_CARET = (8.0, 6.0, 7.0)  # points: its width, how far above its line it begins, how high it is
_told: set[str] = set()


def text_stands_elsewhere(object_key: str) -> None:
    """Records of this object have a text of their own, from which the document was made: who
    redlines a document about one is told that the record's text does not change."""
    _told.add(object_key)


def stands_elsewhere(envelope: Envelope) -> bool:
    """Whether the record that an envelope is about keeps the document's text itself."""
    return envelope.subject_object in _told


def read_documents(envelope: Envelope) -> None:
    """Read the documents with their redlines once for whoever asks for them from here on: for a
    page, which changes nothing."""
    prefetch_related_objects([envelope], "documents__redlines")


def documents_with_redlines(envelope: Envelope) -> Iterable[EnvelopeDocument]:
    """The documents with their redlines: as ``read_documents`` read them, or as they are now."""
    if "documents" in getattr(envelope, "_prefetched_objects_cache", {}):
        found: Iterable[EnvelopeDocument] = envelope.documents.all()
    else:
        found = envelope.documents.prefetch_related("redlines")
    return found


def redlines_of(document: EnvelopeDocument) -> list[tuple[int, Redline]]:
    """The redlines of a document with their numbers from 1, in the order of reading."""
    rows = sorted(document.redlines.all(), key=lambda each: each.where)
    return list(enumerate(rows, start=1))


def changes_of(envelope: Envelope, *, named: Callable[[str], str] = str) -> list[dict[str, Any]]:
    """Every redline of an envelope for people: document, page, number and what it does.

    ``named`` says how words of the document and of the sender are put into a sentence. Nothing
    is told of an envelope that was purged.
    """
    if envelope.purged_at is not None:
        return []
    return [
        {
            "id": each.pk,
            "document_id": document.pk,
            "document": document.name,
            "number": number,
            "page": each.page + 1,
            "kind": each.kind,
            "struck": each.struck,
            "inserted": each.inserted,
            "beside": each.beside,
            "side": each.side,
            "note": each.note,
            "author": each.author_name,
            "at": each.created_at,
            "is_picture": each.is_picture,
            "said": said_of(each, named=named),
        }
        for document in documents_with_redlines(envelope)
        for number, each in redlines_of(document)
    ]


def said_of(redline: Redline, *, named: Callable[[str], str] = str) -> str:
    """What a redline does, as a sentence without its stop."""
    names = {
        "struck": named(redline.struck),
        "inserted": named(redline.inserted),
        "beside": named(redline.beside),
    }
    if redline.is_picture:
        return _said_of_picture(redline, names)
    if not redline.strikes and redline.side == "before":
        return _("“%(inserted)s” inserted before “%(beside)s”") % names
    if not redline.strikes:
        return _("“%(inserted)s” inserted after “%(beside)s”") % names
    if redline.inserts:
        return _("“%(struck)s” struck out, “%(inserted)s” inserted") % names
    return _("“%(struck)s” struck out") % names


def _said_of_picture(redline: Redline, names: dict[str, str]) -> str:
    if not redline.strikes:
        return _("“%(inserted)s” written into the picture of the page") % names
    if redline.inserts:
        return _("a part of the picture of the page struck out, “%(inserted)s” inserted") % names
    return _("a part of the picture of the page struck out")


def changes_in_english(envelope: Envelope, *, named: Callable[[str], str]) -> list[dict[str, Any]]:
    """``changes_of`` as evidence says it."""
    with override("en"):
        return changes_of(envelope, named=named)


def list_redlines(actor: Actor, envelope_id: Any) -> list[dict[str, Any]]:
    """The redlines of an envelope that the actor may see; raises NotFound."""
    return changes_of(get_visible(actor, "envelope", envelope_id))


def page_geometry_of(document: EnvelopeDocument, page: int) -> PageGeometry:
    return PageGeometry.from_json(document.pages[page])


def words_on(document: EnvelopeDocument, page: int) -> list[Word]:
    """The words of a page (from 0) of the document as it is now."""
    return words_of_page(file_content(document.prepared), page, page_geometry_of(document, page))


def redlined_page(document: EnvelopeDocument, page: int) -> tuple[bytes, int]:
    """A PDF in which a page looks as it will be sent, and the page's number in it, from 0."""
    content = file_content(document.prepared)
    if document.envelope.sent_at is not None:
        return content, page
    marks = marks_of(document, only_page=page)
    if not marks:
        return content, page
    return page_with_marks(content, page, marks), 0


def look_of(redlines: Iterable[Redline]) -> str:
    """Another text where redlines look different, for addresses of pictures; "" for none."""
    rows = sorted(
        [str(each.pk), each.kind, each.boxes, each.inserted, each.place, each.size, each.side]
        for each in redlines
    )
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12] if rows else ""


def marks_of(document: EnvelopeDocument, *, only_page: int | None = None) -> list[Mark]:
    """What the redlines of a document look like on its pages."""
    marks: list[Mark] = []
    words: dict[int, list[Word]] = {}
    for number, each in redlines_of(document):
        if only_page is not None and each.page != only_page:
            continue
        if each.page not in words:
            words[each.page] = words_on(document, each.page)
        geometry = page_geometry_of(document, each.page)
        marks += _marks(each, number, words_in(words[each.page], each.lines), geometry)
    return marks


def caret_of(redline: Redline, words: list[Word]) -> tuple[Box, float]:
    """The line on which inserted text belongs, and where on it, as a part of the width."""
    line = redline.lines[0 if redline.side == "before" else -1]
    inner = words_in(words, [line])
    rtl = bool(inner) and inner[-1].rtl
    at_right = (redline.side == "before") == rtl
    return line, line.x + line.w if at_right else line.x


def _marks(redline: Redline, number: int, words: list[Word], geometry: PageGeometry) -> list[Mark]:
    page = redline.page
    marks: list[Mark] = []
    if redline.strikes and redline.is_picture:
        marks += [Mark(page=page, box=box, kind="crossed") for box in redline.lines]
    elif redline.strikes:
        for box in redline.lines:
            inner = words_in(words, [box])
            down = bool(inner) and all(word.down for word in inner)
            marks.append(Mark(page=page, box=box, kind="strike", down=down))
    place = redline.written_in
    if place is None:
        return marks
    caption = str(number) if redline.away else ""
    if not redline.is_picture:
        line, x = caret_of(redline, words)
        marks.append(
            Mark(page=page, box=_caret_box(line, x, geometry), kind="caret", caption=caption)
        )
    marks.append(
        Mark(
            page=page,
            box=place,
            kind="inserted",
            text=redline.inserted,
            size=redline.size,
            caption=caption,
        )
    )
    return marks


def _caret_box(line: Box, x: float, geometry: PageGeometry) -> Box:
    width, above, below = _CARET
    return Box(
        x - width / 2 / geometry.width,
        line.y - above / geometry.height,
        width / geometry.width,
        line.h + below / geometry.height,
    ).inside()


def redlines_for_pages(envelope: Envelope) -> list[dict[str, Any]]:
    """The redlines as the editor shows them on the pages, ``page`` from 1."""
    return [
        {
            "id": str(each.pk),
            "document": str(each.document_id),
            "page": each.page + 1,
            "number": number,
            "kind": each.kind,
            "boxes": each.boxes,
            "place": each.place,
            "inserted": each.inserted,
            "note": each.note,
            "said": said_of(each),
        }
        for document in documents_with_redlines(envelope)
        for number, each in redlines_of(document)
    ]


def looks_of(envelope: Envelope) -> dict[str, str]:
    """``look_of`` each document, by its id."""
    return {
        str(each.pk): look_of(each.redlines.all()) for each in documents_with_redlines(envelope)
    }
