"""Every page of the shell, the CRM and the settings, on a desk and on a phone: no wider than
its window, no serious fault by axe, no error in the console (the ``live`` fixture sees to it)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from browser import BOTH_LOOKS, Live
from crm import make
from dealwright.base.access.actor import system
from dealwright.base.people.models import User
from dealwright.base.records.services import create_record
from dealwright.contracts.clauses.services import collect_clauses, write_clause
from dealwright.contracts.library.services import default_template
from dealwright.crm.opportunities.line_items import set_line_items
from make import acting, make_administrator, make_role, make_team, make_user

pytestmark = pytest.mark.browser

LONG = "Donaudampfschifffahrtsgesellschaft Beteiligungsverwaltung and Daughters Incorporated"
LISTS = ("leads", "accounts", "contacts", "opportunities", "products", "quotes", "cases",
         "campaigns", "web-forms", "price-books", "clauses")  # fmt: skip
BOARDS = ("leads", "opportunities", "quotes", "cases", "campaigns")
PLACES = ("/", "/tasks", "/notices", "/jobs", "/bin", "/search?q=donau", "/import", "/design",
          "/outbox", "/evidence", "/leads/calendar", "/opportunities/calendar",
          "/reports/win-rate", "/reports/pipeline", "/reports/funnel", "/leaderboard", "/forecast",
          "/approvals", "/compensation", "/send-for-signature", "/offline")  # fmt: skip
SETTINGS = ("profile", "tokens", "company", "users", "users/invite", "roles", "teams", "identity",
            "events", "webhooks", "jobs", "mail", "suppression", "fields", "rates", "calendars",
            "access", "assignment", "assignment/new", "pipelines", "promises",
            "approvals", "tracking")  # fmt: skip
ACCOUNT = ("/me/2fa/", "/me/sessions/", "/me/email/", "/me/password/change/",
           "/me/2fa/webauthn/")  # fmt: skip
STRANGER = ("/me/login/", "/me/password/reset/", "/verify", "/forms/contact-us")


def a_company(user: User) -> list[str]:
    """One of each record, some with names longer than any column; their addresses."""
    account = make.make_account(name=LONG, domain="donau.example", owner=user)
    contact = make.make_contact(account=account, last_name="Wolfeschlegelsteinhausen", owner=user)
    product = make.make_product(name="GTX Pro", list_price="1234.50")
    deal = make.make_opportunity(
        name=f"Ships for {LONG}", account=account, contact=contact, amount="1234567.89", owner=user
    )
    set_line_items(system(), deal.pk, [{"product": product.pk, "quantity": "3"}])
    late = timezone.now() - timedelta(days=2)
    make.make_activity(subject=f"Call {LONG}", opportunity=deal, owner=user, due_at=late)
    form = create_record(
        acting(user),
        "web_form",
        {"name": "Contact us", "slug": "contact-us", "title": "Talk to us"},
    )
    template = default_template()
    clause = collect_clauses(acting(user), template.pk)[0]
    write_clause(acting(user), clause.pk, name=LONG, text=f"[[amount]] of {LONG}", note="Why")
    pages = {
        "accounts": account,
        "contacts": contact,
        "leads": make.make_lead(contact=contact, owner=user, message="Please call."),
        "opportunities": deal,
        "products": product,
        "price-books": make.make_price_book(),
        "quotes": make.make_quote(opportunity=deal, owner=user),
        "cases": make.make_case(account=account, contact=contact, owner=user),
        "campaigns": make.make_campaign(owner=user),
        "web-forms": form,
        "clauses": clause,
    }
    return [
        *(f"/{slug}/{record.pk}" for slug, record in pages.items()),
        f"/clauses/{clause.pk}/text",
        f"/clauses/{clause.pk}?tab=versions",
        f"/contract-templates/{template.pk}",
        f"/contract-templates/{template.pk}/collect",
    ]


def look_at(live: Live, paths: Sequence[str]) -> None:
    """Open each page; all faults at once, since one change often makes several."""
    faults = []
    for path in paths:
        live.open(path)
        live.settled()
        for check in (live.check_no_overflow, live.check_accessibility):
            try:
                check()
            except AssertionError as fault:
                faults.append(str(fault))
    assert not faults, "\n".join(faults)


@BOTH_LOOKS
def test_records(live: Live, size: dict[str, int], theme: str) -> None:
    user = make_administrator()
    records = a_company(user)
    live.sign_in(user)
    live.use(size, theme=theme)
    look_at(live, records)


@BOTH_LOOKS
def test_lists_boards_and_forms(live: Live, size: dict[str, int], theme: str) -> None:
    user = make_administrator()
    a_company(user)
    live.sign_in(user)
    live.use(size, theme=theme)
    look_at(live, [f"/{slug}" for slug in LISTS])
    look_at(live, [f"/{slug}/board" for slug in BOARDS] + [f"/{slug}/new" for slug in LISTS])


@BOTH_LOOKS
def test_empty_lists_teach(live: Live, size: dict[str, int], theme: str) -> None:
    live.sign_in(make_administrator())
    live.use(size, theme=theme)
    look_at(live, [f"/{slug}" for slug in ("leads", "quotes", "cases")])


@BOTH_LOOKS
def test_the_shell_and_its_places(live: Live, size: dict[str, int], theme: str) -> None:
    user = make_administrator()
    a_company(user)
    live.sign_in(user)
    live.use(size, theme=theme)
    look_at(live, PLACES)
    live.ignore("404")
    look_at(live, ["/no-such-page"])


@BOTH_LOOKS
def test_settings(live: Live, size: dict[str, int], theme: str) -> None:
    user = make_administrator()
    make_role("Below", parent=make_role("Sales"))
    make_team(make_user(), name="North")
    live.sign_in(user)
    live.use(size, theme=theme)
    look_at(live, [f"/settings/{name}" for name in SETTINGS])
    look_at(live, ACCOUNT)


@BOTH_LOOKS
def test_what_a_stranger_sees(live: Live, size: dict[str, int], theme: str) -> None:
    a_company(make_administrator())
    live.use(size, theme=theme)
    look_at(live, STRANGER)
