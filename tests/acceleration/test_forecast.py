"""Each figure of the forecast opens to the deals it counts."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from crm.make import make_opportunity
from dealwright.acceleration.forecasts.pages import list_url
from dealwright.acceleration.forecasts.queries import forecast
from dealwright.base.access.actor import Actor, system
from dealwright.base.objects.registry import object_type
from dealwright.base.people.organization import organization
from dealwright.base.records.queries import list_records
from dealwright.crm.opportunities.services import win_opportunity
from make import acting, make_administrator

pytestmark = pytest.mark.django_db


def opened(actor: Actor, url: str) -> Decimal:
    tree = json.loads(parse_qs(urlsplit(url).query)["filter"][0])
    page = list_records(actor, object_type("opportunity"), filter=tree, columns=["amount"])
    return sum((Decimal(str(row["amount"])) for row in page.rows), Decimal(0))


@pytest.mark.slow
def test_figures_open_to_deals_that_sum_to_them():
    admin = make_administrator()
    actor = acting(admin)
    today = timezone.localdate()
    for category, amount in (("commit", 100), ("best_case", 20), ("pipeline", 3), ("omitted", 999)):
        make_opportunity(
            amount=amount, forecast_category=category, close_date=today, owner=admin.pk
        )
    make_opportunity(amount=5000, close_date=today + timedelta(days=40), owner=admin.pk)
    won = make_opportunity(amount=4000, owner=admin.pk)
    win_opportunity(system(), won.pk)
    found = forecast(actor, today, today, currency=organization().currency)
    assert found.total.expected == 4100
    figures = {"closed": 4000, "commit": 100, "best_case": 20, "pipeline": 3}
    for category, amount in figures.items():
        assert found.total.amounts[category] == amount
        assert opened(actor, list_url(found, admin.pk, category)) == amount
    assert opened(actor, list_url(found, None, "expected")) == 4100
    assert opened(actor, list_url(found, None, "weighted")) == 4123
