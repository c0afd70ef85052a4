"""Sums over a list: money by currency, numbers plain. Sums never mix currencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Sum

from dealwright.base.access.actor import Actor
from dealwright.base.objects.fields import Kind
from dealwright.base.records.selections import selected_records
from dealwright.base.web import formats
from dealwright.base.web.records.cells import Column, has_currency
from dealwright.base.web.records.state import ListState

MOST_SUMS = 4


@dataclass(frozen=True, slots=True)
class ColumnSum:
    """The sum of one column, ready to show."""

    label: str
    text: str


def list_sums(actor: Actor, state: ListState) -> Sequence[ColumnSum]:
    """The sums of the shown money columns and of numbers that add up, in one statement."""
    columns = [column for column in state.columns if _adds_up(state, column)][:MOST_SUMS]
    if not columns:
        return []
    rows = selected_records(actor, state.of, filter=state.filter, search=state.text).order_by()
    sums: dict[str, Any] = {
        f"dw{at}": Sum(column.field.column) for at, column in enumerate(columns)
    }
    by_currency = has_currency(state.of) and any(c.kind == Kind.MONEY for c in columns)
    if by_currency:
        found = list(rows.values("currency").annotate(**sums).order_by("currency"))
    else:
        found = [rows.aggregate(**sums)]
    return [
        ColumnSum(column.label, _text(column, f"dw{at}", found))
        for at, column in enumerate(columns)
        if _text(column, f"dw{at}", found)
    ]


def _adds_up(state: ListState, column: Column) -> bool:
    if "." in column.key or column.field.custom or "__" in column.field.column:
        return False
    if column.kind == Kind.MONEY:
        return True
    # A year or a score is a number too, but nobody adds those up.
    return column.kind == Kind.NUMBER and isinstance(
        state.of.model._meta.get_field(column.field.column), models.DecimalField
    )


def _text(column: Column, name: str, found: Sequence[dict[str, Any]]) -> str:
    if column.kind != Kind.MONEY:
        total = sum((row[name] or Decimal(0) for row in found), Decimal(0))
        return formats.format_number(total)
    parts = [
        formats.format_money(row[name], row.get("currency", ""), short=True)
        for row in found
        if row[name]
    ]
    return " + ".join(parts)
