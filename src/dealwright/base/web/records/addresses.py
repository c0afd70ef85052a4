"""How records are addressed, and what a request's address and body say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpRequest

from dealwright.base.access.visibility import access_level
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.registry import ObjectType, object_type_by_slug, object_types
from dealwright.base.people.models import Profile, User


class SlugConverter:
    """Matches only the slugs of registered objects, so that other pages keep their names."""

    regex = "[a-z][a-z0-9-]*"

    def to_python(self, value: str) -> ObjectType:
        try:
            return object_type_by_slug(value)
        except NotFound as error:
            raise ValueError from error

    def to_url(self, value: ObjectType | str) -> str:
        return value if isinstance(value, str) else value.slug


def record_url(of: ObjectType, record_id: Any) -> str:
    """The page of a record."""
    return f"/{of.slug}/{record_id}"


def openable_types(user: User) -> list[ObjectType]:
    """The objects whose records the user may see at least in part."""
    return [of for of in object_types() if access_level(user, of) != "none"]


def require_openable(user: User, of: ObjectType) -> None:
    """Raises NotFound where the user's profile has nothing to do with the object."""
    if access_level(user, of) == "none":
        raise NotFound(f"There is no page “{of.slug}”.")


def may_create(user: User, of: ObjectType) -> bool:
    """Whether the person is offered a way to make one."""
    barred = user.profile == Profile.READ_ONLY or not of.may_be_made_by(user.profile)
    return of.creatable and not barred and access_level(user, of) != "none"


def may_make_elsewhere(user: User, of: ObjectType) -> bool:
    """Whether the person is offered the page of its own on which one is made."""
    return (
        bool(of.create_url)
        and user.profile != Profile.READ_ONLY
        and access_level(user, of) != "none"
    )


def may_write_any(user: User, of: ObjectType) -> bool:
    """Whether there can be a record of the object that the person may change."""
    return user.profile != Profile.READ_ONLY and access_level(user, of) != "none"


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that a script sent; raises Invalid for anything else."""
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        raise Invalid("The request is not JSON.") from None
    if not isinstance(body, dict):
        raise Invalid("The request must be a JSON object.")
    return body


def filter_of(text: str) -> dict[str, Any] | None:
    """A filter tree from an address; raises Invalid for text that is none."""
    if not text:
        return None
    try:
        tree = json.loads(text)
    except ValueError:
        raise Invalid("The filter in this address cannot be read.") from None
    if not isinstance(tree, Mapping):
        raise Invalid("The filter in this address cannot be read.")
    return dict(tree)
