"""Who may see a file: who may see the record it belongs to; without one, who put it there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid, get_changeable, get_visible
from dealwright.base.errors import DealwrightError, NotAllowed, NotFound
from dealwright.base.files.models import StoredFile
from dealwright.base.objects.registry import object_types
from dealwright.base.people.scopes import scope_of_object

Check = Callable[[Actor, StoredFile], bool]
_checks: dict[str, Check] = {}
_systems: dict[str, str] = {}


def register_file_access(object_key: str, check: Check, *, system: str) -> None:
    """Say who may see files whose owner is no registered object.

    ``check(actor, stored)`` tells whether a signed-in person may read them; a token needs the
    scopes of ``system`` besides. For registered objects ``visible_to`` decides, and nothing
    needs saying.
    """
    _checks[object_key] = check
    _systems[object_key] = system


def scope_of_file(object_key: str, action: str = "read") -> str:
    """The scope a token needs, beside that for files, for those of an object's records."""
    if object_key in {each.key for each in object_types()}:
        return scope_of_object(object_key, action)
    return f"{_systems.get(object_key, 'base')}:{action}"


def get_file(actor: Actor, file_id: Any) -> StoredFile:
    """A living file that the actor may see; raises NotFound alike for absent and hidden."""
    stored: StoredFile | None = StoredFile.objects.filter(pk=as_uuid(file_id)).first()
    if stored is None or not may_see(actor, stored):
        raise NotFound("This file does not exist, or you may not see it.")
    return stored


def may_see(actor: Actor, stored: StoredFile) -> bool:
    """Whether the actor may read a file."""
    if actor.is_system:
        return True
    if actor.user is None or not actor.user.is_active:
        return False
    if not stored.object:
        return actor.user.is_administrator or stored.created_by_id == actor.user.id
    if check := _checks.get(stored.object):
        return check(actor, stored)
    if stored.object not in {each.key for each in object_types()}:
        return actor.user.is_administrator
    try:
        get_visible(actor, stored.object, stored.record_id)
    except DealwrightError:
        return False
    return True


def check_may_attach(actor: Actor, object_key: str, record_id: Any) -> None:
    """Raises where the actor may not add files to a record or take them away."""
    if actor.is_system:
        return
    actor.require_user()
    if not object_key:
        return
    if record_id is None:
        raise NotAllowed("Files are attached to one record.")
    get_changeable(actor, object_key, record_id)
