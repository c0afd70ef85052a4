"""Pages of a ceremony about who one is and what one agreed to: the identity provider, the test
document, paper from now on."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

import orjson
import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.signals import pre_social_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Conflict, DealwrightError, Invalid, NotFound
from dealwright.base.people.identity import providers
from dealwright.base.people.openid import verify_id_token
from dealwright.base.web.pages import Form
from dealwright.signing.ceremonies import identifying, services
from dealwright.signing.ceremonies.pages import (
    back_to,
    ceremony_page,
    show_code_page,
    show_page,
    visit_of,
)
from dealwright.signing.ceremonies.steps import Ceremony, Step, open_ceremony
from dealwright.signing.consent.demonstration import demonstration_code, test_document
from dealwright.signing.envelopes.models import IdentityMethod
from dealwright.signing.identity.assurance import claims_request
from dealwright.signing.identity.provider_answers import SIGNED_IN_WITHIN, ProviderAnswer
from dealwright.signing.identity.provider_checks import checks_of

MARK = "signing"
NONCE = "nonce"


@ceremony_page("POST")
def to_provider(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """Go to the identity provider that the sender chose, and come back."""
    form = Form(request)
    if ceremony.step != Step.CODE:
        return back_to(token)
    with form:
        asked = identifying.describe_step(ceremony)
        known = {each.provider_id for each in providers()}
        if asked["method"] != IdentityMethod.IDP or asked["provider"] not in known:
            raise NotFound("This identity provider is not set up any more. Ask the sender.")
        provider = get_adapter().get_provider(request, asked["provider"])
        request.session["signing_proof"] = token
        nonce = secrets.token_urlsafe(32)
        more = {"scope": ["openid", "email"]} if asked["assurance"] else {}
        try:
            response: HttpResponse = provider.redirect(
                request,
                process=AuthProcess.REDIRECT,
                next_url=f"/sign/{token}",
                data={MARK: asked["provider"], NONCE: nonce},
                auth_params={
                    "prompt": "login",
                    "max_age": str(int(SIGNED_IN_WITHIN.total_seconds())),
                    "nonce": nonce,
                    **_asked_for(asked["provider"], asked["assurance"]),
                },
                **more,
            )
        except (requests.RequestException, KeyError, ValueError):
            raise Conflict(
                "The identity provider does not answer. Try again later.", code="no_answer"
            ) from None
        return response
    return show_code_page(request, ceremony, token, form)


def _asked_for(provider: str, assurance: str) -> dict[str, str]:
    """The parameters that ask for a check; none where only the address is asked."""
    if not assurance:
        return {}
    checks = checks_of(provider)
    if checks is None or assurance not in checks.offers:
        raise NotFound("This provider is not set up for the check any more. Ask the sender.")
    claims = orjson.dumps(claims_request(assurance, checks)).decode()
    return {"claims": claims} | ({"acr_values": checks.acr_values} if checks.acr_values else {})


def take_proof(request: HttpRequest, sociallogin: Any, **kwargs: Any) -> None:
    """Who comes back from a provider for a ceremony is not signed in: only what the provider
    says of them is taken, for the envelope they came from."""
    data = sociallogin.state.get("data") or {}
    if sociallogin.state.get("process") != AuthProcess.REDIRECT or not data.get(MARK):
        return
    token = request.session.pop("signing_proof", "")
    ceremony = open_ceremony(token, visit_of(request))
    given = sociallogin.account.extra_data
    answer = ProviderAnswer(
        provider=str(data[MARK]),
        nonce=str(data.get(NONCE) or ""),
        id_token=given.get("id_token") or {},
        userinfo=given.get("userinfo") or {},
    )
    form = Form(request)
    try:
        if identifying.asks_check(ceremony):
            answer = _signed(request, answer, str(getattr(sociallogin, "raw_id_token", "")))
        identifying.confirm_at_provider(ceremony, answer)
    except DealwrightError as error:
        form.message = error.message
        fresh = open_ceremony(token, ceremony.visit)
        if fresh.step != Step.CODE:
            raise ImmediateHttpResponse(back_to(token)) from None
        raise ImmediateHttpResponse(show_code_page(request, fresh, token, form)) from None
    raise ImmediateHttpResponse(back_to(token))


def _signed(request: HttpRequest, answer: ProviderAnswer, raw: str) -> ProviderAnswer:
    """The answer with the claims that the provider's key has signed; raises Unavailable."""
    try:
        claims = verify_id_token(request, answer.provider, raw)
    except Invalid:
        return dataclasses.replace(answer, id_token={})
    return dataclasses.replace(answer, id_token=claims, is_signed=True)


pre_social_login.connect(take_proof, dispatch_uid="dealwright.signing.take_proof")


@ceremony_page("GET", "HEAD")
def demonstration(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """The test document whose number shows that the reader can open what is sent."""
    if ceremony.step != Step.CONSENT:
        return back_to(token)
    content = test_document(
        demonstration_code(ceremony.recipient, ceremony.visit.session_key),
        _("Test document"),
        _("If you can read this number, you can read the documents. Type it on the page before."),
    )
    return HttpResponse(content, content_type="application/pdf")


@ceremony_page("GET", "POST")
def paper(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """Want paper from now on, after having signed."""
    if ceremony.step != Step.DONE or ceremony.recipient.consented_at is None:
        return back_to(token)
    form = Form(request)
    if request.method == "POST":
        with form:
            services.withdraw_consent(ceremony)
            return back_to(token, "/paper")
    return show_page(request, ceremony, token, "paper", {"form": form})
