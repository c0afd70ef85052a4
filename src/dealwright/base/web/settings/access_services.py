"""What profiles may do with objects, and the rules that open records to teams and roles."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.models import ObjectAccess, SharingRule
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.filters import check_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile, Role, Team

LEVELS = ("none", "own", "read", "write")


def set_object_access(actor: Actor, object_key: str, profile: str, level: str) -> None:
    """Set what a profile may do with an object; the object's own default removes the row.

    Administrators always may all. Raises Invalid, NotAllowed or NotFound.
    """
    actor.require_administrator()
    of = object_type(object_key)
    if profile not in Profile.values or profile == Profile.ADMINISTRATOR:
        raise Invalid(_("Choose a profile other than administrator."))
    if level not in LEVELS:
        raise Invalid(_("Choose what the profile may do."))
    with change(actor):
        if level == of.level_for(profile):
            ObjectAccess.objects.filter(object=object_key, profile=profile).delete()
        else:
            ObjectAccess.objects.update_or_create(
                object=object_key, profile=profile, defaults={"level": level}
            )


def save_sharing_rule(
    actor: Actor,
    rule_id: Any | None,
    *,
    object_key: str,
    name: str,
    filter: Mapping[str, Any],
    from_whom: str,
    to_whom: str,
    may_write: bool,
) -> SharingRule:
    """Make or change a rule.

    ``from_whom`` and ``to_whom`` are ids of a team or a role; an empty ``from_whom`` means
    records of every owner. Raises Invalid with the sentences per field.
    """
    actor.require_administrator()
    of = object_type(object_key)
    wrong: dict[str, list[str]] = {}
    name = name.strip()
    if not name or len(name) > 120:
        wrong["name"] = [_("Give the rule a name of at most 120 characters.")]
    receiver = _team_or_role(to_whom)
    if receiver is None:
        wrong["to_whom"] = [_("Choose the team or role that gets to see the records.")]
    giver = _team_or_role(from_whom) if from_whom else None
    if from_whom and giver is None:
        wrong["from_whom"] = [_("Choose a team or a role, or leave it empty.")]
    if wrong:
        raise Invalid(_("Some values are not right."), fields=wrong)
    check_filter(of, filter)
    with change(actor):
        rule = SharingRule(object=object_key) if rule_id is None else get_rule(rule_id, lock=True)
        rule.name, rule.filter, rule.may_write = name, dict(filter), may_write
        rule.to_team = receiver if isinstance(receiver, Team) else None
        rule.to_role = receiver if isinstance(receiver, Role) else None
        rule.from_team = giver if isinstance(giver, Team) else None
        rule.from_role = giver if isinstance(giver, Role) else None
        rule.save()
        return rule


def delete_sharing_rule(actor: Actor, rule_id: Any) -> SharingRule:
    """Take a rule away; nobody loses what other ways give."""
    actor.require_administrator()
    with change(actor):
        rule = get_rule(rule_id, lock=True)
        rule.delete()
        return rule


def get_rule(rule_id: Any, *, lock: bool = False) -> SharingRule:
    """A rule by id; raises NotFound."""
    rows = SharingRule.objects.select_for_update() if lock else SharingRule.objects
    rule = rows.filter(pk=as_uuid(rule_id)).first()
    if rule is None:
        raise NotFound(_("There is no such sharing rule."))
    return rule


def _team_or_role(text: str) -> Team | Role | None:
    try:
        key = uuid.UUID(text)
    except ValueError:
        return None
    return Team.objects.filter(pk=key).first() or Role.objects.filter(pk=key).first()
