"""The two legs of an entry: the one way in which postings are made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dealwright.base.identifiers import uuid7
from dealwright.compensation.ledger.models import Account, Posting


def double_entry(
    debit: Account, credit: Account, amount: Decimal, **about: Any
) -> tuple[Posting, Posting]:
    """``amount`` debited to one account and credited to the other, as one entry that is not
    stored yet; below zero it goes the other way. ``about`` are the fields both legs share."""
    entry = uuid7()
    return (
        Posting(entry=entry, account=debit, amount=amount, **about),
        Posting(entry=entry, account=credit, amount=-amount, **about),
    )
