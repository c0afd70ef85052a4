"""The rows of a list as HTML. Written out here rather than in a template: a page has hundreds
of cells, and a template's calls for each would be most of the page's time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from markupsafe import Markup, escape

from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.web.records.cells import Column, Row, html_of_text, text_of, title_of, value_of


def rows_html(
    of: ObjectType, rows: Iterable[Row], columns: Sequence[Column], *, may_write: bool
) -> Markup:
    """Table rows; each knows its record's id, version and address, each cell its field and raw
    value."""
    select = escape(_("Select"))
    heads = [
        f'<td data-field="{escape(column.key)}"'
        + (f' class="{classes}"' if (classes := _classes(column)) else "")
        + _on_a_phone(column)
        for column in columns
    ]
    parts: list[str] = []
    for row in rows:
        title = escape(title_of(of, row))
        address = f"/{of.slug}/{row['id']}"
        parts.append(
            f'<tr data-id="{row["id"]}" data-version="{row["version"]}" data-url="{address}" '
            f'data-title="{title}" tabindex="-1" aria-selected="false">'
        )
        if may_write:
            parts.append(
                '<td class="grid-check"><input type="checkbox" tabindex="-1" '
                f'aria-label="{select} {title}"></td>'
            )
        for head, column in zip(heads, columns, strict=True):
            text = text_of(column, row)
            parts.append(f'{head} data-value="{escape(value_of(column, row))}"')
            if column.kind == Kind.USER:  # its cell also holds initials
                parts.append(f' data-text="{escape(text)}"')
            if column.is_title:
                parts.append(f'><a class="record-link" href="{address}" tabindex="-1">{title}</a>')
            else:
                parts.append(f">{html_of_text(column, row, text)}")
            parts.append("</td>")
        parts.append('<td aria-hidden="true"></td></tr>')
    # Every value above went through escape.
    return Markup("".join(parts))  # noqa: S704


def _classes(column: Column) -> str:
    names = ["num"] if column.is_number else []
    return " ".join([*names, *(["grid-title"] if column.is_title else [])])


def _on_a_phone(column: Column) -> str:
    """What a cell needs where no heading stands above it."""
    if column.is_title or column.kind not in _UNCLEAR:
        return ""
    when = " data-when" if column.kind in (Kind.DATE, Kind.DATETIME) else ""
    return f' data-label="{escape(column.label)}"{when}'


# Kinds whose value does not say what it is: a date of what, a number of what?
_UNCLEAR = (Kind.DATE, Kind.DATETIME, Kind.INTEGER, Kind.NUMBER, Kind.PERCENT, Kind.BOOLEAN)
