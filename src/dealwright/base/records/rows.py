"""How the fields of a record become one row: expressions for the database, values by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Subquery

from dealwright.base.access.actor import Actor
from dealwright.base.objects.columns import NUMBERS, custom_expression, local_expression
from dealwright.base.objects.crossing import living_rows, object_of
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.formulas import (
    formula_evaluator,
    formula_expression,
    formula_names,
)
from dealwright.base.objects.paths import (
    FieldPath,
    Hop,
    place_of,
    resolve_path,
    visible_fields,
)
from dealwright.base.objects.registry import ObjectType

Row = dict[str, Any]


class RowReader:
    """Reads chosen fields of an object for an actor.

    A row has ``id`` and ``version``, each field under its key, and beside a relation, a user
    or a stage its name under ``<key>_title``. The name of a related record that the actor may
    not see is None. Fields that the actor may not see are not there.
    """

    def __init__(self, actor: Actor, of: ObjectType, columns: Sequence[str] | None = None) -> None:
        self.of = of
        self._expressions: dict[str, Any] = {}
        self._keys: list[str] = []
        self._customs: list[tuple[str, Callable[[Any], Any]]] = []
        self._formulas: list[tuple[str, Callable[[Row], Any]]] = []
        self._extra: set[str] = set()
        paths = list(self._paths(actor, columns))
        # Formulas last: what they read beside the columns asked for is taken out of the rows again.
        for path in sorted(paths, key=lambda path: path.field.kind == Kind.FORMULA):
            self._add(path, actor.user)

    @property
    def expressions(self) -> Mapping[str, Any]:
        """What the query must be annotated with."""
        return self._expressions

    @property
    def names(self) -> list[str]:
        """The annotations to read, in the order that ``row`` takes them."""
        return ["pk", "version", *self._expressions]

    def row(self, values: Sequence[Any]) -> Row:
        """The tuple of ``names`` as a row."""
        row: Row = {"id": values[0], "version": values[1]}
        row.update(zip(self._keys, values[2:], strict=False))
        if self._customs or self._formulas:
            custom = row.pop("custom", None) or {}
            for key, read in self._customs:
                row[key] = read(custom.get(key))
            for key, compute in self._formulas:
                row[key] = compute(row)
            for key in self._extra:
                row.pop(key, None)
        return row

    def read(self, rows: models.QuerySet[Any]) -> list[Row]:
        """All rows of a bounded query."""
        return [
            self.row(values)
            for values in rows.annotate(**self._expressions).values_list(*self.names)
        ]

    def _paths(self, actor: Actor, columns: Sequence[str] | None) -> Iterator[FieldPath]:
        if columns is None:
            for field in visible_fields(self.of, actor.user):
                if field.in_api or actor.via != "api":
                    yield FieldPath(field.key, (), place_of(self.of), field)
            return
        for key in dict.fromkeys(columns):
            if key not in ("id", "version"):
                yield resolve_path(self.of, key, actor.user)

    def _add(self, path: FieldPath, user: Any) -> None:
        field = path.field
        if not path.hops and field.kind == Kind.FORMULA and path.place.of is not None:
            self._add_formula(path, user)
            return
        if not path.hops and field.custom:
            if not self._customs:
                self._select("custom", F("custom"))
            self._customs.append((path.key, _reader(field)))
            return
        self._select(path.key, value_expression(path, user))
        title = title_expression(path, user)
        if title is not None:
            self._select(f"{path.key}_title", title)

    def _add_formula(self, path: FieldPath, user: Any) -> None:
        for name in formula_names(path.field):
            if name not in self._keys and not any(name == key for key, _ in self._customs):
                self._extra |= {name, f"{name}_title"}
                self._add(resolve_path(self.of, name), user)
        self._formulas.append((path.key, formula_evaluator(self.of, path.field)))

    def _select(self, key: str, expression: Any) -> None:
        if key in self._keys:
            return
        self._expressions[f"dw{len(self._keys)}"] = expression
        self._keys.append(key)


def value_expression(path: FieldPath, user: Any) -> Any:
    """What reads the field's value for the user, across the path's relations."""
    field, place = path.field, path.place
    if field.kind == Kind.FORMULA and place.of is not None:
        inner: Any = formula_expression(place.of, field)
    elif field.custom:
        inner = custom_expression(field)
    else:
        inner = _read(place.model, field.column.split("__"), user)
    return _over(path.hops, inner, user)


def title_expression(path: FieldPath, user: Any) -> Any:
    """What reads the name beside a relation, user or stage; None where there is none."""
    field = path.field
    if field.custom or not field.title_path:
        return None
    return _over(path.hops, _read(path.place.model, field.title_path.split("__"), user), user)


def _over(hops: Sequence[Hop], inner: Any, user: Any) -> Any:
    for hop in reversed(hops):
        column: Any = hop.start.model._meta.get_field(hop.field.column.split("__")[0])
        rows = living_rows(hop.end.model, hop.end.of, user)
        inner = _first(rows, column, inner)
    return inner


def _read(model: type[models.Model], parts: list[str], user: Any) -> Any:
    """A column at the end of an ORM path: by plain joins over the house's own tables, by a
    sub-select where the path enters another object, so that access is asked there."""
    owner: Any = model
    for position, part in enumerate(parts):
        column: Any = owner._meta.get_field(part)
        if not column.is_relation:
            return local_expression(model, parts) if position == 0 else F("__".join(parts))
        if position == len(parts) - 1 and column.concrete and not column.many_to_many:
            before = parts[:-1]
            return F("__".join([*before, column.attname]))
        target = column.related_model
        of = object_of(target)
        if position == 0 and (of is not None or column.one_to_many or column.many_to_many):
            inner = _read(target, parts[1:], user) if parts[1:] else F("pk")
            return _first(living_rows(target, of, user), column, inner)
        owner = target
    raise LookupError(f"{model.__name__} has no column {'__'.join(parts)}.")


def _first(rows: models.QuerySet[Any], column: Any, inner: Any) -> Any:
    """``inner`` of the one related row; a list of them where there may be many."""
    if column.many_to_many:
        back = column.remote_field.name if column.concrete else column.field.name
        rows = rows.filter(**{back: OuterRef("pk")})
        return ArraySubquery(rows.annotate(dw=inner).order_by("pk").values("dw"))
    if column.concrete:
        rows = rows.filter(pk=OuterRef(column.attname))
        return Subquery(rows.annotate(dw=inner).values("dw")[:1])
    rows = rows.filter(**{column.field.attname: OuterRef("pk")})
    if column.one_to_one:
        return Subquery(rows.annotate(dw=inner).values("dw")[:1])
    return ArraySubquery(rows.annotate(dw=inner).order_by("pk").values("dw"))


def _reader(field: Field) -> Callable[[Any], Any]:
    """From the JSON of a custom field to its Python value."""
    if field.kind in NUMBERS:
        return lambda value: None if value is None else Decimal(str(value))
    if field.kind == Kind.DATE:
        return lambda value: None if value is None else date.fromisoformat(value)
    if field.kind == Kind.CHOICES:
        return lambda value: value or []
    return lambda value: value
