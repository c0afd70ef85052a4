"""What people bring back from an OpenID Connect provider, kept whole for whoever asked for proof.

The library takes an ID token as it comes from the provider's own address over TLS (OpenID Connect
Core 1.0, 3.1.3.7, 6). Who relies on what it says of a person reads it by ``verify_id_token``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
import requests
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse

from dealwright.base.errors import Invalid, Unavailable

# Signed by a key that only the provider has; a shared secret would prove less.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
               "EdDSA")  # fmt: skip
LEEWAY = 60  # seconds that clocks may differ


class WholeAnswerAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Keeps the ID token as it came beside what the library reads from it."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        try:
            login = super().complete_login(request, app, token, **kwargs)
        except KeyError as error:
            raise OAuth2Error(f"The provider's description lacks {error}.") from None
        login.raw_id_token = str(kwargs["response"].get("id_token") or "")
        return login


@login_not_required  # type: ignore[untyped-decorator]
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where people come back to; the library's own view with the adapter above."""
    try:
        view = OAuth2CallbackView.adapter_view(WholeAnswerAdapter(request, provider_id))
        response: HttpResponse = view(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return response


def verify_id_token(request: HttpRequest, provider_id: str, raw: str) -> Mapping[str, Any]:
    """The claims of an ID token that the provider's key has signed for us.

    Raises Invalid where it is not signed by that key, is for somebody else or has expired;
    Unavailable where the provider's keys cannot be read.
    """
    adapter = OpenIDConnectOAuth2Adapter(request, provider_id)
    refused = Invalid("The provider's answer is not signed as it must be.", code="unsigned")
    try:
        config, client = adapter.openid_config, adapter.get_provider().app.client_id
        with get_adapter().get_requests_session() as session:
            answer = session.get(config["jwks_uri"])
            answer.raise_for_status()
            keys = answer.json()
    except (requests.RequestException, KeyError, ValueError):
        raise Unavailable("The provider's keys cannot be read now. Try again later.") from None
    try:
        header = jwt.get_unverified_header(raw)
        if header.get("alg") not in _ALGORITHMS:
            raise refused
        claims: Mapping[str, Any] = jwt.decode(
            raw,
            _key(keys, header),
            algorithms=[header["alg"]],
            audience=client,
            issuer=config["issuer"],
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        raise refused from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", client if not several else "") != client:
        raise refused
    return claims


def _key(keys: Mapping[str, Any], header: Mapping[str, Any]) -> Any:
    """The key that the token names; the only one where it names none."""
    known = jwt.PyJWKSet.from_dict(dict(keys)).keys
    named = [each for each in known if each.key_id == header.get("kid")]
    if "kid" not in header and len(known) == 1:
        named = known
    if len(named) != 1:
        raise KeyError("kid")
    return named[0].key
