"""A real browser on a running server: the ``live`` fixture.

    @pytest.mark.browser
    def test_a_rep_opens_the_list(live):
        live.sign_in(make_user())
        live.open("/opportunities")
        expect(live.page.get_by_role("heading", name="Opportunities")).to_be_visible()

What is made before and during the test is really committed; the database is renewed after.
A script error, a broken policy or a missing file of the page fails the test at its end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dealwright.base.web.jinja import BUILT

if TYPE_CHECKING:  # pytest loads this file before Django is set up
    from dealwright.base.people.models import User

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# Each width and each theme, for pages whose parts are drawn by all of them elsewhere as well.
BOTH_LOOKS = pytest.mark.parametrize(
    ("size", "theme"),
    [(DESKTOP, "light"), (PHONE, "dark")],
    ids=["desktop-light", "phone-dark"],
)
# The shell draws the same pages without the parts of a window, for half the work.
BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
SHOTS = os.environ.get("DEALWRIGHT_SHOTS", "")

HAS_ITS_PARTS = """() => !document.querySelector(".htmx-request")
    && [...document.querySelectorAll("[hx-get][hx-trigger='load']")].every((part) => {
        const address = new URL(part.getAttribute("hx-get"), location.href).href;
        return performance.getEntriesByName(address).some((each) => each.responseEnd > 0);
    })"""

expect.set_options(timeout=10_000)


class Live:
    """A browser page on the running server, signed in as whoever a test says."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.errors: list[str] = []
        self.ignored: list[str] = []
        self._contexts: list[BrowserContext] = []
        self.page: Page = self._new_page(DESKTOP, "light")
        self._user: User | None = None

    def use(self, size: dict[str, int] = DESKTOP, *, theme: str = "light", **options: Any) -> Page:
        """A fresh page of another size or theme, with the same person signed in."""
        self.page = self._new_page(size, theme, **options)
        if self._user is not None:
            self._sign_in(self._user)
        return self.page

    def sign_in(self, user: User) -> None:
        """Sign a user in without the sign-in page, whose tests it has itself."""
        self._user = user
        self.page.goto("about:blank")  # what still loads for another must not be refused
        self._sign_in(user)

    def open(self, path: str) -> Page:
        """Go to a page and wait until its islands are ready."""
        self.page.goto(self.url + path)
        self.ready()
        return self.page

    def ready(self) -> None:
        """Wait until no island of the page is still being fetched."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('[data-island]')].every(e => 'ready' in e.dataset)"
        )

    def settled(self) -> None:
        """Wait until the page has what it fetches by itself once it is loaded."""
        self.page.wait_for_function(HAS_ITS_PARTS)

    def shot(self, name: str) -> None:
        """A picture in the folder that DEALWRIGHT_SHOTS names, for a person to look at; of a page
        on a desk also as wide as a phone."""
        if not SHOTS:
            return
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))
        size = self.page.viewport_size
        if size and size["width"] > PHONE["width"]:
            self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}-narrow.png"))
            self.page.set_viewport_size(size)

    def check_accessibility(self, *, within: str = "") -> None:
        """No serious fault by axe (WCAG 2.2 AA)."""
        options = {
            "resultTypes": ["violations"],
            "runOnly": {
                "type": "tag",
                "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            },
        }
        results = Axe().run(self.page, context=within or None, options=options)
        faults = [
            f"{fault['id']}: {fault['help']}\n    "
            + "\n    ".join(node["html"][:200] for node in fault["nodes"][:5])
            for fault in results.response["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert not faults, f"{self.page.url}\n" + "\n".join(faults)

    def check_no_overflow(self) -> None:
        """The page is no wider than its window; in the shell only its parts scroll."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than the window"
        high = self.page.evaluate(
            "document.querySelector('.sidebar')"
            " ? document.documentElement.scrollHeight - window.innerHeight : 0"
        )
        assert high <= 0, f"{self.page.url} scrolls {high} px beside what scrolls in it"

    def ignore(self, text: str) -> None:
        """A console error that the test brings about on purpose."""
        self.ignored.append(text)

    def unexpected_errors(self) -> list[str]:
        return [each for each in self.errors if not any(text in each for text in self.ignored)]

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _new_page(self, size: dict[str, int], theme: str, **options: Any) -> Page:
        phone = size["width"] < 700
        context = self.browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            # A colour half way through a transition is nobody's design.
            **{"locale": "en-GB", "reduced_motion": "reduce", **options},
        )
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))
        page.on(
            "console",
            lambda message: (
                self.errors.append(f"{message.text} at {message.location.get('url', '')}")
                if message.type == "error"
                else None
            ),
        )
        return page

    def _sign_in(self, user: User) -> None:
        store = import_module(settings.SESSION_ENGINE).SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.save()
        self.page.context.clear_cookies()
        self.page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": store.session_key,
                    "url": self.url,
                }
            ]
        )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the run."""
    if not (BUILT / "manifest.json").exists():
        pytest.fail("The front end is not built. Run: npm ci && npm run build")
    path = os.environ.get("DEALWRIGHT_CHROMIUM") or next(
        (each for each in BROWSERS if Path(each).exists()), ""
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path or None,
            args=["--no-sandbox", "--disable-gpu"],
        )
        yield browser
        browser.close()


@pytest.fixture
def live(chromium: Browser, live_server: Any) -> Iterator[Live]:
    """A page on a running server; see the top of this file."""
    made = Live(chromium, live_server.url)
    yield made
    made.close()
    assert not made.unexpected_errors(), "\n".join(made.unexpected_errors())
