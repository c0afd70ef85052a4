"""Filter trees: what saved views, sharing rules, segments and reports select by.

A tree is JSON: ``{"all": [node, …]}``, ``{"any": [node, …]}``, ``{"not": node}`` or
``{"field": "account.industry", "op": "is", "value": "technology"}``. A field is named by its
public key, over at most four relations; ``filter_tree.OPS`` says what may be asked of which
kind. Days move along when given as words: ``today``, ``today-30``, ``yesterday``,
``tomorrow``, ``this_month``, ``last_quarter``, ``next_year``. ``me`` is the person who asks.
At most 8 levels and 200 conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from dealwright.base.objects.fields import Kind
from dealwright.base.objects.filter_conditions import condition_of
from dealwright.base.objects.filter_english import sentence_of
from dealwright.base.objects.filter_sql import sql_of
from dealwright.base.objects.filter_tree import kind_of, ops_of, read_filter
from dealwright.base.objects.paths import may_see, place_of, resolve_place
from dealwright.base.objects.registry import ObjectType

Tree = Mapping[str, Any]


def check_filter(of: ObjectType, tree: Tree | None, user: Any = None) -> None:
    """Raises Invalid, with the key of the field that is wrong, for a tree that cannot select."""
    read_filter(of, tree, user)


def compile_filter(
    of: ObjectType, tree: Tree | None, user: Any = None, *, trusted: bool = False
) -> Q:
    """The tree as one condition for the ORM, to be joined with ``visible_to`` by ``&``.

    ``user`` is who asks: related records the user may not see count as absent, and fields the
    user may not see do not exist. None is the product itself and sees all. A ``trusted`` tree,
    such as a sharing rule of an administrator, sees all as well, and ``user`` only gives "me"
    and the time zone. Raises Invalid.
    """
    node = read_filter(of, tree, user, trusted=trusted)
    return condition_of(node, None if trusted else user)


def describe_filter(of: ObjectType, tree: Tree | None, user: Any = None) -> str:
    """The tree as an English sentence, e.g. "Industry is Technology and Owner is me"."""
    return sentence_of(read_filter(of, tree, user), user)


def filter_to_sql(of: ObjectType, tree: Tree | None, user: Any = None) -> tuple[str, list[Any]]:
    """The tree as DuckDB SQL with ``?`` for values, over columns named by the keys as written.

    It asks nothing about access: the file it runs on must hold only what may be seen.
    """
    return sql_of(read_filter(of, tree, user))


def filterable_fields(of: ObjectType, user: Any, *, over: str = "") -> list[dict[str, Any]]:
    """What a filter builder offers: key, label, kind, ops, options, and ``leads_to``, the object
    behind a relation, whose own fields come with ``over=<key>``."""
    place = resolve_place(of, over, user) if over else place_of(of)
    return [
        {
            "key": f"{over}.{field.key}" if over else field.key,
            "label": field.shown_label,
            "kind": kind_of(field, place.of).value,
            "ops": [op.value for op in ops_of(kind_of(field, place.of))],
            "options": [] if field.kind in (Kind.RELATION, Kind.USER) else list(field.options),
            "leads_to": "user" if field.kind == Kind.USER else field.relation,
        }
        for field in place.fields()
        if field.filterable and may_see(field, user) and ops_of(kind_of(field, place.of))
    ]
