"""Scoring leads by the active scorecard, and changing the scorecard safely."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.events import Event, event, record_event
from dealwright.base.objects.filters import compile_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile
from dealwright.base.records.services import save_changes
from dealwright.crm.leads.models import Lead
from dealwright.intelligence.scoring.models import LeadScore, Scorecard

MOST_RULES = 60
MOST_POINTS = 1000

STARTER_RULES: list[dict[str, Any]] = [
    {
        "key": "business_address",
        "reason": "Writes from a company's own domain",
        "points": 20,
        "filter": {"field": "account", "op": "not_empty"},
    },
    {
        "key": "phone",
        "reason": "Left a phone number",
        "points": 10,
        "filter": {"field": "contact.phone", "op": "not_empty"},
    },
    {
        "key": "title",
        "reason": "Decides or heads a department",
        "points": 15,
        "filter": {
            "any": [
                {"field": "contact.job_title", "op": "contains", "value": word}
                for word in ("chief", "head", "director", "president", "owner", "founder", "vp")
            ]
        },
    },
    {
        "key": "message",
        "reason": "Asked something of their own",
        "points": 10,
        "filter": {"field": "message", "op": "not_empty"},
    },
    {
        "key": "paid",
        "reason": "Came through paid search or a campaign",
        "points": 10,
        "filter": {
            "any": [
                {"field": "utm_medium", "op": "in", "value": ["cpc", "ppc", "paid"]},
                {"field": "utm_campaign", "op": "not_empty"},
            ]
        },
    },
    {
        "key": "referral",
        "reason": "Was referred to us",
        "points": 25,
        "filter": {"field": "source", "op": "in", "value": ["referral", "partner"]},
    },
    {
        "key": "large",
        "reason": "The company has 200 people or more",
        "points": 20,
        "filter": {"field": "account.employees", "op": "gte", "value": 200},
    },
    {
        "key": "customer",
        "reason": "The company is a customer already",
        "points": 15,
        "filter": {"field": "account.kind", "op": "is", "value": "customer"},
    },
    {
        "key": "no_name",
        "reason": "Gave no name",
        "points": -10,
        "filter": {
            "all": [
                {"field": "contact.first_name", "op": "empty"},
                {"field": "contact.last_name", "op": "empty"},
            ]
        },
    },
]
STARTER_GRADES = [["A", 60], ["B", 40], ["C", 20], ["D", -100_000]]


@event("lead.scored")
@dataclass(frozen=True)
class LeadScored(Event):
    """A lead's score changed."""

    lead_id: UUID
    score: int
    grade: str
    before: int | None = None


def active_scorecard() -> Scorecard:
    """The rules in force; the starter's where nobody made any."""
    card = Scorecard.objects.filter(is_active=True).first()
    if card is None:
        card, _ = Scorecard.objects.get_or_create(
            version=1,
            defaults={"rules": STARTER_RULES, "grades": STARTER_GRADES, "is_active": True},
        )
    return card


def score_lead(actor: Actor, lead_id: UUID) -> LeadScore:
    """Give a lead its points. The score is the sum of its reasons' points, nothing else."""
    card = active_scorecard()
    matched = _matches(card.rules, Q(pk=lead_id)).get(lead_id, [])
    score, grade, reasons = _sum(card.rules, card.grades, matched)
    with change(actor):
        known = LeadScore.objects.filter(lead_id=lead_id).first()
        detail, _ = LeadScore.objects.update_or_create(
            lead_id=lead_id,
            defaults={
                "scorecard": card,
                "score": score,
                "grade": grade,
                "reasons": reasons,
                "scored_at": timezone.now(),
            },
        )
        if known is None or (known.score, known.grade) != (score, grade):
            lead: Lead = Lead.everything.select_for_update(of=("self",)).get(pk=lead_id)
            save_changes(actor, lead, {"score": score, "grade": grade})
            record_event(
                actor,
                LeadScored(
                    lead_id=lead_id,
                    score=score,
                    grade=grade,
                    before=known.score if known else None,
                ),
                object="lead",
                record_id=lead_id,
            )
    return detail


