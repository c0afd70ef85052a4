"""A whole name in one column, as Pipedrive and address books write it."""

from __future__ import annotations

from dealwright.base.objects.fields import Field

FULL_NAME = Field(
    key="full_name",
    label="Full name",
    aliases=["name", "contact name", "person name", "display name"],
    help="Split into first and last name where these have no columns of their own.",
)


def split_name(text: str) -> tuple[str, str]:
    """First and last name; one word alone is the last."""
    if "," in text:
        last, _, first = text.partition(",")
        return first.strip(), last.strip()
    first, _, last = text.strip().rpartition(" ")
    return first.strip(), last
