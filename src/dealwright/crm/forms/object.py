"""How the house knows web forms."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.people.models import Profile
from dealwright.crm.forms.models import WebForm
from dealwright.crm.forms.services import create_web_form, update_web_form

WEB_FORM = ObjectType(
    key="web_form",
    slug="web-forms",
    label="Web form",
    label_plural="Web forms",
    model=WebForm,
    create=create_web_form,
    update=update_web_form,
    icon="mail",
    subtitle="slug",
    access={Profile.MANAGER: "write", Profile.REP: "read"},
    columns=["name", "slug", "campaign", "is_active", "created_at"],
    search=["name", "slug"],
    in_navigation=False,
    empty_text="No forms yet. Create one and put its address on your website.",
    fields=[
        Field(key="name", label="Name", required=True, sortable=True),
        Field(
            key="slug",
            label="Address",
            required=True,
            sortable=True,
            help="The form is at /forms/ and this word.",
        ),
        Field(key="title", label="Title", required=True),
        Field(key="introduction", label="Introduction", kind=Kind.LONG_TEXT, listed=False),
        Field(
            key="fields",
            label="Questions",
            kind=Kind.JSON,
            listed=False,
            filterable=False,
            importable=False,
        ),
        Field(key="button", label="Button", listed=False),
        Field(key="thanks", label="Thanks", kind=Kind.LONG_TEXT, listed=False),
        Field(
            key="redirect_url",
            label="Go on to",
            kind=Kind.URL,
            listed=False,
            help="Where the visitor goes after sending; empty shows the thanks.",
        ),
        Field(
            key="embed_origins",
            label="Sites that may embed it",
            listed=False,
            help="Addresses such as https://www.example.com, separated by spaces.",
        ),
        Field(
            key="campaign",
            label="Campaign",
            kind=Kind.RELATION,
            path="campaign_id",
            relation="campaign",
            title_path="campaign__name",
        ),
        Field(key="is_active", label="Active", kind=Kind.BOOLEAN),
    ],
)
