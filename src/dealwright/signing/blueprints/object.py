"""How the house knows signing templates."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import Action, ObjectType, Panel
from dealwright.base.people.models import Profile
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.queries import content_panel, uses_panel
from dealwright.signing.blueprints.services import update_template

SIGNING_TEMPLATE = ObjectType(
    key="signing_template",
    slug="signing-templates",
    label="Signing template",
    label_plural="Signing templates",
    model=SigningTemplate,
    icon="file-signature",
    columns=("name", "title", "revision", "archived_at", "owner", "updated_at"),
    search=("name", "title"),
    creatable=False,
    create_url="/signing-templates/new",
    in_navigation=False,
    update=update_template,
    access={Profile.LEGAL: "write", Profile.MANAGER: "read", Profile.REP: "read"},
    empty_text="Make one from documents that you send again and again.",
    fields=(
        Field(key="name", label="Name", required=True, sortable=True),
        Field(key="title", label="Title", required=True, help="Recipients see it."),
        Field(key="message", label="Message", kind=Kind.LONG_TEXT, listed=False),
        Field(
            key="revision",
            label="Version",
            kind=Kind.INTEGER,
            editable=False,
            on_create=False,
            importable=False,
        ),
        Field(
            key="archived_at",
            label="Archived",
            kind=Kind.DATETIME,
            editable=False,
            on_create=False,
            importable=False,
            sortable=True,
        ),
    ),
    panels=[
        Panel(
            key="content",
            label="Documents and roles",
            template="signing/blueprints/content_panel.html",
            query=content_panel,
            place="main",
            position=10,
            leads=True,
        ),
        Panel(
            key="uses",
            label="Envelopes",
            template="signing/blueprints/uses_panel.html",
            query=uses_panel,
            place="main",
            position=20,
        ),
    ],
    actions=[
        Action(
            key="use",
            label="Use template",
            url=lambda record_id: f"/signing-templates/{record_id}/use",
            available=lambda user, row: (
                not row.get("archived_at") and user.profile != Profile.READ_ONLY
            ),
            primary=True,
        ),
        Action(
            key="bulk",
            label="Bulk send",
            url=lambda record_id: f"/signing-templates/{record_id}/bulk",
            available=lambda user, row: (
                not row.get("archived_at") and user.profile != Profile.READ_ONLY
            ),
        ),
        Action(
            key="change",
            label="Roles and settings",
            url=lambda record_id: f"/signing-templates/{record_id}/change",
            available=lambda user, row: not row.get("archived_at"),
            for_writers=True,
        ),
        Action(
            key="fields",
            label="Place fields",
            url=lambda record_id: f"/signing-templates/{record_id}/fields",
            available=lambda user, row: not row.get("archived_at"),
            for_writers=True,
        ),
        Action(
            key="archive",
            label="Archive",
            url=lambda record_id: f"/signing-templates/{record_id}/archive",
            available=lambda user, row: not row.get("archived_at"),
            for_writers=True,
        ),
        Action(
            key="restore",
            label="Take out of the archive",
            url=lambda record_id: f"/signing-templates/{record_id}/archive",
            available=lambda user, row: bool(row.get("archived_at")),
            for_writers=True,
        ),
    ],
)
