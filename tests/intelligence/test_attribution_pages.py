"""Each figure of the attribution opens to the deals it was credited from."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from crm.make import make_opportunity
from dealwright.base.access.actor import system
from dealwright.crm.opportunities.services import win_opportunity
from dealwright.intelligence.attribution.queries import attribute_revenue, deals_behind
from dealwright.intelligence.tracking.services import record_touch
from make import acting, make_administrator

pytestmark = pytest.mark.django_db


def make_won(name, amount, *channels):
    deal = make_opportunity(name=name, amount=amount)
    for number, channel in enumerate(channels):
        record_touch(
            system(), key=f"{name}:{number}", kind="page_view", channel=channel, title="Read",
            occurred_at=timezone.now() - timedelta(days=9 - number), opportunity_id=deal.pk,
            is_marketing=True,
        )  # fmt: skip
    return win_opportunity(system(), deal.pk)


def test_rows_open_to_deals_whose_credits_sum_to_them():
    admin = make_administrator()
    make_won("Both", "300", "email", "paid", "email")
    make_won("Mail only", "50", "email")
    make_won("Nobody knows", "7")
    found = attribute_revenue(acting(admin))
    (rows,) = found.rows.values()
    (currency,) = found.rows
    email, paid, unknown = rows
    assert (email.key, email.amount, email.deals) == ("email", Decimal(250), 2)
    assert [(part.name, part.credit) for part in deals_behind(email)] == [
        ("Both", Decimal(200)),
        ("Mail only", Decimal(50)),
    ]
    assert (paid.amount, unknown.amount) == (Decimal(100), Decimal(7))

    client = Client()
    client.force_login(admin)
    text = client.get("/reports/attribution").content.decode()
    assert f"row={currency}%3Aemail" in text
    opened = client.get(f"/reports/attribution?row={currency}:email").content.decode()
    assert "Mail only" in opened
    assert "Nobody knows" not in opened
