"""What people send: the rows of CSV files by our names of the columns, whom they name, months."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.compensation.accounting.payroll_models import EmployeeNumber

MOST_ROWS = 20_000


def decoded(content: bytes) -> str:
    """The text of a file that somebody sent; raises Invalid."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        said = _("This file is not text in UTF-8.")
        raise Invalid(said, fields={"file": [said]}) from None


def read_rows(
    text: str, names: Mapping[str, Sequence[str]], optional: Sequence[str] = ()
) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV with their numbers, by our names of the columns; empty rows are left
    out. Commas, semicolons and tabs are told apart by the first row. Raises Invalid."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    heads = [cell.strip().casefold().replace(" ", "_") for cell in rows[0]] if rows else []
    places = {
        name: next((heads.index(each) for each in known if each in heads), None)
        for name, known in names.items()
    }
    missing = [name for name, at in places.items() if at is None and name not in optional]
    if missing:
        said = _("The first row must name the columns: %(names)s.") % {"names": ", ".join(names)}
        raise Invalid(said, fields={"file": [said]})
    found = [
        (
            number,
            {
                name: row[at].strip() if at is not None and at < len(row) else ""
                for name, at in places.items()
            },
        )
        for number, row in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in row)
    ]
    if not found or len(found) > MOST_ROWS:
        said = _("A file has between 1 and %(most)s rows.") % {"most": f"{MOST_ROWS:,}"}
        raise Invalid(said, fields={"file": [said]})
    return found


def people_by_name() -> dict[str, User]:
    """Everybody by employee number, e-mail, id, and by name where only one has it."""
    found: dict[str, User] = {}
    twice: set[str] = set()
    users = list(User.objects.all())
    for user in users:
        name = user.name.casefold()
        if name in found:
            twice.add(name)
        found[name] = user
    for name in twice:
        del found[name]
    by_id = {user.pk: user for user in users}
    found |= {user.email.casefold(): user for user in users}
    found |= {str(user.pk): user for user in users}
    for user_id, number in EmployeeNumber.objects.values_list("user_id", "number"):
        found[number.casefold()] = by_id[user_id]
    return found


def refuse_rows(wrong: Sequence[str]) -> None:
    if wrong:
        raise Invalid(
            _("%(count)s rows are wrong; nothing was taken in.") % {"count": len(wrong)},
            fields={"file": list(wrong[:50])},
        )


def given_month(text: Any, field: str = "month") -> date:
    """The first day of a month such as 2027-01; raises Invalid under the field."""
    try:
        found = date.fromisoformat(f"{str(text).strip()[:7]}-01")
    except ValueError:
        found = date.min
    if not 1990 <= found.year <= 2190:
        said = _("Give a month such as 2027-01.")
        raise Invalid(said, fields={field: [said]}) from None
    return found
