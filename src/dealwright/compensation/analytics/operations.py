"""How well pay is run: how long a close takes, what is disputed, corrected and recovered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from dealwright.compensation.access import manages_pay
from dealwright.compensation.analytics.corrections import (
    adjustment_rows,
    adjustments_of,
    answer_days,
    by_category,
    days_between,
    dispute_rows,
    disputes_of,
    late_by_period,
    late_of,
    late_rows,
)
from dealwright.compensation.analytics.grouping import lines_table
from dealwright.compensation.analytics.report import Cell, Column, Figure, Report, Table
from dealwright.compensation.analytics.scope import Scope
from dealwright.compensation.analytics.statistics import median, ratio
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.periods.models import PayPeriod

Behind = dict[str, Callable[[], Table]]


def report(scope: Scope) -> Report:
    """Cycle times, disputes, adjustments, late data, recoveries, draws, and accuracy."""
    behind: Behind = {}
    cycle = _cycle(scope)
    statements = _statements(scope)
    disputes = disputes_of(scope)
    adjustments = adjustments_of(scope)
    late = late_of(scope)
    balances = _balances(scope)
    clawed, recovered = _clawbacks(scope, balances)
    earned = sum((each[2] for each in statements), Decimal(0))
    adjusted = sum((abs(each.amount) for each in adjustments), Decimal(0))
    corrected = {(person, period) for person, period, *_rest in late} | {
        (each.payee_id, each.period_id) for each in adjustments
    }
    final = [each for each in statements if scope.by_period[each[1]].submitted_at is not None]
    right = [each for each in final if (each[0], each[1]) not in corrected]
    closed = [row[6].value for row in cycle.rows if row[6].value is not None]
    answers = [each for each in map(answer_days, disputes) if each is not None]
    behind |= {
        "cycle": lambda: cycle,
        "statements": lambda: _statement_rows(scope, _("Statements"), statements, corrected),
        "wrong": lambda: _statement_rows(
            scope,
            _("Corrected later"),
            [each for each in final if (each[0], each[1]) in corrected],
            corrected,
        ),
        "disputes": lambda: dispute_rows(scope, _("Disputes"), disputes),
        "adjustments": lambda: adjustment_rows(scope, adjustments),
        "late": lambda: late_rows(scope, late),
        "clawbacks": lambda: lines_table(
            scope, _("Clawbacks"), "line.kind in ('clawback', 'owed', 'repaid')"
        ),
        "draws": lambda: _draw_rows(scope, balances),
    }
    draws = [each for each in balances if each[1] == Account.DRAW and each[2] > 0]
    at_risk = [each for each in draws if _is_at_risk(scope, each[0])]
    return Report(
        figures=[
            Figure(
                "cycle",
                _("Days to close"),
                median(closed),
                "days",
                help=_("Median, from the last day of a period"),
                opens="cycle",
            ),
            Figure(
                "disputes",
                _("Disputes per 100 statements"),
                _per_hundred(len(disputes), len(statements)),
                help=_("%(count)s of %(all)s") % {"count": len(disputes), "all": len(statements)},
                opens="disputes",
            ),
            Figure(
                "answer",
                _("Days to an answer"),
                median(answers),
                "days",
                help=_("Median of those answered"),
                opens="disputes",
            ),
            Figure(
                "adjustments",
                _("Adjusted by hand"),
                ratio(adjusted, earned),
                "percent",
                help=_("%(amount)s, up or down, of what was earned")
                % {"amount": f"{adjusted:,.2f}"},
                opens="adjustments",
            ),
            Figure(
                "late",
                _("Posted later"),
                sum((abs(each[3]) for each in late), Decimal(0)),
                "money",
                help=_("Up or down, for periods that took no postings any more"),
                opens="late",
            ),
            Figure(
                "accuracy",
                _("Accuracy"),
                ratio(len(right), len(final)),
                "percent",
                help=_("%(count)s of %(all)s submitted statements were not corrected")
                % {"count": len(right), "all": len(final)},
                opens="wrong" if len(right) < len(final) else "statements",
            ),
            Figure(
                "recovered",
                _("Clawbacks recovered"),
                ratio(recovered, clawed),
                "percent",
                help=_("%(part)s of %(all)s")
                % {"part": f"{recovered:,.2f}", "all": f"{clawed:,.2f}"},
                opens="clawbacks",
            ),
            Figure(
                "draws",
                _("Draws at risk"),
                sum((each[2] for each in at_risk), Decimal(0)),
                "money",
                help=_("%(all)s open, of these owed by people on no plan now")
                % {"all": f"{sum((each[2] for each in draws), Decimal(0)):,.2f}"},
                opens="draws",
            ),
        ],
        tables=[cycle, by_category(scope, disputes, behind), late_by_period(scope, late, behind)],
        definitions=[
            _(
                "Days in a state run from one step to the next: open from the period's last day to "
                "the latest calculation, then to submission, approval and close. A step not yet "
                "taken counts no days."
            ),
            _(
                "A statement is a person's pay of one period that the ledger knows. It is "
                "accurate where it was submitted and neither data nor an approved adjustment "
                "changed it afterwards."
            ),
            _(
                "Posted later is what was earned in a period here and posted into another one, "
                "in amount up or down by person and component; holds and payments do not count."
            ),
            _(
                "Recovered is the part of clawbacks of the range that was taken already; the rest "
                "is the open balance of the people here. A draw is at risk where who owes it is "
                "inactive or on no plan at the end of the range."
            ),
        ],
        behind=behind,
    )


def _per_hundred(count: int, of: int) -> Decimal | None:
    return (Decimal(100 * count) / of).quantize(Decimal("0.1")) if of else None


def _cycle(scope: Scope) -> Table:
    """Days in each state, period by period; the period opens to whoever may run it."""
    runs = manages_pay(scope.actor.user)
    rows = []
    for period in scope.periods:
        end = _end_of(period)
        rows.append(
            [
                Cell(period.label, f"/compensation/periods/{period.pk}" if runs else ""),
                Cell(_(period.state_label)),
                Cell(days_between(end, period.calculated_at)),
                Cell(days_between(period.calculated_at, period.submitted_at)),
                Cell(days_between(period.submitted_at, period.approved_at)),
                Cell(days_between(period.approved_at, period.closed_at)),
                Cell(days_between(end, period.closed_at)),
            ]
        )
    return Table(
        "cycle",
        _("From a period's end to its close"),
        [
            Column("period", _("Period")),
            Column("state", _("State")),
            Column("open", _("Open"), "days"),
            Column("calculated", _("Calculated"), "days"),
            Column("in_approval", _("In approval"), "days"),
            Column("approved", _("Approved"), "days"),
            Column("to_close", _("To close"), "days"),
        ],
        rows,
        note=_("In days."),
    )


def _end_of(period: PayPeriod) -> datetime:
    """The first moment after a period, in the reader's zone."""
    after = period.ends_on + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=localtime().tzinfo)


