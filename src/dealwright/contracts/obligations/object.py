"""How the house knows obligations."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.contracts.obligations.models import Obligation

OBLIGATION = ObjectType(
    key="obligation",
    slug="obligations",
    label="Obligation",
    label_plural="Obligations",
    model=Obligation,
    icon="calendar-check",
    title="action",
    access={"legal": "write"},
    default_sort="due_on",
    columns=["action", "contract", "party", "due_on", "amount", "fulfilled_on", "owner"],
    search=["action"],
    empty_text="No obligations yet. Executed contracts bring theirs.",
    fields=[
        Field(key="action", label="What", required=True, sortable=True),
        Field(
            key="contract",
            label="Contract",
            kind=Kind.RELATION,
            path="contract_id",
            relation="contract",
            title_path="contract__number",
            required=True,
        ),
        Field(key="kind", label="Kind", kind=Kind.CHOICE, choices=Obligation.Kind.choices),
        Field(key="party", label="Who", kind=Kind.CHOICE, choices=Obligation.Party.choices),
        Field(
            key="due_on",
            label="Due",
            kind=Kind.DATE,
            required=True,
            sortable=True,
            late_while={"fulfilled_on": None, "waived_on": None},
        ),
        Field(key="amount", label="Amount", kind=Kind.MONEY),
        Field(key="currency", label="Currency", listed=False),
        Field(key="fulfilled_on", label="Done", kind=Kind.DATE, sortable=True),
        Field(key="waived_on", label="Waived", kind=Kind.DATE, listed=False),
        Field(key="notes", label="Notes", kind=Kind.LONG_TEXT, listed=False),
    ],
)
