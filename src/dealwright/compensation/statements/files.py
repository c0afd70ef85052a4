"""A statement as PDF and as a workbook: the same rows as the page, every line included."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from django.utils import timezone
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from dealwright.base.access.actor import Actor
from dealwright.base.money import format_money
from dealwright.base.people.organization import organization
from dealwright.compensation.statements.queries import (
    LineRow,
    PlanPart,
    Statement,
    statement_lines,
)
from dealwright.signing.documents.typesetting import typeset

TEMPLATE = Path(__file__).parent / "templates" / "statement.typ"
MOST_LINES = 2000  # in a PDF; a workbook holds all


def all_lines(
    actor: Actor, statement: Statement, part: PlanPart, component: str
) -> Iterator[LineRow]:
    """Every line of a component on a statement."""
    start, more = 0, True
    while more:
        rows, more = statement_lines(
            actor, statement.payee.pk, statement.period.pk, part.plan.pk, component, start=start
        )
        yield from rows
        start += len(rows)


def statement_pdf(actor: Actor, statement: Statement) -> bytes:
    """The statement on A4, tagged for screen readers."""
    company = organization()

    def money(amount: Decimal, currency: str) -> str:
        return format_money(amount, currency, company.language)

    parts = []
    count = 0
    for part in statement.parts:
        components = []
        for row in part.components:
            lines = []
            for line in all_lines(actor, statement, part, row.id):
                count += 1
                if count > MOST_LINES:
                    break
                event = line.event
                lines.append(
                    {
                        "about": str(event["title"]) if event else line.title,
                        "day": f"{event['date']:%Y-%m-%d}" if event else line.earned,
                        "sentence": line.sentence,
                        "amount": f"{line.amount:,.0f} {line.unit}"
                        if line.unit
                        else money(line.amount, line.currency),
                    }
                )
            components.append(
                {
                    "label": row.label,
                    "clause": row.clause.text if row.clause else "",
                    "amount": row.reward.text
                    if row.reward
                    else money(row.amount, part.plan.currency),
                    "adjusted": money(row.adjusted, part.plan.currency) if row.adjusted else "",
                    "lines": lines,
                }
            )
        parts.append(
            {
                "plan": part.plan.name,
                "version": f"Version {part.version.number}, {part.version.hash[:12]}",
                "total": money(part.total, part.plan.currency),
                "components": components,
            }
        )
    return typeset(
        TEMPLATE,
        {
            "company": company.name,
            "payee": statement.payee.name,
            "period": statement.period.label,
            "state": statement.period.state_label,
            "made": f"{timezone.localtime():%Y-%m-%d %H:%M}",
            "totals": [money(amount, currency) for currency, amount in statement.payable.items()],
            "held": [
                {
                    "what": each.what,
                    "why": each.hold.reason,
                    "by": each.hold.held_by_name,
                    "amount": money(-each.amount, each.currency),
                    "released": each.amount < 0,
                }
                for each in statement.held
            ],
            "cut": count > MOST_LINES,
            "parts": parts,
        },
        tagged=True,
    )


def statement_xlsx(actor: Actor, statement: Statement) -> bytes:
    """A sheet of components whose amounts are sums of the sheet of lines."""
    out = io.BytesIO()
    book = Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = book.add_format({"bold": True})
    money = book.add_format({"num_format": "#,##0.00"})
    total = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    summary, lines = book.add_worksheet("Statement"), book.add_worksheet("Lines")
    heads = ["Plan", "Component", "Event", "Day", "Earned in", "Explanation", "Amount", "Currency"]
    lines.write_row(0, 0, heads, bold)
    lines.freeze_panes(1, 0)
    lines.set_column(0, 1, 18)
    lines.set_column(2, 2, 36)
    lines.set_column(5, 5, 60)
    summary.write_row(0, 0, [statement.payee.name, statement.period.label], bold)
    summary.write_row(2, 0, ["Plan", "Component", "Amount", "Currency", "Adjusted by hand"], bold)
    summary.set_column(0, 1, 24)
    summary.set_column(2, 4, 16)
    row, at = 3, 1
    for part in statement.parts:
        for component in part.components:
            first = at
            for line in all_lines(actor, statement, part, component.id):
                event = line.event
                lines.write_row(at, 0, [part.plan.name, component.label])
                lines.write(at, 2, str(event["title"]) if event else line.title)
                if event:
                    lines.write_datetime(at, 3, event["date"], day)
                lines.write_row(at, 4, [line.earned, line.sentence])
                lines.write_number(at, 6, line.amount, money)
                lines.write(at, 7, line.unit or line.currency)
                at += 1
            summary.write_row(row, 0, [part.plan.name, component.label])
            adjusted = f"+E{row + 1}" if component.adjusted else ""
            reward = component.reward
            worth = reward.quantity if reward else component.amount
            summed = f"SUM(Lines!G{first + 1}:G{at})" if at > first else "0"
            summary.write_formula(row, 2, f"={summed}{adjusted}", money, float(worth))
            summary.write(row, 3, reward.unit if reward else part.plan.currency)
            if component.adjusted:
                summary.write_number(row, 4, component.adjusted, money)
            row += 1
    for currency, amount in statement.totals.items():
        summary.write(row, 1, "Total", bold)
        formula = f'=SUMIF(D4:D{row},"{currency}",C4:C{row})'
        summary.write_formula(row, 2, formula, total, float(amount))
        summary.write(row, 3, currency)
        row += 1
    for each in statement.held:
        said = f"{each.what}: {each.hold.reason} ({each.hold.held_by_name})"
        summary.write(row, 0, "Released" if each.amount < 0 else "On hold")
        summary.write(row, 1, said)
        summary.write_number(row, 2, -each.amount, money)
        summary.write(row, 3, each.currency)
        row += 1
    if statement.held:
        for currency, amount in statement.payable.items():
            summary.write(row, 1, "Payable", bold)
            summary.write_number(row, 2, amount, total)
            summary.write(row, 3, currency)
            row += 1
    book.close()
    return out.getvalue()
