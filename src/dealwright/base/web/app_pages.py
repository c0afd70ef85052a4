"""What makes the site an application on a phone: manifest, service worker, offline page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dealwright.base.web.jinja import BUILT
from dealwright.base.web.pages import render


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest, in the reader's language."""
    return JsonResponse(
        {
            "id": "/",
            "name": "Dealwright",
            "short_name": "Dealwright",
            "description": _("Leads, deals, contracts, signatures and pay in one place."),
            "lang": get_language() or "en",
            "dir": "rtl" if get_language_bidi() else "ltr",
            "categories": ["business", "productivity"],
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#ffffff",
            # A long press on the icon offers these.
            "shortcuts": [
                {"name": _("To sign"), "url": "/to-sign"},
                {"name": _("Send for signature"), "url": "/send-for-signature"},
                {"name": _("Tasks"), "url": "/tasks"},
                {"name": _("Opportunities"), "url": "/opportunities"},
            ],
            "icons": [
                {"src": static("icons/icon-192.png"), "sizes": "192x192", "type": "image/png"},
                {"src": static("icons/icon-512.png"), "sizes": "512x512", "type": "image/png"},
                {
                    "src": static("icons/icon-maskable-512.png"),
                    "sizes": "512x512",
                    "type": "image/png",
                    "purpose": "maskable",
                },
                {"src": static("icons/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            ],
        },
        content_type="application/manifest+json",
    )


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that keeps pages for reading offline; at the root, since that is its scope."""
    try:
        script = (BUILT / "service-worker.js").read_bytes()
    except OSError:
        return HttpResponse("// not built\n", content_type="text/javascript")
    response = HttpResponse(script, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown for a page that is not kept while there is no connection."""
    return render(request, "base/web/offline.html")
