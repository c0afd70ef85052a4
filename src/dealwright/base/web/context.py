"""What the shell around every page needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils import translation
from markupsafe import Markup

from dealwright.base.operations.stream_address import stream_address
from dealwright.base.web.navigation import navigation_for, settings_navigation_for
from dealwright.base.web.words import translated


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, person and page settings; costs no statement of its own."""
    user: Any = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated

    def csrf() -> Markup:
        """The hidden field every plain form needs."""
        return Markup('<input type="hidden" name="csrfmiddlewaretoken" value="{}">').format(
            get_token(request)
        )

    return {
        "csrf": csrf,
        "csrf_token": lambda: get_token(request),
        "person": user if signed_in else None,
        "navigation": (lambda: navigation_for(user, request.path)) if signed_in else list,
        "settings_navigation": (
            (lambda: settings_navigation_for(user, request.path)) if signed_in else list
        ),
        "language": translation.get_language() or "en",
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "theme": user.theme if signed_in else "auto",
        "request_id": getattr(request, "request_id", ""),
        "debug": settings.DEBUG,
        "script_words": translated,
        "events_address": lambda: stream_address(request),
    }
