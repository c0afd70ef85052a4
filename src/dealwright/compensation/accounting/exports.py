"""Files for the general ledger and for whoever audits: the journal of a month, and schedules."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from dealwright.base.errors import Conflict
from dealwright.base.spreadsheets import harmless
from dealwright.compensation.accounting.accruals import Accrued
from dealwright.compensation.accounting.amortisation import Step, last_day
from dealwright.compensation.accounting.models import JournalAccount, JournalLine
from dealwright.compensation.accounting.queries import DealSchedule, Roll, account_numbers

JOURNAL_COLUMNS = (
    "date", "journal", "kind", "account", "account_name", "cost_centre", "debit", "credit",
    "currency", "text",
)  # fmt: skip
ZERO = Decimal(0)


def journal_csv(month: date) -> bytes:
    """The journal of a month for import: one row per kind, account, cost centre and currency.

    Debits equal credits in each currency. Raises Conflict that names accounts without a number.
    """
    rows = list(
        JournalLine.objects.filter(month=month)
        .values("kind", "account", "cost_centre", "currency")
        .annotate(sum=Sum("amount"))
        .order_by("currency", "kind", "account", "cost_centre")
    )
    numbers = account_numbers()
    missing = sorted({row["account"] for row in rows} - set(numbers))
    if missing:
        names = ", ".join(str(JournalAccount(each).label) for each in missing)
        raise Conflict(
            _("These accounts have no number of your general ledger yet: %(names)s.")
            % {"names": names},
            code="account_number_missing",
        )
    name = f"ACC-{month:%Y-%m}"
    return _csv(
        JOURNAL_COLUMNS,
        (
            (
                last_day(month).isoformat(),
                name,
                row["kind"],
                numbers[row["account"]],
                str(JournalAccount(row["account"]).label),
                row["cost_centre"],
                f"{max(row['sum'], ZERO):.2f}",
                f"{max(-row['sum'], ZERO):.2f}",
                row["currency"],
                f"{JournalLine.Kind(row['kind']).label} {month:%Y-%m}",
            )
            for row in rows
            if row["sum"]
        ),
    )


def roll_csv(rows: Sequence[Roll]) -> bytes:
    """The roll-forward as it stands on the page."""
    names = ("opening", "addition", "amortisation", "impairment", "closing")
    return _csv(
        ("month", "currency", *names),
        (
            (f"{row.month:%Y-%m}", row.currency, *(f"{getattr(row, name):.2f}" for name in names))
            for row in rows
        ),
    )


def schedule_csv(found: DealSchedule) -> bytes:
    """A deal's costs month by month; ``state`` is sealed, posted or expected."""

    def state(step: Step) -> str:
        if step.month <= found.closed_through:
            return "sealed"
        return "posted" if step.month <= found.posted_until else "expected"

    names = ("opening", "commission", "tax", "amortisation", "impairment", "closing")
    return _csv(
        ("deal", "payee", "component", "month", "currency", *names, "state"),
        (
            (
                found.event.title or found.event.key,
                each.cost.payee.name,
                each.label,
                f"{step.month:%Y-%m}",
                each.cost.currency,
                *(f"{getattr(step, name):.2f}" for name in names),
                state(step),
            )
            for each in found.costs
            for step in each.steps
            if not step.is_empty
        ),
    )


def accruals_csv(month: date, rows: Sequence[Accrued]) -> bytes:
    """What is accrued at the end of a month."""
    return _csv(
        ("month", "payee_id", "payee", "plan", "cost_centre", "amount", "held", "currency"),
        (
            (
                f"{month:%Y-%m}",
                row.payee_id,
                row.payee,
                row.plan,
                row.cost_centre,
                f"{row.amount:.2f}",
                f"{row.held:.2f}",
                row.currency,
            )
            for row in rows
        ),
    )


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV in UTF-8; text that a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(str(value)) for value in row])
    return out.getvalue().encode()
