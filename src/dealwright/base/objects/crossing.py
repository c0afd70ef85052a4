"""Conditions across relations, by EXISTS and never by a join that could repeat rows.

Only records that the user may see are looked at: what is hidden or in the bin counts as
absent, so a condition on a related record tells nobody more than the related record's page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from dealwright.base.objects.columns import local_expression
from dealwright.base.objects.paths import Hop
from dealwright.base.objects.registry import ObjectType, object_types


def across_hops(hops: Sequence[Hop], inner: Q, user: Any) -> Q:
    """``inner``, a condition at the end of the hops, as a condition at their start."""
    for hop in reversed(hops):
        inner = _across(hop.start.model, hop.field.column.split("__"), inner, user, hop.end.of)
    return inner


def across_path(
    model: type[models.Model], parts: list[str], test: Callable[[Any], Q], user: Any
) -> Q:
    """``test`` of what an ORM path reads, as a condition on ``model``."""
    column: Any = model._meta.get_field(parts[0])
    if not column.is_relation:
        return test(local_expression(model, parts))
    if len(parts) == 1 and column.concrete and not column.many_to_many:
        return test(F(column.attname))
    target = column.related_model
    inner = across_path(target, parts[1:], test, user) if parts[1:] else test(F("pk"))
    return _step(column, inner, user, object_of(target))


def _across(
    model: type[models.Model], parts: list[str], inner: Q, user: Any, end: ObjectType | None
) -> Q:
    column: Any = model._meta.get_field(parts[0])
    target = column.related_model
    if parts[1:]:
        inner = _across(target, parts[1:], inner, user, end)
        return _step(column, inner, user, object_of(target))
    return _step(column, inner, user, end)


def _step(column: Any, inner: Q, user: Any, of: ObjectType | None) -> Q:
    rows = living_rows(column.related_model, of, user).filter(inner)
    if column.many_to_many:
        return _step_over_table(column, rows)
    if column.concrete:
        return Q(Exists(rows.filter(pk=OuterRef(column.attname))))
    return Q(Exists(rows.filter(**{column.field.attname: OuterRef("pk")})))


def _step_over_table(column: Any, rows: models.QuerySet[Any]) -> Q:
    link = column if column.concrete else column.field
    here, there = link.m2m_field_name(), link.m2m_reverse_field_name()
    if not column.concrete:
        here, there = there, here
    through = link.remote_field.through._base_manager
    return Q(
        Exists(
            through.filter(
                Exists(rows.filter(pk=OuterRef(f"{there}_id"))), **{f"{here}_id": OuterRef("pk")}
            )
        )
    )


def living_rows(
    model: type[models.Model], of: ObjectType | None, user: Any
) -> models.QuerySet[Any]:
    """The rows of ``model`` out of the bin, and of an object those that ``user`` may see; all
    of them for the product itself (None)."""
    rows: models.QuerySet[Any] = model._base_manager.all()
    if any(field.name == "deleted_at" for field in model._meta.concrete_fields):
        rows = rows.filter(deleted_at__isnull=True)
    if of is not None and user is not None:
        from dealwright.base.access.visibility import visible_to

        rows = rows.filter(visible_to(user, of.key))
    return rows


def object_of(model: type[models.Model]) -> ObjectType | None:
    """The registered object that a model is the table of, if any."""
    return next((of for of in object_types() if of.model is model), None)
