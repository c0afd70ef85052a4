"""The approvals that wait for a person, on the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.people.models import User
from dealwright.base.web.home import Card
from dealwright.contracts.approvals.services import approvals_waiting_for

SHOWN = 6


def waiting_approvals(user: User) -> Mapping[str, Any] | None:
    """What the person is asked to decide, the oldest first; None where nothing waits."""
    steps = list(approvals_waiting_for(user)[: SHOWN + 1])
    return {"steps": steps[:SHOWN], "more": len(steps) > SHOWN} if steps else None


APPROVALS_CARD = Card(
    key="approvals",
    label="Approvals waiting for me",
    template="contracts/approvals/card.html",
    query=waiting_approvals,
    url="/approvals",
    position=14,
)
