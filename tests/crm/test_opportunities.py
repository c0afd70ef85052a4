"""Deals: stages that ask, histories that are kept, lines that make the amount."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from crm.make import make_account, make_contact, make_opportunity, make_product
from dealwright.base.access.actor import system
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.records.services import update_record
from dealwright.crm.models import Opportunity, Pipeline, Stage, StageHistory
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.pipelines import (
    archive_stage,
    ensure_default_pipeline,
    move_stage,
    save_pipeline,
    save_stage,
)
from dealwright.crm.opportunities.services import (
    lose_opportunity,
    move_opportunity,
    reopen_opportunity,
    win_opportunity,
)
from dealwright.crm.opportunities.team import set_contact_role, set_team
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


def stage(name: str) -> Stage:
    return Stage.objects.get(pipeline=ensure_default_pipeline(), name=name)


def told(opportunity: Opportunity) -> list[str]:
    rows = OutboxEvent.objects.filter(record_id=opportunity.pk).order_by("seq")
    return [name for name in rows.values_list("name", flat=True) if name != "opportunity.updated"]


def test_a_new_deal_starts_in_the_first_stage_with_its_probability():
    deal = make_opportunity(amount="1000")
    assert (deal.stage.name, deal.status) == ("Prospecting", "open")
    assert deal.probability == Decimal("0.100000")
    assert deal.expected_revenue == Decimal("100.00")
    history = StageHistory.objects.get(opportunity=deal)
    assert (history.from_stage, history.to_stage.name) == (None, "Prospecting")
    assert told(deal) == ["opportunity.created", "opportunity.opened"]


def test_a_move_asks_for_what_the_stage_requires_and_writes_nothing():
    deal = make_opportunity()
    with pytest.raises(Invalid) as refusal:
        move_opportunity(system(), deal.pk, stage("Proposal").pk)
    assert refusal.value.code == "required_for_stage"
    assert refusal.value.message == "“Proposal” needs these fields: Amount and Close date."
    assert set(refusal.value.fields) == {"amount", "close_date"}
    deal.refresh_from_db()
    assert deal.stage.name == "Prospecting"


def test_a_move_takes_the_asked_values_along():
    deal = make_opportunity()
    moved = move_opportunity(
        system(), deal.pk, stage("Proposal").pk, {"amount": "500", "close_date": "2027-03-31"}
    )
    assert (moved.stage.name, moved.amount) == ("Proposal", Decimal(500))
    assert moved.close_date == date(2027, 3, 31)
    assert moved.probability == Decimal("0.55")
    assert moved.forecast_category == "best_case"
    last = StageHistory.objects.filter(opportunity=deal).last()
    assert (last.from_stage.name, last.to_stage.name) == ("Prospecting", "Proposal")
    assert (last.amount, last.close_date) == (Decimal(500), date(2027, 3, 31))
    assert told(deal)[-1] == "opportunity.stage_changed"


def test_history_names_who_moved_it():
    rep = make_user()
    deal = make_opportunity(owner=rep)
    move_opportunity(acting(rep), deal.pk, stage("Engaging").pk)
    assert StageHistory.objects.filter(opportunity=deal).last().by == rep


def test_exit_criteria_hold_a_deal_until_they_are_true():
    rep = make_user()
    Stage.objects.filter(name="Prospecting").update(
        exit_criteria="amount >= 100 and next_step != ''"
    )
    deal = make_opportunity(owner=rep, amount="50")
    with pytest.raises(Invalid) as refusal:
        move_opportunity(acting(rep), deal.pk, stage("Engaging").pk)
    assert refusal.value.code == "exit_criteria"
    moved = move_opportunity(
        acting(rep), deal.pk, stage("Engaging").pk, {"amount": "100", "next_step": "Call"}
    )
    assert moved.stage.name == "Engaging"


def test_exit_criteria_bind_neither_losing_nor_the_product_itself():
    rep = make_user()
    Stage.objects.filter(name="Prospecting").update(exit_criteria="amount >= 100")
    lost = make_opportunity(owner=rep)
    assert lose_opportunity(acting(rep), lost.pk, reason="price").status == "lost"
    assert win_opportunity(system("Seal"), make_opportunity().pk).status == "won"


def test_winning_closes_tells_and_makes_a_customer():
    rep = make_user()
    account = make_account(owner=rep)
    deal = make_opportunity(account=account, amount="900.50", owner=rep)
    won = win_opportunity(acting(rep), deal.pk, close_date=date(2026, 5, 4))
    assert (won.status, won.probability, won.forecast_category) == ("won", 1, "closed")
    assert won.close_date == date(2026, 5, 4)
    assert won.expected_revenue == Decimal("900.50")
    assert told(deal)[-2:] == ["opportunity.stage_changed", "opportunity.won"]
    payload = OutboxEvent.objects.get(name="opportunity.won").payload
    assert payload["amount"] == "900.50"
    assert payload["split_user_ids"] == [str(rep.pk)]
    assert payload["split_percents"] == ["1"]
    account.refresh_from_db()
    assert (account.kind, account.lifecycle_stage) == ("customer", "customer")


def test_winning_twice_is_one_win():
    deal = make_opportunity(amount="10")
    first = win_opportunity(system(), deal.pk)
    assert win_opportunity(system(), deal.pk).closed_at == first.closed_at
    assert told(deal).count("opportunity.won") == 1


def test_losing_needs_a_reason():
    deal = make_opportunity()
    with pytest.raises(Invalid) as refusal:
        lose_opportunity(system(), deal.pk, reason="")
    assert "reason" in refusal.value.fields
    lost = lose_opportunity(
        system(), deal.pk, reason="competitor", competitor="Initech", detail="Cheaper"
    )
    assert (lost.status, lost.probability, lost.competitor) == ("lost", 0, "Initech")
    assert lost.close_date == timezone.localdate()


def test_reopening_returns_to_the_last_open_stage():
    deal = make_opportunity(amount="10")
    move_opportunity(system(), deal.pk, stage("Engaging").pk)
    win_opportunity(system(), deal.pk)
    back = reopen_opportunity(system(), deal.pk)
    assert (back.stage.name, back.status, back.closed_at) == ("Engaging", "open", None)
    assert back.probability == Decimal("0.3")
    assert told(deal)[-1] == "opportunity.reopened"
    with pytest.raises(Conflict):
        reopen_opportunity(system(), deal.pk)


def test_a_generic_update_moves_by_the_same_rules():
    deal = make_opportunity()
    with pytest.raises(Invalid, match="needs these fields: Lost because"):
        update_record(system(), "opportunity", deal.pk, {"stage": "Lost"})
    moved = update_record(
        system(), "opportunity", deal.pk, {"stage": "Lost", "lost_reason": "timing"}
    )
    assert moved.status == "lost"


def test_bulk_sql_keeps_status_history_and_audit():
    deal = make_opportunity(amount="7", close_date="2017-03-01")
    with connection.cursor() as cursor:
        cursor.execute(
            "update crm_opportunity set stage_id = %s where id = %s", [stage("Won").pk, deal.pk]
        )
    deal.refresh_from_db()
    assert (deal.status, deal.probability) == ("won", 1)
    assert deal.closed_at.date() == date(2017, 3, 1)
    assert StageHistory.objects.filter(opportunity=deal).count() == 2


def test_a_probability_by_hand_stays_until_the_next_move():
    deal = make_opportunity(amount="100", probability="0.42")
    assert (deal.probability_source, deal.expected_revenue) == ("manual", Decimal("42.00"))
    moved = move_opportunity(system(), deal.pk, stage("Engaging").pk)
    assert (moved.probability_source, moved.probability) == ("stage", Decimal("0.3"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": "-1"}, "amount"),
        ({"probability": "1.5"}, "probability"),
        ({"currency": "XXQ"}, "currency"),
    ],
)
def test_impossible_values_are_named(values, field):
    with pytest.raises(Invalid) as refusal:
        make_opportunity(**values)
    assert list(refusal.value.fields) == [field]


def test_a_product_makes_the_first_line():
    product = make_product(list_price="4821")
    deal = make_opportunity(product=product)
    assert (deal.amount, deal.amount_source) == (Decimal("4821.00"), "lines")
    priced = make_opportunity(product=product, amount="1054")
    line = priced.line_items.get()
    assert (line.unit_price, line.list_price, line.amount) == (1054, 4821, 1054)


def test_lines_set_the_amount_and_a_hand_takes_it_back():
    product = make_product(name="GTX Pro", list_price="100")
    deal = set_line_items(
        system(),
        make_opportunity().pk,
        [
            {"product": product.pk, "quantity": "3", "discount": "0.1"},
            {"name": "Set-up", "unit_price": "49.99"},
        ],
    )
    assert (deal.amount, deal.amount_source) == (Decimal("319.99"), "lines")
    assert deal.product == product
    assert [line.name for line in deal.line_items.order_by("position")] == ["GTX Pro", "Set-up"]
    changed = update_record(system(), "opportunity", deal.pk, {"amount": "300"})
    assert changed.amount_source == "manual"


def test_wrong_lines_are_named_by_number_and_nothing_changes():
    deal = make_opportunity(amount="5")
    with pytest.raises(Invalid) as refusal:
        set_line_items(
            system(),
            deal.pk,
            [
                {"name": "Fine", "unit_price": "1"},
                {"quantity": "0", "discount": "2"},
                {"name": "X"},
            ],
        )
    assert set(refusal.value.fields) == {
        "lines.2.name", "lines.2.quantity", "lines.2.discount", "lines.3.unit_price",
    }  # fmt: skip
    deal.refresh_from_db()
    assert deal.amount == 5
    assert not deal.line_items.exists()


def test_the_currency_cannot_change_under_lines():
    deal = set_line_items(system(), make_opportunity().pk, [{"name": "Work", "unit_price": "10"}])
    with pytest.raises(Invalid, match="the line items are in USD"):
        update_record(system(), "opportunity", deal.pk, {"currency": "EUR"})


def test_splits_sum_to_one_hundred_percent():
    anna, ben = make_user("Anna"), make_user("Ben")
    deal = make_opportunity(owner=anna, amount="1000")
    with pytest.raises(Invalid) as refusal:
        set_team(
            acting(anna),
            deal.pk,
            [{"user": anna, "split_percent": "0.7"}, {"user": ben, "split_percent": "0.2"}],
        )
    assert refusal.value.fields == {
        "split_percent": ["The splits sum to 90 %; they must sum to 100 %."]
    }
    set_team(
        acting(anna),
        deal.pk,
        [{"user": anna, "split_percent": "0.7"}, {"user": ben, "split_percent": "0.3"}],
    )
    win_opportunity(system(), deal.pk)
    payload = OutboxEvent.objects.get(name="opportunity.won").payload
    assert payload["split_user_ids"] == [str(anna.pk), str(ben.pk)]
    assert payload["split_percents"] == ["0.700000", "0.300000"]


def test_contact_roles_are_one_per_person():
    deal, person = make_opportunity(), make_contact()
    set_contact_role(system(), deal.pk, person.pk, "champion")
    set_contact_role(system(), deal.pk, person.pk, "decision_maker")
    assert [row.role for row in deal.contact_roles.all()] == ["decision_maker"]
    with pytest.raises(Invalid):
        set_contact_role(system(), deal.pk, person.pk, "emperor")


def test_another_reps_deal_is_as_good_as_absent():
    deal = make_opportunity(owner=make_user())
    with pytest.raises(NotFound):
        win_opportunity(acting(make_user()), deal.pk)


def test_pipelines_are_set_up_by_administrators():
    with pytest.raises(NotAllowed):
        save_pipeline(acting(make_user()), "Renewals")
    boss = acting(make_administrator())
    pipeline = save_pipeline(boss, "Renewals")
    save_stage(boss, pipeline.pk, {"name": "Notice", "probability": Decimal("0.5")})
    names = [each.name for each in pipeline.stages.order_by("position")]
    assert names == ["Prospecting", "Notice", "Won", "Lost"]
    move_stage(boss, pipeline.stages.get(name="Notice").pk, -1)
    assert pipeline.stages.order_by("position").first().name == "Notice"
    with pytest.raises(Conflict, match="needs an open, a won and a lost stage"):
        archive_stage(boss, pipeline.stages.get(name="Won").pk)


def test_wrong_criteria_are_refused_when_they_are_written():
    boss = acting(make_administrator())
    with pytest.raises(Invalid) as refusal:
        save_stage(boss, ensure_default_pipeline().pk, {"name": "X", "exit_criteria": "amount +"})
    assert "exit_criteria" in refusal.value.fields


def test_a_deal_changes_pipeline_to_the_stage_of_the_same_name():
    boss = acting(make_administrator())
    renewals = save_pipeline(boss, "Renewals")
    deal = make_opportunity()
    moved = update_record(system(), "opportunity", deal.pk, {"pipeline": str(renewals.pk)})
    assert (moved.pipeline, moved.stage.name) == (renewals, "Prospecting")
    assert Pipeline.objects.filter(is_default=True).count() == 1
