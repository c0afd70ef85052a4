"""Accounting in the browser: months, contract costs, accruals and the journal."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.money import check_currency
from dealwright.base.people.models import Profile
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form, actor_of, done, page, say
from dealwright.base.whole_numbers import whole_number
from dealwright.compensation.accounting import accruals, exports, queries, services
from dealwright.compensation.accounting.amortisation import add_months
from dealwright.compensation.accounting.models import (
    ContractCost,
    CostDecision,
    JournalAccount,
    JournalLine,
)
from dealwright.compensation.accounting.reading import given_month
from dealwright.compensation.given import given_amount, given_day, given_start
from dealwright.compensation.statements.queries import line_rows

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)
HOME = "/compensation/accounting"


@page(profiles=RUNNERS)
def overview(request: HttpRequest) -> HttpResponse:
    """A month: how contract costs moved, what is accrued, what the expense is."""
    return _overview(request, _month(request), Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def act(request: HttpRequest, month: str, action: str) -> HttpResponse:
    """Bring a month up to the truth, or close it."""
    at = given_month(month)
    form = Form(request)
    with form:
        if action == "run":
            run = services.run_month(actor_of(request), at)
            said = _("Nothing was missing.")
            if run.line_count:
                said = _("%(count)s lines were written.") % {"count": run.line_count}
            return done(request, _address("", at), said)
        if action != "close":
            raise NotFound(_("There is nothing at this address."))
        services.close_month(actor_of(request), at)
        return done(request, _address("", at), _("Closed and sealed."))
    return _overview(request, at, form)


def _overview(request: HttpRequest, month: date, form: Form) -> HttpResponse:
    first, last = queries.year_of(month)
    currency, problem = _currency(request)
    state = queries.month_state(month)
    rows = queries.roll_forward(first, last)
    return form.page(
        "compensation/accounting/overview.html",
        _context(
            "overview",
            month,
            state=state,
            sealed=services.verify_close(state.closed) if state.closed else None,
            rolls=[row for row in rows if row.opening or row.addition or row.closing],
            accounts=queries.account_totals(month),
            accrued=accruals.accrued_totals(month),
            expenses=queries.expense_in(currency, first, last),
            expense_accounts=[(each.value, each.label) for each in queries.EXPENSES],
            currency=currency,
            problem=problem,
            has_policy=bool(queries.policy_rows()),
        ),
    )


@page(profiles=RUNNERS)
def deals(request: HttpRequest) -> HttpResponse:
    """The deals whose costs are capitalised, the largest carrying amount first."""
    month = _month(request)
    search = request.GET.get("search", "").replace("\x00", "").strip()[:80]
    start = given_start(request.GET.get("start", "0"))
    rows, more = queries.list_deals(month, search=search, start=start)
    return Form(request).page(
        "compensation/accounting/deals.html",
        _context("deals", month, rows=rows, search=search, next=start + len(rows) if more else 0),
    )


@page(profiles=RUNNERS)
def deal(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """One deal: its costs month by month, where they come from, what was decided."""
    return _deal(request, event_id, Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def decide(request: HttpRequest, event_id: UUID, kind: str) -> HttpResponse:
    """Record that the customer left, an impairment test, or another period of benefit."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        if kind == "ended":
            services.record_ending(actor, event_id, given_day(form["on"], "on"), form["reason"])
            said = _("What was left is impaired.")
        elif kind == "impairment":
            found = services.impairment_test(
                actor,
                event_id,
                given_month(form["month"], "month"),
                consideration=given_amount(form["consideration"], "consideration"),
                costs=given_amount(form["costs"] or "0", "costs"),
                reason=form["reason"],
            )
            said = _("The excess is written down.") if found.amounts else _("Nothing is impaired.")
        elif kind == "period":
            services.revise_period(
                actor,
                event_id,
                given_month(form["month"], "month"),
                whole_number(form["months"], most=9999) or 0,
                form["reason"],
            )
            said = _("What is left is spread anew.")
        else:
            raise NotFound(_("There is nothing at this address."))
        return done(request, f"{HOME}/deals/{event_id}", said)
    return _deal(request, event_id, form, kind)


