"""The pages behind the bell."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

from dealwright.base.messaging.notices import (
    notices_of,
    read_all_notices,
    read_notice,
    unread_count,
)
from dealwright.base.web.pages import actor_of, done, page, render


@page(methods=["GET", "HEAD"])
def notices(request: HttpRequest) -> HttpResponse:
    """One's notices, newest first; an htmx request gets the list alone."""
    actor = actor_of(request)
    context = {
        "notices": notices_of(actor, limit=100),
        "unread": unread_count(actor.require_user()),
    }
    part = "notice_list" if getattr(request, "htmx", False) else "notices"
    template = f"base/messaging/{part}.html"
    return render(request, template, context)


@page(methods=["GET", "HEAD"])
def count(request: HttpRequest) -> JsonResponse:
    """How many are unread, for the bell."""
    return JsonResponse({"count": unread_count(actor_of(request).require_user())})


@page
def open_notice(request: HttpRequest, notice_id: uuid.UUID) -> HttpResponse:
    """Mark one as read and go where it leads. By POST, since links are fetched ahead of time."""
    notice = read_notice(actor_of(request), notice_id) if request.method == "POST" else None
    return HttpResponseRedirect((notice.url if notice else "") or "/notices", status=303)


@page(methods=["POST"])
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    read_all_notices(actor_of(request))
    return done(request, "/notices")
