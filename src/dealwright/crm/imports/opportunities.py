"""Importing deals: the one product of a row becomes a line, the dates become stage history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any

from dealwright.base.database.copying import copy_values
from dealwright.base.transfer.models import ImportRow
from dealwright.base.transfer.writers import Outcome, Prepared
from dealwright.crm.accounts.models import Account
from dealwright.crm.imports.writers import BulkWriter
from dealwright.crm.opportunities.models import (
    OpportunityLineItem,
    Stage,
    StageCategory,
    StageHistory,
)
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from dealwright.crm.products.models import Product

FIRST_OPEN_NAME = "Engaging"


class OpportunityWriter(BulkWriter):
    """Writes deals as they were: a deal won in March 2017 has its history in 2017, and no
    subscriber hears of a win that is long past.

    A row without a name is called after its account and product. A row with a product and
    no lines gets one line of quantity one at the row's amount.
    """

    @cached_property
    def stages(self) -> dict[str, Stage]:
        ensure_default_pipeline()
        return {str(stage.pk): stage for stage in Stage.objects.select_related("pipeline")}

    @cached_property
    def default_stage(self) -> Stage:
        pipeline = ensure_default_pipeline()
        return pipeline.stages.order_by("position")[0]

    @cached_property
    def engaging(self) -> Stage | None:
        return next((each for each in self.stages.values() if each.name == FIRST_OPEN_NAME), None)

    def fields(self) -> Any:
        """A name is made where none is given, so it is not required here."""
        from dataclasses import replace

        return [
            replace(each, required=False) if each.key == "name" else each
            for each in super().fields()
        ]

    def prepare(self, rows: Sequence[Prepared]) -> None:
        accounts = dict(
            Account.everything.filter(
                pk__in={row.attributes.get("account_id") for row in rows} - {None}
            ).values_list("pk", "name")
        )
        products = dict(
            Product.everything.filter(
                pk__in={row.attributes.get("product_id") for row in rows} - {None}
            ).values_list("pk", "name")
        )
        for row in rows:
            values = row.attributes
            if not values.get("name"):
                parts = (
                    accounts.get(values.get("account_id")),
                    products.get(values.get("product_id")),
                )
                values["name"] = " – ".join(part for part in parts if part) or (
                    f"Opportunity {row.external_key}".strip()
                )
            stage = self.stages.get(str(values.get("stage_id") or "")) or self.default_stage
            values["stage_id"] = stage.pk
            values["pipeline_id"] = stage.pipeline_id
            values.pop("status", None)
            if stage.category != StageCategory.OPEN:
                closed = values.get("close_date")
                values["closed_at"] = _noon(closed) if closed else None
            row.extras["stage"] = stage

    def build(self, row: Prepared, now: Any) -> Any:
        record = super().build(row, now)
        stage: Stage = row.extras["stage"]
        record.status = stage.category
        if record.closed_at is None and stage.category != StageCategory.OPEN:
            record.closed_at = now
        entered = record.close_date if stage.category != StageCategory.OPEN else record.engaged_on
        record.stage_entered_at = _noon(entered) if entered else now
        return record

    def change(self, record: Any, row: Prepared) -> dict[str, Any]:
        """Re-importing must not move what the database derived or a person refined."""
        values = row.attributes
        if values.get("closed_at") is None:
            values.pop("closed_at", None)
        if record.name != values.get("name") and "name" not in self._mapped:
            values.pop("name", None)
        return super().change(record, row)

    @cached_property
    def _mapped(self) -> set[str]:
        return {column.field for column in self.plan.columns}

    def after_write(self, outcomes: Sequence[Outcome]) -> Sequence[ImportRow]:
        created = [each for each in outcomes if each.action == "created"]
        self._add_lines(created)
        self._add_history(created)
        for each in outcomes:
            stage: Stage = each.row.extras["stage"]
            self.report.group("opportunity: stage", stage.name)
            amount = each.record.amount
            if stage.category == StageCategory.WON and amount is not None:
                self.report.add_to_sum("won value", amount)
            if stage.category == StageCategory.LOST and amount == 0:
                self.report.group("opportunity: remarks", "lost with value 0")
            if not each.record.engaged_on:
                self.report.group("opportunity: remarks", "without engage date")
            if not each.record.close_date:
                self.report.group("opportunity: remarks", "without close date and value")
        return ()

    def _add_lines(self, created: Sequence[Outcome]) -> None:
        products = Product.everything.in_bulk({each.record.product_id for each in created} - {None})
        lines = []
        for each in created:
            product = products.get(each.record.product_id)
            if product is None:
                continue
            price = each.record.amount or product.list_price or Decimal(0)
            listed = product.list_price
            lines.append(
                (each.record.pk, product.pk, product.name, Decimal(1), listed, price, price)
            )
        names = (
            "opportunity_id", "product_id", "name", "quantity", "list_price", "unit_price",
            "amount",
        )  # fmt: skip
        copy_values(OpportunityLineItem, names, lines)

    def _add_history(self, created: Sequence[Outcome]) -> None:
        """The day a closed deal was engaged, before the move that the database noted itself."""
        engaging = self.engaging
        if engaging is None:
            return
        through = [
            each.record
            for each in created
            if each.record.engaged_on and each.row.extras["stage"].category != StageCategory.OPEN
        ]
        StageHistory.objects.filter(opportunity__in=through).update(from_stage=engaging)
        by = self.actor.user.pk if self.actor.user else None
        names = ("opportunity_id", "to_stage_id", "at", "by_id", "currency", "probability")
        copy_values(
            StageHistory,
            names,
            [
                (
                    each.pk, engaging.pk, _noon(each.engaged_on), by, each.currency,
                    engaging.probability,
                )
                for each in through
            ],
        )  # fmt: skip


def _noon(day: date) -> datetime:
    """A day as a moment that is the same day in every usual time zone."""
    return datetime.combine(day, time(12), tzinfo=UTC)
