"""Known forms of files: a recipe says at once what a header of some product's export means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import object_types
from dealwright.base.transfer.formats import guess_date_format, guess_decimal_comma, parse_number
from dealwright.base.transfer.matching import (
    Match,
    is_called,
    key_column,
    match_columns,
    own_columns,
)
from dealwright.base.transfer.plan import EXTERNAL_ID, ColumnPlan, TablePlan
from dealwright.base.transfer.report import Report
from dealwright.base.transfer.sources import Table
from dealwright.base.transfer.systems import system_of
from dealwright.base.transfer.writers import importable_objects, writer_for

SAMPLE_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One table of a known export.

    ``columns`` maps header names (compared without case) to field keys; a table is
    recognised when its header holds all ``required`` ones. ``external_id`` names the
    column that is the key in the other system; ``scales`` multiply a number column.
    """

    key: str
    system: str
    object: str
    columns: Mapping[str, str]
    required: Sequence[str]
    external_id: str = ""
    match_by: str = EXTERNAL_ID
    scales: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    position: int = 100

    def recognises(self, header: Sequence[str]) -> bool:
        names = {name.casefold() for name in header}
        return all(name.casefold() in names for name in self.required)


_recipes: list[Recipe] = []


def register_recipe(recipe: Recipe) -> None:
    """Make a form of export known; the more a recipe requires, the sooner it is asked."""
    _recipes.append(recipe)
    _recipes.sort(key=lambda each: -len(each.required))


def propose_plan(actor: Any, table: Table, *, object_key: str = "") -> TablePlan | None:
    """The plan for a table: by recipe, else by the field names most like its header.

    None where no object is given and none fits. Formats of dates and numbers are read
    from the column's own values.
    """
    recipe = next((each for each in _recipes if each.recognises(table.header)), None)
    if recipe is not None and object_key in ("", recipe.object):
        plan = _from_recipe(recipe, table)
    else:
        chosen = object_key or _likeliest_object(actor, table)
        if not chosen:
            return None
        plan = _from_names(actor, table, chosen)
        key = plan.column_for(EXTERNAL_ID)
        plan.system = system_of(table, key.column if key else "")
    _read_formats(actor, table, plan)
    return plan


def _from_recipe(recipe: Recipe, table: Table) -> TablePlan:
    known = {name.casefold(): target for name, target in recipe.columns.items()}
    scales = {name.casefold(): scale for name, scale in recipe.scales.items()}
    columns = []
    for name in table.header:
        low = name.casefold()
        columns.append(ColumnPlan(name, known.get(low, ""), scale=scales.get(low, "1")))
        if recipe.external_id and low == recipe.external_id.casefold():
            if columns[-1].field:
                columns.append(ColumnPlan(name, EXTERNAL_ID))
            else:
                columns[-1].field = EXTERNAL_ID
    return TablePlan(
        table=table.name,
        object=recipe.object,
        columns=columns,
        match_by=recipe.match_by,
        system=recipe.system,
        defaults=dict(recipe.defaults),
        position=recipe.position,
    )


def _from_names(actor: Any, table: Table, object_key: str) -> TablePlan:
    plan = TablePlan(table=table.name, object=object_key, columns=[])
    fields = list(writer_for(object_key)(actor, plan, Report()).fields())
    key = key_column(table.header, object_key)
    matches = match_columns([name for name in table.header if name != key], fields, object_key)
    for name in table.header:
        match = matches.get(name, Match(EXTERNAL_ID if name == key else ""))
        plan.columns.append(ColumnPlan(name, match.field, otherwise=match.otherwise))
    plan.match_by = EXTERNAL_ID if key else _match_key(plan)
    return plan


def _match_key(plan: TablePlan) -> str:
    """Without a key: the first match key of the object that is mapped, else none."""
    keys = next((each.match_keys for each in object_types() if each.key == plan.object), ())
    return next((key for key in keys if plan.column_for(key)), "")


def _likeliest_object(actor: Any, table: Table) -> str:
    """The object whose fields fit the header best, if they fit at least half of it or the
    file or its columns bear the object's name. Users come last: persons are contacts."""
    best, best_score = "", 0.0
    for key in sorted(importable_objects(), key=lambda key: key == "user"):
        plan = TablePlan(table=table.name, object=key, columns=[])
        fields = list(writer_for(key)(actor, plan, Report()).fields())
        matches = {match.field for match in match_columns(table.header, fields, key).values()}
        if any(field.required and field.key not in matches for field in fields):
            continue
        score = len(matches) / len(table.header)
        score += min(0.5, 0.15 * own_columns(table.header, fields, key))
        if is_called(table.name, key) and matches:
            score += 0.5
        if score > best_score:
            best, best_score = key, score
    return best if best_score >= 0.5 else ""


def _read_formats(actor: Any, table: Table, plan: TablePlan) -> None:
    """Fill in how each mapped date and number column is written."""
    fields = {each.key: each for each in writer_for(plan.object)(actor, plan, Report()).fields()}
    wanted: dict[str, list[str]] = {}
    for column in plan.columns:
        kind = fields[column.field].kind if column.field in fields else None
        if kind in (Kind.DATE, Kind.DATETIME, Kind.NUMBER, Kind.MONEY, Kind.PERCENT, Kind.INTEGER):
            wanted[column.column] = []
    if not wanted:
        return
    for number, row in enumerate(table.rows()):
        if number >= SAMPLE_ROWS:
            break
        for name, values in wanted.items():
            if value := row.values.get(name):
                values.append(value)
    for column in plan.columns:
        found = wanted.get(column.column)
        if not found or column.field not in fields:
            continue
        if fields[column.field].kind in (Kind.DATE, Kind.DATETIME):
            guess = guess_date_format(found)
            column.date_format = guess.format if guess else ""
        else:
            column.decimal_comma = guess_decimal_comma(found)
            if fields[column.field].kind == Kind.PERCENT and column.scale == "1":
                column.scale = _scale_of_percents(found, column.decimal_comma)


def _scale_of_percents(values: Sequence[str], decimal_comma: bool) -> str:
    """A column of percents without their sign (75) is divided by 100; fractions stay."""
    numbers = (parse_number(value, decimal_comma=decimal_comma) for value in values)
    return "0.01" if any(number is not None and number > 1 for number in numbers) else "1"
