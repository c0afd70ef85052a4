"""Which records a question is about: what the actor may see, narrowed by a filter and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.objects.filters import compile_filter
from dealwright.base.objects.registry import ObjectType

Tree = Mapping[str, Any]


def selected_records(
    actor: Actor, of: ObjectType, *, filter: Tree | None = None, search: str = ""
) -> models.QuerySet[Any]:
    """The living records that the actor may see, that match the filter and that hold the words.

    Lists, counts, sums, boards, exports and segments all begin here. Raises Invalid for a
    wrong filter and NotAllowed where nobody is signed in.
    """
    rows = visible_records(actor, of.key)
    if filter:
        rows = rows.filter(compile_filter(of, filter, user=actor.user))
    if search.strip():
        from dealwright.base.search.queries import holds_words

        rows = rows.filter(holds_words(of, search, actor.user))
    return rows
