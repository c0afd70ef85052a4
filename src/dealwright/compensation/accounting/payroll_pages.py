"""Payroll in the browser: layouts with their preview, employee numbers, and reconciliation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import Profile, User
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.compensation.accounting import payroll_layouts, payroll_services, reconciliation
from dealwright.compensation.accounting.payroll_files import component_ids, payroll_rows
from dealwright.compensation.accounting.payroll_models import EmployeeNumber, PayrollLayout
from dealwright.compensation.accounting.payroll_queries import (
    batch_rows,
    number_rows,
    rows_to_try,
)
from dealwright.compensation.accounting.queries import default_month
from dealwright.compensation.accounting.reading import decoded
from dealwright.compensation.accounting.settings_pages import sent_file
from dealwright.compensation.given import given_id, given_start

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)
PAYROLL = "/compensation/accounting/payroll"
_PLAIN: dict[str, Any] = {
    "per": "payee",
    "delimiter": ",",
    "decimal": ".",
    "dates": "2027-01-31",
    "header": True,
    "minor": False,
    "encoding": "utf-8",
    "employee": "number",
    "columns": "Employee = employee\nAmount = amount\nCurrency = currency\nDate = paid_on",
    "pay_codes": "",
}


@page(profiles=RUNNERS)
def home(request: HttpRequest) -> HttpResponse:
    """Payments with their state, layouts, employee numbers."""
    return _home(request, Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def set_number(request: HttpRequest) -> HttpResponse:
    """What payroll calls a person."""
    form = Form(request)
    with form:
        user = User.objects.filter(pk=given_id(form["user"])).first()
        if user is None:
            raise Invalid(_("Choose a person."), fields={"user": [_("Choose a person.")]})
        payroll_services.set_employee_number(actor_of(request), user, form["number"])
        return done(request, f"{PAYROLL}#numbers", _("Saved."))
    return _home(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def import_numbers(request: HttpRequest) -> HttpResponse:
    """Employee numbers from a file, all rows or none."""
    form = Form(request)
    with form:
        text = decoded(sent_file(request))
        count = payroll_services.import_employee_numbers(actor_of(request), text)
        return done(
            request, f"{PAYROLL}#numbers", _("%(count)s numbers were set.") % {"count": count}
        )
    return _home(request, form)


def _home(request: HttpRequest, form: Form) -> HttpResponse:
    start = given_start(request.GET.get("start", "0"))
    numbers, more = number_rows(start=start)
    return form.page(
        "compensation/accounting/payroll.html",
        _context(
            batches=batch_rows(),
            layouts=PayrollLayout.objects.select_related("changed_by"),
            numbers=numbers,
            next=start + len(numbers) if more else 0,
            missing=User.objects.filter(
                plan_assignments__isnull=False, employee_number__isnull=True, is_active=True
            )
            .distinct()
            .count(),
            any_number=EmployeeNumber.objects.exists(),
        ),
    )


@page(profiles=RUNNERS)
def layout(request: HttpRequest, layout_id: UUID | None = None) -> HttpResponse:
    """Write a layout; beside it stands the file that it makes of the latest pay."""
    row = None
    if layout_id is not None:
        row = PayrollLayout.objects.filter(pk=layout_id).first()
        if row is None:
            raise NotFound(_("This layout does not exist."))
    initial = _PLAIN | {"name": ""}
    if row is not None:
        initial = payroll_layouts.typed(payroll_layouts.from_stored(row.definition)) | {
            "name": row.name
        }
    form = Form(request, initial)
    values = {
        **{name: form[name] for name in _PLAIN},
        "header": form.checked("header"),
        "minor": form.checked("minor"),
    }
    if request.method == "POST" and "preview" not in request.POST:
        with form:
            payroll_services.save_layout(actor_of(request), form["name"], values, layout_id)
            return done(request, PAYROLL, _("The layout is saved."))
    preview, problem = "", ""
    if form.ok:
        with form:
            preview, problem = _preview(payroll_layouts.read_layout(values, component_ids()))
    return form.page(
        "compensation/accounting/layout.html",
        _context(
            row=row,
            preview=preview,
            problem=problem,
            fields=payroll_layouts.FIELDS,
            per=list(payroll_layouts.PER.items()),
            delimiters=[(each, each) for each in payroll_layouts.DELIMITERS],
            dates=[(each, each) for each in payroll_layouts.DATES],
            encodings=[(each, each.upper()) for each in payroll_layouts.ENCODINGS],
            employees=list(payroll_layouts.EMPLOYEES.items()),
            kinds=payroll_layouts.KINDS,
        ),
    )


def _preview(found: payroll_layouts.Layout) -> tuple[str, str]:
    """The first lines of the file, and what would keep it from being made."""
    period, due, batch = rows_to_try()
    if period is None:
        return "", _("There is no pay yet to try it with.")
    facts = payroll_layouts.PayrollFacts(
        period.label,
        period.starts_on,
        period.ends_on,
        batch.paid_at.date() if batch else timezone.localdate(),
        str(batch.pk) if batch else "",
    )
    rows = payroll_rows(found, period, due, batch)[:12]
    try:
        return payroll_layouts.render(found, facts, rows).decode(found.encoding), ""
    except Conflict as error:
        return "", error.message


@page(profiles=RUNNERS, methods=["POST"])
def layout_action(request: HttpRequest, layout_id: UUID, action: str) -> HttpResponse:
    """Use a layout, go back to the plain file, or delete it."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        if action == "use":
            payroll_services.use_layout(actor, layout_id)
            said = _("Payroll files have this layout from now on.")
        elif action == "leave":
            payroll_services.use_layout(actor, None)
            said = _("Payroll files are plain again.")
        elif action == "delete":
            payroll_services.delete_layout(actor, layout_id)
            said = _("The layout is gone.")
        else:
            raise NotFound(_("There is nothing at this address."))
        return done(request, PAYROLL, said)
    return _home(request, form)


