"""Every page is behind sign-in but for a list of public doors, each with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from dealwright.base.people.models import User

from .company import Company, listed
from .doors import Door, Places, doors

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SIGN_IN = "a step of signing in, for who is not signed in yet"
SECRET = "the unguessable token in the address is the right"
MACHINE = "machines ask for it: tells how the installation does, nothing of the company"
APP = "the same for everybody, without a word of the company"
TOOLS = "programs call it: the token in the request says who, never a cookie"
PROTOCOL = "OpenID Connect: the calling program proves itself by its own secret or token"
OFFERED = "put on the company's own web site for everybody"
ASKED = "says nothing: it makes us ask the payment provider about its own session"
CHECK = "whoever holds a signed document may check it"
PUBLIC = {
    "/me/login/": SIGN_IN,
    "/me/inactive/": SIGN_IN,
    "/me/signup/": SIGN_IN,  # says that one is invited
    "/me/confirm-email/": SIGN_IN,
    r"/me/confirm-email/(?P<key>[-:\w]+)/": SECRET,
    "/me/password/reset/": SIGN_IN,
    "/me/password/reset/done/": SIGN_IN,
    "/me/password/reset/key/done/": SIGN_IN,
    "/me/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/": SECRET,
    "/me/3rdparty/login/cancelled/": SIGN_IN,
    "/me/3rdparty/login/error/": SIGN_IN,
    "/me/social/login/cancelled/": SIGN_IN,
    "/me/social/login/error/": SIGN_IN,
    "/me/social/signup/": SIGN_IN,
    "/me/social/connections/": SIGN_IN,
    "/me/oidc/(?P<provider_id>[/]+)/login/": SIGN_IN,
    "/me/oidc/(?P<provider_id>[/]+)/login/callback/": SIGN_IN,
    "/me/oidc/<str:provider_id>/login/callback/": SIGN_IN,  # ours, before the library's
    "/.well-known/openid-configuration": PROTOCOL,
    "/.well-known/jwks.json": PROTOCOL,
    "/.well-known/oauth-authorization-server": PROTOCOL,
    "/.well-known/oauth-protected-resource/mcp": PROTOCOL,
    "/mcp": TOOLS,
    "/mcp/files/<str:secret>": SECRET,
    "/identity/o/api/token": PROTOCOL,
    "/identity/o/api/revoke": PROTOCOL,
    "/identity/o/api/device/code": PROTOCOL,
    "/identity/o/api/userinfo": PROTOCOL,
    "/unsubscribe/<str:token>": SECRET,
    "/healthz": MACHINE,
    "/readyz": MACHINE,
    "/metrics": MACHINE,
    "/welcome": SIGN_IN,  # only while there is no administrator
    "/invitation/<str:token>": SECRET,
    "/manifest.webmanifest": APP,
    "/service-worker.js": APP,
    "/offline": APP,
    "/q/<str:token>": SECRET,
    "/q/<str:token>/pdf": SECRET,
    "/forms/<slug:slug>": OFFERED,
    "/e": OFFERED,
    "/t.js": OFFERED,
    "/s/<slug:slug>": OFFERED,
    "/s/<slug:slug>/confirm/<str:token>": SECRET,
    "/embed/<str:secret>": SECRET,
    "/embed/sending/<str:secret>": SECRET,
    "/payments/<uuid:payment_id>/return": ASKED,
    "/payments/messages": ASKED,
    "/payments/test/<uuid:checkout_id>": SECRET,
    "/verify": CHECK,
    "/signing/root.pem": CHECK,
    "/signing/root.crl": CHECK,
}
# and all below: SECRET; the others for those who sign or send inside another site
EMBEDDED = ("/sign/e/<str:token>", "/embedded-sending/<str:token>")
CEREMONY = ("/sign/<str:token>", *EMBEDDED)
# Posts that no page of ours sends, so none can carry our token.
WITHOUT_CSRF = {
    "/mcp": TOOLS,
    "/unsubscribe/<str:token>": "a mail programme's one click",
    "/forms/<slug:slug>": "stands in a frame on other sites, which send no cookies",
    "/s/<slug:slug>": "stands in a frame on other sites, which send no cookies",
    "/s/<slug:slug>/confirm/<str:token>": "the secret in the address stands for the session",
    "/e": "the tracking script on other sites",
    "/payments/messages": "the payment provider, which signs what it sends",
    "/identity/o/authorize": "sends on to the same address by GET, which asks",
    "/identity/o/logout": "asks, unless the program proves itself",
    "/identity/o/api/token": PROTOCOL,
    "/identity/o/api/revoke": PROTOCOL,
    "/identity/o/api/device/code": PROTOCOL,
    "/identity/o/api/userinfo": PROTOCOL,
}
BY_PASSWORD = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(scope="module")
def places(company: Company) -> Places:
    return Places(company)


def ask(client: Client, method: str, address: str) -> Any:
    """The answer; what it wrote is taken back."""
    with transaction.atomic():
        answer = client.generic(method, address)
        if answer.streaming:
            answer.getvalue()
        transaction.set_rollback(True)
    return answer


def signed_in(user: User, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    client.force_login(user, backend=BY_PASSWORD)
    return client


def is_public(door: Door) -> bool:
    return str(door) in PUBLIC or str(door).startswith(CEREMONY)


def test_the_list_of_public_doors_names_only_doors_there_are() -> None:
    known = {str(door) for door in doors()}
    assert set(PUBLIC) - known == set()
    assert set(WITHOUT_CSRF) - known == set()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_is_sent_to_the_sign_in_page(places: Places, method: str) -> None:
    stranger = Client(raise_request_exception=False)
    wrong = []
    for door in doors():
        answer = ask(stranger, method, places.fill(door))
        target = answer.headers.get("Location", "")
        if is_public(door):
            as_it_should = answer.status_code < 500
        elif answer.status_code == 302:
            as_it_should = target.startswith("/me/login/") or str(door) == "/identity/o/authorize"
        else:
            as_it_should = answer.status_code == 405
        if not as_it_should:
            wrong.append((str(door), answer.status_code, target))
    assert not wrong, listed(wrong)


def test_no_post_is_taken_without_the_page_it_comes_from(company: Company, places: Places) -> None:
    wrong = []
    for door in doors():
        client = signed_in(company.ada, enforce_csrf_checks=True)
        answer = ask(client, "POST", places.fill(door))
        # Inside another site the secret in the address stands for the session.
        if str(door) in WITHOUT_CSRF or str(door).startswith(EMBEDDED):
            as_it_should = answer.status_code < 500
        else:
            as_it_should = answer.status_code == 403
        if not as_it_should:
            wrong.append((str(door), answer.status_code))
    assert not wrong, listed(wrong)


# What a rep may open below the settings and the other rooms of those who run the place.
OPEN_TO_REPS = {
    "/settings": "leads to one's own profile",
    "/settings/profile": "one's own",
    "/settings/theme": "one's own",
    "/settings/tokens": "one's own",
    "/settings/delegation": "one's own",
    "/settings/webhooks": "one's own",
    "/outbox": "mails about records that one sees",
    "/outbox/received": "mails about records that one sees",
    "/compensation": "one's own pay, and those below",
    "/compensation/plans": "plans that one is on",
    "/compensation/quotas": "one's own quota, and those below",
    "/compensation/quotas/new": "refuses what was typed before who typed it",
    "/compensation/quotas/import": "refuses what was typed before who typed it",
    "/compensation/disputes": "one's own",
    "/compensation/simulation": "leads to one's own what-if",
    "/compensation/contests": "contests of plans that one is on",
    "/compensation/what-if": "one's own pay, and those below",
    "/compensation/what-if/curve": "one's own pay, and those below",
}
FOR_FEW = ("/settings", "/evidence", "/outbox", "/compensation", "/design", "/metrics")


def test_a_rep_comes_into_no_room_of_those_who_run_the_place(
    company: Company, places: Places
) -> None:
    sam = signed_in(company.sam)
    wrong = []
    tried = 0
    for door in doors():
        if not str(door).startswith(FOR_FEW) or is_public(door) or str(door) in OPEN_TO_REPS:
            continue
        answers = {ask(sam, method, places.fill(door)).status_code for method in ("GET", "POST")}
        tried += 1
        if not (answers <= {403, 404, 405} and answers & {403, 404}):
            wrong.append((str(door), answers))
    assert not wrong, listed(wrong)
    assert tried > 80
