"""Who works on a deal, inside and at the customer's, and how its credit is split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import User
from dealwright.crm.opportunities.models import (
    Opportunity,
    OpportunityContactRole,
    OpportunityTeamMember,
)


def set_team(
    actor: Actor, opportunity_id: Any, members: Sequence[Mapping[str, Any]]
) -> Sequence[OpportunityTeamMember]:
    """The colleagues on a deal: a list of ``{"user", "role", "split_percent"}`` that replaces
    what was there.

    ``split_percent`` is a fraction. Either nobody has one, or those given sum to exactly 1;
    raises Invalid with the sum otherwise.
    """
    with change(actor):
        opportunity: Opportunity = get_changeable(actor, "opportunity", opportunity_id)
        rows, wrong = [], {}
        seen: set[UUID] = set()
        for number, member in enumerate(members, 1):
            user = _user(member.get("user"))
            split = _fraction(member.get("split_percent"))
            if user is None:
                wrong[f"members.{number}.user"] = ["Choose an active user."]
            elif user.pk in seen:
                wrong[f"members.{number}.user"] = [f"{user.name} is on the team already."]
            if isinstance(split, str):
                wrong[f"members.{number}.split_percent"] = [split]
            if user is None or isinstance(split, str):
                continue
            seen.add(user.pk)
            role = str(member.get("role") or "").strip()[:80]
            rows.append(
                OpportunityTeamMember(
                    opportunity=opportunity, user=user, role=role, split_percent=split
                )
            )
        splits = [row.split_percent for row in rows if row.split_percent is not None]
        total = sum(splits, Decimal(0))
        if splits and total != 1 and not wrong:
            shown = f"{(total * 100).normalize():f}"
            wrong["split_percent"] = [f"The splits sum to {shown} %; they must sum to 100 %."]
        if wrong:
            raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
        OpportunityTeamMember.objects.filter(opportunity=opportunity).delete()
        return OpportunityTeamMember.objects.bulk_create(rows)


def splits_of(opportunity: Opportunity) -> tuple[list[UUID], list[Decimal]]:
    """Who gets which fraction of the credit: the team's splits, else all to the owner."""
    rows = list(
        OpportunityTeamMember.objects.filter(opportunity=opportunity, split_percent__isnull=False)
        .order_by("-split_percent", "id")
        .values_list("user_id", "split_percent")
    )
    if rows:
        return [user for user, _ in rows], [split for _, split in rows]
    return ([opportunity.owner_id], [Decimal(1)]) if opportunity.owner_id else ([], [])


def set_contact_role(
    actor: Actor, opportunity_id: Any, contact_id: Any, role: str
) -> OpportunityContactRole:
    """Put a person on the buying committee, or change the part the person plays."""
    if role not in OpportunityContactRole.Role.values:
        labels = ", ".join(str(label) for label in OpportunityContactRole.Role.labels)
        sentence = f"Role: choose one of {labels}."
        raise Invalid(sentence, fields={"role": [sentence]})
    with change(actor):
        opportunity = get_changeable(actor, "opportunity", opportunity_id)
        contact = get_visible(actor, "contact", contact_id)
        row, _ = OpportunityContactRole.objects.update_or_create(
            opportunity=opportunity, contact=contact, defaults={"role": role}
        )
        return row


def remove_contact_role(actor: Actor, opportunity_id: Any, contact_id: Any) -> None:
    """Take a person off the buying committee."""
    with change(actor):
        opportunity = get_changeable(actor, "opportunity", opportunity_id)
        gone, _ = OpportunityContactRole.objects.filter(
            opportunity=opportunity, contact=contact_id
        ).delete()
        if not gone:
            raise NotFound("This person plays no part in the deal.")


def _user(value: Any) -> User | None:
    try:
        key = UUID(str(getattr(value, "pk", value)))
    except ValueError:
        return None
    return User.objects.filter(pk=key, is_active=True).first()


def _fraction(value: Any) -> Decimal | str | None:
    """The fraction, None for none, or a sentence on what is wrong."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return f"“{str(value)[:20]}” is not a number."
    if not number.is_finite() or not 0 <= number <= 1:
        return "A split must be between 0 and 100 %."
    if number != round(number, 6):
        return "A split may have at most four digits after the point."
    return number
