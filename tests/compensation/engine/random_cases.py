"""Random plans with random input, written as text and rows like a person's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from compensation.engine.random_plans import (
    EARNINGS,
    FIRST,
    KINDS,
    MANAGERS,
    PEOPLE,
    amounts,
    days,
    plans,
)


@dataclass
class RandomCase:
    plan: str
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    splits: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(KINDS)) if events else "booking"
        day = draw(days)
        deals = [each for each in events if each["kind"] == "booking"]
        reference = ""
        if kind in ("payment", "termination"):
            deal = draw(st.sampled_from(deals))
            reference = deal["event_id"]
            day = min(deal["date"] + timedelta(days=draw(st.integers(0, 300))), date(2027, 12, 31))
        shared = kind not in ("payment", "termination") and draw(st.booleans())
        events.append(
            {
                "event_id": f"E{number:02}",
                "kind": kind,
                "date": day,
                "payee": "" if shared or reference else draw(st.sampled_from(PEOPLE + MANAGERS)),
                "amount": draw(amounts),
                "currency": draw(st.sampled_from(["EUR", "EUR", "USD"])),
                "quantity": draw(st.decimals(min_value=-3, max_value=9, places=2)),
                "cost": draw(st.decimals(min_value=0, max_value=9999, places=4)),
                "reference": reference,
                "f_segment": draw(st.sampled_from(["smb", "large", None])),
            }
        )
        if shared:
            first = draw(
                st.decimals(min_value=Decimal("0.01"), max_value=Decimal("0.98"), places=6)
            )
            payees = draw(st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=2, unique=True))
            for payee, share in zip(payees, (first, 1 - first), strict=True):
                role = draw(st.sampled_from(["AE", "SDR"]))
                splits.append(
                    {"event_id": f"E{number:02}", "payee": payee, "share": share, "role": role}
                )
    people = []
    for payee in PEOPLE + MANAGERS:
        change = draw(st.sampled_from([None, date(2027, 5, 17), date(2027, 7, 1)]))
        bounds = (
            [(date(2026, 11, 15), change - timedelta(days=1)), (change, date(2027, 10, 31))]
            if change
            else [(FIRST, date(2200, 12, 31))]
        )
        for starts, ends in bounds:
            people.append(
                {
                    "payee": payee,
                    "starts": starts,
                    "ends": ends,
                    "salary": draw(st.sampled_from([None, Decimal(12000), Decimal("54321.09")])),
                    "target": draw(st.sampled_from([None, Decimal(24000), Decimal("0.07")])),
                    "quota_relief": draw(st.sampled_from([None, None, Decimal("0.3333")])),
                    "position": draw(st.sampled_from(["rep", "lead", ""])),
                    "team": draw(st.sampled_from(["red", "blue", ""])),
                    "f_grade": draw(st.sampled_from(["senior", "junior", None])),
                }
            )
    quotas = [
        {
            "payee": payee,
            "measure": "goal",
            "starts": FIRST,
            "ends": draw(st.sampled_from([date(2027, 12, 31), date(2027, 8, 15)])),
            "amount": draw(
                st.sampled_from([Decimal(0), Decimal(100_000), Decimal("33333.33"), Decimal(7)])
            ),
            "per": draw(st.sampled_from(["range", "month", "quarter", "year"])),
        }
        for payee in PEOPLE + MANAGERS
        if draw(st.booleans())
    ]
    quotas += [
        {
            holder: name,
            "measure": "goal",
            "starts": FIRST,
            "ends": date(2027, 9, 30),
            "amount": draw(st.sampled_from([Decimal(50_000), Decimal("777.77")])),
            "per": draw(st.sampled_from(["range", "month", "quarter", "year"])),
        }
        for holder, name in (("position", "rep"), ("team", "red"))
        if draw(st.booleans()) and any(row[holder] == name for row in people)
    ]
    hierarchy = [
        {"payee": "ann", "manager": "dee", "relation": "coach", "ends": date(2027, 8, 31)},
        {"payee": "dee", "manager": "cem", "relation": "coach"},
        {"payee": "ann", "manager": "mia", "starts": FIRST, "ends": date(2027, 6, 30)},
        {"payee": "ann", "manager": "noa", "starts": date(2027, 7, 1), "ends": date(2200, 12, 31)},
        {"payee": "bob", "manager": "mia"},
        {"payee": "mia", "manager": "noa"},
    ]
    rates_rows = [
        {
            "from_currency": "USD",
            "to_currency": "EUR",
            "starts": FIRST,
            "rate": Decimal("0.923456789"),
            "type": "spot",
        },
        {
            "from_currency": "USD",
            "to_currency": "EUR",
            "starts": date(2027, 6, 1),
            "rate": Decimal("1.1"),
            "type": "spot",
        },
        {"from_currency": "USD", "to_currency": "EUR", "rate": Decimal("0.9"), "type": "plan"},
    ]
    rates_rows += [
        {
            "from_currency": "USD",
            "to_currency": "EUR",
            "starts": date(2027, month, 1 + month),
            "rate": Decimal(f"0.9{month:02}"),
            "type": "average",
        }
        for month in range(1, 13)
    ]
    return {
        "events": events,
        "splits": splits,
        "people": people,
        "quotas": quotas,
        "hierarchy": hierarchy,
        "rates": rates_rows,
        "territories": [
            {"territory": "smb", "payee": "bob", "share": Decimal("0.333333")},
            {"territory": "smb", "payee": "cem", "ends": date(2027, 6, 30)},
            {"territory": "large", "payee": "cem", "starts": date(2027, 2, 1)},
        ],
    }


@st.composite
def cases(draw: st.DrawFn, kinds: Sequence[str] = EARNINGS) -> RandomCase:
    return RandomCase(draw(plans(kinds)), draw(inputs()))
