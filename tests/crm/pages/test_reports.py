"""Reports and the lists they count."""

from __future__ import annotations

import re

import pytest

from crm.make import make_opportunity, make_product
from crm.pages.look import page

pytestmark = pytest.mark.django_db


def test_reports_open_the_lists_they_count(browser, rep):
    product = make_product(name="GTX Pro")
    make_opportunity(owner=rep, stage="Won", product=product, amount="100", close_date="2017-03-01")
    make_opportunity(owner=rep, stage="Lost", product=product, amount="0", close_date="2017-04-01")
    make_opportunity(owner=rep, amount="70")
    for by in ("agent", "region", "product"):
        text = page(browser, f"/reports/win-rate?by={by}&from=2017-01-01&to=2017-12-31")
        assert "50.0" in text
        link = re.search(r'href="(/opportunities\?filter=[^"]+)"', text)[1].replace("&amp;", "&")
        page(browser, link)
    page(browser, "/reports/win-rate?from=2018-01-01&to=oops", 422)
    assert "Prospecting" in page(browser, "/reports/pipeline")
    page(browser, "/reports/funnel")
