"""Striking out and inserting in the documents of a draft.

Nothing of a document is hidden: struck words stay legible, and inserted text covers nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, get_changeable
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.identifiers import uuid7
from dealwright.base.whole_numbers import whole_number
from dealwright.signing.documents import fonts
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.words import (
    Word,
    boxes_of,
    find_text,
    is_rtl,
    may_hold,
    text_of,
    whole_words,
)
from dealwright.signing.envelopes.contents import file_content
from dealwright.signing.envelopes.drafts import check_text
from dealwright.signing.envelopes.models import Envelope, EnvelopeDocument
from dealwright.signing.redlines.models import Redline, RedlineKind
from dealwright.signing.redlines.queries import caret_of, page_geometry_of, words_on
from dealwright.signing.redlines.room import find_room, fitting_size, look_at, overlaps

MAX_REDLINES = 200
LONGEST = 500  # characters, of inserted text
MOST_WORDS = 2_000  # of one strike
_DIRECTIONS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRedline:
    """A redline as it is asked for: the words ``first`` to ``last`` of a ``page`` (from 1), each
    by its number from 0 in the order of ``words_on``; or ``box`` on a page without words.

    ``inserted`` says that text is put in: in the place of the words where ``strikes``, else at
    that ``side`` of them. An ``id`` that is given makes it safe to repeat.
    """

    document: Any
    page: Any
    first: Any = None
    last: Any = None
    box: Sequence[Any] | None = None
    strikes: bool = True
    inserted: str = ""
    side: str = "after"
    note: str = ""
    id: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByText:
    """A redline at words that are found: the ``occurrence`` (from 1) of ``find`` in a document,
    counted over its pages. ``replace`` puts text in their place, ``insert_after`` and
    ``insert_before`` put it beside them; none of them strikes them out. ``document`` is the
    position in the envelope, from 1, or the id."""

    find: str
    document: Any = 1
    occurrence: int = 1
    replace: str = ""
    insert_after: str = ""
    insert_before: str = ""
    note: str = ""


def add_redline(actor: Actor, envelope_id: Any, new: NewRedline) -> Redline:
    """Strike out words of a draft's document, put text in their place, or insert it.

    Raises Conflict for a sent envelope, NotFound, or Invalid that names what is wrong: words that
    are not there or are struck already, text that no font here can show or that has no room.
    """
    with change(actor):
        envelope = _draft(actor, envelope_id)
        document = _document(envelope, new.document)
        page = _page(document, new.page)
        words = words_on(document, page)
        row = Redline(
            pk=as_uuid(new.id) if new.id else uuid7(),
            document=document,
            page=page,
            side="before" if new.side == "before" else "after",
            inserted=_inserted(new.inserted),
            note=check_text("note", new.note, longest=200, name="The note"),
            is_picture=not words,
            author=actor.user,
            author_name=actor.name[:160],
        )
        there = Redline.objects.filter(pk=row.pk).first()
        if there is not None:
            if there.document_id == document.pk:
                return there
            raise NotFound("This envelope has no such redline.")
        if not new.strikes and not row.inserted:
            raise _invalid("inserted", _("Write what is inserted."))
        row.kind = _kind(new.strikes, row.inserted)
        if Redline.objects.filter(document__envelope=envelope).count() >= MAX_REDLINES:
            raise _invalid(
                "redlines", _("An envelope has at most %(most)s redlines.") % {"most": MAX_REDLINES}
            )
        if row.is_picture:
            row.boxes = [_sides(_given_box(new.box))]
        else:
            _lie_on(row, words, _chosen(words, new.first, new.last))
        _check_apart(row)
        _write_in(row, words)
        row.save(force_insert=True)
    return row


def add_at_text(actor: Actor, envelope_id: Any, given: ByText) -> Redline:
    """``add_redline`` at words that are found; raises Invalid where they do not occur so often."""
    with change(actor):
        envelope = _draft(actor, envelope_id)
        document = _document(envelope, given.document)
        find = " ".join(str(given.find).split())
        if not 1 <= len(find) <= LONGEST or "\x00" in find:
            raise _invalid(
                "find",
                _("Give 1 to %(most)s characters that stand in the document.") % {"most": LONGEST},
            )
        texts = [given.replace, given.insert_after, given.insert_before]
        if sum(bool(text.strip()) for text in texts) > 1:
            raise _invalid("find", _("Either replace the words, or insert before or after them."))
        page, first, last = _find(document, find, given.occurrence)
        return add_redline(
            actor,
            envelope.pk,
            NewRedline(
                document=document.pk,
                page=page + 1,
                first=first,
                last=last,
                strikes=not (given.insert_after.strip() or given.insert_before.strip()),
                inserted=next((text for text in texts if text.strip()), ""),
                side="before" if given.insert_before.strip() else "after",
                note=given.note,
            ),
        )


def change_redline(
    actor: Actor, envelope_id: Any, redline_id: Any, given: Mapping[str, Any]
) -> Redline:
    """Change the ``inserted`` text or the ``note`` of a redline; what is not given stays.

    Words that are struck out are only struck out where the text is taken away. Raises as
    ``add_redline``.
    """
    with change(actor):
        envelope = _draft(actor, envelope_id)
        row = _redline(envelope, redline_id)
        if given.get("note") is not None:
            row.note = check_text("note", str(given["note"]), longest=200, name="The note")
        if given.get("inserted") is not None:
            row.inserted = _inserted(str(given["inserted"]))
            if not row.strikes and not row.inserted:
                raise _invalid("inserted", _("Write what is inserted, or remove the redline."))
            row.kind = _kind(row.strikes, row.inserted)
            _write_in(row, words_on(row.document, row.page))
        row.save()
    return row


def remove_redline(actor: Actor, envelope_id: Any, redline_id: Any) -> None:
    """Let the words stand as they are. Raises NotFound, Conflict for a sent envelope."""
    with change(actor):
        envelope = _draft(actor, envelope_id)
        _redline(envelope, redline_id).delete()


def check_redlines(envelope: Envelope) -> None:
    """Raises Invalid where a field was placed over inserted text meanwhile."""
    for row in Redline.objects.filter(document__envelope=envelope).select_related("document"):
        place = row.written_in
        if place is None:
            continue
        for field in row.document.fields.filter(page=row.page):
            if overlaps(place, Box(field.x, field.y, field.w, field.h)):
                raise _invalid(
                    "redlines",
                    _(
                        "%(document)s, page %(page)s: the field “%(field)s” lies on text that you "
                        "inserted. Move the field."
                    )
                    % {
                        "document": row.document.name,
                        "page": row.page + 1,
                        "field": field.title,
                    },
                )


def _draft(actor: Actor, envelope_id: Any) -> Envelope:
    envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
    if envelope.sent_at is not None:
        raise Conflict(
            "The documents of a sent envelope do not change. Void it and send a new one.",
            code="already_sent",
        )
    return envelope


def _document(envelope: Envelope, given: Any) -> EnvelopeDocument:
    """A document by its position, from 1, or its id; raises NotFound."""
    documents = envelope.documents.select_related("prepared")
    position = whole_number(given, most=1_000)
    found: EnvelopeDocument | None = (
        documents.filter(pk=as_uuid(given)).first()
        if position is None
        else documents.filter(position=position).first()
    )
    if found is None:
        raise NotFound("This envelope has no such document.")
    found.envelope = envelope
    return found


def _redline(envelope: Envelope, redline_id: Any) -> Redline:
    found = (
        Redline.objects.filter(document__envelope=envelope, pk=as_uuid(redline_id))
        .select_related("document__prepared")
        .first()
    )
    if found is None:
        raise NotFound("This envelope has no such redline.")
    return found


def _page(document: EnvelopeDocument, given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise _invalid("page", _("Say which page."))
    if not 1 <= given <= document.page_count:
        raise _invalid(
            "page",
            _("%(document)s has %(count)s pages.")
            % {"document": document.name, "count": document.page_count},
        )
    return given - 1


def _kind(strikes: bool, inserted: str) -> str:
    if not strikes:
        return RedlineKind.INSERTION
    return RedlineKind.REPLACEMENT if inserted else RedlineKind.STRIKE


def _inserted(text: str) -> str:
    """Inserted text on one line, as every reader will see it; raises Invalid."""
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise _invalid(
            "inserted", _("Inserted text may have at most %(most)s characters.") % {"most": LONGEST}
        )
    if any(unicodedata.category(char) in ("Cc", "Cs", "Co") for char in text):
        raise _invalid("inserted", _("The text holds characters that are none."))
    if _DIRECTIONS & set(text):
        raise _invalid("inserted", _("Marks that turn the direction of text cannot be inserted."))
    if "{{" in text:
        raise _invalid(
            "inserted", _("A mark such as {{sign:1}} cannot be inserted. Place a field.")
        )
    unseen = sorted({char for char in text if fonts.drawable(char) != char})
    if unseen:
        raise _invalid(
            "inserted",
            _(
                "No font here can show “%(text)s”. Install one (see the documentation on sending), "
                "or write it in another script."
            )
            % {"text": "".join(unseen[:20])},
        )
    return text


def _chosen(words: Sequence[Word], first: Any, last: Any) -> list[Word]:
    whole = all(isinstance(each, int) and not isinstance(each, bool) for each in (first, last))
    if not whole or not 0 <= first <= last < len(words):
        raise _invalid("words", _("Choose words of the page."))
    if last - first >= MOST_WORDS:
        raise _invalid("words", _("Strike at most %(most)s words at once.") % {"most": MOST_WORDS})
    first, last = whole_words(words, first, last)
    return list(words[first : last + 1])


def _lie_on(row: Redline, words: Sequence[Word], chosen: Sequence[Word]) -> None:
    """Snap to the lines of the chosen words, or to the word beside which text is inserted."""
    if row.strikes:
        row.struck = text_of(chosen)
    else:
        chosen = [chosen[0]] if row.side == "before" else [chosen[-1]]
        row.beside = chosen[0].text[:200]
    boxes = boxes_of(chosen, words, page_geometry_of(row.document, row.page))
    row.boxes = [_sides(box) for box in boxes]


def _check_apart(row: Redline) -> None:
    """Raises Invalid where words are struck already, or text would be put between struck ones."""
    for other in row.document.redlines.filter(page=row.page):
        if not other.strikes:
            continue
        for box in row.lines:
            middle = Box(box.x + box.w * 0.25, box.y + box.h * 0.25, box.w * 0.5, box.h * 0.5)
            if any(overlaps(middle, line) for line in other.lines):
                raise _invalid(
                    "words", _("Some of this is struck out already. Change or remove that first.")
                )


def _write_in(row: Redline, words: Sequence[Word]) -> None:
    """Find room for the inserted text; raises Invalid where there is none."""
    row.place, row.size, row.away = None, 0.0, False
    if not row.inserted:
        return
    geometry = page_geometry_of(row.document, row.page)
    if row.is_picture and not row.strikes:
        size = fitting_size(geometry, row.lines[0], row.inserted)
        if size is None:
            raise _invalid(
                "inserted", _("The text does not fit into the box. Make the box larger.")
            )
        row.place, row.size = _sides(row.lines[0]), size
        return
    fields = row.document.fields.filter(page=row.page)
    others = row.document.redlines.filter(page=row.page).exclude(pk=row.pk)
    taken = [Box(field.x, field.y, field.w, field.h) for field in fields]
    taken += [place for each in others if (place := each.written_in) is not None]
    taken += [box for each in others if each.is_picture for box in each.lines]
    page = look_at(
        file_content(row.document.prepared),
        row.page,
        geometry,
        text=[word.box for word in words] or row.lines,
        taken=taken,
    )
    line, caret = caret_of(row, list(words))
    room = find_room(page, line=line, caret=caret, text=row.inserted, rtl=is_rtl(row.inserted))
    if room is None:
        raise _invalid(
            "inserted",
            _(
                "Page %(page)s has no room for so much text that covers nothing. Shorten it, or "
                "insert it in parts on other pages."
            )
            % {"page": row.page + 1},
        )
    row.place, row.size, row.away = _sides(room.box), room.size, room.away


def _find(document: EnvelopeDocument, find: str, occurrence: Any) -> tuple[int, int, int]:
    if not isinstance(occurrence, int) or isinstance(occurrence, bool) or occurrence < 1:
        raise _invalid("occurrence", _("Which occurrence is a number from 1."))
    seen = 0
    texts = document.texts if len(document.texts) == document.page_count else None
    for page in range(document.page_count):
        if texts is not None and not may_hold(texts[page], find):
            continue
        for first, last in find_text(words_on(document, page), find):
            seen += 1
            if seen == occurrence:
                return page, first, last
    if not seen:
        said = _("“%(text)s” does not occur in %(document)s.")
        raise _invalid("find", said % {"text": find[:80], "document": document.name})
    said = ngettext(
        "“%(text)s” occurs %(count)s time in %(document)s.",
        "“%(text)s” occurs %(count)s times in %(document)s.",
        seen,
    )
    facts = {"text": find[:80], "count": seen, "document": document.name}
    raise _invalid("occurrence", said % facts)


def _given_box(given: Sequence[Any] | None) -> Box:
    if not isinstance(given, list | tuple) or len(given) != 4:
        raise _invalid("box", _("This page is a picture: draw a box over what is meant."))
    numbers = [each for each in given if isinstance(each, int | float) and 0 <= each <= 1]
    if len(numbers) != 4:
        raise _invalid("box", _("The box must lie on the page."))
    box = Box(*map(float, numbers))
    if box.w < 0.01 or box.h < 0.004 or box.x + box.w > 1.000001 or box.y + box.h > 1.000001:
        raise _invalid("box", _("The box must lie on the page, and be large enough to be seen."))
    return box.inside()


def _sides(box: Box) -> list[float]:
    return [round(each, 6) for each in (box.x, box.y, box.w, box.h)]


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
