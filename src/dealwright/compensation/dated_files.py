"""Files of what holds for some days: quotas, territories, relationships. One way to read and
to write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.people.models import User
from dealwright.base.spreadsheets import harmless
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting.reading import (
    decoded,
    people_by_name,
    read_rows,
    refuse_rows,
)

MAX_FILE = 5 * 1024 * 1024
Row = Mapping[str, str]
People = Mapping[str, User]


def import_dated(
    actor: Actor,
    text: str,
    columns: Sequence[str],
    optional: Sequence[str],
    take: Callable[[Row, People], Any],
) -> int:
    """Give each row of a CSV text to ``take`` with the people by name; returns how many there
    were. All rows or none: raises Invalid that names every bad row, or the columns."""
    require_pay_manager(actor)
    rows = read_rows(text.removeprefix("\ufeff"), {name: (name,) for name in columns}, optional)
    people = people_by_name()
    wrong: list[str] = []
    with change(actor), transaction.atomic():
        for number, row in rows:
            try:
                take(row, people)
            except (Invalid, Conflict) as error:
                wrong.append(_("Row %(row)s: %(said)s") % {"row": number, "said": error.message})
        refuse_rows(wrong)
    return len(rows)


def person_in(row: Row, name: str, people: People) -> User:
    """The person whom a cell names; raises Invalid."""
    user = people.get(row[name].casefold())
    if user is None:
        raise Invalid(_("there is nobody called “%(name)s”.") % {"name": row[name][:80]})
    return user


def day_in(row: Row, name: str) -> date | None:
    """The day in a cell, None where it is empty; raises Invalid."""
    try:
        return date.fromisoformat(row[name]) if row[name] else None
    except ValueError:
        said = _("“%(text)s” is not a day like 2027-01-31.") % {"text": row[name][:40]}
        raise Invalid(said) from None


def sent_text(request: HttpRequest) -> str:
    """The text of the file that a form sent; raises Invalid under “file”."""
    sent = request.FILES.get("file")
    if sent is None or not sent.size or sent.size > MAX_FILE:
        said = _("Choose a CSV file of at most 5 MB.")
        raise Invalid(said, fields={"file": [said]})
    return decoded(sent.read())


def first_change(row: Any) -> date:
    """The day from which a change is proposed: today, or the first of what has not begun or is
    over."""
    today = timezone.localdate()
    over = row.ends_on is not None and row.ends_on < today
    begins: date = row.starts_on
    return begins if over else max(begins, today)


def dated_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV in UTF-8 that the import and the ``comp`` commands read; text that a spreadsheet
    would take for a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if value is None else harmless(str(value)) for value in row])
    return out.getvalue().encode()
