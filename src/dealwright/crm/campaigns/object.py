"""How the house knows campaigns."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.people.models import Profile
from dealwright.crm.campaigns.models import Campaign
from dealwright.crm.campaigns.services import create_campaign, update_campaign

CAMPAIGN = ObjectType(
    key="campaign",
    slug="campaigns",
    label="Campaign",
    label_plural="Campaigns",
    model=Campaign,
    create=create_campaign,
    update=update_campaign,
    icon="megaphone",
    subtitle="kind",
    access={Profile.MANAGER: "write", Profile.REP: "read"},
    columns=["name", "kind", "status", "starts_on", "ends_on", "budget", "actual_cost"],
    search=["name"],
    match_keys=["name"],
    board_field="status",
    empty_text="No campaigns yet. Create one to see what each effort brings in.",
    fields=[
        Field(
            key="name",
            label="Name",
            required=True,
            sortable=True,
            aliases=["campaign name", "campaign"],
        ),
        Field(
            key="kind",
            label="Type",
            kind=Kind.CHOICE,
            choices=Campaign.Kind.choices,
            aliases=["type", "campaign type"],
        ),
        Field(
            key="status",
            label="Status",
            kind=Kind.CHOICE,
            choices=Campaign.Status.choices,
            tones={"active": "info", "completed": "success"},
        ),
        Field(
            key="starts_on",
            label="Starts",
            kind=Kind.DATE,
            sortable=True,
            aliases=["startdate", "start date"],
        ),
        Field(
            key="ends_on",
            label="Ends",
            kind=Kind.DATE,
            sortable=True,
            aliases=["enddate", "end date"],
        ),
        Field(
            key="budget",
            label="Budget",
            kind=Kind.MONEY,
            sortable=True,
            aliases=["budgetedcost", "budgeted cost"],
        ),
        Field(
            key="actual_cost",
            label="Actual cost",
            kind=Kind.MONEY,
            sortable=True,
            aliases=["actualcost"],
        ),
        Field(
            key="expected_revenue",
            label="Expected revenue",
            kind=Kind.MONEY,
            aliases=["expectedrevenue"],
        ),
        Field(
            key="expected_response",
            label="Expected response",
            kind=Kind.PERCENT,
            listed=False,
            aliases=["expectedresponse"],
        ),
        Field(key="currency", label="Currency", listed=False, aliases=["currencyisocode"]),
        Field(
            key="parent",
            label="Parent campaign",
            kind=Kind.RELATION,
            path="parent_id",
            relation="campaign",
            title_path="parent__name",
            listed=False,
            aliases=["parentid"],
        ),
        Field(key="description", label="Description", kind=Kind.LONG_TEXT, listed=False),
    ],
)
