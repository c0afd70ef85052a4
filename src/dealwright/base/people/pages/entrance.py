"""How people come in: the first sign-up, the invitation, and sign-in once anyone is here."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.views import login as allauth_login
from allauth.core import ratelimit
from allauth.idp.oidc.views import authorization as allauth_authorization
from allauth.idp.oidc.views import device_authorization as allauth_device_authorization
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from dealwright.base.errors import Conflict
from dealwright.base.people.grants import narrowed
from dealwright.base.people.invitations import (
    accept_invitation,
    find_invitation,
    nobody_is_here,
    sign_up_first_administrator,
)
from dealwright.base.people.models import User
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form, actor_of


def login(request: HttpRequest) -> HttpResponseBase:
    """The sign-in page; before anyone is here it is the first sign-up instead."""
    if request.method in ("GET", "HEAD") and nobody_is_here():
        return HttpResponseRedirect("/welcome")
    answer: HttpResponseBase = allauth_login(request)
    return answer


def connect_device(request: HttpRequest) -> HttpResponseBase:
    """The page that lets a device in. The library's own takes a post from any site; this one,
    being no view that is exempt, wants the token of our form."""
    answer: HttpResponseBase = allauth_device_authorization(request)
    return answer


@csrf_exempt
def authorize(request: HttpRequest) -> HttpResponseBase:
    """A program asks a person to let it act for them, for no more than an administrator chose.
    The library's view keeps its own rule on posts: without our form they become a GET."""
    asked = request.GET.get("scope", "").split()
    if request.method in ("GET", "HEAD") and asked:
        less = narrowed(asked, request.GET.get("client_id", ""))
        if less != asked:
            given = request.GET.copy()
            given["scope"] = " ".join(less)
            return HttpResponseRedirect(f"{request.path}?{given.urlencode()}")
    answer: HttpResponseBase = allauth_authorization(request)
    return answer


@never_cache
@sensitive_post_parameters("password")
def welcome(request: HttpRequest) -> HttpResponse:
    """The first administrator makes the company and comes in."""
    if not nobody_is_here():
        return HttpResponseRedirect("/")
    form = Form(request)
    if request.method == "POST":
        with form:
            user = sign_up_first_administrator(
                actor_of(request),
                company=form["company"],
                name=form["name"],
                email=form["email"],
                password=form["password"],
            )
            return _sign_in(request, user, method="password", to="/")
    return form.page("base/people/welcome.html")


@never_cache
@sensitive_post_parameters("password")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """An invited person sets name and password, or chooses a passkey instead."""
    found = find_invitation(token)
    if not request.user.is_anonymous and request.user != found.user:
        logout(request)
    form = Form(request, {"name": found.user.name})
    if request.method == "POST":
        with form:
            _limit(request)
            by_passkey = "by_passkey" in request.POST
            user = accept_invitation(
                token, name=form["name"], password=None if by_passkey else form["password"]
            )
            if by_passkey:
                add_passkey = "/me/2fa/webauthn/add/"
                return _sign_in(request, user, method="invitation", to=add_passkey)
            return _sign_in(request, user, method="password", to="/")
    context = {"invitation": found, "company": organization().name}
    return form.page("base/people/invitation.html", context)


def _sign_in(request: HttpRequest, user: User, *, method: str, to: str) -> HttpResponse:
    """As the sign-in page would: session, its record, the stages that apply."""
    record_authentication(request, user, method=method, email=user.email)
    answer: HttpResponse = perform_login(
        request, Login(user=user, email=user.email, redirect_url=to)
    )
    return answer


def _limit(request: HttpRequest) -> None:
    if not ratelimit.consume(request, action="signup"):
        raise Conflict(_("Too many tries. Wait a few minutes."), code="rate_limited")
