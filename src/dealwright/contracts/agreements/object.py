"""How the house knows contracts."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.contracts.agreements.models import Contract, ContractStatus, Renewal
from dealwright.contracts.agreements.services import create_contract, update_contract
from dealwright.contracts.library.models import ContractKind


def _link(key: str, label: str, *, title: str = "name", listed: bool = True) -> Field:
    return Field(
        key=key,
        label=label,
        kind=Kind.RELATION,
        path=f"{key}_id",
        relation=key,
        title_path=f"{key}__{title}",
        listed=listed,
    )


def _fixed(key: str, label: str, kind: Kind, *, listed: bool = True) -> Field:
    return Field(
        key=key,
        label=label,
        kind=kind,
        editable=False,
        on_create=False,
        sortable=True,
        importable=False,
        listed=listed,
    )


CONTRACT = ObjectType(
    key="contract",
    slug="contracts",
    label="Contract",
    label_plural="Contracts",
    model=Contract,
    create=create_contract,
    update=update_contract,
    icon="scroll-text",
    title="number",
    subtitle="title",
    access={"legal": "write"},
    columns=["number", "title", "account", "status", "amount", "effective_on", "ends_on", "owner"],
    search=["number", "title", "account__name"],
    empty_text="No contracts yet. Open a quote and choose “Create contract”.",
    fields=[
        _fixed("number", "Number", Kind.TEXT),
        Field(key="title", label="Title", sortable=True),
        Field(
            key="status",
            label="Status",
            kind=Kind.CHOICE,
            choices=ContractStatus.choices,
            tones={
                "in_approval": "warning",
                "approved": "accent",
                "signing": "info",
                "executed": "success",
                "terminated": "danger",
                "expired": "warning",
            },
            editable=False,
            on_create=False,
            sortable=True,
            importable=False,
        ),
        Field(key="kind", label="Type", kind=Kind.CHOICE, choices=ContractKind.choices),
        _link("account", "Account"),
        _link("contact", "Contact", listed=False),
        _link("opportunity", "Opportunity"),
        Field(
            key="quote",
            label="Quote",
            kind=Kind.RELATION,
            path="quote_id",
            relation="quote",
            title_path="quote__number",
            editable=False,
            on_create=False,
        ),
        Field(key="amount", label="Amount", kind=Kind.MONEY, sortable=True),
        Field(key="currency", label="Currency", listed=False),
        Field(key="effective_on", label="Starts", kind=Kind.DATE, sortable=True),
        Field(key="term_months", label="Term in months", kind=Kind.INTEGER),
        _fixed("ends_on", "Ends", Kind.DATE),
        Field(key="renewal", label="Renewal", kind=Kind.CHOICE, choices=Renewal.choices),
        Field(key="notice_days", label="Notice in days", kind=Kind.INTEGER, listed=False),
        _fixed("notice_by", "Notice by", Kind.DATE),
        _fixed("executed_at", "Executed", Kind.DATETIME),
        _fixed("terminated_on", "Terminated on", Kind.DATE),
        Field(
            key="termination_reason",
            label="Ended because",
            kind=Kind.LONG_TEXT,
            editable=False,
            on_create=False,
            listed=False,
        ),
    ],
)
