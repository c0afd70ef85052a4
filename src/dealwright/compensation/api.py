"""Compensation over the API: plans, quotas, events, periods, statements down to their lines."""

from __future__ import annotations

from ninja import Router

from dealwright.compensation.acceptance.api import router as acceptance
from dealwright.compensation.accounting.api import router as accounting
from dealwright.compensation.analytics.api import router as analytics
from dealwright.compensation.api_plans import router as plans
from dealwright.compensation.api_runs import router as runs
from dealwright.compensation.api_statements import router as statements
from dealwright.compensation.holds.api import router as holds
from dealwright.compensation.planning.api import router as planning
from dealwright.compensation.relationships.api import router as relationships
from dealwright.compensation.simulation.api import router as simulation
from dealwright.compensation.territories.api import router as territories

router = Router(tags=["Compensation"])
for part in (
    statements,
    runs,
    plans,
    territories,
    relationships,
    planning,
    holds,
    acceptance,
    simulation,
    accounting,
    analytics,
):
    router.add_router("", part)
