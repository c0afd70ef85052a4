"""The payroll file: one row per payee and currency."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from dealwright.compensation.ledger.models import PaymentBatch
from dealwright.compensation.periods.models import PayPeriod

PAYROLL = "payroll"  # what payroll files belong to; ``registration`` says who may read them
COLUMNS = ("batch", "period", "paid_on", "payee_id", "name", "email", "amount", "currency")


def payroll_csv(period: PayPeriod, batch: PaymentBatch, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """CSV in UTF-8; text that a spreadsheet would take for a formula gets an apostrophe."""
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
                _plain(row["payee__name"]),
                _plain(row["payee__email"]),
                f"{row['balance']:.2f}",
                row["currency"],
            ]
        )
    return out.getvalue().encode()


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
