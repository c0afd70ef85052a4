"""Analyses and contests over the API: the same numbers as on the pages, with their rows."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.compensation.analytics.contests import contest_standing, list_contests
from dealwright.compensation.analytics.report import Report, Table, plain_value
from dealwright.compensation.analytics.scope import Scope, wrong_setting
from dealwright.compensation.analytics.sections import analyse, table_of

router = Router(tags=["Compensation"])
READ = "compensation:read"


class AnalysisQuery(Schema):
    """Which periods (labels), plan, people and thresholds (in percent) an analysis is about.

    ``open`` is the ``opens`` of a figure or cell: the answer then has its rows.
    """

    calendar: str = ""
    first: str = ""
    last: str = ""
    plan: str = ""
    region: str = ""
    role: str = ""
    team: str = ""
    currency: str = ""
    by: str = ""
    below: str = ""
    excellence: str = ""
    small: str = ""
    windfall: str = ""
    budget: str = ""
    open: str = ""


class ColumnOut(Schema):
    """A column; ``kind`` is text, money, percent (a fraction), number, days or date."""

    key: str
    label: str
    kind: str


class CellOut(Schema):
    """A value as text, the address it leads to, and the rows that ``open`` gives."""

    value: str | None
    href: str
    opens: str


class TableOut(Schema):
    """Rows of cells in the order of the columns; ``total`` counts those left out as well."""

    key: str
    title: str
    note: str
    total: int
    columns: list[ColumnOut]
    rows: list[list[CellOut]]


class FigureOut(Schema):
    """One number of an analysis."""

    key: str
    label: str
    kind: str
    value: str | None
    help: str
    opens: str


class AnalysisOut(Schema):
    """An analysis of a range of periods; ``rows`` are those behind what was opened."""

    first: str
    last: str
    currency: str
    people: int
    figures: list[FigureOut]
    tables: list[TableOut]
    definitions: list[str]
    rows: TableOut | None


class ContestOut(Schema):
    """A contest that is over in a period."""

    plan_id: UUID
    component: str
    period_id: UUID
    plan: str
    label: str
    period: str
    winners: int


class ContestPlaceOut(Schema):
    """A place; ``prize`` is null where the caller may not see that person's pay."""

    place: int
    user_id: UUID
    name: str
    group: str
    score: str
    prize: str | None
    unit: str
    shared: bool


@router.get(
    "/compensation/analysis/{slug:section}",
    response=AnalysisOut,
    operation_id="get_compensation_analysis",
    summary="An analysis of pay and attainment, as far as the caller may see pay",
    description="Sections: attainment, performance, cost, fairness, leverage, mechanisms, "
    "operations. 404 for those who have nobody below them.",
)
def read_analysis(
    request: HttpRequest, section: str, query: Annotated[AnalysisQuery, Query()]
) -> HttpResponse:
    actor = require_scope(request, READ)
    given = query.dict()
    given["from"], given["to"] = given.pop("first"), given.pop("last")
    scope, report = analyse(actor, section, given)
    if scope is not None:
        wrong_setting(scope)
    return as_json(_analysis_out(scope, report, query.open))


@router.get(
    "/compensation/contests",
    response=list[ContestOut],
    operation_id="list_compensation_contests",
    summary="Contests that are over, the latest first",
)
def read_contests(request: HttpRequest) -> HttpResponse:
    actor = require_scope(request, READ)
    return as_json(
        [
            {
                "plan_id": each.plan_id,
                "component": each.component,
                "period_id": each.period_id,
                "plan": each.plan,
                "label": each.label,
                "period": each.period,
                "winners": each.winners,
            }
            for each in list_contests(actor)
        ]
    )


@router.get(
    "/compensation/contests/{uuid:plan_id}/{slug:component}/{uuid:period_id}",
    response=list[ContestPlaceOut],
    operation_id="get_compensation_contest",
    summary="Who won a contest: places, scores and prizes as they were calculated",
)
def read_contest(
    request: HttpRequest, plan_id: UUID, component: str, period_id: UUID
) -> HttpResponse:
    actor = require_scope(request, READ)
    standing = contest_standing(actor, plan_id, component, period_id)
    return as_json(
        [
            {
                "place": each.place,
                "user_id": each.user_id,
                "name": each.name,
                "group": each.group,
                "score": f"{each.score.normalize():f}",
                "prize": None if each.prize is None else f"{each.prize:.2f}",
                "unit": standing.unit,
                "shared": each.shared,
            }
            for each in standing.places
        ]
    )


def _analysis_out(scope: Scope | None, report: Report | None, opens: str) -> dict[str, Any]:
    rows = table_of(report, "rows", opens) if report is not None and opens else None
    return {
        "first": scope.periods[0].label if scope is not None else "",
        "last": scope.periods[-1].label if scope is not None else "",
        "currency": scope.currency if scope is not None else "",
        "people": len(scope.people) if scope is not None else 0,
        "figures": [
            {
                "key": each.key,
                "label": each.label,
                "kind": each.kind,
                "value": plain_value(each.value, each.kind),
                "help": each.help,
                "opens": each.opens,
            }
            for each in (report.figures if report is not None else ())
        ],
        "tables": [_table_out(each) for each in (report.tables if report is not None else ())],
        "definitions": list(report.definitions) if report is not None else [],
        "rows": _table_out(rows) if rows is not None else None,
    }


def _table_out(table: Table) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": table.title,
        "note": table.note,
        "total": table.total or len(table.rows),
        "columns": [
            {"key": each.key, "label": each.label, "kind": each.kind} for each in table.columns
        ],
        "rows": [
            [
                {
                    "value": plain_value(cell.value, column.kind),
                    "href": cell.href,
                    "opens": cell.opens,
                }
                for column, cell in zip(table.columns, row, strict=True)
            ]
            for row in table.rows
        ],
    }
