"""Which objects there are. Lists, pages, API, filters, search, import and export all read this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import models

from dealwright.base.errors import NotFound
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.people.models import Profile

Level = str  # "none" | "own" | "read" | "write", see dealwright.base.access

DEFAULT_ACCESS: Mapping[str, Level] = {
    Profile.ADMINISTRATOR: "write",
    Profile.MANAGER: "own",
    Profile.REP: "own",
    Profile.FINANCE: "read",
    Profile.LEGAL: "read",
    Profile.READ_ONLY: "read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A piece of a record page that another room brings.

    ``query(user, record_id)`` returns the template's context in a bounded number of
    statements, or None to leave the panel out; ``place`` is "main" (a tab beside the
    timeline) or "side". A main panel that ``leads`` is shown first, before the timeline: for
    records that are read more than worked on.
    """

    key: str
    label: str
    template: str
    query: Callable[[Any, Any], Mapping[str, Any] | None]
    place: str = "side"
    position: int = 100
    leads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button on a record page: a GET link to a page or a form of its own.

    ``url(record_id)`` gives the address; ``available(user, row)`` hides it where it cannot
    be done; ``row`` holds the fields of the object by key. ``for_writers`` shows it only to
    those who may change the record.
    """

    key: str
    label: str
    url: Callable[[Any], str]
    available: Callable[[Any, Mapping[str, Any]], bool] = lambda user, row: True
    primary: bool = False
    for_writers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One kind of record.

    ``key`` is singular snake case (``opportunity``), ``slug`` its plural in addresses
    (``/opportunities``, ``/api/v1/opportunities``). ``title`` is the ORM path of the name a
    person knows it by. ``create``/``update``/``delete`` are the services of its room where
    it has rules of its own: ``create(actor, values) -> record``,
    ``update(actor, record, values) -> record``, ``delete(actor, record)``; without them the
    generic ones in ``records.services`` serve.

    ``create_url`` is the page on which one is made where the form of its fields does not do.

    ``makers`` are the profiles, beside administrators, that may make one; without any
    everybody may whose profile has to do with the object.

    ``also_called`` are names of it in other products ("deal"), by which imports know files.

    ``access`` is the level per profile: "none"; "own" (what the user, those below in the
    role tree and the user's teams own, and what is shared); "read" (all, change own);
    "write" (all). ``unowned`` is what the level "own" means for records that nobody owns:
    "none", "read", or "write" for a queue from which people take.
    """

    key: str
    slug: str
    label: str
    label_plural: str
    model: type[models.Model]
    fields: Sequence[Field]
    title: str = "name"
    subtitle: str = ""
    columns: Sequence[str] = ()
    search: Sequence[str] = ()
    default_sort: str = "-created_at"
    board_field: str = ""
    icon: str = "circle"
    access: Mapping[str, Level] = field(default_factory=dict)
    unowned: Literal["none", "read", "write"] = "none"
    create: Callable[..., Any] | None = None
    update: Callable[..., Any] | None = None
    delete: Callable[..., Any] | None = None
    match_keys: Sequence[str] = ()
    empty_text: str = ""
    creatable: bool = True
    makers: Sequence[str] = ()
    create_url: str = ""
    in_navigation: bool = True
    also_called: Sequence[str] = ()
    panels: list[Panel] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    def level_for(self, profile: str) -> Level:
        return self.access.get(profile) or DEFAULT_ACCESS[profile]

    def may_be_made_by(self, profile: str) -> bool:
        """Whether people of this profile may make one, as far as the object itself says."""
        return not self.makers or profile in (Profile.ADMINISTRATOR, *self.makers)

    def field(self, key: str) -> Field:
        """The field by its public key, custom ones included; raises NotFound."""
        from dealwright.base.objects.custom_fields import custom_fields_of

        for candidate in self.built_in_fields():
            if candidate.key == key:
                return candidate
        for candidate in custom_fields_of(self.key):
            if candidate.key == key:
                return candidate
        raise NotFound(f"{self.label} has no field “{key}”.", code="unknown_field")

    def built_in_fields(self) -> Sequence[Field]:
        """Its own fields, then the owner and dates every record has: known without a database."""
        return [*self.fields, *_COMMON]

    def all_fields(self) -> Sequence[Field]:
        """The built-in fields, then the custom ones."""
        from dealwright.base.objects.custom_fields import custom_fields_of

        return [*self.built_in_fields(), *custom_fields_of(self.key)]


_COMMON = (
    Field(
        key="owner",
        label="Owner",
        kind=Kind.USER,
        path="owner_id",
        title_path="owner__name",
        aliases=[
            "owner id",
            "hubspot owner id",
            "owner e-mail",
            "owner email",
            "owner name",
            "owner full name",
            "record owner",
            "hubspot owner",
            "assigned to",
            "assigned to user",
            "assigned user",
        ],
    ),
    Field(
        key="created_at",
        label="Created",
        kind=Kind.DATETIME,
        editable=False,
        on_create=False,
        sortable=True,
        importable=False,
    ),
    Field(
        key="updated_at",
        label="Changed",
        kind=Kind.DATETIME,
        editable=False,
        on_create=False,
        sortable=True,
        importable=False,
    ),
)

_types: dict[str, ObjectType] = {}


def register(object_type: ObjectType) -> ObjectType:
    """Make an object known; called once per object from a system's ``registration``."""
    if object_type.key in _types:
        raise RuntimeError(f"Object {object_type.key!r} is registered twice.")
    _types[object_type.key] = object_type
    return object_type


def object_type(key: str) -> ObjectType:
    """The object by key; raises NotFound."""
    try:
        return _types[key]
    except KeyError:
        raise NotFound(f"There is no object “{key}”.", code="unknown_object") from None


def object_type_by_slug(slug: str) -> ObjectType:
    """The object by the plural in addresses; raises NotFound."""
    for candidate in _types.values():
        if candidate.slug == slug:
            return candidate
    raise NotFound(f"There is no page “{slug}”.", code="unknown_object")


def object_types() -> Sequence[ObjectType]:
    """All objects in the order of registration."""
    return list(_types.values())


def add_panel(key: str, panel: Panel) -> None:
    """Put a panel of a higher room on the page of a lower room's object."""
    panels = object_type(key).panels
    panels.append(panel)
    panels.sort(key=lambda each: each.position)


def add_action(key: str, action: Action) -> None:
    """Put a button of a higher room on the page of a lower room's object."""
    object_type(key).actions.append(action)
