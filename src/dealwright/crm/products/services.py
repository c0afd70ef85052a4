"""What can be done with products and price books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.objects.values import clean_value
from dealwright.base.records.services import insert_record, save_changes
from dealwright.crm.columns import checked_currency
from dealwright.crm.products.models import PriceBook, PriceBookEntry, Product


def create_product(actor: Actor, values: Mapping[str, Any]) -> Product:
    """Make a product. Raises Invalid, or Conflict for a SKU that is taken."""
    product: Product = insert_record(actor, object_type("product"), _checked(values))
    return product


def update_product(actor: Actor, product: Product, values: Mapping[str, Any]) -> Product:
    """Change a product; lines that were made from it keep their prices."""
    updated: Product = save_changes(actor, product, _checked(values))
    return updated


def create_price_book(actor: Actor, values: Mapping[str, Any]) -> PriceBook:
    """Make a price book. Raises Conflict for a second standard one of a currency."""
    book: PriceBook = insert_record(actor, object_type("price_book"), _checked(values))
    return book


def update_price_book(actor: Actor, book: PriceBook, values: Mapping[str, Any]) -> PriceBook:
    """Change a price book. Raises Invalid for another currency once there are prices."""
    cleaned = _checked(values)
    _check_period(cleaned, book)
    if cleaned.get("currency", book.currency) != book.currency and book.entries.exists():
        sentence = f"Currency: the prices of this book are in {book.currency}."
        raise Invalid(sentence, fields={"currency": [sentence]})
    updated: PriceBook = save_changes(actor, book, cleaned)
    return updated


def set_prices(
    actor: Actor, price_book_id: Any, product_id: Any, prices: Sequence[Mapping[str, Any]]
) -> Sequence[PriceBookEntry]:
    """The prices of one product in a book: a list of ``{"min_quantity", "list_price"}``,
    which replaces what was there. Raises Invalid with fields such as ``prices.1.list_price``."""
    fields = (
        Field(key="min_quantity", label="From quantity", kind=Kind.NUMBER),
        Field(key="list_price", label="Price", kind=Kind.MONEY),
    )
    of = ObjectType(
        key="price",
        slug="prices",
        label="Price",
        label_plural="Prices",
        model=PriceBookEntry,
        fields=fields,
    )
    with change(actor):
        book = get_changeable(actor, "price_book", price_book_id)
        product = get_visible(actor, "product", product_id)
        wrong: dict[str, list[str]] = {}
        entries: dict[Any, PriceBookEntry] = {}
        for number, row in enumerate(prices, 1):
            values = {}
            for field in fields:
                try:
                    value = clean_value(of, field, row.get(field.key))
                    if value is None and field.key == "list_price":
                        raise ValueError("Price is required.")
                    if value is not None and (
                        value < 0 or (value == 0 and field.key == "min_quantity")
                    ):
                        raise ValueError(f"{field.label} must be more than zero.")
                    values[field.key] = value
                except ValueError as error:
                    wrong[f"prices.{number}.{field.key}"] = [str(error)]
            quantity = values.get("min_quantity") or 1
            if quantity in entries:
                wrong[f"prices.{number}.min_quantity"] = ["This quantity has a price already."]
            elif "list_price" in values:
                entries[quantity] = PriceBookEntry(
                    price_book=book,
                    product=product,
                    min_quantity=quantity,
                    list_price=values["list_price"],
                )
        if wrong:
            raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
        PriceBookEntry.objects.filter(price_book=book, product=product).delete()
        return PriceBookEntry.objects.bulk_create(entries.values())


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = dict(values)
    if cleaned.get("currency"):
        cleaned["currency"] = checked_currency(cleaned["currency"])
    for key, label in (("list_price", "List price"), ("cost", "Cost")):
        if cleaned.get(key) is not None and cleaned[key] < 0:
            sentence = f"{label} may not be negative."
            raise Invalid(sentence, fields={key: [sentence]})
    rate = cleaned.get("tax_rate")
    if rate is not None and not 0 <= rate <= 1:
        sentence = "Tax rate must be between 0 and 100 %."
        raise Invalid(sentence, fields={"tax_rate": [sentence]})
    _check_period(cleaned, None)
    return cleaned


def _check_period(cleaned: Mapping[str, Any], book: PriceBook | None) -> None:
    begins = cleaned.get("valid_from", book.valid_from if book else None)
    ends = cleaned.get("valid_to", book.valid_to if book else None)
    if begins and ends and ends < begins:
        sentence = "Valid to must not lie before valid from."
        raise Invalid(sentence, fields={"valid_to": [sentence]})
