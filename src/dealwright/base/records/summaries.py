"""Counts and sums of a list, whole or by groups. Money is summed by currency, never across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Sum, Value
from django.db.models.functions import Trunc

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.objects.columns import NUMBERS
from dealwright.base.objects.crossing import living_rows
from dealwright.base.objects.custom_fields import keep_custom_fields
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.filter_tree import kind_of
from dealwright.base.objects.moments import zone_of
from dealwright.base.objects.paths import FieldPath, resolve_path
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.people.models import User
from dealwright.base.records.rows import value_expression
from dealwright.base.records.selections import Tree, selected_records

MAX_GROUPS = 200
MAX_SUMS = 8
PERIODS = ("day", "week", "month", "quarter", "year")
_NOT_GROUPED = (Kind.LONG_TEXT, Kind.JSON, Kind.CHOICES)

Sums = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows with one value in common.

    ``key`` is the value (None where there is none), ``label`` how a person reads it. ``sums``
    hold per field the total by currency; numbers that are no money stand under ``""``.
    """

    key: Any
    label: str
    count: int
    sums: Sums = field(default_factory=dict)


def summarize_records(
    actor: Actor,
    of: ObjectType,
    *,
    filter: Tree | None = None,
    search: str = "",
    group_by: str = "",
    sums: Sequence[str] = (),
) -> list[Group]:
    """Count and sums of a list; by groups, the largest first, of at most 200.

    ``group_by`` is a field's key, also over relations (``account.industry``); a day or time
    takes its period after a colon (``close_date:month``). Without it there is one group of
    all. Takes one statement, and one more for the names of related records.
    Raises Invalid for a field that cannot be grouped by or summed.
    """
    with keep_custom_fields():
        rows = selected_records(actor, of, filter=filter, search=search).order_by()
        totals = _totals(actor, of, sums)
        path, period = _group_path(actor, of, group_by)
        expression: Any = Value(None, output_field=models.TextField())
        if path is not None:
            expression = value_expression(path, actor.user)
            if period:
                expression = Trunc(expression, period, tzinfo=_zone(path, actor))
        by_currency = _has_currency(of) and any(kind == Kind.MONEY for kind, _ in totals.values())
        grouping: dict[str, Any] = {"dw_group": expression}
        if by_currency:
            grouping["dw_currency"] = models.F("currency")
        found = (
            rows.values(**grouping)
            .annotate(dw_count=Count("pk"), **{name: each for name, (_, each) in _named(totals)})
            .order_by("-dw_count")[: MAX_GROUPS * (20 if by_currency else 1)]
        )
        groups = _fold(list(found), totals)
        labels = _labels(actor, path, period, [key for key in groups if key is not None])
    result = [
        Group(key, labels.get(key, "") if key is not None else "", count, each)
        for key, (count, each) in groups.items()
    ]
    if path is None and not result:
        return [Group(None, "", 0, {key: {} for key in totals})]
    return sorted(result, key=lambda group: -group.count)[:MAX_GROUPS]


def _named(totals: Mapping[str, tuple[Kind, Any]]) -> list[tuple[str, tuple[Kind, Any]]]:
    return [(f"dw_sum{at}", each) for at, each in enumerate(totals.values())]


def _totals(actor: Actor, of: ObjectType, sums: Sequence[str]) -> dict[str, tuple[Kind, Any]]:
    if len(sums) > MAX_SUMS:
        raise Invalid(f"Sum at most {MAX_SUMS} fields at once.", fields={"sums": ["Too many."]})
    totals = {}
    for key in sums:
        path = resolve_path(of, key, actor.user)
        kind = kind_of(path.field, path.place.of)
        if kind not in NUMBERS or path.hops:
            sentence = f"{path.label} cannot be summed."
            raise Invalid(sentence, fields={key: [sentence]})
        totals[key] = (kind, Sum(value_expression(path, actor.user)))
    return totals


def _group_path(actor: Actor, of: ObjectType, group_by: str) -> tuple[FieldPath | None, str]:
    if not group_by:
        return None, ""
    key, _, period = group_by.partition(":")
    path = resolve_path(of, key, actor.user)
    kind = kind_of(path.field, path.place.of)
    timed = kind in (Kind.DATE, Kind.DATETIME)
    sentence = ""
    if kind in _NOT_GROUPED:
        sentence = f"{path.label} cannot be grouped by."
    elif period and (not timed or period not in PERIODS):
        sentence = f"{path.label} cannot be grouped by “{period[:20]}”."
    elif kind == Kind.DATETIME and not period:
        sentence = f"{path.label}: group by one of {', '.join(PERIODS)}, such as {key}:month."
    elif period and path.field.custom:
        sentence = f"{path.label} is a custom field and cannot be grouped by period."
    if sentence:
        raise Invalid(sentence, fields={key: [sentence]})
    return path, period


def _zone(path: FieldPath, actor: Actor) -> Any:
    return zone_of(actor.user) if path.field.kind == Kind.DATETIME else None


def _has_currency(of: ObjectType) -> bool:
    return any(column.name == "currency" for column in of.model._meta.concrete_fields)


def _fold(
    rows: Sequence[Mapping[str, Any]], totals: Mapping[str, tuple[Kind, Any]]
) -> dict[Any, tuple[int, dict[str, dict[str, Decimal]]]]:
    """Rows per group and currency as groups that hold their currencies."""
    groups: dict[Any, tuple[int, dict[str, dict[str, Decimal]]]] = {}
    for row in rows:
        count, sums = groups.get(row["dw_group"], (0, {key: {} for key in totals}))
        for at, (key, (kind, _)) in enumerate(totals.items()):
            value = row[f"dw_sum{at}"]
            if value is None:
                continue
            currency = str(row.get("dw_currency") or "") if kind == Kind.MONEY else ""
            sums[key][currency] = sums[key].get(currency, Decimal(0)) + Decimal(value)
        groups[row["dw_group"]] = (count + row["dw_count"], sums)
    return groups


def _labels(
    actor: Actor, path: FieldPath | None, period: str, keys: Sequence[Any]
) -> dict[Any, str]:
    """How a person reads the groups' values; names only of what the actor may see."""
    if path is None:
        return {}
    kind, field_ = kind_of(path.field, path.place.of), path.field
    if kind == Kind.USER:
        rows: Any = User.objects.filter(pk__in=keys).values_list("pk", "name")
        return dict(rows)
    if kind == Kind.RELATION and field_.relation:
        of = object_type(field_.relation)
        found = living_rows(of.model, of, actor.user).filter(pk__in=keys)
        return {key: str(title) for key, title in found.values_list("pk", of.title)}
    if kind == Kind.CHOICE:
        options = {str(stored): str(label) for stored, label in field_.options}
        return {key: options.get(str(key), str(key)) for key in keys}
    if kind == Kind.BOOLEAN:
        return {key: "Yes" if key else "No" for key in keys}
    return {key: _moment_label(key, period) for key in keys}


def _moment_label(key: Any, period: str) -> str:
    if isinstance(key, datetime):
        key = key.date() if key.tzinfo is None else key.astimezone(key.tzinfo or UTC).date()
    if not isinstance(key, date):
        return str(key)
    match period:
        case "year":
            return f"{key.year}"
        case "quarter":
            return f"{key.year} Q{(key.month - 1) // 3 + 1}"
        case "month":
            return f"{key:%Y-%m}"
        case "week":
            year, week, _ = key.isocalendar()
            return f"{year} W{week:02}"
    return key.isoformat()
