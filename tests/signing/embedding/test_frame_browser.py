"""A draft prepared and sent inside a frame of another origin, which is told; no other may frame."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from browser import DESKTOP, PHONE, Live
from dealwright.signing.embedding import sending
from dealwright.signing.embedding.services import allow_site
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_administrator, make_user
from signing.make import make_envelope

pytestmark = pytest.mark.browser
HOST = """<!doctype html><title>Portal</title><meta name="viewport" content="width=device-width">
<script>
  window.told = [];
  addEventListener("message", (event) => told.push([event.origin, event.data]));
</script><iframe style="position:fixed;inset:0;width:100%;height:100%;border:0" title="Send"
></iframe><script>
  document.querySelector("iframe").src = decodeURIComponent(location.hash.slice(1));
</script>"""


class Portal(BaseHTTPRequestHandler):
    """A page of another site that frames what stands after the # of its address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(HOST.encode() if self.path == "/" else b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def portals() -> Iterator[tuple[str, str]]:
    """The origins of two other sites."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Portal) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    first, second = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    yield first, second
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def draft(portals: tuple[str, str]) -> Envelope:
    allow_site(acting(make_administrator()), portals[0])
    return make_envelope(acting(make_user()))


def frame(live: Live, draft: Envelope, origin: str, portal: str) -> Page:
    """The page of a portal with the draft in a frame that was asked for the origin."""
    made = sending.create_sending_url(acting(draft.owner), draft.pk, origin=origin)
    page = live.page
    page.goto(f"{portal}/#{quote(live.url + urlsplit(made.url).path)}")
    return page


def told(page: Page, event: str) -> dict[str, str]:
    """What the site was told of the event; waits until it is."""
    page.wait_for_function(f"() => told.some(([, data]) => data.event === '{event}')")
    return dict(page.evaluate(f"() => told.find(([, data]) => data.event === '{event}')[1]"))


def test_fields_are_placed_and_it_is_sent(
    live: Live, draft: Envelope, portals: tuple[str, str]
) -> None:
    live.use(DESKTOP)
    page = frame(live, draft, portals[0], portals[0])
    assert told(page, "opened")["envelope"] == str(draft.pk)
    inside = page.frame_locator("iframe")
    inside.get_by_role("button", name="Signature", exact=True).click()
    expect(inside.locator("[data-editor-status]")).to_have_text("Saved.")
    live.shot("embedded-sending-1440")
    assert EnvelopeField.objects.count() == 1
    inside.get_by_role("button", name="Send", exact=True).click()
    assert told(page, "sent") == {
        "source": "dealwright", "event": "sent", "envelope": str(draft.pk), "message": "",
    }  # fmt: skip
    origins = page.evaluate("() => [...new Set(told.map(([origin]) => origin))]")
    assert origins == [live.url]
    draft.refresh_from_db()
    assert draft.sent_at is not None


def test_it_is_left_on_a_phone(live: Live, draft: Envelope, portals: tuple[str, str]) -> None:
    live.use(PHONE, theme="dark")
    page = frame(live, draft, portals[0], portals[0])
    told(page, "opened")
    inside = page.frame_locator("iframe")
    live.shot("embedded-sending-390-dark")
    inside.get_by_role("button", name="Keep as draft").click()
    assert told(page, "closed")["envelope"] == str(draft.pk)
    draft.refresh_from_db()
    assert draft.sent_at is None


def test_no_other_site_may_frame_it(live: Live, draft: Envelope, portals: tuple[str, str]) -> None:
    live.use(DESKTOP)
    live.ignore("frame-ancestors")
    live.ignore("chrome-error")
    page = frame(live, draft, portals[0], portals[1])
    page.wait_for_function("() => performance.getEntriesByType('resource').length > 0")
    expect(page.frame_locator("iframe").get_by_role("button", name="Send")).to_have_count(0)
    assert page.evaluate("() => told.length") == 0
