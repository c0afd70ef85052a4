"""The rules that give leads out, as managers keep them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.objects.filters import check_filter, describe_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile, User
from dealwright.base.whole_numbers import whole_number
from dealwright.crm.leads.models import AssignmentMember, AssignmentRule


def rules_overview() -> Sequence[Mapping[str, Any]]:
    """Every rule in order with its filter as a sentence and its members; two statements."""
    of = object_type("lead")
    return [
        {
            "id": rule.pk,
            "name": rule.name,
            "is_active": rule.is_active,
            "strategy": rule.get_strategy_display(),
            "response_minutes": rule.response_minutes,
            "sentence": describe_filter(of, rule.filter) if rule.filter else "",
            "members": [
                {
                    "name": member.user.name,
                    "capacity": member.capacity,
                    "is_active": member.is_active and member.user.is_active,
                }
                for member in rule.members.all()
            ],
        }
        for rule in AssignmentRule.objects.prefetch_related("members__user")
    ]


def get_rule(rule_id: Any) -> AssignmentRule:
    """One rule; raises NotFound."""
    rule: AssignmentRule | None = AssignmentRule.objects.filter(pk=as_uuid(rule_id)).first()
    if rule is None:
        raise NotFound("This assignment rule does not exist.")
    return rule


def save_rule(
    actor: Actor,
    *,
    values: Mapping[str, Any],
    members: Sequence[Mapping[str, Any]],
    rule_id: Any = None,
) -> AssignmentRule:
    """Make or change a rule with its members (``{"user", "capacity"}``).

    Members who stay keep their place in the turn. ``filter`` is a filter tree or its JSON.
    For managers and administrators; raises NotAllowed, Invalid, Conflict for a name that is
    taken.
    """
    _require_maker(actor)
    wrong: dict[str, list[str]] = {}
    name = str(values.get("name") or "").strip()[:120]
    if not name:
        wrong["name"] = ["Name is required."]
    strategy = values.get("strategy") or AssignmentRule.Strategy.ROUND_ROBIN
    if strategy not in AssignmentRule.Strategy.values:
        wrong["strategy"] = ["Choose one of the list."]
    minutes = values.get("response_minutes")
    if minutes is None or not 1 <= minutes <= 100_000 or minutes != int(minutes):
        wrong["response_minutes"] = ["Minutes must be a whole number of at least 1."]
    tree = _tree(values.get("filter"), wrong)
    chosen = _members(members, wrong)
    if wrong:
        raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
    with change(actor):
        rule = get_rule(rule_id) if rule_id else AssignmentRule(position=_last_position() + 1)
        if AssignmentRule.objects.filter(name=name).exclude(pk=rule.pk).exists():
            raise Conflict(
                "Another rule has this name.", fields={"name": ["Another rule has this name."]}
            )
        rule.name, rule.strategy, rule.filter = name, strategy, tree
        rule.response_minutes = int(minutes or 0)
        rule.prefer_known_owner = bool(values.get("prefer_known_owner", True))
        rule.is_active = bool(values.get("is_active", True))
        rule.save()
        rule.members.exclude(user__in=chosen).delete()
        for user_id, capacity in chosen.items():
            AssignmentMember.objects.update_or_create(
                rule=rule, user_id=user_id, defaults={"capacity": capacity}
            )
        return rule


def move_rule(actor: Actor, rule_id: Any, step: int) -> None:
    """Put a rule before or after its neighbour (``step`` -1 or 1)."""
    _require_maker(actor)
    with change(actor):
        rules = list(AssignmentRule.objects.select_for_update())
        place = next((at for at, each in enumerate(rules) if each.pk == as_uuid(rule_id)), None)
        if place is None:
            raise NotFound("This assignment rule does not exist.")
        if 0 <= place + step < len(rules):
            rules[place], rules[place + step] = rules[place + step], rules[place]
        for position, rule in enumerate(rules, 1):
            rule.position = position
        AssignmentRule.objects.bulk_update(rules, ["position"])


def delete_rule(actor: Actor, rule_id: Any) -> None:
    """Delete a rule; leads keep their owners and the reason they got them."""
    _require_maker(actor)
    with change(actor):
        get_rule(rule_id).delete()


def set_member_active(actor: Actor, rule_id: Any, user_id: Any, *, is_active: bool) -> None:
    """Let a member pause or take turns again; who comes back waits as if just served."""
    _require_maker(actor)
    with change(actor):
        values: dict[str, Any] = {"is_active": is_active}
        if is_active:
            values["last_assigned_at"] = timezone.now()
        changed = AssignmentMember.objects.filter(rule=rule_id, user=user_id).update(**values)
        if not changed:
            raise NotFound("This user takes no turns in the rule.")


def _last_position() -> int:
    last = AssignmentRule.objects.order_by("-position").values_list("position", flat=True).first()
    return int(last or 0)


def _tree(given: Any, wrong: dict[str, list[str]]) -> Any:
    try:
        tree = json.loads(given) if isinstance(given, str) and given.strip() else (given or {})
        if tree:
            check_filter(object_type("lead"), tree)
    except ValueError:
        wrong["filter"] = ["This is no filter."]
        return {}
    except Invalid as error:
        wrong["filter"] = [error.message]
        return {}
    return tree


def _members(
    members: Sequence[Mapping[str, Any]], wrong: dict[str, list[str]]
) -> dict[Any, int | None]:
    chosen: dict[Any, int | None] = {}
    active = {
        str(pk): pk for pk in User.objects.filter(is_active=True).values_list("pk", flat=True)
    }
    for number, row in enumerate(members, 1):
        key = str(getattr(row.get("user"), "pk", row.get("user") or ""))
        text = str(row.get("capacity") or "").strip()
        capacity = whole_number(text, most=100_000)
        if key not in active:
            wrong[f"members.{number}.user"] = ["Choose an active user."]
        elif text and capacity is None:
            wrong[f"members.{number}.capacity"] = ["Capacity must be a whole number."]
        else:
            chosen[active[key]] = capacity
    return chosen


def _require_maker(actor: Actor) -> None:
    makers = (Profile.ADMINISTRATOR, Profile.MANAGER)
    if not actor.is_system and actor.require_user().profile not in makers:
        raise NotAllowed("Assignment rules are kept by managers and administrators.")
