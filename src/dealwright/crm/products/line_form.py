"""The table in which lines are typed: from the form to the service and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from dealwright.crm.products.models import Product
from dealwright.crm.typed import typed_rows

_PERCENTS = ("discount", "tax_rate")
_NUMBERS = ("quantity", "unit_price", "term_months")


def typed_lines(posted: Mapping[str, Any]) -> list[dict[str, str]]:
    """What was typed, as ``make_lines`` takes it. A row that only says "1 piece" is empty."""
    rows = typed_rows(posted, "lines", percents=_PERCENTS, numbers=_NUMBERS)
    return [row for row in rows if set(row) - {"quantity"}]


def shown_lines(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Lines of the database, or typed ones, as the table's inputs show them."""
    names = _product_names(rows)
    shown = []
    for row in rows:
        product = str(row.get("product_id") or row.get("product") or "")
        shown.append(
            {
                "product": product,
                "product_name": names.get(product, ""),
                "name": str(row.get("name") or ""),
                "description": str(row.get("description") or ""),
                "quantity": plain_number_text(row.get("quantity")),
                "unit_price": plain_number_text(row.get("unit_price")),
                "discount": plain_number_text(row.get("discount"), times=100),
                "tax_rate": plain_number_text(row.get("tax_rate"), times=100),
                "starts_on": str(row.get("starts_on") or ""),
                "term_months": str(row.get("term_months") or ""),
            }
        )
    return shown


def plain_number_text(value: Any, *, times: int = 1) -> str:
    """A number without trailing zeros; a text that is none stays as it was typed."""
    if value in (None, ""):
        return ""
    try:
        number = Decimal(str(value)) * times
    except InvalidOperation:
        return str(value)
    if not number.is_finite():
        return str(value)
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def _product_names(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    keys = set()
    for row in rows:
        try:
            keys.add(UUID(str(row.get("product_id") or row.get("product"))))
        except ValueError:
            continue
    found = Product.everything.filter(pk__in=keys).values_list("pk", "name")
    return {str(key): name for key, name in found}
