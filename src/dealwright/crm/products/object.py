"""How the house knows products and price books."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.people.models import Profile
from dealwright.crm.products.models import BillingPeriod, PriceBook, Product
from dealwright.crm.products.services import (
    create_price_book,
    create_product,
    update_price_book,
    update_product,
)

_CATALOGUE: dict[str, str] = {Profile.MANAGER: "write", Profile.REP: "read"}

PRODUCT = ObjectType(
    key="product",
    slug="products",
    label="Product",
    label_plural="Products",
    model=Product,
    create=create_product,
    update=update_product,
    icon="package",
    subtitle="family",
    access=_CATALOGUE,
    columns=["name", "sku", "family", "list_price", "is_recurring", "is_active"],
    search=["name", "sku", "family"],
    match_keys=["sku", "name"],
    empty_text="No products yet. Import a price list, or create what you sell.",
    fields=[
        Field(
            key="name",
            label="Name",
            required=True,
            sortable=True,
            aliases=["product", "product name", "productname"],
        ),
        Field(
            key="sku",
            label="SKU",
            sortable=True,
            aliases=[
                "productcode",
                "product code",
                "hs_sku",
                "article number",
                "code",
                "stock keeping unit",
            ],
        ),
        Field(
            key="family",
            label="Family",
            sortable=True,
            aliases=["series", "product family", "product category", "category"],
        ),
        Field(
            key="list_price",
            label="List price",
            kind=Kind.MONEY,
            sortable=True,
            aliases=[
                "sales_price",
                "sales price",
                "price",
                "unit price",
                "unitprice",
                "unit prices",
                "list price",
            ],
        ),
        Field(
            key="cost",
            label="Cost",
            kind=Kind.MONEY,
            listed=False,
            aliases=["hs_cost_of_goods_sold", "unit cost", "cost of goods sold"],
        ),
        Field(
            key="currency",
            label="Currency",
            listed=False,
            aliases=["currencyisocode", "currency code"],
        ),
        Field(
            key="unit",
            label="Unit",
            listed=False,
            aliases=[
                "quantityunitofmeasure",
                "usage unit",
                "unit of measure",
                "quantity unit of measure",
            ],
        ),
        Field(
            key="tax_rate",
            label="Tax rate",
            kind=Kind.PERCENT,
            listed=False,
            aliases=["tax", "vat"],
        ),
        Field(key="is_recurring", label="Recurring", kind=Kind.BOOLEAN, aliases=["recurring"]),
        Field(
            key="billing_period",
            label="Charged every",
            kind=Kind.CHOICE,
            choices=BillingPeriod.choices,
            listed=False,
            aliases=["billing frequency", "recurring billing frequency"],
        ),
        Field(
            key="is_active",
            label="Active",
            kind=Kind.BOOLEAN,
            aliases=["isactive", "active", "product active"],
        ),
        Field(
            key="description",
            label="Description",
            kind=Kind.LONG_TEXT,
            listed=False,
            aliases=["product description"],
        ),
    ],
)

PRICE_BOOK = ObjectType(
    key="price_book",
    slug="price-books",
    label="Price book",
    label_plural="Price books",
    model=PriceBook,
    create=create_price_book,
    update=update_price_book,
    icon="tag",
    access=_CATALOGUE,
    columns=["name", "currency", "is_standard", "valid_from", "valid_to", "is_active"],
    search=["name"],
    match_keys=["name"],
    in_navigation=False,
    empty_text="No price books yet. Products sell at their list price until there is one.",
    fields=[
        Field(
            key="name",
            label="Name",
            required=True,
            sortable=True,
            aliases=["price book name", "pricebook name"],
        ),
        Field(key="currency", label="Currency", aliases=["currencyisocode"]),
        Field(key="is_standard", label="Standard", kind=Kind.BOOLEAN, aliases=["isstandard"]),
        Field(key="is_active", label="Active", kind=Kind.BOOLEAN, aliases=["isactive"]),
        Field(key="valid_from", label="Valid from", kind=Kind.DATE, sortable=True),
        Field(key="valid_to", label="Valid to", kind=Kind.DATE, sortable=True),
        Field(key="description", label="Description", kind=Kind.LONG_TEXT, listed=False),
    ],
)
