"""The payroll file: one row per payee and currency."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealwright.base.spreadsheets import harmless
from dealwright.compensation.holds.queries import Held
from dealwright.compensation.ledger.models import PaymentBatch
from dealwright.compensation.periods.models import PayPeriod

PAYROLL = "payroll"  # what payroll files belong to; ``registration`` says who may read them
COLUMNS = (
    "batch",
    "period",
    "paid_on",
    "payee_id",
    "name",
    "email",
    "amount",
    "currency",
    "held",
    "held_because",
)


def payroll_csv(
    period: PayPeriod,
    batch: PaymentBatch,
    rows: Sequence[Mapping[str, Any]],
    held: Sequence[Held] = (),
) -> bytes:
    """CSV in UTF-8; text that a spreadsheet would take for a formula gets an apostrophe.

    What is on hold stands beside the amount that is paid, with why and by whom; who is paid
    nothing because of a hold has a row of 0.00.
    """
    rows = [*rows, *_held_only(rows, held)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(
            [
                batch.pk,
                period.label,
                batch.paid_at.date().isoformat(),
                row["payee_id"],
                harmless(row["payee__name"]),
                harmless(row["payee__email"]),
                f"{row['balance']:.2f}",
                row["currency"],
                *_held_cells([each for each in held if _key(each) == _row_key(row)]),
            ]
        )
    return out.getvalue().encode()


def _held_only(rows: Sequence[Mapping[str, Any]], held: Sequence[Held]) -> list[Mapping[str, Any]]:
    """Rows of nothing for those whose whole pay is on hold."""
    paid = {_row_key(row) for row in rows}
    return [
        {
            "payee_id": each.payee.pk,
            "payee__name": each.payee.name,
            "payee__email": each.payee.email,
            "balance": Decimal(0),
            "currency": each.currency,
        }
        for each in {_key(each): each for each in held if _key(each) not in paid}.values()
    ]


def _held_cells(held: Sequence[Held]) -> tuple[str, str]:
    if not held:
        return "", ""
    total = sum((each.amount for each in held), Decimal(0))
    said = "; ".join(f"{each.what}: {each.hold.reason} ({each.hold.held_by_name})" for each in held)
    return f"{total:.2f}", harmless(said)


def _key(held: Held) -> tuple[Any, str]:
    return held.payee.pk, held.currency


def _row_key(row: Mapping[str, Any]) -> tuple[Any, str]:
    return row["payee_id"], row["currency"]
