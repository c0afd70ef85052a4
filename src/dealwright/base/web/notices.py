"""What stands under the bell."""

from __future__ import annotations

from typing import Any

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
    """The latest notices of the signed-in person."""
    rows = notices_of(actor_of(request), limit=100)
    context = {"notices": rows, "unread": any(row.read_at is None for row in rows)}
    return render(request, "base/web/notices.html", context)


@page(methods=["GET"])
def count(request: HttpRequest) -> HttpResponse:
    """How many are unread: the number at the bell."""
    return JsonResponse({"count": unread_count(actor_of(request).require_user())})


@page(methods=["GET", "POST"])
def open_notice(request: HttpRequest, notice_id: Any) -> HttpResponse:
    """Go where a notice leads; it counts as read then."""
    notice = read_notice(actor_of(request), notice_id)
    return HttpResponseRedirect(notice.url or "/notices")


@page(methods=["POST"])
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    read_all_notices(actor_of(request))
    return done(request, "/notices")
