"""What selling costs: variable pay over credited revenue, by what was sold, where and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from dealwright.compensation.analytics.facts import (
    SETTLING,
    Paid,
    Revenue,
    band_pay,
    credited_events,
    credited_revenue,
    variable_pay,
)
from dealwright.compensation.analytics.grouping import lines_table, pay_table
from dealwright.compensation.analytics.report import Cell, Chart, Column, Figure, Report, Table
from dealwright.compensation.analytics.scope import Scope
from dealwright.compensation.analytics.statistics import CENT, ratio

Behind = dict[str, Callable[[], Table]]
_OF_DEALS = "line.event_id is not null and line.kind <> all(%(settling)s)"


def report(scope: Scope) -> Report:
    """The compensation cost of sales in all and by plan, region, product and period."""
    paid = variable_pay(scope)
    revenue = credited_revenue(scope)
    by_product = _pay_by_product(scope)
    cost = sum((each.amount for each in paid), Decimal(0))
    sold = sum((each.amount for each in revenue if each.first), Decimal(0))
    behind: Behind = {
        "pay": lambda: _pay_rows(scope, _("Variable pay"), paid),
        "revenue": lambda: events_table(scope, _("Credited revenue")),
    }
    tables = [
        _by_plan(scope, paid, revenue, behind),
        _by_region(scope, paid, revenue, behind),
        _by_product(scope, cost, by_product, revenue, behind),
        _by_period(scope, paid, revenue, behind),
    ]
    return Report(
        figures=[
            Figure("pay", _("Variable pay"), cost, "money", opens="pay"),
            Figure("revenue", _("Credited revenue"), sold, "money", opens="revenue"),
            Figure(
                "cost",
                _("Cost of sales"),
                ratio(cost, sold),
                "percent",
                help=_("Variable pay over credited revenue"),
                opens="pay",
            ),
            *_budget(scope, cost, sold),
            *_marginal(scope, behind),
        ],
        charts=[
            Chart(
                "line",
                _("Cost of sales, period by period"),
                "period",
                [row[0].value for row in tables[3].rows],
                series=[(_("Cost of sales"), [row[3].value for row in tables[3].rows])],
                percent=True,
                category=_("Period"),
            )
        ],
        tables=tables,
        definitions=[
            _(
                "Variable pay is what the ledger booked as earned in the range, whenever it was "
                "posted: overlays and what managers get for their teams included, fixed pay, draws "
                "and rewards not."
            ),
            _(
                "Credited revenue is each event's amount by the direct share, once: neither "
                "overlays nor roll-ups add to it, nor payments of a booking that counts. Other "
                "currencies are converted at the rate of the period's last day."
            ),
            _(
                "Above quota are the credits that fell into bands that begin at the quota or above "
                "it, where a plan pays part by part; the marginal cost is what these bands paid "
                "over what was credited in them."
            ),
            _(
                "The budget is the percentage typed above, of credited revenue; plans carry no "
                "budget of their own."
            ),
        ],
        behind=behind,
    )


def _budget(scope: Scope, cost: Decimal, sold: Decimal) -> list[Figure]:
    share = scope.setting("budget")
    if share is None:
        return []
    budget = (sold * share).quantize(CENT, rounding=ROUND_HALF_UP)
    return [
        Figure("budget", _("Budget"), budget, "money", opens="revenue"),
        Figure(
            "over_budget",
            _("Over budget") if cost > budget else _("Under budget"),
            abs(cost - budget),
            "money",
            help=_("Variable pay against the budget"),
            opens="pay",
        ),
    ]


def _marginal(scope: Scope, behind: Behind) -> list[Figure]:
    bands = band_pay(scope)
    figures = []
    for key, label, above in (
        ("above", _("Marginal cost above quota"), True),
        ("up_to", _("Cost up to quota"), False),
    ):
        chosen = [each for each in bands if each.above == above]
        base = sum((each.base for each in chosen), Decimal(0))
        payout = sum((each.payout for each in chosen), Decimal(0))
        behind[key] = _band_rows(scope, label, above)
        figures.append(
            Figure(
                key,
                label,
                ratio(payout, base),
                "percent",
                help=_("%(pay)s on %(base)s") % {"pay": f"{payout:,.2f}", "base": f"{base:,.2f}"},
                opens=key,
            )
        )
    return figures


def _band_rows(scope: Scope, title: str, above: bool) -> Callable[[], Table]:
    return lambda: lines_table(
        scope,
        title,
        "line.kind in ('band', 'target') and line.event_id is not null"
        " and exists (select 1 from compensation_attainment attained"
        " where attained.plan_id = line.plan_id and attained.payee_id = line.payee_id"
        " and attained.component = line.component and attained.quota > 0"
        " and attained.period_id = line.earned_period_id"
        " and (line.low >= attained.quota) = %(above)s)",
        above=above,
    )


def _pay_by_product(scope: Scope) -> Mapping[str, Decimal]:
    """What deals of each product pay, as far as lines belong to a deal."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(event.attributes ->> 'product', ''), sum(line.sign * line.payout)"
            " from compensation_runline line"
            " join compensation_creditevent event on event.id = line.event_id"
            " where line.plan_id = any(%(plans)s) and line.payee_id = any(%(people)s)"
            f" and line.earned_period_id = any(%(periods)s) and {_OF_DEALS}"
            " and line.plan_id || ' ' || line.component <> all(%(without)s)"
            " group by 1",
            {
                "plans": scope.plan_ids,
                "people": scope.person_ids,
                "periods": scope.period_ids,
                "settling": list(SETTLING),
                "without": scope.not_variable,
            },
        )
        return {
            product: amount.quantize(CENT, rounding=ROUND_HALF_UP)
            for product, amount in cursor.fetchall()
        }


