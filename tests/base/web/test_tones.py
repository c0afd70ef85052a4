"""Values that are good or bad news have a colour, in lists and on the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contracts.make import make_contract
from crm.make import make_account, make_opportunity
from dealwright.contracts.obligations.models import Obligation
from dealwright.crm.opportunities.services import lose_opportunity, win_opportunity
from make import acting, make_administrator

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Any:
    user = make_administrator()
    client.force_login(user)
    return user


def test_the_stage_of_a_deal_tells_whether_it_was_won(client: Client, ada: Any) -> None:
    account = make_account(name="Donau", owner=ada)
    for name in ("Gained", "Missed", "Running"):
        deal = make_opportunity(name=name, account=account, owner=ada)
        if name == "Gained":
            win_opportunity(acting(ada), deal.pk)
        elif name == "Missed":
            lose_opportunity(acting(ada), deal.pk, reason="price")
    rows = client.get("/opportunities").content.decode().split("<tr ")
    for name, badge in (
        ("Gained", 'badge badge-success">Won'),
        ("Missed", 'badge badge-danger">Lost'),
        ("Running", 'badge">'),
    ):
        (row,) = [each for each in rows if f'data-title="{name}"' in each]
        assert badge in row


def test_a_close_date_that_passed_is_late_only_while_the_deal_is_open(
    client: Client, ada: Any
) -> None:
    past = timezone.localdate() - timedelta(days=3)
    deal = make_opportunity(name="Late", owner=ada, close_date=past)
    assert 'class="late"' in client.get("/opportunities").content.decode()
    assert 'class="late"' in client.get(f"/opportunities/{deal.pk}").content.decode()
    win_opportunity(acting(ada), deal.pk, close_date=past)
    assert 'class="late"' not in client.get("/opportunities").content.decode()


def test_an_obligation_is_late_until_it_is_met_or_waived(client: Client, ada: Any) -> None:
    contract = make_contract(owner=ada)
    past = timezone.localdate() - timedelta(days=1)
    duty = Obligation.objects.create(contract=contract, action="Pay", due_on=past, owner=ada)
    assert 'class="late"' in client.get("/obligations").content.decode()
    duty.waived_on = past
    duty.save()
    assert 'class="late"' not in client.get("/obligations").content.decode()
