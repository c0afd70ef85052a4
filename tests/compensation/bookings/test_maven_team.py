"""A year of the Maven pipeline by a plan of five components, beside an account of its own."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate
from pathlib import Path

import pytest

from compensation.bookings.maven import MAVEN
from compensation.engine.calculating import calculate_both

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MAVEN.exists(), reason="the Maven export is not here"),
]
QUOTA = Decimal(70_000)
BANDS = [
    (Decimal(0), QUOTA, Decimal("0.05")),
    (QUOTA, QUOTA * Decimal("1.5"), Decimal("0.07")),
    (QUOTA * Decimal("1.5"), Decimal(10) ** 12, Decimal("0.09")),
]
DOCS = Path(__file__).resolve().parents[3] / "docs" / "compensation"
Paid = dict[tuple[str, str, str], Decimal]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def quarter(day: str) -> str:
    at = date.fromisoformat(day)
    return f"{at.year}-Q{(at.month + 2) // 3}"


def rows(name: str) -> list[dict[str, str]]:
    with (MAVEN / name).open(newline="") as file:
        return list(csv.DictReader(file))


def by_hand(won: list[dict[str, str]], manager: dict[str, str]) -> Paid:
    """What the plan pays, deal after deal, without the engine."""
    deals: dict[tuple[str, str], list[tuple[str, str, Decimal, str]]] = defaultdict(list)
    for row in won:
        deals[row["sales_agent"], quarter(row["close_date"])].append(
            (row["close_date"], row["opportunity_id"], Decimal(row["close_value"]), row["product"])
        )
    paid: Paid = defaultdict(Decimal)
    for (agent, label), own in deals.items():
        own.sort()
        commission = Decimal(0)
        ends = list(accumulate(value for _, _, value, _ in own))
        for (_, _, value, product), end in zip(own, ends, strict=True):
            for low, high, rate in BANDS:
                inside = min(end, high) - max(end - value, low)
                if inside > 0:
                    commission += cents(inside * rate)
            if product == "GTX Plus Pro" and label == "2017-Q4":
                paid[agent, label, "push"] += 25
            paid[manager[agent], label, "team"] += cents(value * Decimal("0.005"))
        factor = Decimal("1.1") if len(own) >= 60 else Decimal("1.05") if len(own) >= 40 else 1
        paid[agent, label, "commission"] = cents(commission * factor)
        reached = ends[-1] / QUOTA
        paid[agent, label, "quota_bonus"] = Decimal(
            (1000 if reached >= 1 else 0) + (2500 if reached >= Decimal("1.25") else 0)
        )
    return {key: amount for key, amount in paid.items() if amount}


def test_every_agent_and_manager_is_paid_as_by_hand(tmp_path: Path) -> None:
    won = [row for row in rows("sales_pipeline.csv") if row["deal_stage"] == "Won"]
    teams = rows("sales_teams.csv")
    agents = [row["sales_agent"] for row in teams]
    manager = {row["sales_agent"]: row["manager"] for row in teams}
    names = [*agents, *dict.fromkeys(manager.values())]
    files = {
        "events": [
            "event_id,date,payee,amount,product",
            *(
                f"{row['opportunity_id']},{row['close_date']},{row['sales_agent']},"
                f"{row['close_value']},{row['product']}"
                for row in won
            ),
        ],
        "people": ["payee", *names],
        "quotas": [
            "payee,measure,period,amount,per",
            *(f"{agent},bookings,2017,70000,quarter" for agent in agents),
        ],
        "hierarchy": [
            "payee,manager,start",
            *(f"{agent},{boss},2017-01-01" for agent, boss in manager.items()),
        ],
    }
    paths = {}
    for name, lines in files.items():
        paths[name] = tmp_path / f"{name}.csv"
        paths[name].write_text("\n".join(lines) + "\n")
    result = calculate_both((DOCS / "examples" / "maven-2017-team.yaml").read_text(), paths)
    paid = {
        (payee, result.period(period).label, component): amount
        for (payee, period, component), amount in result.components.items()
        if amount
    }
    assert paid == by_hand(won, manager)
    # The factor for many deals is part of the commission.
    assert {component for _, _, component in paid} == {
        "commission", "push", "quota_bonus", "team",
    }  # fmt: skip
    # Five agents of the team list sold nothing; everybody who did is paid, and their managers.
    assert {payee for payee, _, _ in paid} == {row["sales_agent"] for row in won} | set(
        manager.values()
    )
    assert sum(paid.values()) == sum(result.payable.values())
