"""Every page that can be reached, as administrator and as rep: whole, safe, frugal, no dead end."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit
from uuid import UUID

import lxml.html
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from .company import Company, listed
from .doors import Places, doors
from .test_page_doors import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

STATEMENTS = 15
# Of one shape of address so many are opened; the rest look alike.
OF_ONE_SHAPE = 3
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


def shape(address: str) -> str:
    """The address with every id, and every value of its query, left open."""
    parts = urlsplit(address)
    query = "&".join(sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair))
    return _ID.sub("*", parts.path) + (f"?{query}" if query else "")


def get(client: Client, address: str, came_from: str = "") -> Page:
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
        elif page.is_html and page.body:
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


def test_explore(company: Company) -> None:
    places = Places(company)
    out = open("/tmp/security/crawl.txt", "w")
    import time
    for user in (company.ada, company.rita):
        t = time.time()
        starts = ["/"]
        client = signed_in(user)
        for door in doors():
            if str(door) == "/me/logout/": continue
            starts.append(places.fill(door))
        pages = crawl(client, starts)
        out.write(f"== {user} {len(pages)} {time.time()-t}\n")
        for p in pages:
            out.write(f"{p.status} {p.statements} {p.address} <- {p.came_from} {p.headers.get('Content-Type')}\n")
