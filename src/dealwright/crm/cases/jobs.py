"""Watches the clocks of cases."""

from __future__ import annotations

from dealwright.base.access.actor import system
from dealwright.base.jobs import every
from dealwright.crm.cases.services import escalate_late_cases


@every(minutes=5, name="crm.escalate_late_cases")
def escalate() -> None:
    """Mark the cases that are late."""
    escalate_late_cases(system("Case clocks"))
