"""Scoring leads by the active scorecard, and changing the scorecard safely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import NotAllowed
from dealwright.base.events import Event, event, record_event
from dealwright.base.objects.filters import compile_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile, User
from dealwright.base.records.services import save_changes
from dealwright.crm.leads.models import Lead
from dealwright.intelligence.scoring.models import LeadScore, Scorecard
from dealwright.intelligence.scoring.rules import (
    STARTER_GRADES,
    STARTER_RULES,
    check_grades,
    check_rules,
)


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
    checked, checked_grades = check_rules(rules), check_grades(grades)
    now_card = active_scorecard()
    ids = list(Lead.objects.order_by("-created_at").values_list("pk", flat=True)[:5000])
    chosen = Q(pk__in=ids)
    was, will = _matches(now_card.rules, chosen), _matches(checked, chosen)
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    moves = []
    for lead_id in ids:
        old, old_grade, _ = _sum(now_card.rules, now_card.grades, was.get(lead_id, []))
        new, new_grade, _ = _sum(checked, checked_grades, will.get(lead_id, []))
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


@dataclass(frozen=True, slots=True)
class Preview:
    """One lead's score by the rules in force and by others, each with the reasons that sum
    to it."""

    lead_id: UUID
    name: str
    before: int
    before_grade: str
    after: int
    after_grade: str
    reasons: Sequence[Mapping[str, Any]]


def preview_score(
    actor: Actor, lead_id: Any, rules: Sequence[Mapping[str, Any]], grades: Sequence[Sequence[Any]]
) -> Preview:
    """Score a lead by rules that are not in force, keeping nothing. Raises Invalid, NotFound."""
    checked, checked_grades = check_rules(rules), check_grades(grades)
    lead: Lead = get_visible(actor, "lead", lead_id)
    card = active_scorecard()
    chosen = Q(pk=lead.pk)
    before, before_grade, _ = _sum(
        card.rules, card.grades, _matches(card.rules, chosen).get(lead.pk, [])
    )
    after, after_grade, reasons = _sum(
        checked, checked_grades, _matches(checked, chosen).get(lead.pk, [])
    )
    return Preview(lead.pk, lead.contact.name, before, before_grade, after, after_grade, reasons)


def may_edit_scorecard(user: User | None) -> bool:
    """Whether the person may put other rules in force."""
    return user is not None and user.profile in _EDITORS


def save_scorecard(
    actor: Actor, rules: Sequence[Mapping[str, Any]], grades: Sequence[Sequence[Any]]
) -> Scorecard:
    """Put new rules in force as the next version. Raises Invalid, NotAllowed."""
    if not actor.is_system and not may_edit_scorecard(actor.user):
        raise NotAllowed("Only managers and administrators may change the scorecard.")
    checked, checked_grades = check_rules(rules), check_grades(grades)
    with change(actor):
        latest = Scorecard.objects.aggregate(latest=Max("version"))["latest"] or 0
        Scorecard.objects.filter(is_active=True).update(is_active=False)
        return Scorecard.objects.create(
            version=latest + 1,
            rules=checked,
            grades=checked_grades,
            is_active=True,
            created_by=actor.user,
        )


_EDITORS = (Profile.ADMINISTRATOR, Profile.MANAGER)


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
