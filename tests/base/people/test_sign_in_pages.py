"""Signing in, out and up through the pages, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client

from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.invitations import invite_user
from dealwright.base.people.models import User
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db

PASSWORD = "a good long password"


@pytest.fixture(autouse=True)
def _limits_anew() -> None:
    cache.clear()


def sign_in(client: Client, user: User, password: str = PASSWORD) -> Any:
    return client.post("/me/login/", {"login": user.email, "password": password})


def is_in(client: Client) -> bool:
    return client.get("/settings/profile").status_code == 200


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_before_anyone_is_here_sign_in_leads_to_the_first_sign_up() -> None:
    client = Client()
    assert client.get("/me/login/").headers["Location"] == "/welcome"
    typed = {
        "company": "Acme",
        "name": "Ada",
        "email": "ada@example.com",
        "password": "short",
    }
    refused = client.post("/welcome", typed)
    assert refused.status_code == 422
    assert 'value="ada@example.com"' in text_of(refused)
    assert "too short" in text_of(refused)
    assert not User.objects.exists()

    done = client.post("/welcome", typed | {"password": "correct horse battery"})
    assert (done.status_code, done.headers["Location"]) == (302, "/")
    assert is_in(client)
    assert Client().get("/welcome").headers["Location"] == "/"
    assert Client().post("/welcome", typed).status_code == 302
    assert User.objects.count() == 1


def test_a_person_signs_in_and_out() -> None:
    user, client = make_user(), Client()
    assert sign_in(client, user).headers["Location"] == "/"
    assert is_in(client)
    client.post("/me/logout/")
    assert not is_in(client)


def test_after_sign_in_one_comes_back_to_the_page_but_to_no_other_site() -> None:
    user = make_user()
    for target, comes_to in [("/settings/tokens", "/settings/tokens"), ("https://evil.test/", "/")]:
        answer = Client().post(
            "/me/login/", {"login": user.email, "password": PASSWORD, "next": target}
        )
        assert answer.headers["Location"] == comes_to


def test_a_wrong_password_and_an_unknown_address_look_alike() -> None:
    user, client = make_user(), Client()
    wrong = text_of(sign_in(client, user, "not this one"))
    user.email = "nobody@example.com"
    unknown = text_of(sign_in(client, user))
    sentence = "The email address and/or password you specified are not correct."
    assert sentence in wrong and sentence in unknown
    assert 'value="nobody@example.com"' in unknown


def test_who_is_not_active_or_not_here_yet_does_not_get_in() -> None:
    client = Client()
    sign_in(client, make_user(is_active=False))
    assert not is_in(client)
    invited = invite_user(acting(make_administrator()), email="rita@example.com")
    sign_in(client, invited.invitation.user, "")
    assert not is_in(client)


def test_guessing_is_slowed_down() -> None:
    user, client = make_user(), Client()
    for _ in range(5):
        sign_in(client, user, "guess")
    answer = sign_in(client, user)
    assert "Too many failed login attempts" in text_of(answer)
    assert not is_in(client)


def test_sign_up_is_closed() -> None:
    make_user()
    client = Client()
    assert "by invitation" in text_of(client.get("/me/signup/")).lower()
    client.post("/me/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    assert not User.objects.filter(email="eve@example.com").exists()


def test_a_forgotten_password_is_replaced_through_the_mail() -> None:
    user, client = make_user(), Client()
    client.post("/me/password/reset/", {"email": user.email})
    mail = OutboundMessage.objects.get(to=user.email)
    assert mail.is_sensitive
    link = re.search(r"http://[^/]+(/me/password/reset/key/\S+)", mail.text)
    assert link is not None
    page = client.get(link[1], follow=True)
    assert page.status_code == 200
    new = {"password1": "another good password", "password2": "another good password"}
    client.post(page.request["PATH_INFO"], new)
    user.refresh_from_db()
    assert user.check_password("another good password")
    assert "used up" in text_of(Client().get(link[1], follow=True))


def test_no_mail_goes_to_strangers_nor_to_who_was_only_invited() -> None:
    invited = invite_user(acting(make_administrator()), email="rita@example.com")
    before = OutboundMessage.objects.count()
    for email in ("stranger@example.com", invited.invitation.email):
        answer = Client().post("/me/password/reset/", {"email": email})
        assert answer.headers["Location"] == "/me/password/reset/done/"
    assert OutboundMessage.objects.count() == before


def test_an_invitation_is_accepted_on_its_page() -> None:
    invited = invite_user(acting(make_administrator()), email="rita@example.com")
    path = invited.link[invited.link.index("/invitation/") :]
    client = Client()
    assert "Join" in text_of(client.get(path))
    refused = client.post(path, {"name": "Rita Rep", "password": "short"})
    assert (refused.status_code, 'value="Rita Rep"' in text_of(refused)) == (422, True)
    assert client.post(path, {"name": "Rita Rep", "password": PASSWORD}).headers["Location"] == "/"
    assert is_in(client)
    assert Client().get(path).status_code == 404


def test_an_invited_person_may_choose_a_passkey_instead() -> None:
    invited = invite_user(acting(make_administrator()), email="rita@example.com")
    path = invited.link[invited.link.index("/invitation/") :]
    client = Client()
    answer = client.post(path, {"name": "Rita Rep", "by_passkey": "yes"})
    assert answer.headers["Location"] == "/me/2fa/webauthn/add/"
    assert client.get("/me/2fa/webauthn/add/").status_code == 200


def test_the_link_belongs_to_the_invited_whoever_is_signed_in() -> None:
    administrator = make_administrator()
    invited = invite_user(acting(administrator), email="rita@example.com")
    client = Client()
    client.force_login(administrator)
    client.get(invited.link[invited.link.index("/invitation/") :])
    assert not is_in(client)


def totp_code(user: User) -> str:
    secret = Authenticator.objects.get(user=user, type="totp").wrap().instance.data["secret"]
    from allauth.mfa.utils import decrypt

    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(decrypt(secret), counter)))


def with_authenticator_app(client: Client, user: User) -> None:
    sign_in(client, user)
    client.post("/me/reauthenticate/", {"password": PASSWORD})
    page = client.get("/me/2fa/totp/activate/")
    found = re.search(r"<code data-secret>([A-Z2-7]+)</code>", text_of(page))
    assert found is not None
    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value(found[1], counter))
    assert client.post("/me/2fa/totp/activate/", {"code": code}).status_code == 302
    cache.clear()  # the code was used just now and would not work again


def test_with_an_authenticator_app_the_password_alone_lets_nobody_in() -> None:
    user, client = make_user(), Client()
    with_authenticator_app(client, user)
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert stored.startswith("v1.")  # encrypted

    client = Client()
    assert sign_in(client, user).headers["Location"].startswith("/me/2fa/authenticate/")
    assert not is_in(client)
    wrong = client.post("/me/2fa/authenticate/", {"code": "000000"})
    assert "Incorrect code" in text_of(wrong)
    code = totp_code(user)
    client.post("/me/2fa/authenticate/", {"code": code})
    assert is_in(client)

    again = Client()
    sign_in(again, user)
    again.post("/me/2fa/authenticate/", {"code": code})
    assert not is_in(again), "a code works once"


def test_a_recovery_code_lets_in_once() -> None:
    user, client = make_user(), Client()
    with_authenticator_app(client, user)
    page = text_of(client.get("/me/2fa/recovery-codes/"))
    codes = re.findall(r"<li><code>(\d{8})</code></li>", page)
    assert len(codes) == 10
    for expected in (True, False):
        client = Client()
        sign_in(client, user)
        client.post("/me/2fa/authenticate/", {"code": codes[0]})
        assert is_in(client) is expected


def test_what_is_sensitive_asks_for_the_password_again() -> None:
    user, client = make_user(), Client()
    sign_in(client, user)
    for path in ("/me/2fa/totp/activate/", "/me/2fa/webauthn/add/"):
        assert client.get(path).headers["Location"].startswith("/me/reauthenticate/")
    assert client.get("/me/reauthenticate/").status_code == 200


def test_a_changed_password_ends_the_other_sessions() -> None:
    user, here, elsewhere = make_user(), Client(), Client()
    sign_in(here, user)
    sign_in(elsewhere, user)
    assert is_in(elsewhere)
    here.post(
        "/me/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "another good password",
            "password2": "another good password",
        },
    )
    assert is_in(here)
    assert not is_in(elsewhere)


def test_sessions_are_listed_and_ended() -> None:
    user, here, elsewhere = make_user(), Client(), Client(HTTP_USER_AGENT="Firefox/133.0 Linux")
    sign_in(here, user)
    sign_in(elsewhere, user)
    page = text_of(here.get("/me/sessions/"))
    assert "Firefox 133 on Linux" in page
    end = re.search(r"/settings/sessions/\d+/end", page)
    assert end is not None
    stranger = Client()
    stranger.force_login(make_user())
    assert stranger.post(end[0]).status_code == 404
    assert here.post(end[0]).status_code == 303
    assert not is_in(elsewhere)
    assert is_in(here)


def test_a_new_address_counts_once_it_is_confirmed() -> None:
    user, client = make_user(email="old@example.com"), Client()
    sign_in(client, user)
    client.post("/me/email/", {"email": "new@example.com", "action_add": ""})
    user.refresh_from_db()
    assert user.email == "old@example.com"
    assert "waits for confirmation" in text_of(client.get("/me/email/"))
    mail = OutboundMessage.objects.get(to="new@example.com")
    link = re.search(r"http://[^/]+(/me/confirm-email/\S+)", mail.text)
    assert link is not None
    client.post(link[1])
    user.refresh_from_db()
    assert user.email == "new@example.com"
