"""Changing the filter of a segment, freezing it, letting it follow its filter again."""

from __future__ import annotations

from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict
from dealwright.base.objects.filters import filterable_fields
from dealwright.base.objects.registry import object_type
from dealwright.base.web.filter_forms import show_filter, typed_filter
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.intelligence.segments.models import Segment
from dealwright.intelligence.segments.services import (
    freeze_segment,
    thaw_segment,
    update_segment,
)


@page
def edit_filter(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Say by conditions who is in it."""
    actor = actor_of(request)
    segment: Segment = get_changeable(actor, "segment", record_id)
    form = Form(request, {"filter": orjson.dumps(segment.filter or {}).decode()})
    if request.method == "POST":
        with form, change(actor):
            segment = get_changeable(actor, "segment", record_id)
            if segment.frozen_at is not None:
                raise Conflict(_("It is frozen. Let it follow its filter first."))
            tree = typed_filter(object_type(segment.of), form["filter"])
            update_segment(actor, segment, {"filter": tree})
            return done(request, f"/segments/{record_id}", _("Saved."))
    of = object_type(segment.of)
    context = {
        "segment": segment,
        "of": of,
        "filter": show_filter(actor, of, form["filter"], counted=True),
        "filter_fields": filterable_fields(of, actor.user),
    }
    return form.page("intelligence/segments/filter.html", context)


@page(methods=["POST"])
def freeze(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Keep who is in it now."""
    freeze_segment(actor_of(request), record_id)
    return done(request, f"/segments/{record_id}", _("Frozen."))


@page(methods=["POST"])
def thaw(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Follow the filter again."""
    thaw_segment(actor_of(request), record_id)
    return done(request, f"/segments/{record_id}", _("It follows its filter again."))
