"""Every page that can be reached, as administrator and as rep: whole, safe, frugal, no dead end."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import lxml.html
import pytest
from django.db import connection, reset_queries, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from .company import Company, listed
from .doors import Places, doors
from .test_page_doors import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

STATEMENTS = 15
# Of one shape of address so many are opened; the rest look alike.
OF_ONE_SHAPE = 1
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


@dataclass(frozen=True, slots=True)
class Page:
    """What one address answered."""

    address: str
    came_from: str
    status: int
    headers: Any
    statements: int
    body: bytes

    @property
    def is_html(self) -> bool:
        return str(self.headers.get("Content-Type", "")).startswith("text/html")

    @property
    def is_shut_up(self) -> bool:
        """In a sandbox without scripts, forms or an origin of its own."""
        policy = parse_policy(self.headers.get("Content-Security-Policy", ""))
        return policy.get("sandbox") == [] and policy.get("default-src") == ["'none'"]


def shape(address: str) -> str:
    """The address with every id, and every value of its query, left open."""
    parts = urlsplit(address)
    query = "&".join(sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair))
    return _ID.sub("*", parts.path) + (f"?{query}" if query else "")


def get(client: Client, address: str, came_from: str = "") -> Page:
    reset_queries()  # the log of the connection is bounded: full, it would count nothing
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        answer: Any = client.get(address)
        body = answer.getvalue()
        transaction.set_rollback(True)
    statements = [
        each["sql"]
        for each in asked.captured_queries
        if not each["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))
    ]
    return Page(address, came_from, answer.status_code, answer.headers, len(statements), body)


def crawl(client: Client, starts: list[str]) -> list[Page]:
    """Follow every link of ours that a page shows, breadth first."""
    seen: dict[str, int] = {}
    known = set(starts)
    waiting = deque((address, "") for address in starts)
    pages = []
    while waiting:
        address, came_from = waiting.popleft()
        if seen.setdefault(shape(address), 0) >= OF_ONE_SHAPE:
            continue
        seen[shape(address)] += 1
        page = get(client, address, came_from)
        pages.append(page)
        if page.status in (301, 302, 303, 307):
            links = [page.headers["Location"]]
        elif page.is_html and page.body.strip():
            links = links_of(page)
        else:
            links = []
        for link in links:
            if link not in known:
                known.add(link)
                waiting.append((link, address))
    return pages


def links_of(page: Page) -> list[str]:
    """Addresses of ours that a page leads to or loads by itself."""
    found = []
    for element in lxml.html.fromstring(page.body).iter():
        if not isinstance(element.tag, str):
            continue
        for name in ("href", "src", "hx-get"):
            value = element.get(name)
            if not value or value.startswith(("#", "mailto:", "tel:", "data:", "blob:")):
                continue
            address, _ = urldefrag(urljoin(page.address, value))
            if not urlsplit(address).netloc and not address.startswith("/static/"):
                found.append(address)
    return found


# Pages that ask more often, by the beginning of their address or its end, and why.
RECORD_PAGE = "a part per panel that rooms add to the record"
MORE_STATEMENTS = {
    "/export": (45, "all that is known of a person: a statement per table that knows people"),
    "/side": (22, "one statement per object that is related to the record"),
    "/bin": (28, "one statement per object that a person may bring back"),
    "/opportunities/*": (17, RECORD_PAGE),
    "/opportunities/*/timeline": (17, RECORD_PAGE),
    "/contracts/*": (18, RECORD_PAGE),
    "/envelopes/*": (22, RECORD_PAGE),
    "/envelopes/*/send": (16, "people, documents, fields, redlines, payments, stamps of a draft"),
    "/embedded-sending/": (18, "the same, and the visit with its client"),
    "/settings/controls": (60, "the state of the whole installation, and the doctor's checks"),
    "/settings/controls.csv": (60, "as above"),
    "/compensation/accounting": (17, "the parts of a month: costs, accruals, journal, rates"),
    "/compensation/accounting/costs/*": (20, "a schedule is computed anew from all it hangs on"),
    "/opportunities/board": (18, "the filter's sentence names stage and pipeline"),
}


def statements_allowed(address: str) -> int:
    of = shape(address)
    path = of.partition("?")[0]
    for known, (most, _) in MORE_STATEMENTS.items():
        below = known.endswith("/") and path.startswith(known)  # a secret follows
        if known in (of, path) or below or (known.count("/") == 1 and path.endswith(known)):
            return most
    return STATEMENTS


@pytest.fixture(scope="module", params=["administrator", "rep"])
def crawled(request: pytest.FixtureRequest, company: Company) -> list[Page]:
    """Every page that a person reaches, beginning with all addresses there are."""
    user = company.ada if request.param == "administrator" else company.rita
    places = Places(company)
    starts = ["/", *(places.fill(door) for door in doors() if str(door) != "/me/logout/")]
    pages = crawl(signed_in(user), starts)
    assert len(pages) > 400
    return pages


def whole(pages: list[Page]) -> list[tuple[Page, Any]]:
    """The HTML pages that opened, parsed; not the mails of others, shut up in a sandbox."""
    return [
        (page, lxml.html.fromstring(page.body))
        for page in pages
        if page.is_html and page.status == 200 and page.body.strip() and not page.is_shut_up
    ]


def test_no_page_crashes_and_no_link_leads_nowhere(crawled: list[Page]) -> None:
    wrong = [
        (page.status, page.address, page.came_from)
        for page in crawled
        if page.status >= 500 or (page.status >= 400 and page.came_from)
    ]
    assert not wrong, listed(wrong)


def test_every_answer_carries_the_headers_that_protect_it(crawled: list[Page]) -> None:
    wrong = []
    for page in crawled:
        policy = parse_policy(page.headers.get("Content-Security-Policy", ""))
        framed = page.address.startswith(
            ("/forms/", "/s/", "/embedded-sending/")
        )  # stands in frames of the company's sites
        good = (
            page.headers.get("X-Content-Type-Options") == "nosniff"
            and page.headers.get("Referrer-Policy") in ("same-origin", "no-referrer")
            and (framed or page.headers.get("X-Frame-Options") in ("DENY", "SAMEORIGIN"))
        )
        if page.is_html and not page.is_shut_up:
            good = (
                good
                and policy.get("script-src") == ["'self'"]
                and policy.get("object-src") == ["'none'"]
                and policy.get("base-uri") in (["'self'"], ["'none'"])
                and "frame-ancestors" in policy
            )
        if not good:
            wrong.append((page.address, dict(page.headers)))
    assert not wrong, listed(wrong)


def parse_policy(text: str) -> dict[str, list[str]]:
    """The sources per directive of a content security policy."""
    parts = [part.split() for part in text.split(";") if part.split()]
    return {name: sources for name, *sources in parts}


def test_no_page_holds_what_the_policy_would_stop(crawled: list[Page]) -> None:
    wrong = []
    for page, tree in whole(crawled):
        for element in tree.iter():
            if not isinstance(element.tag, str):
                continue
            names = [name for name in element.attrib if name == "style" or name.startswith("on")]
            links = [element.get(name, "") for name in ("href", "src", "action", "formaction")]
            inline = element.tag == "script" and not element.get("src")
            if (
                names
                or any(link.strip().lower().startswith("javascript:") for link in links)
                or (inline and element.get("type") != "application/json")
                or element.tag == "style"
            ):
                found = lxml.html.tostring(element, encoding="unicode", with_tail=False)
                wrong.append((page.address, found[:160]))
    assert not wrong, listed(wrong)


def test_every_form_that_posts_carries_its_token(crawled: list[Page]) -> None:
    wrong = []
    for page, tree in whole(crawled):
        header = "X-CSRFToken" in (tree.get("hx-headers") or "") or bool(
            tree.xpath("//*[contains(@hx-headers, 'X-CSRFToken')]")
        )
        for form in tree.xpath("//form[translate(@method, 'POST', 'post') = 'post']"):
            if not form.xpath(".//input[@name='csrfmiddlewaretoken']") and not header:
                if page.address.startswith(("/forms/", "/s/")):
                    continue  # on other sites, see the doors without CSRF
                wrong.append((page.address, form.get("action")))
    assert not wrong, listed(wrong)


def test_no_page_asks_the_database_too_often(crawled: list[Page]) -> None:
    wrong = {
        (page.statements, shape(page.address))
        for page in crawled
        if page.statements > statements_allowed(page.address)
    }
    assert not wrong, listed(sorted(wrong))


def test_cookies_are_kept_from_scripts_and_other_sites(company: Company) -> None:
    client = Client()
    client.get("/me/login/")
    client.post("/me/login/", {"login": company.ada.email, "password": "a good long password"})
    session = client.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    for name, cookie in client.cookies.items():
        assert cookie["samesite"] in ("Lax", "Strict"), name
