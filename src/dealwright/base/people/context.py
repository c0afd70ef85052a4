"""What the sign-in templates can ask for; costs nothing where they do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

_BROWSERS = [
    ("Edge", r"Edg(?:e|A|iOS)?/([\d]+)"),
    ("Opera", r"OPR/([\d]+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/([\d]+)"),
    ("Chrome", r"(?:Chrome|CriOS)/([\d]+)"),
    ("Safari", r"Version/([\d]+).* Safari/"),
]
_SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac", "Mac OS X"),
    ("Linux", "Linux"),
]


@dataclass(frozen=True, slots=True)
class ForeignProvider:
    """Another identity provider through which one may sign in."""

    name: str
    address: str


def sign_in(request: HttpRequest) -> dict[str, Any]:
    """A context processor."""
    return {"identity_providers": identity_providers, "browser_name": browser_name}


def identity_providers(request: HttpRequest) -> Sequence[ForeignProvider]:
    """The providers through which people sign in here; one statement."""
    from allauth.socialaccount.models import SocialApp

    from dealwright.base.people.adapter import SIGNERS_ONLY

    apps = SocialApp.objects.filter(provider="openid_connect").order_by("name")
    return [
        ForeignProvider(app.name, reverse("openid_connect_login", args=[app.provider_id]))
        for app in apps
        if not app.settings.get(SIGNERS_ONLY)
    ]


def browser_name(user_agent: str) -> str:
    """ "Firefox 133 on Linux", from what the browser says of itself."""
    system = next((name for name, sign in _SYSTEMS if sign in user_agent), "")
    for name, pattern in _BROWSERS:
        if found := re.search(pattern, user_agent):
            browser = f"{name} {found[1]}"
            return f"{browser} on {system}" if system else browser
    return user_agent[:40] or "Unknown"