def _table(key: str, title: str, head: str, rows: Iterable[list[Cell]], note: str = "") -> Table:
    return Table(
        key,
        title,
        [
            Column(key, head),
            Column("pay", _("Variable pay"), "money"),
            Column("revenue", _("Credited revenue"), "money"),
            Column("cost", _("Cost of sales"), "percent"),
        ],
        list(rows),
        note=note,
    )


def _row(name: str, key: str, pay: Decimal, sold: Decimal, href: str = "") -> list[Cell]:
    return [
        Cell(name, href, "" if href else f"{key}-pay"),
        Cell(pay, opens=f"{key}-pay"),
        Cell(sold, opens=f"{key}-revenue"),
        Cell(ratio(pay, sold), opens=f"{key}-pay"),
    ]


def _by_plan(scope: Scope, paid: list[Paid], revenue: list[Revenue], behind: Behind) -> Table:
    rows = []
    for place, plan in enumerate(scope.plans.values()):
        own = [each for each in paid if each.plan_id == plan.id]
        sold = sum((each.amount for each in revenue if each.plan_id == plan.id), Decimal(0))
        key = f"plan-{place}"
        behind[f"{key}-pay"] = _rows_of(scope, plan.name, own)
        behind[f"{key}-revenue"] = _events_of(scope, plan.name, plan_id=plan.id)
        rows.append(
            _row(
                plan.name,
                key,
                sum((each.amount for each in own), Decimal(0)),
                sold,
                f"/compensation/plans/{plan.id}",
            )
        )
    return _table("plan", _("By plan"), _("Plan"), rows)


def _by_region(scope: Scope, paid: list[Paid], revenue: list[Revenue], behind: Behind) -> Table:
    members: dict[str, list[UUID]] = defaultdict(list)
    for person in scope.people.values():
        members[person.region].append(person.id)
    rows = []
    for place, (region, ids) in enumerate(
        sorted(members.items(), key=lambda each: (not each[0], each[0]))
    ):
        own = [each for each in paid if each.person_id in ids]
        sold = sum(
            (each.amount for each in revenue if each.first and each.person_id in ids), Decimal(0)
        )
        key, name = f"region-{place}", region or _("None")
        behind[f"{key}-pay"] = _rows_of(scope, name, own)
        behind[f"{key}-revenue"] = _events_of(scope, name, person_ids=ids)
        rows.append(_row(name, key, sum((each.amount for each in own), Decimal(0)), sold))
    return _table("region", _("By region"), _("Region of the payee"), rows)


