"""Custom fields as the registry sees them, kept in memory and renewed when one changes."""

from __future__ import annotations

from collections.abc import Sequence

from dealwright.base.objects.fields import Field, Kind


def custom_fields_of(object_key: str) -> Sequence[Field]:
    """The live custom fields of an object, in their order.

    Read from the database once per request or job; see ``forget_custom_fields``.
    """
    from dealwright.base.objects.models import CustomField

    return [
        Field(
            key=row.key,
            label=row.label,
            kind=Kind(row.kind),
            choices=[(option, option) for option in row.options],
            required=row.required,
            editable=row.kind != CustomField.Kind.FORMULA,
            help=row.help_text,
            custom=True,
        )
        for row in CustomField.objects.filter(object=object_key, archived_at__isnull=True)
    ]
