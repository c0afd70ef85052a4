"""In which order tables are imported: what others name comes first."""

from __future__ import annotations

from collections.abc import Sequence

from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import object_types
from dealwright.base.transfer.plan import TablePlan
from dealwright.base.transfer.sources import Table

Pair = tuple[Table, TablePlan]


def in_order(pairs: Sequence[Pair]) -> list[Pair]:
    """The tables so that accounts come before their contacts, and both before their deals.

    The relations of the registry decide; tables of one object keep the order of their plans.
    Two objects that name each other come in the order in which they are registered.
    """
    ranks = {key: rank for rank, key in enumerate(_objects_in_order())}
    return sorted(pairs, key=lambda pair: (ranks.get(pair[1].object, -1), pair[1].position))


def _objects_in_order() -> list[str]:
    links: dict[str, list[str]] = {"user": []}
    for of in object_types():
        links[of.key] = [
            "user" if field.kind == Kind.USER else field.relation
            for field in of.built_in_fields()
            if field.importable and field.kind in (Kind.RELATION, Kind.USER)
        ]
    done: list[str] = []
    entered: set[str] = set()

    def visit(key: str) -> None:
        if key in entered:
            return
        entered.add(key)
        for named in links.get(key, ()):
            visit(named)
        done.append(key)

    for key in links:
        visit(key)
    return done
