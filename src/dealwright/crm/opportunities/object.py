"""How the house knows opportunities."""

from collections.abc import Sequence

from dealwright.base.objects.fields import Choice, Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.crm.opportunities.models import (
    ForecastCategory,
    Opportunity,
    Pipeline,
    Stage,
    StageCategory,
)
from dealwright.crm.opportunities.services import create_opportunity, update_opportunity


def stage_choices() -> Sequence[Choice]:
    """The stages in use, those of the default pipeline first and by their bare name."""
    rows = (
        Stage.objects.filter(archived_at__isnull=True, pipeline__archived_at__isnull=True)
        .order_by("-pipeline__is_default", "pipeline__position", "position")
        .values_list("id", "name", "pipeline__name", "pipeline__is_default")
    )
    return [
        (str(key), name if default else f"{pipeline}: {name}")
        for key, name, pipeline, default in rows
    ]


def pipeline_choices() -> Sequence[Choice]:
    rows = Pipeline.objects.filter(archived_at__isnull=True).values_list("id", "name")
    return [(str(key), name) for key, name in rows.order_by("-is_default", "position")]


OPPORTUNITY = ObjectType(
    key="opportunity",
    slug="opportunities",
    label="Opportunity",
    label_plural="Opportunities",
    also_called=["deal", "deals", "potential", "potentials"],
    model=Opportunity,
    create=create_opportunity,
    update=update_opportunity,
    icon="target",
    subtitle="account",
    columns=["name", "account", "stage", "amount", "close_date", "next_step", "owner"],
    search=["name", "account__name"],
    board_field="stage",
    empty_text="No opportunities yet. Convert a lead, or create the first deal.",
    fields=[
        Field(
            key="name",
            label="Name",
            required=True,
            sortable=True,
            aliases=[
                "opportunity name",
                "dealname",
                "deal name",
                "deal - title",
                "potential name",
                "opportunity",
                "title",
                "potential",
            ],
        ),
        Field(
            key="account",
            label="Account",
            kind=Kind.RELATION,
            path="account_id",
            relation="account",
            title_path="account__name",
            aliases=[
                "accountid",
                "account name",
                "company",
                "associated company",
                "deal - organization",
            ],
        ),
        Field(
            key="contact",
            label="Contact",
            kind=Kind.RELATION,
            path="contact_id",
            relation="contact",
            title_path="contact__name",
            listed=False,
            aliases=["contactid", "contact name", "primary contact", "deal - contact person"],
        ),
        Field(
            key="stage",
            label="Stage",
            kind=Kind.CHOICE,
            path="stage_id",
            title_path="stage__name",
            choices=stage_choices,
            tones={"won": "success", "lost": "danger"},
            tone_by="status",
            aliases=[
                "stagename",
                "dealstage",
                "deal stage",
                "deal_stage",
                "deal - stage",
                "stage (pipeline)",
                "pipeline stage",
            ],
        ),
        Field(
            key="pipeline",
            label="Pipeline",
            kind=Kind.CHOICE,
            path="pipeline_id",
            title_path="pipeline__name",
            choices=pipeline_choices,
            listed=False,
            aliases=["deal - pipeline"],
        ),
        Field(
            key="status",
            label="Status",
            kind=Kind.CHOICE,
            choices=StageCategory.choices,
            tones={"won": "success", "lost": "danger"},
            editable=False,
            on_create=False,
            sortable=True,
            importable=False,
        ),
        Field(
            key="amount",
            label="Amount",
            kind=Kind.MONEY,
            sortable=True,
            aliases=[
                "close_value",
                "close value",
                "value",
                "deal value",
                "deal - value",
                "deal amount",
            ],
        ),
        Field(
            key="currency",
            label="Currency",
            listed=False,
            aliases=[
                "currencyisocode",
                "deal_currency_code",
                "deal - currency",
                "currency of value",
                "currency code",
            ],
        ),
        Field(
            key="close_date",
            label="Close date",
            kind=Kind.DATE,
            late_while={"status": "open"},
            sortable=True,
            aliases=[
                "closedate",
                "closing date",
                "expected close date",
                "expected closing date",
                "closing on",
            ],
        ),
        Field(
            key="product",
            label="Product",
            kind=Kind.RELATION,
            path="product_id",
            relation="product",
            title_path="product__name",
            aliases=["product name", "main product"],
        ),
        Field(
            key="probability",
            label="Probability",
            kind=Kind.PERCENT,
            sortable=True,
            aliases=["hs_deal_stage_probability"],
        ),
        Field(
            key="expected_revenue",
            label="Weighted amount",
            kind=Kind.MONEY,
            editable=False,
            on_create=False,
            sortable=True,
            importable=False,
        ),
        Field(
            key="forecast_category",
            label="Forecast category",
            kind=Kind.CHOICE,
            choices=ForecastCategory.choices,
            aliases=["forecastcategoryname"],
        ),
        Field(
            key="kind",
            label="Type",
            kind=Kind.CHOICE,
            choices=Opportunity.Kind.choices,
            aliases=["opportunity type", "dealtype", "deal type"],
        ),
        Field(key="next_step", label="Next step", aliases=["nextstep", "hs_next_step"]),
        Field(key="next_step_on", label="Next step on", kind=Kind.DATE, sortable=True),
        Field(
            key="engaged_on",
            label="Engaged on",
            kind=Kind.DATE,
            sortable=True,
            aliases=["engage_date", "engage date", "start date"],
        ),
        Field(
            key="lead_source",
            label="Lead source",
            aliases=["leadsource", "original source", "source channel"],
        ),
        Field(
            key="campaign",
            label="Campaign",
            kind=Kind.RELATION,
            path="campaign_id",
            relation="campaign",
            title_path="campaign__name",
            listed=False,
            aliases=["campaignid", "primary campaign source"],
        ),
        Field(
            key="mrr",
            label="MRR",
            kind=Kind.MONEY,
            listed=False,
            sortable=True,
            aliases=["monthly recurring revenue", "hs_mrr"],
        ),
        Field(
            key="arr",
            label="ARR",
            kind=Kind.MONEY,
            listed=False,
            sortable=True,
            aliases=["annual recurring revenue", "hs_arr"],
        ),
        Field(
            key="tcv",
            label="Total contract value",
            kind=Kind.MONEY,
            listed=False,
            aliases=["hs_tcv"],
        ),
        Field(key="contract_term_months", label="Term in months", kind=Kind.INTEGER, listed=False),
        Field(key="competitor", label="Competitor", listed=False),
        Field(
            key="lost_reason",
            label="Lost because",
            kind=Kind.CHOICE,
            choices=Opportunity.LostReason.choices,
            aliases=["closed_lost_reason", "lost reason", "loss reason"],
        ),
        Field(key="lost_detail", label="Lost: detail", kind=Kind.LONG_TEXT, listed=False),
        Field(
            key="closed_at",
            label="Closed",
            kind=Kind.DATETIME,
            editable=False,
            on_create=False,
            sortable=True,
            importable=False,
        ),
        Field(
            key="stage_entered_at",
            label="In stage since",
            kind=Kind.DATETIME,
            editable=False,
            on_create=False,
            sortable=True,
            importable=False,
        ),
        Field(
            key="owner_region",
            label="Owner's region",
            path="owner__region",
            editable=False,
            on_create=False,
            importable=False,
            in_api=False,
        ),
        Field(key="description", label="Description", kind=Kind.LONG_TEXT, listed=False),
    ],
)