@page(profiles=RUNNERS, methods=["POST"])
def withdraw(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    """Take a decision back."""
    found = CostDecision.objects.filter(pk=decision_id).first()
    if found is None:
        raise NotFound(_("This decision does not exist."))
    form = Form(request)
    with form:
        services.withdraw_decision(actor_of(request), decision_id)
        return done(request, f"{HOME}/deals/{found.event_id}", _("Taken back."))
    return _deal(request, found.event_id, form)


def _deal(request: HttpRequest, event_id: UUID, form: Form, wrong: str = "") -> HttpResponse:
    found = queries.deal_schedule(event_id)
    closed = found.closed_through
    open_from = closed if closed == date.min else add_months(closed, 1)
    month = max(found.posted_until, open_from) if found.posted_until > date.min else date.min
    return form.page(
        "compensation/accounting/deal.html",
        _context(
            "deals",
            month if month > date.min else queries.default_month(),
            found=found,
            wrong=wrong,
            taken_back={
                each.withdraws_id for each in found.decisions if each.withdraws_id is not None
            },
        ),
    )


@page(profiles=RUNNERS)
def cost(request: HttpRequest, cost_id: UUID) -> HttpResponse:
    """One cost: every month of it, and the commission lines behind its additions."""
    row = (
        ContractCost.objects.select_related("event", "payee", "plan", "policy")
        .filter(pk=cost_id)
        .first()
    )
    if row is None:
        raise NotFound(_("This cost does not exist."))
    schedule = queries.deal_schedule(row.event_id)
    own = next((each for each in schedule.costs if each.cost.pk == row.pk), None)
    return Form(request).page(
        "compensation/accounting/cost.html",
        _context(
            "deals",
            schedule.posted_until if schedule.posted_until > date.min else row.starts_on,
            row=row,
            found=schedule,
            own=own,
            lines=line_rows(queries.commission_lines(row)),
        ),
    )


@page(profiles=RUNNERS)
def accrued(request: HttpRequest) -> HttpResponse:
    """What is earned and unpaid at the end of a month."""
    month = _month(request)
    by = request.GET.get("by", "payee")
    rows = accruals.accrued(month)
    return Form(request).page(
        "compensation/accounting/accruals.html",
        _context(
            "accruals",
            month,
            by=by if by in ("payee", "plan", "centre") else "payee",
            rows=accruals.grouped(rows, by),
            totals=accruals.totals(rows),
        ),
    )


@page(profiles=RUNNERS)
def journal(request: HttpRequest) -> HttpResponse:
    """The lines of a month, by account and kind."""
    month = _month(request)
    account = request.GET.get("account", "")
    kind = request.GET.get("kind", "")
    start = given_start(request.GET.get("start", "0"))
    rows, more = queries.journal_lines(
        month,
        account=account if account in JournalAccount.values else "",
        kind=kind if kind in JournalLine.Kind.values else "",
        start=start,
    )
    return Form(request).page(
        "compensation/accounting/journal.html",
        _context(
            "journal",
            month,
            rows=rows,
            account=account,
            kind=kind,
            accounts=JournalAccount.choices,
            kinds=JournalLine.Kind.choices,
            next=start + len(rows) if more else 0,
        ),
    )


@page(profiles=RUNNERS)
def download(request: HttpRequest, name: str) -> HttpResponse:
    """The journal, the roll-forward or the accruals of a month as CSV."""
    month = _month(request)
    if name == "journal":
        try:
            content = exports.journal_csv(month)
        except Conflict as error:
            say(request, error.message, tone="danger")
            return done(request, f"{HOME}/settings#accounts")
    elif name == "roll-forward":
        content = exports.roll_csv(queries.roll_forward(*queries.year_of(month)))
    elif name == "accruals":
        content = exports.accruals_csv(month, accruals.accrued(month))
    else:
        raise NotFound(_("There is nothing at this address."))
    return csv_file(content, f"{name}-{month:%Y-%m}.csv")


@page(profiles=RUNNERS)
def download_schedule(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """A deal's schedule as CSV."""
    return csv_file(exports.schedule_csv(queries.deal_schedule(event_id)), "schedule.csv")


def csv_file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    response["Cache-Control"] = "private, no-store"
    return response


def _month(request: HttpRequest) -> date:
    """The month that is asked for, else the one to look at first."""
    text = request.GET.get("month", "")
    try:
        return given_month(text) if text else queries.default_month()
    except Invalid:
        return queries.default_month()


def _currency(request: HttpRequest) -> tuple[str, str]:
    """The currency of report that is asked for, and what is wrong with it."""
    own = organization().currency
    text = request.GET.get("currency", "").strip()
    try:
        return (check_currency(text), "") if text else (own, "")
    except Invalid as error:
        return own, error.message


def _address(part: str, month: date) -> str:
    return f"{HOME}{part}?month={month:%Y-%m}"


def _context(section: str, month: date, **values: Any) -> dict[str, Any]:
    return {
        "tab": "accounting",
        "manages": True,
        "section": section,
        "month": f"{month:%Y-%m}",
        "before": f"{add_months(month, -1):%Y-%m}",
        "after": f"{add_months(month, 1):%Y-%m}",
        **values,
    }
