"""A filter in a form: what the builder sent as a tree, in words, and how much it matches now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.errors import Invalid
from dealwright.base.objects.custom_fields import keep_custom_fields
from dealwright.base.objects.filters import check_filter, compile_filter, describe_filter
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.queries import Count, count_records

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShownFilter:
    """What a form shows of a filter.

    ``text`` is the JSON that the builder's hidden field carries; ``sentence`` is empty where
    nothing is asked; ``count`` and ``url`` are of the list that the person would see.
    """

    text: str
    sentence: str
    count: Count | None
    url: str


def typed_filter(of: ObjectType, text: str, *, field: str = "filter") -> dict[str, Any]:
    """The tree that a form sends, checked as one that no person asks; raises Invalid under
    ``field``, so that the sentence stands where the filter was built."""
    try:
        tree = json.loads(text or "{}")
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        sentence = _("The condition cannot be read. Build it again.")
        raise Invalid(sentence, fields={field: [sentence]})
    try:
        check_filter(of, tree)
    except Invalid as error:
        raise Invalid(error.message, fields={field: [error.message]}) from None
    return tree


def show_filter(actor: Actor, of: ObjectType, text: str, *, counted: bool = False) -> ShownFilter:
    """A filter as its form shows it, also one that was refused: then its sentence says so."""
    try:
        tree = typed_filter(of, text)
        sentence = describe_filter(of, tree, actor.user) if tree else ""
        count = count_records(actor, of, filter=tree) if counted else None
    except Invalid as error:
        return ShownFilter(text, error.message, None, "")
    return ShownFilter(text, sentence, count, list_address(of, tree))


def show_filters(actor: Actor, of: ObjectType, texts: Sequence[str]) -> list[ShownFilter]:
    """Many filters of one object, all counted in one statement."""
    with keep_custom_fields():
        shown = [show_filter(actor, of, text) for text in texts]
        asked = {
            f"n{at}": models.Count(
                "pk", filter=compile_filter(of, typed_filter(of, each.text), actor.user)
            )
            for at, each in enumerate(shown)
            if each.url and each.sentence
        }
        rows = visible_records(actor, of.key).order_by()
        counts = rows.aggregate(all=models.Count("pk"), **asked)
    return [
        replace(each, count=Count(counts.get(f"n{at}", counts["all"]), False)) if each.url else each
        for at, each in enumerate(shown)
    ]


def list_address(of: ObjectType, tree: Tree) -> str:
    """The list of what the filter selects."""
    query = json.dumps(tree or {"all": []}, separators=(",", ":"), ensure_ascii=False)
    return f"/{of.slug}?{urlencode({'filter': query})}"
