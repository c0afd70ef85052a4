"""Pages of a ceremony about who one is and what one agreed to: the identity provider, the test
document, paper from now on."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.signals import pre_social_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import DealwrightError, NotFound
from dealwright.base.people.identity import providers
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

MARK = "signing"


@ceremony_page("POST")
def to_provider(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """Go to the identity provider that the sender chose, and come back."""
    form = Form(request)
    if ceremony.step != Step.CODE:
        return back_to(token)
    with form:
        described = identifying.describe_step(ceremony)
        known = {each.provider_id for each in providers()}
        if described["method"] != IdentityMethod.IDP or described["provider"] not in known:
            raise NotFound("This identity provider is not set up any more. Ask the sender.")
        provider = get_adapter().get_provider(request, described["provider"])
        request.session["signing_proof"] = token
        response: HttpResponse = provider.redirect(
            request,
            process=AuthProcess.REDIRECT,
            next_url=f"/sign/{token}",
            data={MARK: described["provider"]},
            auth_params={"prompt": "login", "max_age": "300"},
        )
        return response
    return show_code_page(request, ceremony, token, form)


def take_proof(request: HttpRequest, sociallogin: Any, **kwargs: Any) -> None:
    """Who comes back from a provider for a ceremony is not signed in: only their address is
    taken as proven, for the envelope they came from."""
    provider = (sociallogin.state.get("data") or {}).get(MARK)
    if sociallogin.state.get("process") != AuthProcess.REDIRECT or not provider:
        return
    token = request.session.pop("signing_proof", "")
    given = sociallogin.account.extra_data
    claims = {**given.get("userinfo", {}), **given.get("id_token", {})}
    ceremony = open_ceremony(token, visit_of(request))
    form = Form(request)
    try:
        identifying.confirm_at_provider(ceremony, str(provider), claims)
    except DealwrightError as error:
        form.message = error.message
        raise ImmediateHttpResponse(show_code_page(request, ceremony, token, form)) from None
    raise ImmediateHttpResponse(back_to(token))


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
