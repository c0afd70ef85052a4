"""Sign-in in a browser: first sign-up, authenticator app, passkeys, invitation, phone and desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from playwright.sync_api import Page, expect

from browser import BOTH_LOOKS, Live
from dealwright.base.people.invitations import invite_user
from dealwright.base.people.models import User
from dealwright.base.people.structure import create_role, create_team
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.browser

PASSWORD = "a good long password"


@pytest.fixture(autouse=True)
def _limits_anew(transactional_db: None) -> None:
    cache.clear()


def on_localhost(live: Live) -> None:
    """Passkeys belong to a name, never to an IP address."""
    live.url = live.url.replace("127.0.0.1", "localhost")


def sign_in(live: Live, user: User, password: str = PASSWORD) -> Page:
    page = live.open("/me/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    return page


def sign_out(live: Live) -> None:
    live.open("/me/logout/").get_by_role("button", name="Sign out").click()
    expect(live.page.get_by_role("heading", name="Sign in")).to_be_visible()


def confirm_password(page: Page) -> None:
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


@contextmanager
def device(page: Page) -> Iterator[None]:
    """A device with a fingerprint reader that always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield
    session.send(
        "WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]}
    )
    session.detach()


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_the_first_person_signs_up_and_is_in(live: Live) -> None:
    page = live.open("/")
    expect(page.get_by_role("heading", name="Welcome to Dealwright")).to_be_visible()
    live.check_accessibility()
    live.shot("welcome")
    page.get_by_label("Company").fill("Acme Ltd")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("too short")
    live.ignore("422")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("too short")).to_be_visible()
    expect(page.get_by_label("Company")).to_have_value("Acme Ltd")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()


def test_a_person_sets_up_an_authenticator_app_and_signs_in_with_it(live: Live) -> None:
    user = make_user("Rita Rep")
    page = sign_in(live, user)
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()
    live.open("/me/2fa/").get_by_role("link", name="Set up").click()
    confirm_password(page)
    secret = page.locator("[data-secret]").inner_text()
    live.shot("authenticator-app")
    page.get_by_label("2. Type the code").fill(code_of(secret))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator("[data-codes] li")).to_have_count(10)
    live.shot("recovery-codes")
    recovery = page.locator("[data-codes] li").first.inner_text()

    sign_out(live)
    sign_in(live, user)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    live.ready()
    live.check_accessibility()
    live.shot("second-factor")
    page.get_by_label("Code of your authenticator app").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    cache.clear()  # the code was used at set-up and works once
    page.get_by_label("Code of your authenticator app").fill(code_of(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()

    sign_out(live)
    sign_in(live, user)
    page.get_by_label("Code of your authenticator app").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()


def test_a_person_adds_a_passkey_and_signs_in_with_nothing_else(live: Live) -> None:
    on_localhost(live)
    user = make_user("Rita Rep")
    page = sign_in(live, user)
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()
    live.open("/me/2fa/").get_by_role("link", name="Add a passkey").click()
    confirm_password(page)
    live.ready()
    live.shot("add-passkey")
    with device(page):
        page.get_by_label("Name").fill("Laptop")
        page.get_by_role("button", name="Add the passkey").click()
        expect(page.locator("[data-codes] li")).to_have_count(10)
        live.open("/me/2fa/")
        expect(page.get_by_role("cell", name="Laptop Signs in alone")).to_be_visible()
        live.shot("security")

        sign_out(live)
        live.open("/me/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("button", name="Your menu")).to_be_visible()

        # It also stands in for the code after the password.
        sign_out(live)
        sign_in(live, user)
        live.ready()
        page.get_by_role("button", name="Use a passkey instead").click()
        expect(page.get_by_role("button", name="Your menu")).to_be_visible()

        # And for the password, before something sensitive.
        live.open("/me/2fa/recovery-codes/generate/")
        page.get_by_role("link", name="security key").click()
        live.ready()
        page.get_by_role("button", name="Use your passkey").click()
        expect(page.get_by_text("no longer work")).to_be_visible()
    assert Authenticator.objects.filter(user=user, type="webauthn").count() == 1


def test_an_unknown_device_says_so_in_words(live: Live) -> None:
    on_localhost(live)
    make_user()
    page = live.open("/me/login/")
    with device(page):
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_text("Nothing was confirmed")).to_be_visible(timeout=90_000)
    live.shot("passkey-unknown")


def test_an_invited_person_joins_with_a_passkey_and_no_password(live: Live) -> None:
    on_localhost(live)
    invited = invite_user(acting(make_administrator()), email="rita@example.com", name="Rita")
    page = live.open(invited.link[invited.link.index("/invitation/") :])
    live.check_accessibility()
    live.shot("invitation")
    with device(page):
        page.get_by_role("button", name="Join with a passkey instead").click()
        live.ready()
        page.get_by_role("button", name="Add the passkey").click()
        page.get_by_role("button", name="Use your passkey").click()
        expect(page.locator("[data-codes] li")).to_have_count(10)
        sign_out(live)
        live.open("/me/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("button", name="Your menu")).to_be_visible()


def test_an_administrator_invites_and_hands_the_link_over(live: Live) -> None:
    administrator = make_administrator("Ada")
    create_role(acting(administrator), name="Sales")
    create_team(acting(administrator), name="North")
    live.sign_in(administrator)
    page = live.open("/settings/users/invite")
    page.get_by_label("E-mail").fill("rita@example.com")
    page.get_by_label("Role").select_option("Sales")
    page.get_by_label("North").check()
    page.get_by_role("button", name="Send the invitation").click()
    link = page.locator("[data-link]").input_value()
    live.shot("invited")
    live.open("/settings/users?show=invited")
    expect(page.get_by_role("link", name="Rita")).to_be_visible()

    page.goto(live.url + link[link.index("/invitation/") :])
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()
    user = User.objects.get(email="rita@example.com")
    assert user.role is not None and user.role.name == "Sales"


@BOTH_LOOKS
def test_every_page_of_people_fits_and_is_accessible(
    live: Live, size: dict[str, int], theme: str
) -> None:
    administrator = make_administrator("Ada Lovelace")
    role = create_role(acting(administrator), name="Sales")
    team = create_team(acting(administrator), name="North")
    user = make_user("Rita Rep", role=role, manager=administrator)
    live.use(size, theme=theme)
    for path in ("/me/login/", "/me/password/reset/", "/me/signup/"):
        live.open(path)
        _look(live, path, size, theme)
    live.sign_in(administrator)
    live.use(size, theme=theme)
    for path in (
        "/settings/company",
        "/settings/users",
        "/settings/users/invite",
        f"/settings/users/{user.pk}",
        "/settings/roles",
        f"/settings/roles/{role.pk}",
        "/settings/teams",
        f"/settings/teams/{team.pk}",
        "/settings/tokens",
        "/settings/identity",
        "/settings/identity/providers/add",
        "/settings/identity/programs/add",
        "/me/2fa/",
        "/me/sessions/",
        "/me/email/",
        "/me/password/change/",
    ):
        live.open(path)
        _look(live, path, size, theme)


def _look(live: Live, path: str, size: dict[str, int], theme: str) -> None:
    live.settled()
    live.check_no_overflow()
    live.check_accessibility()
    name = "-".join(part for part in path.split("/") if part and len(part) < 30)
    live.shot(f"{name}-{size['width']}-{theme}")
