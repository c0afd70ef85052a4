"""Records for tests of the ground floor."""

from __future__ import annotations

from typing import Any

from crm.make import make_opportunity
from dealwright.crm.models import Opportunity


def make_deal(**fields: Any) -> Opportunity:
    """A deal in the first stage of the default pipeline, in euros, unless told otherwise."""
    return make_opportunity(**{"stage": "Prospecting", "currency": "EUR"} | fields)
