"""The plan document of one payee: the plan in English with the payee's own terms, to be signed."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.utils import timezone

from dealwright.base.money import format_money
from dealwright.base.people.models import User
from dealwright.base.people.organization import organization
from dealwright.compensation.plans.english import document
from dealwright.compensation.plans.models import PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.quotas.models import Quota
from dealwright.compensation.quotas.queries import position_of, team_of
from dealwright.signing.documents.typesetting import typeset

TEMPLATE = Path(__file__).parent / "templates" / "plan.typ"


def plan_document(version: PlanVersion, payee: User) -> bytes:
    """The PDF that a payee accepts, with places for signature and date.

    It says the plan's clauses from the very text that pays, the payee's salary, target and
    quotas in the days of the version, and the SHA-256 of that text.
    """
    plan, definition = version.plan, read_plan(version.text)
    company = organization()

    def money(amount: Decimal | None) -> str:
        return format_money(amount, plan.currency, company.language) if amount is not None else ""

    return typeset(
        TEMPLATE,
        {
            "company": company.name,
            "title": definition.title,
            "payee": payee.name,
            "version": str(version.number),
            "hash": version.hash,
            "starts": _day(version.starts_on or definition.effective),
            "ends": _day(version.ends_on or definition.until),
            "made": f"{timezone.localdate():%Y-%m-%d}",
            "terms": [
                {
                    "days": f"{_day(each.starts_on)} – {_day(each.ends_on)}",
                    "salary": money(each.salary),
                    "target": money(each.target),
                }
                for each in plan.assignments.filter(_within(version), user=payee)
            ],
            "quotas": [
                {
                    "measure": each.measure,
                    "days": f"{_day(each.starts_on)} – {_day(each.ends_on)}",
                    "amount": f"{each.amount:,.2f}",
                    "per": _terms(each),
                }
                for each in _quotas(version, payee)
            ],
            "clauses": [
                {"number": str(each.number), "title": each.title, "text": each.text}
                for each in document(definition)
            ],
        },
        tagged=True,
    )


def _within(version: PlanVersion) -> Q:
    days = Q()
    if version.ends_on is not None:
        days &= Q(starts_on__lte=version.ends_on)
    if version.starts_on is not None:
        days &= Q(ends_on__isnull=True) | Q(ends_on__gte=version.starts_on)
    return days


def _quotas(version: PlanVersion, payee: User) -> list[Quota]:
    """The quotas of the payee, of the payee's positions and of the teams that the plan's text
    names, in the days of the version."""
    theirs = list(
        version.plan.assignments.filter(_within(version), user=payee)
        .select_related("user")
        .prefetch_related("user__teams")
    )
    held = (
        Q(user=payee)
        | Q(position__in={position_of(each) for each in theirs} - {""})
        | Q(team__name__in={team_of(each) for each in theirs} - {""})
    )
    rows = (
        Quota.objects.filter(held, _within(version))
        .select_related("team")
        .order_by("measure", "starts_on")
    )
    return [each for each in rows if re.search(rf"\b{re.escape(each.measure)}\b", version.text)]


def _terms(quota: Quota) -> str:
    """What the amount is for, and whose quota it is where it is not the payee's own."""
    said = [] if quota.per == Quota.Per.RANGE else [f"per {quota.per}"]
    if quota.team_id is not None:
        said.append(f"of the team {quota.holder}")
    elif quota.position:
        said.append(f"of the position {quota.position}")
    return ", ".join(said)


def _day(day: Any) -> str:
    return f"{day:%Y-%m-%d}" if day else ""
