"""The one door to records: ``visible_to`` and ``changeable_by`` compile to one WHERE clause.

List, record page, search, export, aggregates, API and events all filter through these two.
"""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import Q

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.people.models import Profile, User

_REACH_SQL = """
with recursive below as (
    select id from base_role where parent_id = %(role)s
    union
    select child.id from base_role child join below on child.parent_id = below.id
)
select
    array(select id from base_user where role_id in (select id from below)),
    array(select team_id from base_teammembership where user_id = %(user)s),
    coalesce((select jsonb_object_agg(object, level) from base_objectaccess
              where profile = %(profile)s), '{}'),
    coalesce((select jsonb_agg(jsonb_build_object(
                  'object', rule.object, 'filter', rule.filter, 'may_write', rule.may_write,
                  'by_owner', rule.from_team_id is not null or rule.from_role_id is not null,
                  'owners', array(
                      select user_id from base_teammembership where team_id = rule.from_team_id
                      union
                      select id from base_user where role_id = rule.from_role_id)))
              from base_sharingrule rule
              where rule.to_role_id = %(role)s
                 or rule.to_team_id in (select team_id from base_teammembership
                                        where user_id = %(user)s)), '[]')
"""


@dataclass(frozen=True, slots=True)
class SharedBy:
    """One sharing rule that reaches the user."""

    object: str
    filter: Mapping[str, Any]
    may_write: bool
    by_owner: bool
    owners: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a user's eyes go; read in one statement and kept for the request."""

    owners: tuple[uuid.UUID, ...]  # the user and all below in the role tree
    keys: tuple[uuid.UUID, ...]  # the user, the user's role and teams
    levels: Mapping[str, str]  # object -> level set by an administrator for the profile
    rules: tuple[SharedBy, ...]
    digest: Hashable  # equal where all of this is


def reach_of(user: User) -> Reach:
    """The user's reach, read once per user instance (so once per request)."""
    known: Reach | None = user.__dict__.get("_reach")
    if known is None:
        known = user.__dict__["_reach"] = _read_reach(user)
    return known


def forget_reach(user: User) -> None:
    """Read it anew: for code that changes teams or roles and goes on with the same user."""
    user.__dict__.pop("_reach", None)


def _read_reach(user: User) -> Reach:
    with connection.cursor() as cursor:
        cursor.execute(_REACH_SQL, {"role": user.role_id, "user": user.id, "profile": user.profile})
        below, teams, levels, rules = cursor.fetchone()
    import orjson

    levels = orjson.loads(levels) if isinstance(levels, str) else levels
    rules = orjson.loads(rules) if isinstance(rules, str) else rules
    owners = (user.id, *below)
    keys = (user.id, *([user.role_id] if user.role_id else []), *teams)
    return Reach(
        owners=owners,
        keys=keys,
        levels=levels,
        digest=(owners, keys, orjson.dumps([levels, rules])),
        rules=tuple(
            SharedBy(
                object=rule["object"],
                filter=rule["filter"] or {},
                may_write=rule["may_write"],
                by_owner=rule["by_owner"],
                owners=tuple(uuid.UUID(owner) for owner in rule["owners"]),
            )
            for rule in rules
        ),
    )


def access_level(user: User, of: ObjectType) -> str:
    """ "none", "own", "read" or "write" for this user's profile and object."""
    if not user.is_active:
        return "none"
    if user.profile == Profile.ADMINISTRATOR:
        return "write"
    return reach_of(user).levels.get(of.key) or of.level_for(user.profile)


def visible_to(user: User, object_key: str) -> Q:
    """The records of an object that the user may see, as a condition for the ORM."""
    return _condition(user, object_type(object_key), write=False)


def changeable_by(user: User, object_key: str) -> Q:
    """The records of an object that the user may change, as a condition for the ORM."""
    return _condition(user, object_type(object_key), write=True)


