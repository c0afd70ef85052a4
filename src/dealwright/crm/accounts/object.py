"""How the house knows accounts."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.crm.accounts.models import Account, Lifecycle
from dealwright.crm.accounts.services import create_account, update_account
from dealwright.crm.imports.vocabularies import countries, industries

ACCOUNT = ObjectType(
    key="account",
    slug="accounts",
    unowned="read",
    label="Account",
    label_plural="Accounts",
    model=Account,
    create=create_account,
    update=update_account,
    icon="building-2",
    subtitle="industry",
    columns=["name", "kind", "industry", "billing_country", "employees", "annual_revenue", "owner"],
    search=["name", "legal_name", "domain"],
    match_keys=["domain", "name"],
    empty_text="No accounts yet. Import a file, or create the first company you sell to.",
    fields=[
        Field(
            key="name",
            label="Name",
            required=True,
            sortable=True,
            aliases=[
                "account",
                "account name",
                "company",
                "company name",
                "organization",
                "organization - name",
                "organisation",
                "accountname",
            ],
        ),
        Field(
            key="domain",
            label="Domain",
            sortable=True,
            help="The company's own internet domain, such as example.com.",
            aliases=["company domain name", "domain name"],
        ),
        Field(key="website", label="Website", kind=Kind.URL, aliases=["website url", "url", "web"]),
        Field(
            key="kind",
            label="Type",
            kind=Kind.CHOICE,
            choices=Account.Kind.choices,
            aliases=["account type", "type"],
        ),
        Field(
            key="lifecycle_stage",
            label="Lifecycle stage",
            kind=Kind.CHOICE,
            choices=Lifecycle.choices,
            listed=False,
            aliases=["lifecyclestage"],
        ),
        Field(
            key="industry",
            label="Industry",
            sortable=True,
            vocabulary=industries,
            aliases=["sector", "branch"],
        ),
        Field(
            key="industry_code",
            label="Industry code",
            listed=False,
            aliases=["naics code", "naicscode", "sic", "sic code", "isic"],
        ),
        Field(
            key="employees",
            label="Employees",
            kind=Kind.INTEGER,
            sortable=True,
            aliases=["numberofemployees", "number of employees", "employee count", "headcount"],
        ),
        Field(
            key="annual_revenue",
            label="Annual revenue",
            kind=Kind.MONEY,
            sortable=True,
            aliases=["annualrevenue", "revenue"],
        ),
        Field(
            key="currency",
            label="Currency",
            listed=False,
            aliases=["currencyisocode", "hs_currency"],
        ),
        Field(
            key="year_founded",
            label="Founded",
            kind=Kind.INTEGER,
            is_year=True,
            sortable=True,
            aliases=[
                "year_established",
                "year established",
                "year founded",
                "founded_year",
                "yearstarted",
            ],
        ),
        Field(
            key="parent",
            label="Parent account",
            kind=Kind.RELATION,
            path="parent_id",
            relation="account",
            title_path="parent__name",
            aliases=[
                "subsidiary_of",
                "subsidiary of",
                "parentid",
                "parent account",
                "parent company",
            ],
        ),
        Field(key="phone", label="Phone", kind=Kind.PHONE, aliases=["phone number", "telephone"]),
        Field(key="rating", label="Rating", kind=Kind.CHOICE, choices=Account.Rating.choices),
        Field(key="legal_name", label="Legal name", listed=False),
        Field(key="tax_id", label="Tax number", listed=False, aliases=["vat number", "vat id"]),
        Field(
            key="lei",
            label="LEI",
            listed=False,
            help="Legal Entity Identifier, ISO 17442: 20 letters and digits.",
        ),
        Field(
            key="billing_street",
            label="Billing street",
            listed=False,
            aliases=["billingstreet", "street address", "address", "street"],
        ),
        Field(
            key="billing_city", label="Billing city", sortable=True, aliases=["billingcity", "city"]
        ),
        Field(
            key="billing_region",
            label="Billing region",
            listed=False,
            aliases=["billingstate", "state/region", "state", "billing state"],
        ),
        Field(
            key="billing_postal_code",
            label="Billing postal code",
            listed=False,
            aliases=["billingpostalcode", "postal code", "zip", "billing code"],
        ),
        Field(
            key="billing_country",
            label="Country",
            sortable=True,
            vocabulary=countries,
            aliases=[
                "billingcountry",
                "country",
                "office_location",
                "office location",
                "country/region",
                "billing country",
            ],
        ),
        Field(
            key="shipping_street", label="Shipping street", listed=False, aliases=["shippingstreet"]
        ),
        Field(key="shipping_city", label="Shipping city", listed=False, aliases=["shippingcity"]),
        Field(
            key="shipping_region",
            label="Shipping region",
            listed=False,
            aliases=["shippingstate", "shipping state"],
        ),
        Field(
            key="shipping_postal_code",
            label="Shipping postal code",
            listed=False,
            aliases=["shippingpostalcode", "shipping code"],
        ),
        Field(
            key="shipping_country",
            label="Shipping country",
            listed=False,
            aliases=["shippingcountry"],
        ),
        Field(
            key="source", label="Source", listed=False, aliases=["accountsource", "account source"]
        ),
        Field(
            key="description",
            label="Description",
            kind=Kind.LONG_TEXT,
            listed=False,
            aliases=["about us", "about"],
        ),
    ],
)
