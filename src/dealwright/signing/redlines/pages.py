"""The doors of the tool “Redline” beside the pages of a draft."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.web.errors import wants_json
from dealwright.base.web.pages import Form, actor_of, done, page, sent_json
from dealwright.base.whole_numbers import whole_number
from dealwright.signing.documents.words import words_in
from dealwright.signing.envelopes.pages import get_changeable_or_visible, show_draft
from dealwright.signing.envelopes.queries import find_document
from dealwright.signing.redlines import queries, services
from dealwright.signing.redlines.models import Redline
from dealwright.signing.redlines.services import ByText, NewRedline

_TEXTS = ("inserted", "note", "side")


@page(methods=["POST"])
def add(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Find words and strike them out, replace them or insert beside them, from the form."""
    form = Form(request)
    with form:
        what = form["what"]
        if what not in ("strike", "replace", "after", "before"):
            sentence = _("Choose what to do.")
            raise Invalid(sentence, fields={"what": [sentence]})
        if what != "strike" and not form["inserted"].strip():
            sentence = _("Write the text.")
            raise Invalid(sentence, fields={"inserted": [sentence]})
        keys = {"replace": "replace", "after": "insert_after", "before": "insert_before"}
        given: dict[str, str] = {keys[what]: form["inserted"]} if what in keys else {}
        services.add_at_text(
            actor_of(request),
            envelope_id,
            ByText(
                find=form["find"],
                document=form["redline_document"] or 1,
                occurrence=whole_number(form["occurrence"] or "1", most=100_000) or 0,
                note=form["redline_note"],
                **given,
            ),
        )
        return done(request, f"/envelopes/{envelope_id}/send#redlines")
    return show_draft(request, envelope_id, form)


@page(methods=["POST"])
def put(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """A redline that was made or changed on the pages, as JSON; answers what is there now."""
    actor = actor_of(request)
    sent = sent_json(request)
    texts = {name: str(sent[name]) for name in _TEXTS if sent.get(name) is not None}
    if sent.get("change"):
        row = services.change_redline(actor, envelope_id, sent["change"], texts)
    else:
        new = NewRedline(
            document=str(sent.get("document", "")),
            page=sent.get("page"),
            first=sent.get("first"),
            last=sent.get("last"),
            box=sent.get("box"),
            strikes=bool(sent.get("strikes", True)),
            id=sent.get("id"),
            **texts,
        )
        row = services.add_redline(actor, envelope_id, new)
    return _state(request, envelope_id, said=queries.said_of(row), id=str(row.pk))


@page(methods=["POST"])
def remove(request: HttpRequest, envelope_id: UUID, redline_id: UUID) -> HttpResponse:
    """Let the words stand; the answer tells a script how to put it back."""
    actor = actor_of(request)
    get_changeable_or_visible(actor, envelope_id)
    row = Redline.objects.filter(pk=redline_id, document__envelope=envelope_id).first()
    again = _again(row) if row is not None and wants_json(request) else {}
    services.remove_redline(actor, envelope_id, redline_id)
    if not wants_json(request):
        return done(request, f"/envelopes/{envelope_id}/send#redlines")
    return _state(request, envelope_id, again=again)


@page(methods=["GET", "HEAD"])
def words(request: HttpRequest, envelope_id: UUID, document_id: UUID, page: int) -> HttpResponse:
    """The words of a page (from 1) with their places, for who chooses among them."""
    document = find_document(actor_of(request), envelope_id, document_id)
    if not 1 <= page <= document.page_count:
        raise NotFound("The document has no such page.")
    found = queries.words_on(document, page - 1)
    return JsonResponse(
        {
            "words": [
                {
                    "text": each.text,
                    "spaced": each.spaced,
                    "line": each.line,
                    "rtl": each.rtl,
                    "x": round(each.box.x, 5),
                    "y": round(each.box.y, 5),
                    "w": round(each.box.w, 5),
                    "h": round(each.box.h, 5),
                }
                for each in found
            ]
        }
    )


def _state(request: HttpRequest, envelope_id: UUID, **more: Any) -> HttpResponse:
    """What the redlines of a draft are now: for the pages, and as a list."""
    envelope = get_visible(actor_of(request), "envelope", envelope_id)
    context = {
        "envelope": envelope,
        "changes": queries.changes_of(envelope),
        "several": envelope.documents.count() > 1,
    }
    listed = loader.render_to_string("signing/redlines/draft_list.html", context, request)
    return JsonResponse(
        {
            "redlines": queries.redlines_for_pages(envelope),
            "looks": queries.looks_of(envelope),
            "list": listed,
            **more,
        }
    )


def _again(row: Redline) -> dict[str, Any]:
    """What ``put`` takes to make a redline once more."""
    all_words = queries.words_on(row.document, row.page)
    chosen = words_in(all_words, row.lines)
    place: dict[str, Any] = (
        {"box": row.boxes[0]}
        if row.is_picture or not chosen
        else {"first": all_words.index(chosen[0]), "last": all_words.index(chosen[-1])}
    )
    return {
        "id": str(row.pk),
        "document": str(row.document_id),
        "page": row.page + 1,
        "strikes": row.strikes,
        "inserted": row.inserted,
        "side": row.side,
        "note": row.note,
        **place,
    }