@page(profiles=RUNNERS)
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """One payment: what the ledger said, what payroll paid, and the differences."""
    return _batch(request, batch_id, Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def batch_action(request: HttpRequest, batch_id: UUID, action: str) -> HttpResponse:
    """Take in a file, settle a difference, reconcile."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        if action == "upload":
            content = sent_file(request)
            name: Any = request.FILES["file"]
            reconciliation.upload_return(actor, batch_id, name=name.name or "", content=content)
            said = _("Taken in.")
        elif action == "carry":
            reconciliation.carry_difference(actor, batch_id, form["key"])
            said = _("Posted: it is settled with the next pay.")
        elif action == "explain":
            reconciliation.explain_difference(actor, batch_id, form["key"], form["note"])
            said = _("Explained.")
        elif action == "reconcile":
            reconciliation.reconcile_batch(actor, batch_id)
            said = _("Reconciled.")
        else:
            raise NotFound(_("There is nothing at this address."))
        return done(request, f"{PAYROLL}/batches/{batch_id}", said)
    return _batch(request, batch_id, form)


def _batch(request: HttpRequest, batch_id: UUID, form: Form) -> HttpResponse:
    found = reconciliation.get_batch(batch_id)
    matches = reconciliation.matches_of(found)
    return form.page(
        "compensation/accounting/batch.html",
        _context(
            batch=found,
            matches=matches,
            expected=reconciliation.totals_of(found),
            returns=found.returns.select_related("created_by"),
            done=reconciliation.reconciled(found),
            open=sum(each.state != "matched" and each.settled is None for each in matches),
        ),
    )


def _context(**values: Any) -> dict[str, Any]:
    return {
        "tab": "accounting",
        "manages": True,
        "section": "payroll",
        "month": f"{default_month():%Y-%m}",
        **values,
    }
