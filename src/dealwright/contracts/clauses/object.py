"""How the house knows clauses."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.contracts.clauses.models import Clause, ClausePosition, ClauseStatus, ClauseTopic
from dealwright.contracts.clauses.services import create_clause, delete_clause, update_clause

CLAUSE = ObjectType(
    key="clause",
    slug="clauses",
    label="Clause",
    label_plural="Clauses",
    model=Clause,
    create=create_clause,
    update=update_clause,
    delete=delete_clause,
    icon="book-text",
    access={"manager": "read", "rep": "read", "legal": "write"},
    makers=["legal"],
    columns=["name", "topic", "position", "status", "edition", "updated_at"],
    search=["name", "text"],
    default_sort="name",
    empty_text=(
        "No clauses yet. Write the first, or open a template and put its clauses into the library."
    ),
    fields=[
        Field(key="name", label="Heading", required=True, sortable=True),
        Field(
            key="topic",
            label="Topic",
            kind=Kind.CHOICE,
            choices=ClauseTopic.choices,
            sortable=True,
        ),
        Field(
            key="position",
            label="Position",
            kind=Kind.CHOICE,
            choices=ClausePosition.choices,
            help="Preferred: we begin with it. Fallback: we may give way to it.",
        ),
        Field(
            key="status",
            label="Status",
            kind=Kind.CHOICE,
            choices=ClauseStatus.choices,
            editable=False,
            on_create=False,
            importable=False,
        ),
        Field(
            key="edition",
            label="Version",
            kind=Kind.INTEGER,
            editable=False,
            on_create=False,
            importable=False,
        ),
        Field(
            key="text",
            label="Text",
            kind=Kind.LONG_TEXT,
            required=True,
            listed=False,
            help="[[key]] stands for a value of the template, such as [[amount]].",
        ),
        Field(
            key="guidance",
            label="When to use it",
            kind=Kind.LONG_TEXT,
            listed=False,
            help="For your colleagues; it is never printed.",
        ),
        Field(key="is_locked", label="Only Legal may change it", kind=Kind.BOOLEAN, listed=False),
    ],
)