def _statements(scope: Scope) -> list[tuple[UUID, UUID, Decimal]]:
    """(person, period, earned) of every statement that the ledger knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select payee_id, posted_period_id,"
            " -coalesce(sum(amount) filter (where account = 'payable'"
            " and kind not in ('payment', 'hold', 'release')), 0)"
            " from compensation_posting where plan_id = any(%s) and payee_id = any(%s)"
            " and posted_period_id = any(%s) group by 1, 2",
            [scope.plan_ids, scope.person_ids, scope.period_ids],
        )
        found: list[tuple[UUID, UUID, Decimal]] = cursor.fetchall()
        return found


def _statement_rows(
    scope: Scope,
    title: str,
    found: Sequence[tuple[UUID, UUID, Decimal]],
    corrected: set[tuple[UUID, UUID]],
) -> Table:
    ordered = sorted(
        found, key=lambda each: (scope.people[each[0]].name, scope.by_period[each[1]].number)
    )
    return Table(
        "rows",
        title,
        [
            Column("name", _("Name")),
            Column("period", _("Period")),
            Column("state", _("State")),
            Column("amount", _("Earned"), "money"),
            Column("corrected", _("Corrected later")),
        ],
        [
            [
                Cell(scope.people[person].name, scope.statement_url(person, period)),
                Cell(scope.by_period[period].label),
                Cell(_(scope.by_period[period].state_label)),
                Cell(amount, scope.statement_url(person, period)),
                Cell(_("Corrected") if (person, period) in corrected else ""),
            ]
            for person, period, amount in ordered[:500]
        ],
        total=len(ordered),
    )


Balance = tuple[UUID, str, Decimal]


def _balances(scope: Scope) -> list[Balance]:
    """(person, account, balance) of draws and clawbacks that are owed at the end of the range."""
    return [
        (row["payee_id"], row["account"], row["balance"])
        for row in Posting.objects.filter(
            plan_id__in=scope.plan_ids,
            payee_id__in=scope.person_ids,
            account__in=(Account.DRAW, Account.CLAWBACK),
            posted_period__ends_on__lte=scope.last,
        )
        .values("payee_id", "account")
        .annotate(balance=Sum("amount"))
        .order_by("payee_id", "account")
        if row["balance"]
    ]


def _clawbacks(scope: Scope, balances: Sequence[Balance]) -> tuple[Decimal, Decimal]:
    """What clawbacks of the range came to, and how much of it was taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(-sum(sign * payout), 0) from compensation_runline"
            " where plan_id = any(%s) and payee_id = any(%s) and earned_period_id = any(%s)"
            " and kind = 'clawback'",
            [scope.plan_ids, scope.person_ids, scope.period_ids],
        )
        (clawed,) = cursor.fetchone() or (Decimal(0),)
    owed = sum((each[2] for each in balances if each[1] == Account.CLAWBACK), Decimal(0))
    return clawed, max(clawed - owed, Decimal(0))


def _is_at_risk(scope: Scope, person_id: UUID) -> bool:
    return not scope.people[person_id].is_active or not any(
        each.person_id == person_id and (each.ends_on is None or each.ends_on >= scope.last)
        for each in scope.terms
    )


def _draw_rows(scope: Scope, balances: Sequence[Balance]) -> Table:
    found: Mapping[UUID, Any] = {
        person: amount for person, account, amount in balances if account == Account.DRAW
    }
    return Table(
        "rows",
        _("Draws that are owed"),
        [
            Column("name", _("Name")),
            Column("balance", _("Owed"), "money"),
            Column("risk", _("Risk")),
        ],
        [
            [
                Cell(scope.people[person].name, scope.statement_url(person)),
                Cell(amount, scope.statement_url(person)),
                Cell(_("At risk") if _is_at_risk(scope, person) else ""),
            ]
            for person, amount in sorted(found.items(), key=lambda each: -each[1])
        ],
        total=len(found),
    )
