"""From the key a person writes (``account.industry``) to the fields and objects it runs through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.fields import Choice, Field, Kind
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.people.models import Profile, Role, Team, User

MAX_HOPS = 4


def _roles() -> Sequence[Choice]:
    return [(str(key), name) for key, name in Role.objects.values_list("pk", "name")]


def _teams() -> Sequence[Choice]:
    return [(str(key), name) for key, name in Team.objects.values_list("pk", "name")]


PERSON_FIELDS = (
    Field(key="name", label="Name"),
    Field(key="email", label="E-mail", kind=Kind.EMAIL),
    Field(key="profile", label="Profile", kind=Kind.CHOICE, choices=Profile.choices),
    Field(key="role", label="Role", kind=Kind.CHOICE, path="role_id", choices=_roles),
    Field(key="team", label="Team", kind=Kind.CHOICE, path="teams", choices=_teams),
    Field(key="region", label="Region"),
    Field(key="job_title", label="Job title"),
    Field(key="manager", label="Manager", kind=Kind.USER, path="manager_id"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field is looked up: a registered object, or (``of`` is None) the people who work
    here, who are no records but own them."""

    label: str
    model: type[models.Model]
    of: ObjectType | None

    def field(self, key: str) -> Field | None:
        if self.of is None:
            return next((field for field in PERSON_FIELDS if field.key == key), None)
        try:
            return self.of.field(key)
        except NotFound:
            return None

    def fields(self) -> Sequence[Field]:
        return PERSON_FIELDS if self.of is None else self.of.all_fields()


PEOPLE = Place("Person", User, None)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step over a relation: the place it starts from, the field it goes over, where it ends."""

    start: Place
    field: Field
    end: Place


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field and the relations that lead to it; ``key`` is as a person wrote it."""

    key: str
    hops: tuple[Hop, ...]
    place: Place
    field: Field

    @property
    def label(self) -> str:
        """ "Account › Industry"."""
        return " › ".join([*(hop.field.shown_label for hop in self.hops), self.field.shown_label])


def place_of(of: ObjectType) -> Place:
    return Place(of.label, of.model, of)


def resolve_path(of: ObjectType, key: Any, user: Any = None) -> FieldPath:
    """The field that ``key`` names from ``of``, over at most four relations.

    Raises Invalid with the key in ``fields`` where there is no such field or ``user`` may not
    see it: hidden and absent read the same.
    """
    if not isinstance(key, str) or not key or len(key) > 200:
        raise Invalid("A field is named by its key.", fields={"field": ["Name a field."]})
    *before, last = key.split(".")
    hops = _hops(of, before, key, user)
    place = hops[-1].end if hops else place_of(of)
    return FieldPath(key, tuple(hops), place, _seen(place, last, key, user))


def resolve_place(of: ObjectType, key: str, user: Any = None) -> Place:
    """Where the relations in ``key`` (``account.parent``) lead; raises Invalid as above."""
    hops = _hops(of, key.split("."), key, user)
    return hops[-1].end


def _hops(of: ObjectType, parts: Sequence[str], key: str, user: Any) -> list[Hop]:
    if len(parts) > MAX_HOPS:
        raise _wrong(key, f"“{key}” runs over more than {MAX_HOPS} relations.")
    place = place_of(of)
    hops = []
    for part in parts:
        field = _seen(place, part, key, user)
        end = _target(field)
        if end is None:
            raise _wrong(key, f"{field.label} leads to no other object.")
        hops.append(Hop(place, field, end))
        place = end
    return hops


def may_see(field: Field, user: Any) -> bool:
    """Whether the user may see the field at all; the product itself (None) sees all."""
    return user is None or field.visible is None or field.visible(user)


def visible_fields(of: ObjectType, user: Any) -> list[Field]:
    """The object's fields that the user may see, custom ones included."""
    return [field for field in of.all_fields() if may_see(field, user)]


def _target(field: Field) -> Place | None:
    if field.kind == Kind.USER:
        return PEOPLE
    if field.kind == Kind.RELATION and field.relation:
        try:
            return place_of(object_type(field.relation))
        except NotFound:
            return None
    return None


def _seen(place: Place, part: str, key: str, user: Any) -> Field:
    field = place.field(part)
    if field is None or not may_see(field, user):
        raise _wrong(key, f"{place.label} has no field “{part}”.")
    return field


def _wrong(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
