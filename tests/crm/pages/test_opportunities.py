"""Moving, winning and losing opportunities, their lines, people, board and pipelines."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.make import make_contact, make_opportunity, make_product
from crm.pages.look import page, stage
from dealwright.crm.models import Opportunity
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from make import make_user

pytestmark = pytest.mark.django_db


class TestDeals:
    def test_a_move_asks_for_what_is_missing(self, browser, rep):
        deal = make_opportunity(owner=rep)
        address = f"/opportunities/{deal.pk}/move/{stage('Proposal').pk}"
        text = page(browser, address)
        assert 'name="amount"' in text
        assert 'name="close_date"' in text
        wrong = browser.post(address, {"amount": "500"})
        assert wrong.status_code == 422
        assert 'value="500"' in wrong.content.decode()
        browser.post(address, {"amount": "500", "close_date": "2030-01-01"})
        deal.refresh_from_db()
        assert deal.stage.name == "Proposal"

    def test_win_lose_reopen(self, browser, rep):
        deal = make_opportunity(owner=rep, amount="5")
        for verb in ("win", "lose"):
            page(browser, f"/opportunities/{deal.pk}/{verb}")
        browser.post(f"/opportunities/{deal.pk}/win", {"close_date": "2026-01-02"})
        page(browser, f"/opportunities/{deal.pk}/reopen")
        browser.post(f"/opportunities/{deal.pk}/reopen")
        assert browser.post(f"/opportunities/{deal.pk}/lose", {}).status_code == 422
        browser.post(f"/opportunities/{deal.pk}/lose", {"reason": "price"})
        deal.refresh_from_db()
        assert deal.status == "lost"

    def test_lines_are_saved_with_percents_and_refused_with_what_was_typed(self, browser, rep):
        deal = make_opportunity(owner=rep)
        product = make_product(list_price="100", name="GTX Pro")
        values = {
            "lines.1.product": str(product.pk),
            "lines.1.quantity": "2",
            "lines.1.discount": "12,5",
            "lines.2.name": "Set-up",
            "lines.2.unit_price": "50",
            "lines.2.tax_rate": "19",
            "lines.3.quantity": "1",
        }
        browser.post(f"/opportunities/{deal.pk}/lines", values, headers={"HX-Request": "true"})
        deal.refresh_from_db()
        assert deal.amount == Decimal("225.00")
        assert deal.line_items.get(position=1).discount == Decimal("0.125")
        text = page(browser, f"/opportunities/{deal.pk}?tab=lines")
        assert 'value="12.5"' in text
        assert 'value="GTX Pro"' in text
        wrong = browser.post(
            f"/opportunities/{deal.pk}/lines",
            {"lines.1.name": "Thing", "lines.1.unit_price": "cheap"},
            headers={"HX-Request": "true"},
        )
        assert wrong.status_code == 422
        assert 'value="cheap"' in wrong.content.decode()

    def test_team_and_people(self, browser, rep):
        deal, ben = make_opportunity(owner=rep), make_user("Ben")
        person = make_contact(owner=rep)
        base = f"/opportunities/{deal.pk}"
        values = {
            "members.1.user": str(rep.pk), "members.1.split_percent": "70",
            "members.2.user": str(ben.pk), "members.2.split_percent": "20",
        }  # fmt: skip
        wrong = browser.post(f"{base}/team", values, headers={"HX-Request": "true"})
        assert wrong.status_code == 422
        assert "The splits sum to 90 %" in wrong.content.decode()
        values["members.2.split_percent"] = "30"
        assert (
            browser.post(f"{base}/team", values, headers={"HX-Request": "true"}).status_code == 200
        )
        assert sorted(each.split_percent for each in deal.team_members.all()) == [
            Decimal("0.3"), Decimal("0.7"),
        ]  # fmt: skip
        browser.post(f"{base}/contacts", {"contact": str(person.pk), "role": "champion"})
        assert person.name in page(browser, f"{base}?tab=people")
        browser.post(f"{base}/contacts/{person.pk}/remove")
        assert not deal.contact_roles.exists()

    def test_the_board_shows_ageing_deals(self, browser, rep):
        deal = make_opportunity(owner=rep, next_step="Call")
        Opportunity.objects.filter(pk=deal.pk).update(
            stage_entered_at=timezone.now() - timedelta(days=40)
        )
        assert "In this stage for 40 days" in page(browser, "/opportunities/board")

    def test_pipelines_are_set_up(self, browser, boss_browser):
        page(browser, "/settings/pipelines", 403)
        pipeline = ensure_default_pipeline()
        page(boss_browser, "/settings/pipelines")
        page(boss_browser, f"/settings/pipelines/{pipeline.pk}")
        page(boss_browser, f"/settings/pipelines/{pipeline.pk}/stages/new")
        page(boss_browser, f"/settings/pipelines/{pipeline.pk}/stages/{stage('Proposal').pk}")
        values = {
            "name": "Pilot", "category": "open", "probability": "42,5", "rot_days": "9",
            "forecast_category": "pipeline", "required_fields": ["amount", "next_step"],
            "exit_criteria": "amount > 100",
        }  # fmt: skip
        address = f"/settings/pipelines/{pipeline.pk}/stages/new"
        wrong = boss_browser.post(address, {**values, "exit_criteria": "amount >"})
        assert wrong.status_code == 422
        assert "Pilot" in wrong.content.decode()
        boss_browser.post(address, values)
        made = stage("Pilot")
        assert (made.probability, made.required_fields) == (
            Decimal("0.425"), ["amount", "next_step"],
        )  # fmt: skip
