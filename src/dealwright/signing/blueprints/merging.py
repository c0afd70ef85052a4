"""What a record lends to an envelope made for it: values for its texts, and people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.errors import NotFound
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import ObjectType, object_type, object_types
from dealwright.base.people.models import User
from dealwright.base.records.queries import get_row

MOST_PEOPLE = 20
MOST_FOUND = 12


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
    """The people a record names, as far as the actor may see them, each once: itself where it is
    one, those its fields point to in the order of the fields, those who belong to it (the contacts
    of an account), then those who belong to what it names (the contacts of a deal's account)."""
    of = object_type(object_key)
    row = get_row(actor, of, record_id)
    people = [_person(of, row)]
    named: list[tuple[str, Any]] = [(object_key, record_id)]
    for each in of.fields:
        if each.kind != Kind.RELATION or not each.relation or not row.get(each.key):
            continue
        other = object_type(each.relation)
        if _email_key(other) is None:
            named.append((each.relation, row[each.key]))
            continue
        try:
            people.append(_person(other, get_row(actor, other, row[each.key])))
        except NotFound:
            continue
    for key, found in named:
        people += _belonging(actor, key, found)
    once: dict[str, Person] = {}
    for person in people:
        if person is not None:
            once.setdefault(person.email.lower(), person)
    return list(once.values())[:MOST_PEOPLE]


def find_people(actor: Actor, text: str, subject: tuple[str, Any] | None = None) -> list[Person]:
    """Up to twelve people with an address whose name or address has ``text`` in it, each once:
    whose name begins so before whose name only holds it, then those of the record, users, other
    records the actor may see. Without text the record's people, and oneself."""
    text = " ".join(text.split())[:120]
    me = actor.require_user()
    people = people_of(actor, *subject) if subject else []
    if text:
        people = [each for each in people if text.lower() in f"{each.name} {each.email}".lower()]
        users = User.objects.filter(is_active=True)
        people += [
            Person(user.name or user.email, user.email)
            for user in users.filter(Q(name__icontains=text) | Q(email__icontains=text)).order_by(
                "name"
            )[:MOST_FOUND]
        ]
        people += [each for of in object_types() for each in _named(actor, of, text)]
    else:
        people = [*people, Person(me.name or me.email, me.email)]
    once: dict[str, Person] = {}
    for person in people:
        once.setdefault(person.email.lower(), person)
    begins = [
        each
        for each in once.values()
        if any(word.startswith(text.lower()) for word in [*each.name.lower().split(), each.email])
    ]
    return list(dict.fromkeys([*begins, *once.values()]))[:MOST_FOUND]


def _named(actor: Actor, of: ObjectType, text: str) -> list[Person]:
    """People among the records of one object, by name or address."""
    email = next((each.column for each in of.fields if each.kind == Kind.EMAIL), None)
    if email is None:
        return []
    fitting = Q(**{f"{of.title}__icontains": text}) | Q(**{f"{email}__icontains": text})
    rows = visible_records(actor, of.key).filter(fitting).order_by(of.title)
    return _people_in(rows, of, email, MOST_FOUND)


def _people_in(rows: QuerySet[Any], of: ObjectType, email: str, most: int) -> list[Person]:
    found = rows.exclude(**{email: ""}).values_list(of.title, email)[:most]
    return [Person(str(name), str(address)) for name, address in found if name and address]


def _belonging(actor: Actor, object_key: str, record_id: Any) -> list[Person]:
    """People among the records that point to this one."""
    people = []
    for of in object_types():
        email = next((each.column for each in of.fields if each.kind == Kind.EMAIL), None)
        ties = [
            each.column
            for each in of.fields
            if each.kind == Kind.RELATION and each.relation == object_key and not each.custom
        ]
        if email is None or not ties or of.key == object_key:
            continue
        tied = Q(*((tie, record_id) for tie in ties), _connector=Q.OR)
        rows = visible_records(actor, of.key).filter(tied).order_by("pk")
        people += _people_in(rows, of, email, MOST_PEOPLE)
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
