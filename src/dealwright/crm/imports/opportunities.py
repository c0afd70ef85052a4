"""Importing deals: the one product of a row becomes a line, the dates become stage history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection

from dealwright.base.database.copying import copy_values
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.transfer.choices import Choices
from dealwright.base.transfer.matching import plain
from dealwright.base.transfer.writers import LogLine, Outcome, Prepared
from dealwright.crm.accounts.models import Account
from dealwright.crm.imports.stages import like_stage
from dealwright.crm.imports.writers import BulkWriter
from dealwright.crm.opportunities.models import (
    ForecastCategory,
    Opportunity,
    OpportunityLineItem,
    Stage,
    StageCategory,
)
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from dealwright.crm.products.models import Product

_CAME_THROUGH = "select set_config('dealwright.came_through', %s, true)"
FIRST_OPEN_NAME = "Engaging"
_OF_DEFAULT_PIPELINE = {"default", "pipeline", "salespipeline"}  # as others call their first
_FORECASTS = (ForecastCategory.BEST_CASE, ForecastCategory.COMMIT, ForecastCategory.OMITTED)


class OpportunityWriter(BulkWriter):
    """Writes deals as they were: a deal won in March 2017 has its history in 2017, and no
    subscriber hears of a win that is long past.

    A row without a name is called after its account and product. A row with a product and
    no lines gets one line of quantity one at the row's amount. Where won and lost are told
    beside the stage in which it happened (Pipedrive), they decide.
    """

    decisive = frozenset({"stage"})
    extra_fields = (
        Field(
            key="outcome",
            label="Won or lost",
            kind=Kind.CHOICE,
            choices=StageCategory.choices,
            aliases=["status"],
        ),
        Field(
            key="closed_on",
            label="Closed on",
            kind=Kind.DATE,
            aliases=["deal closed on", "closed date", "date closed"],
        ),
    )

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

    def suggest_choice(self, field: Field, choices: Choices, text: str) -> str:
        """A stage by its name or by what other products call it; their pipeline is ours."""
        likely = choices.suggest(text)
        if not likely and field.key == "stage":
            stage = like_stage(text, self._default_stages)
            likely = str(stage.pk) if stage else ""
        if not likely and field.key == "pipeline" and plain(text) in _OF_DEFAULT_PIPELINE:
            likely = str(self.default_stage.pipeline_id)
        return likely

    def keep_unread(self, attributes: dict[str, Any], field: Field, text: str) -> None:
        """A reason in words of their own is kept in words."""
        if field.key == "lost_reason":
            attributes["lost_reason"] = Opportunity.LostReason.OTHER
            attributes["lost_detail"] = attributes.get("lost_detail") or text

    @cached_property
    def _default_stages(self) -> Sequence[Stage]:
        pipeline = self.default_stage.pipeline_id
        stages = (each for each in self.stages.values() if each.pipeline_id == pipeline)
        return sorted(stages, key=lambda stage: stage.position)

    def _stage_of(self, row: Prepared) -> Stage:
        """The stage of a row; of its pipeline the won or lost one where the row says so."""
        stage = self.stages.get(str(row.attributes.get("stage_id") or "")) or self.default_stage
        outcome = row.extras.get("outcome")
        if outcome not in (StageCategory.WON, StageCategory.LOST) or outcome == stage.category:
            return stage
        ends = (
            each
            for each in self.stages.values()
            if each.pipeline_id == stage.pipeline_id and each.category == outcome
        )
        return min(ends, key=lambda each: each.position, default=stage)

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
            stage = self._stage_of(row)
            values["stage_id"] = stage.pk
            values["pipeline_id"] = stage.pipeline_id
            values.pop("status", None)
            if values.get("forecast_category") not in _FORECASTS:
                values.pop("forecast_category", None)  # what the stage says anyway
            if stage.category == StageCategory.OPEN:
                if values.get("probability") is not None:
                    values["probability_source"] = Opportunity.ProbabilitySource.MANUAL
                else:
                    values.pop("probability", None)
            else:
                values.pop("probability", None)
                if row.extras.get("closed_on"):
                    values["close_date"] = row.extras["closed_on"]
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

    def insert(self, records: Sequence[Any]) -> None:
        """A deal that is closed went through the first open stage on the day it was engaged;
        the database writes that line of its history too."""
        if self.engaging is None:
            super().insert(records)
            return
        with connection.cursor() as cursor:
            cursor.execute(_CAME_THROUGH, [str(self.engaging.pk)])
            super().insert(records)
            cursor.execute(_CAME_THROUGH, [""])

    @cached_property
    def _mapped(self) -> set[str]:
        return {column.field for column in self.plan.columns}

    def after_write(self, outcomes: Sequence[Outcome]) -> Sequence[LogLine]:
        created = [each for each in outcomes if each.action == "created"]
        self._add_lines(created)
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


def _noon(day: date) -> datetime:
    """A day as a moment that is the same day in every usual time zone."""
    return datetime.combine(day, time(12), tzinfo=UTC)
