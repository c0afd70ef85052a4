"""Where sign-in pages may send a form on to: the identity providers and programs set up here.

The pages' policy lets forms go to this site alone, and browsers hold redirects that follow a
form to it as well. Signing in through a provider, or for a program, ends in such a redirect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

PLACES = ("/me/", "/identity/", "/invitation/")


class SignInPolicyMiddleware:
    """Opens ``form-action`` to exactly the known origins, on the pages of sign-in alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(PLACES) and response.get("Content-Type", "").startswith(
            "text/html"
        ):
            policy: dict[str, Any] = settings.SECURE_CSP
            actions = [*policy["form-action"], *sorted(set(_known_origins()))]
            response._csp_config = {**policy, "form-action": actions}  # type: ignore[attr-defined]
        return response


def let_forms_reach(response: HttpResponse, provider_id: str) -> None:
    """Let the forms of one page elsewhere lead on to an identity provider."""
    from allauth.socialaccount.models import SocialApp

    app = SocialApp.objects.filter(provider="openid_connect", provider_id=provider_id).first()
    if app is not None:
        policy: dict[str, Any] = getattr(response, "_csp_config", None) or settings.SECURE_CSP
        actions = [*policy["form-action"], _origin_of_provider(app)]
        response._csp_config = {**policy, "form-action": actions}  # type: ignore[attr-defined]


def origin_of(address: str) -> str:
    """``https://host:port`` of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _known_origins() -> Iterable[str]:
    from allauth.idp.oidc.models import Client
    from allauth.socialaccount.models import SocialApp

    for app in SocialApp.objects.filter(provider="openid_connect"):
        yield _origin_of_provider(app)
    for client in Client.objects.all():
        yield from (_way_back(address) for address in client.get_redirect_uris())


def _origin_of_provider(app: Any) -> str:
    return str(app.settings.get("authorization_origin") or origin_of(app.settings["server_url"]))


def _way_back(address: str) -> str:
    """The origin; of a program on the person's own machine at any port (RFC 8252, 7.3)."""
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.hostname == "127.0.0.1":
        return "http://127.0.0.1:*"
    return origin_of(address)