def rescore_leads(actor: Actor, *, open_only: bool = True) -> int:
    """Score all leads anew, after the rules changed; returns how many."""
    leads = Lead.objects.all()
    if open_only:
        leads = leads.exclude(status__in=[Lead.Status.CONVERTED, Lead.Status.DISQUALIFIED])
    count = 0
    for lead_id in leads.values_list("pk", flat=True).iterator():
        score_lead(actor, lead_id)
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class Simulation:
    """What other rules would do to the leads of now: counts per grade before and after, and
    those that move most."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    leads: int
    moved: Sequence[Mapping[str, Any]]


def simulate_scorecard(
    actor: Actor, rules: Sequence[Mapping[str, Any]], grades: Sequence[Sequence[Any]]
) -> Simulation:
    """Try rules on the newest 5,000 leads without keeping anything; raises Invalid."""
    checked = check_rules(rules)
    now_card = active_scorecard()
    ids = list(Lead.objects.order_by("-created_at").values_list("pk", flat=True)[:5000])
    chosen = Q(pk__in=ids)
    was, will = _matches(now_card.rules, chosen), _matches(checked, chosen)
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    moves = []
    for lead_id in ids:
        old, old_grade, _ = _sum(now_card.rules, now_card.grades, was.get(lead_id, []))
        new, new_grade, _ = _sum(checked, grades, will.get(lead_id, []))
        before[old_grade] += 1
        after[new_grade] += 1
        if old != new:
            moves.append((abs(new - old), lead_id, old, new))
    moves.sort(key=lambda move: (-move[0], str(move[1])))
    names = dict(
        Lead.objects.filter(pk__in=[move[1] for move in moves[:20]]).values_list(
            "pk", "contact__name"
        )
    )
    return Simulation(
        before=before,
        after=after,
        leads=len(ids),
        moved=[
            {"id": lead_id, "name": names.get(lead_id, ""), "before": old, "after": new}
            for _, lead_id, old, new in moves[:20]
        ],
    )


def save_scorecard(
    actor: Actor, rules: Sequence[Mapping[str, Any]], grades: Sequence[Sequence[Any]]
) -> Scorecard:
    """Put new rules in force as the next version. Raises Invalid, NotAllowed."""
    user = actor.user
    if not actor.is_system and (user is None or user.profile not in _EDITORS):
        raise NotAllowed("Only managers and administrators may change the scorecard.")
    checked = check_rules(rules)
    with change(actor):
        latest = Scorecard.objects.aggregate(latest=Max("version"))["latest"] or 0
        Scorecard.objects.filter(is_active=True).update(is_active=False)
        return Scorecard.objects.create(
            version=latest + 1,
            rules=checked,
            grades=_check_grades(grades),
            is_active=True,
            created_by=user,
        )


_EDITORS = (Profile.ADMINISTRATOR, Profile.MANAGER)


def check_rules(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules as they are kept; raises Invalid that names the rule."""
    if len(rules) > MOST_RULES:
        raise Invalid(f"A scorecard may have at most {MOST_RULES} rules.")
    lead = object_type("lead")
    checked, wrong = [], {}
    for number, rule in enumerate(rules):
        reason = str(rule.get("reason", "")).strip()
        place = f"rule-{number}"
        points = str(rule.get("points", "")).strip()
        if not reason:
            wrong[place] = [f"Rule {number + 1}: say the reason in words."]
            continue
        if not re.fullmatch(r"[+-]?[0-9]{1,6}", points) or abs(int(points)) > MOST_POINTS:
            wrong[place] = [f"Rule {number + 1}: points are a whole number up to {MOST_POINTS}."]
            continue
        try:
            compile_filter(lead, rule.get("filter") or {})
        except Invalid as error:
            wrong[place] = [f"Rule {number + 1}: {error.message}"]
            continue
        checked.append(
            {
                "key": str(rule.get("key") or f"rule_{number + 1}")[:60],
                "reason": reason[:200],
                "points": int(points),
                "filter": rule.get("filter") or {},
            }
        )
    if wrong:
        raise Invalid("Some rules are not right.", fields=wrong)
    return checked


def _check_grades(grades: Sequence[Sequence[Any]]) -> list[list[Any]]:
    checked: list[list[Any]] = [[str(letter)[:2], int(least)] for letter, least in grades]
    least: list[int] = [each[1] for each in checked]
    if not checked or least != sorted(least, reverse=True):
        raise Invalid("Grades go from the best to the least, each with a lower score.")
    return checked


def _matches(rules: Sequence[Mapping[str, Any]], chosen: Q) -> dict[UUID, list[int]]:
    """Which rules match which of the chosen leads, one statement per rule."""
    lead = object_type("lead")
    found: dict[UUID, list[int]] = {}
    for number, rule in enumerate(rules):
        condition = compile_filter(lead, rule["filter"]) if rule["filter"] else Q()
        rows = Lead.everything.filter(chosen).filter(condition)
        for lead_id in rows.values_list("pk", flat=True):
            found.setdefault(lead_id, []).append(number)
    return found


def _sum(
    rules: Sequence[Mapping[str, Any]], grades: Sequence[Sequence[Any]], matched: Sequence[int]
) -> tuple[int, str, list[dict[str, Any]]]:
    reasons = [
        {"key": rules[n]["key"], "reason": rules[n]["reason"], "points": rules[n]["points"]}
        for n in matched
    ]
    score = sum(reason["points"] for reason in reasons)
    grade = next((letter for letter, least in grades if score >= least), grades[-1][0])
    return score, grade, reasons
