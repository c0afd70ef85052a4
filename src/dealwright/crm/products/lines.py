"""Lines of opportunities and quotes: from what was typed to rows that compute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.objects.values import clean_value
from dealwright.crm.products.models import Line, PriceBookEntry, Product
from dealwright.crm.products.pricing import line_amount

MOST_LINES = 500
FIELDS = (
    Field(key="name", label="Name"),
    Field(key="description", label="Description", kind=Kind.LONG_TEXT),
    Field(key="quantity", label="Quantity", kind=Kind.NUMBER),
    Field(key="unit_price", label="Unit price", kind=Kind.MONEY),
    Field(key="discount", label="Discount", kind=Kind.PERCENT),
    Field(key="tax_rate", label="Tax rate", kind=Kind.PERCENT),
    Field(key="starts_on", label="Starts on", kind=Kind.DATE),
    Field(key="term_months", label="Term in months", kind=Kind.INTEGER),
)
_COPIED = (
    "position",
    "product_id",
    "name",
    "description",
    "quantity",
    "list_price",
    "unit_price",
    "discount",
    "tax_rate",
    "amount",
    "starts_on",
    "term_months",
)


def make_lines[L: Line](
    actor: Actor,
    model: type[L],
    given: Sequence[Mapping[str, Any]],
    *,
    currency: str,
    price_book_id: UUID | None = None,
) -> list[L]:
    """Unsaved lines of ``model`` in the order given.

    A line names a ``product`` or has a ``name``; without ``unit_price`` it costs what the
    price book or the product's list price says for its quantity. Discount and tax rate are
    fractions. Raises Invalid with fields such as ``lines.2.quantity``, counted from 1.
    """
    if len(given) > MOST_LINES:
        raise Invalid(f"At most {MOST_LINES} lines are possible.", fields={"lines": ["Too many."]})
    of = ObjectType(
        key="line", slug="lines", label="Line", label_plural="Lines", model=model, fields=FIELDS
    )
    wrong: dict[str, list[str]] = {}
    products = _products(actor, given)
    lines: list[L] = []
    for number, row in enumerate(given, 1):
        values: dict[str, Any] = {}
        for field in FIELDS:
            if field.key not in row:
                continue
            try:
                values[field.key] = clean_value(of, field, row[field.key])
            except ValueError as error:
                wrong.setdefault(f"lines.{number}.{field.key}", []).append(str(error))
        product = products.get(str(row.get("product") or ""))
        if row.get("product") and product is None:
            wrong[f"lines.{number}.product"] = ["Product: there is no such product."]
            continue
        for key, sentence in _problems(values, product).items():
            wrong.setdefault(f"lines.{number}.{key}", []).append(sentence)
        if any(key.startswith(f"lines.{number}.") for key in wrong):
            continue
        line = _line(model, values, product, number, currency, price_book_id)
        if line.unit_price is None:
            wrong[f"lines.{number}.unit_price"] = [f"Enter a price in {currency}."]
            continue
        line.amount = line_amount(line.quantity, line.unit_price, line.discount, currency)
        if line.amount >= Decimal(10) ** 16:
            wrong[f"lines.{number}.quantity"] = ["This line costs more than can be stored."]
        lines.append(line)
    if wrong:
        sentences = " ".join(each for some in wrong.values() for each in some)
        raise Invalid(f"Some lines are not right: {sentences}", fields=wrong)
    return lines


def copy_lines[L: Line](model: type[L], lines: Iterable[Line]) -> list[L]:
    """Unsaved lines of ``model`` that say the same as the given ones, priced as they are."""
    return [model(**{name: getattr(line, name) for name in _COPIED}) for line in lines]


def _products(actor: Actor, given: Sequence[Mapping[str, Any]]) -> dict[str, Product]:
    keys = set()
    for row in given:
        try:
            keys.add(UUID(str(row.get("product"))))
        except ValueError:
            continue
    found = visible_records(actor, "product").filter(pk__in=keys)
    return {str(product.pk): product for product in found}


def _problems(values: Mapping[str, Any], product: Product | None) -> dict[str, str]:
    problems = {}
    if product is None and not values.get("name"):
        problems["name"] = "Choose a product or enter a name."
    quantity = values.get("quantity")
    if quantity is not None and quantity <= 0:
        problems["quantity"] = "Quantity must be more than zero."
    for key, label in (("discount", "Discount"), ("tax_rate", "Tax rate")):
        value = values.get(key)
        if value is not None and not 0 <= value <= 1:
            problems[key] = f"{label} must be between 0 and 100 %."
    price = values.get("unit_price")
    if price is not None and price < 0:
        problems["unit_price"] = "Unit price may not be negative."
    term = values.get("term_months")
    if term is not None and term < 1:
        problems["term_months"] = "Term must be at least one month."
    return problems


def _line[L: Line](
    model: type[L],
    values: Mapping[str, Any],
    product: Product | None,
    number: int,
    currency: str,
    price_book_id: UUID | None,
) -> L:
    quantity = values.get("quantity") or Decimal(1)
    listed = (
        price_of(product, currency=currency, quantity=quantity, price_book_id=price_book_id)
        if product
        else None
    )
    price = values.get("unit_price")
    rate = values.get("tax_rate")
    return model(
        position=number,
        product=product,
        name=values.get("name") or (product.name if product else ""),
        description=values.get("description") or "",
        quantity=quantity,
        list_price=listed,
        unit_price=listed if price is None else price,
        discount=values.get("discount") or Decimal(0),
        tax_rate=(product.tax_rate if product else Decimal(0)) if rate is None else rate,
        starts_on=values.get("starts_on"),
        term_months=values.get("term_months"),
    )


def price_of(
    product: Product,
    *,
    currency: str,
    quantity: Decimal,
    price_book_id: UUID | None = None,
    on: date | None = None,
) -> Decimal | None:
    """What one piece costs when ``quantity`` are bought, None where no price is in ``currency``.

    The chosen price book decides, else the standard one of the currency, else the product's
    list price; in a book the entry with the greatest minimum that the quantity reaches.
    """
    day = on or timezone.localdate()
    entries = PriceBookEntry.objects.filter(
        Q(price_book__valid_from__isnull=True) | Q(price_book__valid_from__lte=day),
        Q(price_book__valid_to__isnull=True) | Q(price_book__valid_to__gte=day),
        product=product,
        min_quantity__lte=quantity,
        price_book__currency=currency,
        price_book__is_active=True,
        price_book__deleted_at__isnull=True,
    )
    chosen = (
        entries.filter(price_book=price_book_id)
        if price_book_id
        else entries.filter(price_book__is_standard=True)
    )
    entry = chosen.order_by("-min_quantity").first()
    price: Decimal | None = product.list_price if product.currency == currency else None
    return price if entry is None else Decimal(entry.list_price)
