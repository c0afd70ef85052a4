"""Members of campaigns and prices of books."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm.make import make_campaign, make_contact, make_price_book, make_product
from crm.pages.look import page

pytestmark = pytest.mark.django_db


def test_campaign_members_and_book_prices(boss_browser):
    campaign, person = make_campaign(), make_contact()
    boss_browser.post(
        f"/campaigns/{campaign.pk}/members", {"contact": str(person.pk), "status": "sent"}
    )
    member = campaign.members.get()
    boss_browser.post(f"/campaigns/{campaign.pk}/members/{member.pk}", {"status": "responded"})
    member.refresh_from_db()
    assert member.responded_at is not None
    book, product = make_price_book(), make_product()
    boss_browser.post(
        f"/price-books/{book.pk}/prices",
        {
            "product": str(product.pk),
            "prices.1.min_quantity": "1",
            "prices.1.list_price": "9,90",
        },
    )
    assert product.prices.get().list_price == Decimal("9.90")
    page(boss_browser, f"/products/{product.pk}/side")
