"""Every record page of the CRM and each of its panels answers."""

from __future__ import annotations

import pytest

from crm.make import (
    make_account,
    make_activity,
    make_campaign,
    make_case,
    make_contact,
    make_lead,
    make_opportunity,
    make_price_book,
    make_product,
    make_quote,
)
from crm.pages.look import page
from dealwright.base.access.actor import system
from dealwright.base.records.services import create_record
from dealwright.crm.opportunities.line_items import set_line_items
from make import make_user

pytestmark = pytest.mark.django_db


class TestRecords:
    def test_every_record_page_and_panel_answers(self, browser, rep):
        account = make_account(owner=rep, name="Acme")
        make_account(owner=rep, parent=account)
        contact = make_contact(owner=rep, account=account)
        lead = make_lead(owner=rep, contact=contact, utm_source="mail", message="Hello")
        deal = make_opportunity(owner=rep, account=account, contact=contact, amount="10")
        set_line_items(system(), deal.pk, [{"name": "Loom", "unit_price": "1000"}])
        quote = make_quote(opportunity=deal)
        product, book = make_product(), make_price_book()
        case = make_case(owner=rep, account=account)
        campaign = make_campaign(owner=rep)
        activity = make_activity(owner=rep, opportunity=deal)
        form = create_record(system(), "web_form", {"name": "F", "slug": "f", "title": "F"})
        for slug, record, tabs in (
            ("accounts", account, ["timeline", "people"]),
            ("contacts", contact, ["timeline"]),
            ("leads", lead, ["timeline"]),
            ("opportunities", deal, ["timeline", "lines", "people"]),
            ("quotes", quote, ["timeline", "lines"]),
            ("products", product, [""]),
            ("price-books", book, ["prices"]),
            ("cases", case, ["timeline"]),
            ("campaigns", campaign, ["timeline", "members"]),
            ("activities", activity, [""]),
            ("web-forms", form, ["submissions"]),
        ):
            for tab in tabs:
                page(browser, f"/{slug}/{record.pk}?tab={tab}")
            page(browser, f"/{slug}/{record.pk}/side")
            page(browser, f"/{slug}")

    def test_a_foreign_record_is_as_good_as_absent(self, browser):
        deal = make_opportunity(owner=make_user())
        for address in (
            f"/opportunities/{deal.pk}/win",
            f"/opportunities/{deal.pk}/lose",
            f"/opportunities/{deal.pk}/quotes/new",
            f"/timeline/opportunity/{deal.pk}",
        ):
            page(browser, address, 404)
