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
                    "per": "" if each.per == Quota.Per.RANGE else f"per {each.per}",
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
    """The payee's quotas that the plan's text names, in the days of the version."""
    rows = Quota.objects.filter(_within(version), user=payee).order_by("measure", "starts_on")
    return [each for each in rows if re.search(rf"\b{re.escape(each.measure)}\b", version.text)]


def _day(day: Any) -> str:
    return f"{day:%Y-%m-%d}" if day else ""
