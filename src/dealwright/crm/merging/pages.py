"""The page on which two records become one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.registry import ObjectType, object_type, object_type_by_slug
from dealwright.base.records.queries import get_rows
from dealwright.base.web.pages import Form, actor_of, done, page, say
from dealwright.base.web.records.cells import column_of, html_of, text_of
from dealwright.crm.merging.duplicates import duplicates_of
from dealwright.crm.merging.models import MergeEvent
from dealwright.crm.merging.services import (
    MERGEABLE,
    merge_fields,
    merge_records,
    unmerge_records,
)


@page
def merge(request: HttpRequest, slug: str, record_id: UUID) -> HttpResponse:
    """Choose the other record, then whose values stay."""
    actor = actor_of(request)
    of = object_type_by_slug(slug)
    if of.key not in MERGEABLE:
        raise NotFound(_("There is nothing at this address."))
    survivor = get_visible(actor, of.key, record_id)
    form = Form(request)
    other_id = _uuid(form["other"] or request.GET.get("other", ""))
    if request.method == "POST" and form["step"] == "merge":
        with form:
            if other_id is None:
                sentence = _("Choose the other record.")
                raise Invalid(sentence, fields={"other": [sentence]})
            choices = {
                name.removeprefix("choose."): request.POST[name]
                for name in request.POST
                if name.startswith("choose.")
            }
            event = merge_records(actor, of.key, record_id, other_id, choices=choices)
            said = _("Merged. The other record rests in the bin.")
            say(request, said, undo=f"/merges/{event.pk}/undo")
            return done(request, f"/{slug}/{record_id}")
    context: dict[str, Any] = {
        "of": of,
        "survivor": survivor,
        "record_id": record_id,
        "other_id": other_id,
        "back": f"/{slug}/{record_id}",
        "suggestions": duplicates_of(actor, of.key, record_id) if other_id is None else [],
        "past": MergeEvent.objects.filter(
            object=of.key, survivor_id=record_id, undone_at__isnull=True
        ).order_by("-at")[:5],
    }
    if other_id is not None:
        context |= _comparison(actor, of, record_id, other_id)
    return form.page("crm/merging/merge.html", context)


def _comparison(actor: Actor, of: ObjectType, one: UUID, other: UUID) -> dict[str, Any]:
    """Both records side by side: the fields in which they differ, one statement."""
    keys = [field.key for field in merge_fields(of.key)]
    rows = get_rows(actor, of, [one, other], [*keys, "version"])
    if one not in rows or other not in rows:
        raise NotFound(_("The other record does not exist, or you may not see it."))
    lines = []
    for key in keys:
        column = column_of(of, key, actor.user)
        texts = [text_of(column, rows[each]) for each in (one, other)]
        if texts[0] == texts[1]:
            continue
        lines.append(
            {
                "key": key,
                "label": column.label,
                "survivor": html_of(column, rows[one]),
                "merged": html_of(column, rows[other]),
                "choice": "survivor" if texts[0] else "merged",
            }
        )
    other_record = get_visible(actor, of.key, other)
    return {"lines": lines, "other": other_record}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@page(methods=["POST"])
def undo_merge(request: HttpRequest, merge_id: UUID) -> HttpResponse:
    """Take a merge apart again."""
    event = unmerge_records(actor_of(request), merge_id)
    slug = object_type(event.object).slug
    return done(request, f"/{slug}/{event.survivor_id}", _("Both records are back as they were."))
