"""What was disputed, adjusted by hand, or became known too late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from dealwright.compensation.analytics.report import Cell, Column, Table
from dealwright.compensation.analytics.scope import Scope
from dealwright.compensation.analytics.statistics import median, ratio
from dealwright.compensation.disputes.models import Adjustment, Category, Dispute

Behind = dict[str, Callable[[], Table]]


def days_between(first: datetime | None, last: datetime | None) -> Decimal | None:
    """Days from one moment to another, to the minute; None where one is not there."""
    if first is None or last is None:
        return None
    return max(Decimal(0), Decimal((last - first) // timedelta(minutes=1)) / (24 * 60))


def disputes_of(scope: Scope) -> list[Dispute]:
    """The questions about statements of the range."""
    return list(
        Dispute.objects.filter(
            plan_id__in=scope.plan_ids,
            payee_id__in=scope.person_ids,
            period_id__in=scope.period_ids,
        ).order_by("opened_at")
    )


def answer_days(dispute: Dispute) -> Decimal | None:
    """Days until somebody answered, or resolved it at once."""
    return days_between(dispute.opened_at, dispute.answered_at or dispute.resolved_at)


def dispute_rows(scope: Scope, title: str, found: Sequence[Dispute]) -> Table:
    return Table(
        "rows",
        title,
        [
            Column("dispute", _("Question")),
            Column("period", _("Period")),
            Column("category", _("About")),
            Column("status", _("State")),
            Column("answered", _("Answered after"), "days"),
            Column("resolved", _("Resolved after"), "days"),
        ],
        [
            [
                Cell(scope.people[each.payee_id].name, f"/compensation/disputes/{each.pk}"),
                Cell(scope.by_period[each.period_id].label),
                Cell(_(each.get_category_display())),
                Cell(_(each.status.capitalize())),
                Cell(answer_days(each)),
                Cell(days_between(each.opened_at, each.resolved_at)),
            ]
            for each in found
        ],
        total=len(found),
    )


def by_category(scope: Scope, disputes: Sequence[Dispute], behind: Behind) -> Table:
    groups: dict[str, list[Dispute]] = defaultdict(list)
    for each in disputes:
        groups[each.category].append(each)
    rows = []
    for category, found in sorted(groups.items(), key=lambda each: -len(each[1])):
        key = f"about-{category}"
        label = _(str(Category(category).label))
        behind[key] = _about(scope, label, found)
        resolved = [each for each in found if each.resolved_at is not None]
        accepted = sum(1 for each in resolved if each.accepted)
        rows.append(
            [
                Cell(label, opens=key),
                Cell(len(found), opens=key),
                Cell(ratio(accepted, len(resolved)), opens=key),
                Cell(median([e for e in map(answer_days, found) if e is not None]), opens=key),
                Cell(
                    median(
                        [
                            each
                            for each in (days_between(d.opened_at, d.resolved_at) for d in resolved)
                            if each is not None
                        ]
                    ),
                    opens=key,
                ),
            ]
        )
    return Table(
        "disputes",
        _("What is disputed"),
        [
            Column("category", _("About")),
            Column("count", _("Questions"), "number"),
            Column("accepted", _("Accepted"), "percent"),
            Column("answered", _("Answered after"), "days"),
            Column("resolved", _("Resolved after"), "days"),
        ],
        rows,
        note=_("Accepted of those resolved; times are medians in days."),
    )


def _about(scope: Scope, title: str, found: Sequence[Dispute]) -> Callable[[], Table]:
    return lambda: dispute_rows(scope, title, found)


def adjustments_of(scope: Scope) -> list[Adjustment]:
    """The approved ones of the range."""
    return list(
        Adjustment.objects.filter(
            plan_id__in=scope.plan_ids,
            payee_id__in=scope.person_ids,
            period_id__in=scope.period_ids,
            approved_at__isnull=False,
        ).order_by("approved_at")
    )


def adjustment_rows(scope: Scope, found: Sequence[Adjustment]) -> Table:
    return Table(
        "rows",
        _("Adjusted by hand"),
        [
            Column("name", _("Name")),
            Column("period", _("Period")),
            Column("component", _("Component")),
            Column("reason", _("Reason")),
            Column("amount", _("Amount"), "money"),
        ],
        [
            [
                Cell(
                    scope.people[each.payee_id].name,
                    scope.statement_url(each.payee_id, each.period_id),
                ),
                Cell(scope.by_period[each.period_id].label),
                Cell(scope.plans[each.plan_id].label(each.component)),
                Cell(each.reason),
                Cell(each.amount),
            ]
            for each in found
        ],
        total=len(found),
    )


Late = tuple[UUID, UUID, UUID, Decimal, str, UUID, str]


def late_of(scope: Scope) -> list[Late]:
    """(person, earned in, posted in, amount, label, plan, component) posted after the period
    took no postings any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select posting.payee_id, earned_period_id, posted_period_id, -sum(amount),"
            " period.label, plan_id, component from compensation_posting posting"
            " join compensation_payperiod period on period.id = posted_period_id"
            " where plan_id = any(%s) and payee_id = any(%s) and earned_period_id = any(%s)"
            " and earned_period_id <> posted_period_id and account = 'payable'"
            " and kind = 'calculation' group by 1, 2, 3, 5, 6, 7 having sum(amount) <> 0",
            [scope.plan_ids, scope.person_ids, scope.period_ids],
        )
        found: list[Late] = cursor.fetchall()
        return found


def late_rows(scope: Scope, found: Sequence[Late]) -> Table:
    ordered = sorted(
        found, key=lambda each: (scope.by_period[each[1]].number, scope.people[each[0]].name)
    )
    return Table(
        "rows",
        _("Posted later"),
        [
            Column("name", _("Name")),
            Column("earned", _("Earned in")),
            Column("posted", _("Posted in")),
            Column("component", _("Component")),
            Column("amount", _("Amount"), "money"),
        ],
        [
            [
                Cell(scope.people[person].name, scope.statement_url(person, earned)),
                Cell(scope.by_period[earned].label),
                Cell(label, scope.statement_url(person, posted)),
                Cell(scope.plans[plan].label(component)),
                Cell(amount, f"{scope.statement_url(person, posted)}/{plan}/{component}"),
            ]
            for person, earned, posted, amount, label, plan, component in ordered[:500]
        ],
        total=len(ordered),
    )


def late_by_period(scope: Scope, late: Sequence[Late], behind: Behind) -> Table:
    rows = []
    for period in scope.periods:
        found = [each for each in late if each[1] == period.pk]
        if not found:
            continue
        key = f"late-{period.label}"
        behind[key] = _late_behind(scope, found)
        up = sum((each[3] for each in found if each[3] > 0), Decimal(0))
        down = sum((each[3] for each in found if each[3] < 0), Decimal(0))
        rows.append(
            [
                Cell(period.label, opens=key),
                Cell(len({each[0] for each in found}), opens=key),
                Cell(up, opens=key),
                Cell(down, opens=key),
                Cell(up + down, opens=key),
            ]
        )
    return Table(
        "late",
        _("What became known too late"),
        [
            Column("period", _("Earned in")),
            Column("people", _("People"), "number"),
            Column("more", _("More"), "money"),
            Column("less", _("Less"), "money"),
            Column("net", _("In all"), "money"),
        ],
        rows,
    )


def _late_behind(scope: Scope, found: Sequence[Late]) -> Callable[[], Table]:
    return lambda: late_rows(scope, found)
