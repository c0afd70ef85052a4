"""What a record lends to an envelope made for it: values for its texts, and people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.records.queries import get_row


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a record names."""

    name: str
    email: str


def merge_values(actor: Actor, object_key: str, record_id: Any) -> dict[str, Any]:
    """The fields of a record by key, as far as the actor may see them; relations by their title.

    Raises NotFound alike for absent and for hidden.
    """
    of = object_type(object_key)
    row = get_row(actor, of, record_id)
    values: dict[str, Any] = {}
    for key, value in row.items():
        if key.endswith("_title") and key.removesuffix("_title") in row:
            values[key.removesuffix("_title")] = value or ""
        elif f"{key}_title" not in row:
            values[key] = "" if value is None else value
    for each in of.all_fields():
        if each.kind == Kind.CHOICE and each.key in values:
            values[each.key] = dict(each.options).get(values[each.key], values[each.key])
    return values


def people_of(actor: Actor, object_key: str, record_id: Any) -> list[Person]:
    """The people a record names, as far as the actor may see them: itself where it is one, then
    those its fields point to, in the order of the fields."""
    of = object_type(object_key)
    row = get_row(actor, of, record_id)
    found = _person(of, row)
    people = [found] if found else []
    for each in of.fields:
        if each.kind != Kind.RELATION or not each.relation or not row.get(each.key):
            continue
        other = object_type(each.relation)
        if _email_key(other) is None:
            continue
        try:
            found = _person(other, get_row(actor, other, row[each.key]))
        except NotFound:
            continue
        if found and found not in people:
            people.append(found)
    return people


def column_values(row: Mapping[str, str]) -> dict[str, str]:
    """The cells of a row by names that a text can hold: “Start date” is ``start_date``."""
    return {word_of(column): value for column, value in row.items() if word_of(column)}


def word_of(text: str) -> str:
    """A header as a name in a text."""
    return re.sub(r"[^0-9a-z]+", "_", text.strip().lower()).strip("_")


def _person(of: ObjectType, row: Mapping[str, Any]) -> Person | None:
    key = _email_key(of)
    email = str(row.get(key) or "") if key else ""
    name = str(row.get(of.title) or row.get("name") or "")
    return Person(name, email) if email and name else None


def _email_key(of: ObjectType) -> str | None:
    return next((each.key for each in of.fields if each.kind == Kind.EMAIL), None)
