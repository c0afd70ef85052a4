"""How a person lets a program in and takes it back, as the browser shows it."""

from __future__ import annotations

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from django.utils import timezone
from playwright.sync_api import expect

from browser import BOTH_LOOKS, Live
from dealwright.base.people.grants import GRANTABLE
from dealwright.base.people.identity import add_client
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.browser

BACK = "http://127.0.0.1:9/callback"


@BOTH_LOOKS
def test_a_person_reads_what_a_program_asks_for(
    live: Live, size: dict[str, int], theme: str
) -> None:
    made = add_client(
        acting(make_administrator()),
        name="Desk helper",
        redirect_uris=BACK,
        public=True,
        scopes=list(GRANTABLE),
    )
    user = make_user("Rita Rep")
    live.sign_in(user)
    live.use(size, theme=theme)
    live.open(
        f"/identity/o/authorize?client_id={made.client.pk}&redirect_uri={BACK}&state=x"
        "&response_type=code&scope=crm:read%20crm:write%20signing:read%20admin"
        "&code_challenge=abcdefghijabcdefghijabcdefghijabcdefghijabc&code_challenge_method=S256"
        f"&resource={live.url}/mcp"
    )
    page = live.page
    expect(page.get_by_role("heading", name="Let Desk helper act for you?")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(3)
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"mcp-consent-{theme}")

    grant = Token(
        type=Token.Type.REFRESH_TOKEN,
        client=made.client,
        user=user,
        expires_at=timezone.now() + timedelta(days=1),
    )
    grant.set_value("s3cret")
    grant.set_scopes(["openid", "crm:read", "crm:write", "signing:read"])
    grant.save()
    live.open("/settings/tokens")
    expect(page.get_by_text("/mcp, with such a token")).to_be_visible()
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"mcp-tokens-{theme}")
    table = page.get_by_role("table", name="Programs that act for you")
    table.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Go ahead").click()
    expect(page.get_by_text("“Desk helper” no longer acts for you.")).to_be_visible()
    expect(table).to_have_count(0)


class Came(BaseHTTPRequestHandler):
    """Where a program on one's own machine waits for the browser."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>Back</title>You may close this page.")

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def test_who_allows_it_is_sent_to_whatever_port_the_program_waits_at(live: Live) -> None:
    """The pages' policy lets forms go to few places: this is one of them."""
    made = add_client(
        acting(make_administrator()),
        name="Desk helper",
        redirect_uris="http://127.0.0.1/callback",
        public=True,
        scopes=["crm:read"],
    )
    live.sign_in(make_user())
    with ThreadingHTTPServer(("127.0.0.1", 0), Came) as waiting:
        threading.Thread(target=waiting.serve_forever, daemon=True).start()
        back = f"http://127.0.0.1:{waiting.server_port}/callback"
        live.open(
            f"/identity/o/authorize?client_id={made.client.pk}&redirect_uri={back}&state=x"
            "&response_type=code&scope=crm:read&code_challenge_method=S256"
            f"&code_challenge=abcdefghijabcdefghijabcdefghijabcdefghijabc&resource={live.url}/mcp"
        )
        live.ignore("favicon")
        live.page.get_by_role("button", name="Allow").click()
        live.page.wait_for_url(f"{back}?*")
        assert "code=" in live.page.url
        waiting.shutdown()


@BOTH_LOOKS
def test_an_administrator_chooses_how_far_a_program_reaches(
    live: Live, size: dict[str, int], theme: str
) -> None:
    live.sign_in(make_administrator())
    live.use(size, theme=theme)
    live.open("/settings/identity/programs/add")
    page = live.page
    page.get_by_label("Name").fill("Desk helper")
    page.get_by_label("Comes back to").fill(BACK)
    page.get_by_label("May", exact=True).select_option(
        label="Reads and changes what a person lets it"
    )
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"mcp-program-{theme}")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Client id")).to_be_visible()
    live.open("/settings/identity")
    expect(page.get_by_role("table", name="Programs")).to_contain_text("Reads and changes")
    live.check_no_overflow()
    live.shot(f"mcp-programs-{theme}")
