"""Simulations as CSV and as workbooks: the same rows as the pages, and every one of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from dealwright.base.spreadsheets import harmless
from dealwright.compensation.simulation.models import Backtest, Forecast
from dealwright.compensation.simulation.queries import exported_shares, summary

_BACKTEST = ("payee", "period", "component", "was", "would_be", "difference", "currency")
_FORECAST = (
    "period", "plan", "payee", "certain", "expected", "p10", "p50", "p90", "all_won", "currency",
)  # fmt: skip
_DEALS = (
    "period", "plan", "payee", "deal", "opportunity_id", "amount", "currency", "closes_on",
    "probability", "expected_pay", "pay_currency",
)  # fmt: skip


def backtest_csv(backtest: Backtest) -> bytes:
    """A row per payee, period and component."""
    return _csv(_BACKTEST, _backtest_rows(backtest))


def backtest_xlsx(backtest: Backtest) -> bytes:
    """Payees whose amounts are sums of the sheet of rows, percentiles, and what was compared."""
    out = io.BytesIO()
    book = _book(out)
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    payees, rows = book.add_worksheet("Payees"), book.add_worksheet("Rows")
    about = book.add_worksheet("About")
    rows.write_row(0, 0, _BACKTEST, bold)
    rows.freeze_panes(1, 0)
    rows.set_column(0, 2, 22)
    rows.set_column(3, 5, 14)
    last = 1
    for row in _backtest_rows(backtest):
        rows.write_row(last, 0, row[:3])
        for place in (3, 4):
            rows.write_number(last, place, row[place], money)
        rows.write_formula(last, 5, f"=E{last + 1}-D{last + 1}", money, float(row[5]))
        rows.write(last, 6, row[6])
        last += 1
    payees.write_row(0, 0, ["payee", "was", "would_be", "difference"], bold)
    payees.set_column(0, 0, 26)
    payees.set_column(1, 3, 14)
    found = summary(backtest)
    for at, each in enumerate(found.payees, 1):
        payees.write(at, 0, each.name)
        for place, column, value in ((1, "D", each.before), (2, "E", each.after)):
            formula = f"=SUMIF(Rows!A$2:A${last},A{at + 1},Rows!{column}$2:{column}${last})"
            payees.write_formula(at, place, formula, money, float(value))
        payees.write_formula(at, 3, f"=C{at + 1}-B{at + 1}", money, float(each.difference))
    total = len(found.payees) + 1
    payees.write(total, 0, "total", bold)
    before, after = backtest.before or Decimal(0), backtest.after or Decimal(0)
    for place, column, value in ((1, "B", before), (2, "C", after), (3, "D", after - before)):
        formula = f"=SUM({column}2:{column}{total})" if total > 1 else "=0"
        payees.write_formula(total, place, formula, money, float(value))
    about.set_column(0, 0, 18)
    about.set_column(1, 1, 70)
    for at, (name, said) in enumerate(
        (
            ("plan", backtest.plan.name),
            ("tried", backtest.label),
            ("compared with", backtest.base_label),
            ("days", f"{backtest.starts_on} – {backtest.ends_on}"),
            ("currency", backtest.currency),
            ("text tried", backtest.text_hash),
            ("text that was", backtest.base_hash),
            ("input", backtest.input_hash),
            ("engine", backtest.engine),
        )
    ):
        about.write(at, 0, name, bold)
        about.write(at, 1, said)
    book.close()
    return out.getvalue()


def forecast_csv(forecast: Forecast) -> bytes:
    """A row per period, plan and payee."""
    return _csv(_FORECAST, _figure_rows(forecast))


def forecast_xlsx(forecast: Forecast) -> bytes:
    """The figures, the deals that make them, and the method."""
    out = io.BytesIO()
    book = _book(out)
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    for name, heads, rows in (
        ("Figures", _FORECAST, _figure_rows(forecast)),
        ("Deals", _DEALS, _deal_rows(forecast)),
    ):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, heads, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(heads) - 1, 16)
        for at, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                if isinstance(value, Decimal):
                    sheet.write_number(at, place, value, money)
                else:
                    sheet.write(at, place, value)
    about = book.add_worksheet("About")
    about.set_column(1, 1, 70)
    for at, (name, value) in enumerate(
        (
            ("as of", str(forecast.as_of)),
            ("until", str(forecast.ends_on)),
            ("draws", forecast.draws),
            ("seed", forecast.seed),
            ("open deals", forecast.deal_count),
            ("input", forecast.input_hash),
            ("engine", forecast.engine),
        )
    ):
        about.write(at, 0, name, bold)
        about.write(at, 1, value)
    book.close()
    return out.getvalue()


def _book(out: io.BytesIO) -> Any:
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    return Workbook(out, options)


def _csv(heads: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    for row in rows:
        writer.writerow(["" if each is None else harmless(str(each)) for each in row])
    return out.getvalue().encode("utf-8-sig")


def _backtest_rows(backtest: Backtest) -> Iterator[tuple[Any, ...]]:
    rows = backtest.pay.select_related("payee").order_by("payee__name", "number", "component")
    for row in rows.iterator(chunk_size=2000):
        difference = row.after - row.before
        yield (
            row.payee.name, row.period, row.component, row.before, row.after, difference,
            backtest.currency,
        )  # fmt: skip


def _figure_rows(forecast: Forecast) -> Iterator[tuple[Any, ...]]:
    rows = forecast.figures.exclude(period="").filter(plan__isnull=False, payee__isnull=False)
    for row in rows.select_related("plan", "payee").order_by(
        "starts_on", "plan__name", "payee__name"
    ):
        if row.plan is None or row.payee is None:
            continue
        yield (
            row.period, row.plan.name, row.payee.name, row.certain, row.expected, row.p10, row.p50,
            row.p90, row.everything, row.currency,
        )  # fmt: skip


def _deal_rows(forecast: Forecast) -> Iterator[tuple[Any, ...]]:
    for row in exported_shares(forecast).iterator(chunk_size=2000):
        yield (
            row.period, row.plan.name, row.payee.name, row.title or "no deal alone",
            str(row.opportunity_id or ""), row.amount, row.currency, str(row.closes_on or ""),
            row.probability, row.expected, row.plan.currency,
        )  # fmt: skip