def _by_product(
    scope: Scope,
    cost: Decimal,
    by_product: Mapping[str, Decimal],
    revenue: list[Revenue],
    behind: Behind,
) -> Table:
    sold: dict[str, Decimal] = defaultdict(Decimal)
    for each in revenue:
        if each.first:
            sold[each.product] += each.amount
    rows = []
    for place, product in enumerate(
        sorted({*by_product, *sold}, key=lambda each: (not each, each.casefold()))
    ):
        key, name = f"product-{place}", product or _("None")
        behind[f"{key}-pay"] = _product_rows(scope, name, product)
        behind[f"{key}-revenue"] = _events_of(scope, name, product=product)
        rows.append(
            _row(name, key, by_product.get(product, Decimal(0)), sold.get(product, Decimal(0)))
        )
    rest = cost - sum(by_product.values(), Decimal(0))
    if rest:
        behind["product-none-pay"] = _rest_rows(scope)
        rows.append(
            [
                Cell(_("Of no single deal"), opens="product-none-pay"),
                Cell(rest, opens="product-none-pay"),
                Cell(None),
                Cell(None),
            ]
        )
    return _table(
        "product",
        _("By product"),
        _("Product"),
        rows,
        _(
            "Bonuses for quotas, contests and adjustments belong to no single deal; adjustments "
            "are listed under operations."
        ),
    )


def _by_period(scope: Scope, paid: list[Paid], revenue: list[Revenue], behind: Behind) -> Table:
    rows = []
    for period in scope.periods:
        own = [each for each in paid if each.period_id == period.pk]
        sold = sum(
            (each.amount for each in revenue if each.first and each.period_id == period.pk),
            Decimal(0),
        )
        key = f"period-{period.label}"
        behind[f"{key}-pay"] = _rows_of(scope, period.label, own)
        behind[f"{key}-revenue"] = _events_of(scope, period.label, period_id=period.pk)
        rows.append(_row(period.label, key, sum((each.amount for each in own), Decimal(0)), sold))
    return _table("period", _("By period"), _("Period"), rows)


def _product_rows(scope: Scope, title: str, product: str) -> Callable[[], Table]:
    return lambda: lines_table(
        scope,
        title,
        f"{_OF_DEALS} and exists (select 1 from compensation_creditevent own"
        " where own.id = line.event_id"
        " and coalesce(own.attributes ->> 'product', '') = %(product)s)",
        settling=list(SETTLING),
        product=product,
    )


def _rest_rows(scope: Scope) -> Callable[[], Table]:
    return lambda: lines_table(
        scope,
        _("Of no single deal"),
        "line.event_id is null and line.kind <> all(%(settling)s)",
        settling=list(SETTLING),
    )


def _rows_of(scope: Scope, title: str, paid: list[Paid]) -> Callable[[], Table]:
    return lambda: _pay_rows(scope, title, paid)


def _pay_rows(scope: Scope, title: str, paid: Iterable[Paid]) -> Table:
    return pay_table(
        scope,
        title,
        [(e.plan_id, e.person_id, e.period_id, e.component, e.amount) for e in paid],
    )


def _events_of(scope: Scope, title: str, **where: Any) -> Callable[[], Table]:
    return lambda: events_table(scope, title, **where)


def events_table(scope: Scope, title: str, **where: Any) -> Table:
    """The events behind credited revenue, each with its deal."""
    found, count = credited_events(scope, **where)
    return Table(
        "rows",
        title,
        [
            Column("event", _("Deal")),
            Column("day", _("Day"), "date"),
            Column("name", _("Credited to")),
            Column("product", _("Product")),
            Column("amount", _("Credited"), "money"),
            Column("currency", _("Currency")),
        ],
        [
            [
                Cell(
                    row["title"] or row["key"],
                    f"/opportunities/{row['record_id']}" if row["object"] == "opportunity" else "",
                ),
                Cell(row["date"]),
                Cell(scope.people[row["person_id"]].name, scope.statement_url(row["person_id"])),
                Cell(row["product"]),
                Cell(row["amount"]),
                Cell(row["currency"]),
            ]
            for row in found
        ],
        total=count,
    )
