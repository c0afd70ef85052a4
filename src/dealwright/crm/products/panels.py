"""What the pages of products and price books show beside their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.visibility import changeable_by
from dealwright.base.objects.registry import Panel
from dealwright.crm.deferred import deferred
from dealwright.crm.products.line_form import plain_number_text
from dealwright.crm.products.models import PriceBook, PriceBookEntry


def prices_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The prices of a book, by product and quantity."""
    book = PriceBook.objects.filter(pk=record_id).values("currency").first()
    if book is None:
        return None
    rows = (
        PriceBookEntry.objects.filter(price_book=record_id, product__deleted_at__isnull=True)
        .order_by("product__name", "min_quantity")
        .values("id", "product_id", "product__name", "min_quantity", "list_price")
    )
    products: dict[Any, dict[str, Any]] = {}
    for row in rows:
        product = products.setdefault(
            row["product_id"],
            {"id": row["product_id"], "name": row["product__name"], "tiers": []},
        )
        product["tiers"].append(
            {
                "min_quantity": plain_number_text(row["min_quantity"]),
                "list_price": row["list_price"],
                "price_shown": plain_number_text(row["list_price"]),
            }
        )
    return {
        "products": list(products.values()),
        "currency": book["currency"],
        "may_write": PriceBook.objects.filter(
            changeable_by(user, "price_book"), pk=record_id
        ).exists(),
    }


def product_prices_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """What a product costs by which book; left out where there is no book with it."""
    rows = list(
        PriceBookEntry.objects.filter(
            product=record_id, price_book__deleted_at__isnull=True, price_book__is_active=True
        )
        .order_by("price_book__name", "min_quantity")
        .values(
            "price_book_id", "price_book__name", "price_book__currency", "min_quantity",
            "list_price",
        )
    )  # fmt: skip
    return {"rows": rows} if rows else None


BOOK_PANELS = (
    Panel(
        key="prices", label="Prices", template="crm/products/prices_panel.html",
        query=deferred(prices_context), place="main", position=0,
    ),
)  # fmt: skip
PRODUCT_PANELS = (
    Panel(
        key="price_book", label="Prices", template="crm/products/product_prices.html",
        query=product_prices_context, position=5,
    ),
)  # fmt: skip
