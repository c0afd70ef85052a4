"""The lines of a deal, which make its amount."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Invalid
from dealwright.base.records.services import save_changes
from dealwright.crm.opportunities.models import Opportunity, OpportunityLineItem
from dealwright.crm.products.lines import copy_lines, make_lines
from dealwright.crm.products.models import Line


def set_line_items(
    actor: Actor, opportunity_id: Any, lines: Sequence[Mapping[str, Any]]
) -> Opportunity:
    """Replace the lines of a deal; its amount becomes their sum.

    A line holds ``product`` or ``name``, ``quantity``, ``unit_price``, ``discount`` and
    ``tax_rate`` (fractions), ``starts_on``, ``term_months``, ``description``. Without lines
    the amount stays and counts as set by hand. The first line's product becomes the deal's
    main product. Raises Invalid with fields such as ``lines.2.quantity``.
    """
    with change(actor):
        opportunity: Opportunity = get_changeable(actor, "opportunity", opportunity_id)
        rows = make_lines(actor, OpportunityLineItem, lines, currency=opportunity.currency)
        return _replace(actor, opportunity, rows)


def take_line_items(actor: Actor, opportunity_id: Any, lines: Iterable[Line]) -> Opportunity:
    """Let a deal have the same lines as something else, such as an accepted offer."""
    with change(actor):
        opportunity: Opportunity = get_changeable(actor, "opportunity", opportunity_id)
        return _replace(actor, opportunity, copy_lines(OpportunityLineItem, lines))


def _replace(
    actor: Actor, opportunity: Opportunity, rows: Sequence[OpportunityLineItem]
) -> Opportunity:
    total = sum((row.amount for row in rows), Decimal(0))
    if total >= Decimal(10) ** 16:
        raise Invalid("The sum of the lines is more than can be stored.")
    OpportunityLineItem.objects.filter(opportunity=opportunity).delete()
    for row in rows:
        row.opportunity = opportunity
    OpportunityLineItem.objects.bulk_create(rows)
    values: dict[str, Any] = {"amount_source": Opportunity.AmountSource.MANUAL}
    if rows:
        values = {
            "amount": total,
            "amount_source": Opportunity.AmountSource.LINES,
            "product_id": next((row.product_id for row in rows if row.product_id), None),
        }
    saved: Opportunity = save_changes(actor, opportunity, values)
    saved.refresh_from_db(fields=["expected_revenue"])
    return saved
