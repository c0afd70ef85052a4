"""The Maven Analytics "CRM Sales Opportunities" export: four tables, known by their headers."""

from dealwright.base.transfer.recipes import Recipe

SYSTEM = "maven"

RECIPES = (
    Recipe(
        key="maven.sales_teams",
        system=SYSTEM,
        object="user",
        required=["sales_agent", "manager", "regional_office"],
        columns={"sales_agent": "name", "manager": "manager", "regional_office": "region"},
        external_id="sales_agent",
        position=10,
    ),
    Recipe(
        key="maven.products",
        system=SYSTEM,
        object="product",
        required=["product", "series", "sales_price"],
        columns={"product": "name", "series": "family", "sales_price": "list_price"},
        external_id="product",
        position=20,
    ),
    Recipe(
        key="maven.accounts",
        system=SYSTEM,
        object="account",
        required=["account", "sector", "revenue", "office_location", "subsidiary_of"],
        columns={
            "account": "name",
            "sector": "industry",
            "year_established": "year_founded",
            "revenue": "annual_revenue",
            "employees": "employees",
            "office_location": "billing_country",
            "subsidiary_of": "parent",
        },
        external_id="account",
        scales={"revenue": "1000000"},  # the data dictionary: in millions of USD
        position=30,
    ),
    Recipe(
        key="maven.sales_pipeline",
        system=SYSTEM,
        object="opportunity",
        required=["opportunity_id", "sales_agent", "product", "account", "deal_stage"],
        columns={
            "sales_agent": "owner",
            "product": "product",
            "account": "account",
            "deal_stage": "stage",
            "engage_date": "engaged_on",
            "close_date": "close_date",
            "close_value": "amount",
        },
        external_id="opportunity_id",
        position=40,
    ),
)
