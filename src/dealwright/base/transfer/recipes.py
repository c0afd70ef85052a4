"""Known forms of files: a recipe says at once what a header of some product's export means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import fuzz, process, utils

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.transfer.formats import guess_date_format, guess_decimal_comma
from dealwright.base.transfer.plan import EXTERNAL_ID, ColumnPlan, TablePlan
from dealwright.base.transfer.report import Report
from dealwright.base.transfer.sources import Table
from dealwright.base.transfer.writers import importable_objects, writer_for

SAMPLE_ROWS = 20_000
_SURE = 88


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
    plan = TablePlan(table=table.name, object=object_key, columns=[], system="file")
    fields = list(writer_for(object_key)(actor, plan, Report()).fields())
    taken: set[str] = set()
    for name in table.header:
        match = _likeliest_field(name, [each for each in fields if each.key not in taken])
        plan.columns.append(ColumnPlan(name, match))
        taken.add(match)
    _choose_key(plan, table, object_key)
    return plan


def _choose_key(plan: TablePlan, table: Table, object_key: str) -> None:
    """Match by a column called id, else by the first match key of the object that is mapped."""
    for column in plan.columns:
        name = utils.default_process(column.column)
        if name in ("id", "record id", f"{object_key} id", "external id", "uuid") and (
            not column.field
        ):
            column.field = EXTERNAL_ID
            plan.match_by = EXTERNAL_ID
            return
    from dealwright.base.objects.registry import object_types

    keys = next((each.match_keys for each in object_types() if each.key == object_key), ())
    plan.match_by = next((key for key in keys if plan.column_for(key)), "")


def _likeliest_field(name: str, fields: Sequence[Field]) -> str:
    """The key of the field a header means, "" where none is like enough."""
    clean = utils.default_process(name.replace("_", " "))
    names: dict[str, str] = {}
    for each in fields:
        for alias in (each.key.replace("_", " "), each.label, *each.aliases):
            names.setdefault(utils.default_process(alias.replace("_", " ")), each.key)
    if clean in names:
        return names[clean]
    squeezed = {alias.replace(" ", ""): key for alias, key in names.items()}
    if clean.replace(" ", "") in squeezed:
        return squeezed[clean.replace(" ", "")]
    best = process.extractOne(clean, names.keys(), scorer=fuzz.ratio, score_cutoff=_SURE)
    return names[best[0]] if best else ""


def _likeliest_object(actor: Any, table: Table) -> str:
    """The object whose fields fit most of the header, if they fit at least half of it."""
    best, best_score = "", 0.0
    for key in importable_objects():
        plan = _from_names(actor, table, key)
        mapped = sum(1 for column in plan.columns if column.field)
        score = mapped / len(table.header)
        like = fuzz.partial_ratio(key.replace("_", " "), table.name.casefold().replace("_", " "))
        score += 0.3 if like > 85 else 0
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
