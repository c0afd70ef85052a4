"""The Maven sales pipeline in the CRM's tables: agents with managers, won deals with days."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from dealwright.base.people.models import User
from dealwright.crm.models import Opportunity, Stage
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline

MAVEN = Path(__file__).resolve().parents[4] / "shared" / "data" / "maven"


def load_maven() -> Mapping[str, User]:
    """Agents by name; every won opportunity of the export is in the CRM."""
    people: dict[str, User] = {}

    def person(name: str, manager: User | None = None, region: str = "") -> User:
        if name not in people:
            address = f"{name.lower().replace(' ', '.')}@maven.test"
            people[name] = User.objects.create_user(
                address, None, name=name, manager=manager, region=region
            )
        return people[name]

    for row in _rows("sales_teams.csv"):
        person(row["sales_agent"], person(row["manager"]), row["regional_office"])
    ensure_default_pipeline()
    won = Stage.objects.get(category="won", pipeline__is_default=True)
    deals = []
    for row in _rows("sales_pipeline.csv"):
        if row["deal_stage"] != "Won":
            continue
        day = date.fromisoformat(row["close_date"])
        deals.append(
            Opportunity(
                name=f"{row['account'] or 'No account'} – {row['product']}",
                owner=people[row["sales_agent"]],
                pipeline=won.pipeline,
                stage=won,
                amount=Decimal(row["close_value"]),
                currency="USD",
                close_date=day,
                closed_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            )
        )
    Opportunity.objects.bulk_create(deals, batch_size=2000)
    return {name: user for name, user in people.items() if user.manager_id is not None}


def _rows(name: str) -> list[dict[str, str]]:
    with (MAVEN / name).open(newline="") as file:
        return list(csv.DictReader(file))
