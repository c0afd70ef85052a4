"""Layouts of payroll files and employee numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting.payroll_files import component_ids
from dealwright.compensation.accounting.payroll_layouts import read_layout, stored
from dealwright.compensation.accounting.payroll_models import EmployeeNumber, PayrollLayout
from dealwright.compensation.accounting.reading import people_by_name, read_rows, refuse_rows


def save_layout(
    actor: Actor, name: str, values: Mapping[str, Any], layout_id: Any = None
) -> PayrollLayout:
    """Keep a layout under a name; see ``read_layout`` for the values. Raises Invalid, Conflict."""
    require_pay_manager(actor)
    layout = read_layout(values, component_ids())
    name = " ".join(name.split())
    if not name or len(name) > 120:
        said = _("Give the layout a name of at most 120 characters.")
        raise Invalid(said, fields={"name": [said]})
    with change(actor):
        row = _get_layout(layout_id) if layout_id else PayrollLayout()
        row.name, row.definition = name, stored(layout)
        row.changed_at, row.changed_by = timezone.now(), actor.user
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            said = _("Another layout has this name.")
            raise Conflict(said, fields={"name": [said]}) from None
        return row


def use_layout(actor: Actor, layout_id: Any) -> PayrollLayout | None:
    """Make files in this layout from now on; None goes back to the plain file."""
    require_pay_manager(actor)
    with change(actor):
        row = _get_layout(layout_id) if layout_id else None
        PayrollLayout.objects.filter(in_use_since__isnull=False).update(in_use_since=None)
        if row is not None:
            row.in_use_since = timezone.now()
            row.save(update_fields=["in_use_since"])
        return row


def delete_layout(actor: Actor, layout_id: Any) -> None:
    """Files that were made in it stay. Raises Conflict for the one in use."""
    require_pay_manager(actor)
    with change(actor):
        row = _get_layout(layout_id)
        if row.in_use_since is not None:
            raise Conflict(_("This layout is in use. Use another one first."))
        row.delete()


def _get_layout(layout_id: Any) -> PayrollLayout:
    row: PayrollLayout | None = PayrollLayout.objects.filter(pk=layout_id).first()
    if row is None:
        raise NotFound(_("This layout does not exist."))
    return row


def set_employee_number(actor: Actor, user: User, number: str) -> None:
    """What payroll calls a person; empty takes it away. Raises Invalid or Conflict."""
    require_pay_manager(actor)
    number = number.strip()
    if len(number) > 60:
        said = _("An employee number has at most 60 characters.")
        raise Invalid(said, fields={"number": [said]})
    with change(actor):
        if not number:
            EmployeeNumber.objects.filter(user=user).delete()
            return
        other = EmployeeNumber.objects.filter(number=number).exclude(user=user)
        if (row := other.select_related("user").first()) is not None:
            said = _("%(name)s has the number %(number)s.") % {
                "name": row.user.name,
                "number": number,
            }
            raise Conflict(said, code="not_unique", fields={"number": [said]})
        EmployeeNumber.objects.update_or_create(user=user, defaults={"number": number})


def import_employee_numbers(actor: Actor, text: str) -> int:
    """Employee numbers from CSV with the columns ``payee`` (e-mail or name) and ``number``; all
    rows or none: raises Invalid that names every bad row."""
    require_pay_manager(actor)
    rows = read_rows(
        text, {"payee": ("payee", "email", "name"), "number": ("number", "employee_number")}
    )
    people = people_by_name()
    wrong: list[str] = []
    with change(actor), transaction.atomic():
        for number, row in rows:
            user = people.get(row["payee"].casefold())
            try:
                if user is None:
                    raise Invalid(
                        _("there is nobody called “%(name)s”.") % {"name": row["payee"][:80]}
                    )
                set_employee_number(actor, user, row["number"])
            except (Invalid, Conflict) as error:
                wrong.append(_("Row %(row)s: %(said)s") % {"row": number, "said": error.message})
        refuse_rows(wrong)
    return len(rows)