def _condition(user: User, of: ObjectType, *, write: bool) -> Q:
    level = access_level(user, of)
    if level == "none" or (write and user.profile == Profile.READ_ONLY):
        return Q(pk__in=[])
    if level == "write" or (level == "read" and not write):
        return Q()
    reach = reach_of(user)
    condition = Q(owner_id__in=reach.owners)
    if level == "own" and (of.unowned == "write" or (of.unowned == "read" and not write)):
        condition |= Q(owner_id__isnull=True)
    if not write:
        condition |= Q(access_keys__overlap=list(reach.keys))
    else:
        from dealwright.base.access.models import RecordShare

        teams_and_self = list(reach.keys)
        condition |= Q(
            pk__in=RecordShare.objects.filter(
                object=of.key, grantee__in=teams_and_self, may_write=True
            ).values("record_id")
        )
    return condition | opened_by_rules(user, of, write=write)


def opened_by_rules(user: User, of: ObjectType, *, write: bool = False) -> Q:
    """The records that sharing rules alone open to the user; ``Q()`` where no rule does."""
    opened = Q()
    for rule in reach_of(user).rules:
        if rule.object == of.key and (rule.may_write or not write):
            opened |= _shared_by(rule, of, user)
    return opened


def _shared_by(rule: SharedBy, of: ObjectType, user: User) -> Q:
    from dealwright.base.objects.filters import compile_filter

    condition = Q(owner_id__in=rule.owners) if rule.by_owner else Q()
    if rule.filter:
        # A rule looks at the facts, not at what the user sees of them: else a rule that looks
        # at a related record of the same object would ask for itself. A rule that no longer
        # fits (a field is gone) opens nothing.
        try:
            condition &= compile_filter(of, rule.filter, user=user, trusted=True)
        except Invalid:
            return Q(pk__in=[])
    return condition or Q(pk__isnull=False)


def visible_records(actor: Actor, object_key: str) -> models.QuerySet[Any]:
    """The living records of an object that the actor may see."""
    model: Any = object_type(object_key).model
    if actor.is_system:
        rows: models.QuerySet[Any] = model.objects.all()
        return rows
    seen: models.QuerySet[Any] = model.objects.filter(visible_to(actor.require_user(), object_key))
    return seen


def get_visible(actor: Actor, object_key: str, record_id: Any) -> Any:
    """One record; raises NotFound alike for absent and for hidden."""
    of = object_type(object_key)
    record = visible_records(actor, object_key).filter(pk=as_uuid(record_id)).first()
    if record is None:
        raise NotFound(f"This {of.label.lower()} does not exist, or you may not see it.")
    return record


def get_changeable(actor: Actor, object_key: str, record_id: Any) -> Any:
    """One record that the actor may change, locked for the transaction that runs.

    A page that only shows a form asks outside of one and locks nothing. Raises NotFound where
    the record may not be seen and NotAllowed where it may only be seen.
    """
    of = object_type(object_key)
    model: Any = of.model
    key = as_uuid(record_id)
    rows = model.objects.all()
    if connection.in_atomic_block:
        rows = rows.select_for_update(of=("self",))
    if actor.is_system:
        record = rows.filter(pk=key).first()
        if record is None:
            raise NotFound(f"This {of.label.lower()} does not exist.")
        return record
    user = actor.require_user()
    record = rows.filter(changeable_by(user, object_key), pk=key).first()
    if record is None:
        get_visible(actor, object_key, key)
        raise NotAllowed(f"You may see this {of.label.lower()} but not change it.")
    return record


def check_create(actor: Actor, object_key: str) -> None:
    """Raises NotAllowed where the actor may not make records of this object."""
    if actor.is_system or actor.via == "public":
        return
    user = actor.require_user()
    of = object_type(object_key)
    barred = user.profile == Profile.READ_ONLY or not of.may_be_made_by(user.profile)
    if barred or access_level(user, of) == "none":
        raise NotAllowed(f"Your profile may not create {of.label_plural.lower()}.")


def as_uuid(value: Any) -> uuid.UUID:
    """The value as UUID; raises NotFound, since nothing has such an id."""
    if isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(str(value))
    except ValueError:
        raise NotFound("There is no record with such an id.") from None
