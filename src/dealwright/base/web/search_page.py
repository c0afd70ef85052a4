"""Search over everything a person may see: JSON for the palette, a page for everyone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.objects.registry import object_type
from dealwright.base.search import search
from dealwright.base.web.errors import wants_json
from dealwright.base.web.pages import actor_of, page, render
from dealwright.base.web.records.addresses import record_url

IN_PALETTE = 8
ON_PAGE = 50


@page(methods=["GET", "HEAD"])
def search_page(request: HttpRequest) -> HttpResponse:
    """Records that hold the words of ``q``, best first."""
    actor = actor_of(request)
    text = request.GET.get("q", "").strip()[:200]
    if wants_json(request):
        return JsonResponse({"hits": _hits(actor, text, IN_PALETTE)})
    context = {"text": text, "hits": _hits(actor, text, ON_PAGE)}
    return render(request, "base/web/search.html", context)


def _hits(actor: Actor, text: str, limit: int) -> list[dict[str, Any]]:
    if not text:
        return []
    found = []
    for hit in search(actor, text, limit=limit):
        of = object_type(hit.object)
        found.append(
            {
                "title": hit.title or _("Without name"),
                "subtitle": hit.subtitle,
                "url": record_url(of, hit.id),
                "icon": of.icon,
                "label": _(of.label),
            }
        )
    return found
