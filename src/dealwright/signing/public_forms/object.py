"""How the house knows public signing forms."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType, Panel
from dealwright.base.people.models import Profile
from dealwright.signing.public_forms.models import SigningForm
from dealwright.signing.public_forms.queries import address_panel, requests_panel
from dealwright.signing.public_forms.services import create_form, update_form

SIGNING_FORM = ObjectType(
    key="signing_form",
    slug="signing-forms",
    label="Signing form",
    label_plural="Signing forms",
    model=SigningForm,
    create=create_form,
    update=update_form,
    icon="file-signature",
    subtitle="slug",
    access={Profile.LEGAL: "write", Profile.MANAGER: "read"},
    columns=("name", "slug", "template", "is_active", "closes_at", "created_at"),
    search=("name", "slug"),
    in_navigation=False,
    empty_text="Publish a template, and anybody can sign it.",
    fields=(
        Field(key="name", label="Name", required=True, sortable=True),
        Field(
            key="slug",
            label="Address",
            required=True,
            sortable=True,
            help="The form is at /s/ and this word.",
        ),
        Field(
            key="template",
            label="Template",
            kind=Kind.RELATION,
            path="template_id",
            relation="signing_template",
            title_path="template__name",
            required=True,
        ),
        Field(
            key="role",
            label="Role of whoever comes",
            kind=Kind.INTEGER,
            listed=False,
            help="The number of the role in the template; all others have fixed people.",
        ),
        Field(key="title", label="Title", required=True),
        Field(key="introduction", label="Introduction", kind=Kind.LONG_TEXT, listed=False),
        Field(key="is_active", label="Active", kind=Kind.BOOLEAN),
        Field(key="closes_at", label="Closes", kind=Kind.DATETIME, sortable=True),
        Field(
            key="most_in_all",
            label="In all",
            kind=Kind.INTEGER,
            listed=False,
            help="How many envelopes it gives; empty for any number.",
        ),
        Field(key="most_per_person", label="Per mailbox", kind=Kind.INTEGER, listed=False),
        Field(
            key="most_per_sender",
            label="Per sender and day",
            kind=Kind.INTEGER,
            listed=False,
            help="How many times one address of the network may ask in a day.",
        ),
        Field(
            key="embed_origins",
            label="Sites that may embed it",
            listed=False,
            help="Addresses such as https://www.example.com, separated by spaces.",
        ),
    ),
    panels=[
        Panel(
            key="requests",
            label="Asked for",
            template="signing/public_forms/requests_panel.html",
            query=requests_panel,
            place="main",
            position=10,
        ),
        Panel(
            key="address",
            label="Where it is",
            template="signing/public_forms/address_panel.html",
            query=address_panel,
            position=10,
        ),
    ],
)
