"""How the house knows cases."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.people.models import Profile
from dealwright.crm.cases.models import Case, Priority
from dealwright.crm.cases.services import create_case, update_case


def _clock(key: str, label: str, *, met_at: str = "") -> Field:
    return Field(
        key=key,
        label=label,
        kind=Kind.DATETIME,
        editable=False,
        on_create=False,
        sortable=True,
        importable=False,
        late_while={met_at: None} if met_at else {},
    )


CASE = ObjectType(
    key="case",
    slug="cases",
    label="Case",
    label_plural="Cases",
    also_called=["ticket", "tickets"],
    model=Case,
    create=create_case,
    update=update_case,
    icon="life-buoy",
    title="subject",
    subtitle="number",
    access={Profile.REP: "read"},
    columns=["number", "subject", "status", "priority", "account", "response_due_at", "owner"],
    search=["number", "subject"],
    board_field="status",
    empty_text="No cases yet. Create one when a customer asks for help.",
    fields=[
        Field(
            key="number",
            label="Number",
            editable=False,
            on_create=False,
            sortable=True,
            importable=False,
            aliases=["casenumber"],
        ),
        Field(
            key="subject",
            label="Subject",
            required=True,
            sortable=True,
            aliases=["ticket name", "name"],
        ),
        Field(
            key="description",
            label="Description",
            kind=Kind.LONG_TEXT,
            listed=False,
            aliases=["content"],
        ),
        Field(
            key="status",
            label="Status",
            kind=Kind.CHOICE,
            choices=Case.Status.choices,
            tones={"open": "info", "waiting": "warning", "solved": "success"},
            aliases=["hs_pipeline_stage", "ticket status"],
        ),
        Field(
            key="priority",
            label="Priority",
            kind=Kind.CHOICE,
            choices=Priority.choices,
            tones={"high": "warning", "urgent": "danger"},
            aliases=["hs_ticket_priority"],
        ),
        Field(
            key="kind",
            label="Type",
            kind=Kind.CHOICE,
            choices=Case.Kind.choices,
            aliases=["case type", "type"],
        ),
        Field(
            key="origin",
            label="Origin",
            kind=Kind.CHOICE,
            choices=Case.Origin.choices,
            aliases=["case origin", "source", "ticket source"],
        ),
        Field(
            key="account",
            label="Account",
            kind=Kind.RELATION,
            path="account_id",
            relation="account",
            title_path="account__name",
            aliases=["accountid"],
        ),
        Field(
            key="contact",
            label="Contact",
            kind=Kind.RELATION,
            path="contact_id",
            relation="contact",
            title_path="contact__name",
            aliases=["contactid"],
        ),
        Field(key="is_escalated", label="Escalated", kind=Kind.BOOLEAN, aliases=["isescalated"]),
        _clock("response_due_at", "Answer due", met_at="first_response_at"),
        _clock("first_response_at", "First answer"),
        _clock("resolution_due_at", "Solution due", met_at="resolved_at"),
        _clock("resolved_at", "Solved"),
        Field(key="resolution", label="Resolution", kind=Kind.LONG_TEXT, listed=False),
        Field(key="satisfaction", label="Satisfaction, 1 to 5", kind=Kind.INTEGER, listed=False),
    ],
)
