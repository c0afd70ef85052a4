"""How the house knows contract templates."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.contracts.library.models import ContractKind, ContractTemplate
from dealwright.contracts.library.services import create_template

CONTRACT_TEMPLATE = ObjectType(
    key="contract_template",
    slug="contract-templates",
    label="Contract template",
    label_plural="Contract templates",
    model=ContractTemplate,
    create=create_template,
    icon="file-pen",
    access={"manager": "read", "rep": "read", "legal": "write"},
    makers=["legal"],
    columns=["name", "kind", "is_default", "is_active", "updated_at"],
    search=["name"],
    empty_text="No templates yet. The first contract brings one to begin from.",
    fields=[
        Field(key="name", label="Name", required=True, sortable=True),
        Field(key="kind", label="Type", kind=Kind.CHOICE, choices=ContractKind.choices),
        Field(key="is_default", label="Default", kind=Kind.BOOLEAN),
        Field(key="is_active", label="Active", kind=Kind.BOOLEAN),
        Field(key="description", label="Description", kind=Kind.LONG_TEXT, listed=False),
    ],
)
