"""Who gets a lead: rules in order, members in turn, a reason that a person can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from dealwright.base.calendars import add_business_time
from dealwright.base.objects.filters import compile_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User
from dealwright.base.work_calendars import default_calendar
from dealwright.crm.leads.models import AssignmentMember, AssignmentRule, Lead

OPEN = (Lead.Status.NEW, Lead.Status.WORKING)
RESPONSE_MINUTES = 60  # business minutes to the first answer where no rule says otherwise


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a rule chose and why; without ``user`` the reason says why nobody."""

    user: User | None
    reason: str
    rule: AssignmentRule | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of a rule with room for one more."""

    member: AssignmentMember
    open_leads: int


def choose_owner(lead: Lead) -> Choice:
    """The owner whom the first matching rule with room gives the lead.

    Runs inside the transaction that assigns: the rule stays locked until it ends, so that
    two leads at once go to two members.
    """
    full: list[str] = []
    for rule in AssignmentRule.objects.filter(is_active=True):
        if not _matches(rule, lead):
            continue
        AssignmentRule.objects.select_for_update().get(pk=rule.pk)
        candidates = _candidates(rule)
        if not candidates:
            full.append(rule.name)
            continue
        return _choose(rule, candidates, lead)
    if full:
        return Choice(None, f"Nobody of “{'”, “'.join(full)}” has room for another lead.")
    return Choice(None, "No assignment rule matched this lead.")


def response_due(rule: AssignmentRule | None, since: datetime) -> datetime:
    """When a lead must have had its first answer, counted in business time."""
    minutes = rule.response_minutes if rule else RESPONSE_MINUTES
    return add_business_time(since, minutes, default_calendar())


def _matches(rule: AssignmentRule, lead: Lead) -> bool:
    if not rule.filter:
        return True
    condition = compile_filter(object_type("lead"), rule.filter)
    return Lead.objects.filter(condition, pk=lead.pk).exists()


def _candidates(rule: AssignmentRule) -> Sequence[Candidate]:
    members = list(
        AssignmentMember.objects.filter(rule=rule, is_active=True, user__is_active=True)
        .select_related("user")
        .order_by("last_assigned_at", "id")
    )
    loads: dict[UUID | None, int] = dict(
        Lead.objects.filter(owner__in=[each.user_id for each in members], status__in=OPEN)
        .values_list("owner")
        .annotate(Count("id"))
    )
    candidates = [Candidate(each, loads.get(each.user_id, 0)) for each in members]
    return [
        each
        for each in candidates
        if each.member.capacity is None or each.open_leads < each.member.capacity
    ]


def _choose(rule: AssignmentRule, candidates: Sequence[Candidate], lead: Lead) -> Choice:
    known = _known_owner(candidates, lead) if rule.prefer_known_owner else None
    if known is not None:
        chosen, why = known
    elif rule.strategy == AssignmentRule.Strategy.LEAST_LOADED:
        chosen = min(candidates, key=lambda each: each.open_leads)
        why = f"{chosen.member.user.name} has the fewest open leads"
    else:
        # A member who never had a turn comes first; NULLs are last in PostgreSQL's order.
        chosen = min(
            candidates,
            key=lambda each: (
                each.member.last_assigned_at is not None,
                each.member.last_assigned_at or rule.created_at,
            ),
        )
        why = f"{chosen.member.user.name} was next in turn"
    member = chosen.member
    room = f"{chosen.open_leads} open"
    if member.capacity is not None:
        room = f"{chosen.open_leads} of {member.capacity} open"
    member.last_assigned_at = timezone.now()
    member.save(update_fields=["last_assigned_at"])
    return Choice(member.user, f"Rule “{rule.name}”: {why} ({room}).", rule)


def _known_owner(candidates: Sequence[Candidate], lead: Lead) -> tuple[Candidate, str] | None:
    """The candidate who owns the person or the account already."""
    account: Any = lead.account
    for owner_id, what in (
        (lead.contact.owner_id, "contact"),
        (account.owner_id if account else None, "account"),
    ):
        for each in candidates:
            if owner_id is not None and each.member.user_id == owner_id:
                return each, f"{each.member.user.name} owns the {what} already"
    return None


def open_leads_of(user: User) -> int:
    """How many leads a user has to work on."""
    return Lead.objects.filter(Q(owner=user), status__in=OPEN).count()
