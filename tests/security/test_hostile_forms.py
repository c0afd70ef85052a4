"""Every form of every page, one field at a time filled with what no form should take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.html
import pytest
from django.db import transaction
from django.test import Client

from .company import Company, listed
from .doors import Places, doors
from .test_page_crawl import shape
from .test_page_doors import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NUL = "a\x00b"
HUGE = "1" + "0" * 30
ENDLESS = "9" * 5_000  # more digits than Python turns into a number
SQUARED = "²"  # a digit, and no number
LONG = "long " * 60_000
# Where many alike stand below each other (lines, steps), the first is tried.
FIELDS_TRIED = 25


@dataclass(frozen=True, slots=True)
class Form:
    """A form as the page shows it, with what it would send untouched."""

    page: str
    target: str
    values: tuple[tuple[str, str], ...]
    button: str

    def fields(self) -> list[str]:
        """Names of the fields, of many alike the first."""
        found: dict[str, str] = {}
        for name, _ in self.values:
            if name not in ("csrfmiddlewaretoken", self.button):
                found.setdefault(name.rstrip("0123456789"), name)
        return list(found.values())[:FIELDS_TRIED]

    def sent(self, name: str, value: str) -> dict[str, list[str]]:
        data: dict[str, list[str]] = {}
        for each, old in self.values:
            data.setdefault(each, []).append(old)
        return data | {name: [value]}


def forms_of(page: str, body: bytes) -> Iterator[Form]:
    tree = lxml.html.fromstring(body)
    for form in tree.xpath("//form"):
        target = form.get("hx-post") or (
            form.get("action") or page if (form.get("method") or "").lower() == "post" else None
        )
        if target is None:
            continue
        values = list(form.form_values())
        buttons = form.xpath(".//button[@name]")
        button = buttons[0].get("name") if buttons else ""
        if button:
            values.append((button, buttons[0].get("value") or ""))
        address = urljoin(page, target)
        if not urlsplit(address).netloc:
            yield Form(page, address, tuple(values), button)


def all_forms(client: Client, places: Places) -> list[Form]:
    """One of each shape, over every address there is."""
    found: dict[tuple[str, tuple[str, ...]], Form] = {}
    for door in doors():
        if str(door) == "/me/logout/":
            continue
        page = places.fill(door)
        with transaction.atomic():
            answer: Any = client.get(page)
            body = answer.getvalue()
            transaction.set_rollback(True)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            for form in forms_of(page, body) if body.strip() else ():
                names = tuple(sorted({name.rstrip("0123456789") for name, _ in form.values}))
                found.setdefault((shape(form.target), names), form)
    return [form for form in found.values() if not form.target.startswith("/me/logout")]


def test_no_form_breaks_and_none_takes_what_cannot_be_stored(company: Company) -> None:
    client = signed_in(company.ada)
    forms = all_forms(client, Places(company))
    assert len(forms) > 80
    wrong = []
    tried = 0
    for form in forms:
        for name in form.fields():
            for value in (NUL, HUGE, ENDLESS, SQUARED, LONG):
                with transaction.atomic():
                    answer = client.post(form.target, form.sent(name, value))
                    transaction.set_rollback(True)
                tried += 1
                if answer.status_code >= 500:
                    wrong.append((form.target, form.page, name, value[:12], answer.status_code))
    assert tried > 1_000
    assert not wrong, listed(wrong)
