"""A filter in a form: what the builder sent as a tree, in words, and how much it matches now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.objects.filters import check_filter, describe_filter
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


def list_address(of: ObjectType, tree: Tree) -> str:
    """The list of what the filter selects."""
    query = json.dumps(tree or {"all": []}, separators=(",", ":"), ensure_ascii=False)
    return f"/{of.slug}?{urlencode({'filter': query})}"
