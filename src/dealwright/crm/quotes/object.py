"""How the house knows quotes."""

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.crm.quotes.models import Quote
from dealwright.crm.quotes.services import create_quote, update_quote


def _computed(key: str, label: str, kind: Kind = Kind.MONEY, *, listed: bool = True) -> Field:
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


QUOTE = ObjectType(
    key="quote",
    slug="quotes",
    label="Quote",
    label_plural="Quotes",
    model=Quote,
    create=create_quote,
    update=update_quote,
    icon="file-text",
    title="number",
    subtitle="name",
    columns=["number", "name", "account", "status", "total", "valid_until", "owner"],
    search=["number", "name", "account__name"],
    board_field="status",
    empty_text="No quotes yet. Open an opportunity and choose “New quote”.",
    fields=[
        _computed("number", "Number", Kind.TEXT),
        _computed("revision", "Revision", Kind.INTEGER, listed=False),
        Field(key="name", label="Name", sortable=True, aliases=["quote name", "subject"]),
        Field(
            key="opportunity",
            label="Opportunity",
            kind=Kind.RELATION,
            path="opportunity_id",
            relation="opportunity",
            title_path="opportunity__name",
            required=True,
            editable=False,
        ),
        Field(
            key="account",
            label="Account",
            kind=Kind.RELATION,
            path="account_id",
            relation="account",
            title_path="account__name",
        ),
        Field(
            key="contact",
            label="Contact",
            kind=Kind.RELATION,
            path="contact_id",
            relation="contact",
            title_path="contact__name",
            listed=False,
        ),
        Field(
            key="status",
            label="Status",
            kind=Kind.CHOICE,
            choices=Quote.Status.choices,
            tones={
                "in_review": "warning",
                "approved": "accent",
                "sent": "info",
                "accepted": "success",
                "rejected": "danger",
                "expired": "warning",
            },
            editable=False,
            on_create=False,
            importable=False,
        ),
        Field(key="discount", label="Discount", kind=Kind.PERCENT, listed=False),
        _computed("subtotal", "Subtotal", listed=False),
        _computed("discount_amount", "Discount amount", listed=False),
        _computed("tax_amount", "Tax", listed=False),
        _computed("total", "Total"),
        Field(
            key="currency",
            label="Currency",
            editable=False,
            on_create=False,
            importable=False,
            listed=False,
        ),
        Field(
            key="valid_until",
            label="Valid until",
            kind=Kind.DATE,
            sortable=True,
            late_while={"status": "sent"},
        ),
        Field(key="introduction", label="Introduction", kind=Kind.LONG_TEXT, listed=False),
        Field(key="terms", label="Terms", kind=Kind.LONG_TEXT, listed=False),
        _computed("sent_at", "Sent", Kind.DATETIME),
        _computed("accepted_at", "Accepted", Kind.DATETIME),
        _computed("rejected_at", "Rejected", Kind.DATETIME, listed=False),
    ],
)
