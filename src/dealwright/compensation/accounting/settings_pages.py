"""Policy, account numbers, cost centres and exchange rates in the browser."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.people.models import Profile, Team, User
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.base.whole_numbers import whole_number
from dealwright.compensation.accounting import queries, rates, services
from dealwright.compensation.accounting.models import CostCentre, CostPolicy, JournalAccount
from dealwright.compensation.accounting.reading import decoded
from dealwright.compensation.given import given_day, given_id

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)
SETTINGS = "/compensation/accounting/settings"
RATES = "/compensation/accounting/rates"
MAX_FILE = 5 * 1024 * 1024


@page(profiles=RUNNERS)
def settings(request: HttpRequest) -> HttpResponse:
    """The policies, the numbers of accounts, and the cost centres."""
    return _settings(request, Form(request))


@page(profiles=RUNNERS)
def new_policy(request: HttpRequest) -> HttpResponse:
    """State how commissions are capitalised from a day on."""
    latest = CostPolicy.objects.first()
    form = Form(request, _initial(latest), lists=["components", "commensurate"])
    if request.method == "POST":
        with form:
            alike = set(form["commensurate"])
            services.set_policy(
                actor_of(request),
                starts_on=given_day(form["starts_on"], "starts_on"),
                components=[
                    {
                        "plan": each.partition(":")[0],
                        "component": each.partition(":")[2],
                        "commensurate": each in alike,
                    }
                    for each in form["components"]
                ],
                months=whole_number(form["months"], most=9999) or 0,
                basis=form["basis"],
                expedient=form.checked("expedient"),
                convention=form["convention"],
                method=form["method"],
                tax_rate=_percent(form["tax_rate"]),
                note=form["note"],
            )
            return done(request, SETTINGS, _("The policy is stated. Run the month to apply it."))
    return form.page(
        "compensation/accounting/policy.html",
        _context(
            "settings",
            plans=queries.components_to_choose(),
            bases=CostPolicy.Basis.choices,
            conventions=CostPolicy.Convention.choices,
            methods=CostPolicy.Method.choices,
        ),
    )


@page(profiles=RUNNERS, methods=["POST"])
def remove_policy(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    form = Form(request)
    with form:
        services.delete_policy(actor_of(request), policy_id)
        return done(request, SETTINGS, _("The policy is gone."))
    return _settings(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def numbers(request: HttpRequest) -> HttpResponse:
    """The numbers of all accounts at once."""
    form = Form(request)
    with form:
        for account in JournalAccount.values:
            services.set_account_number(actor_of(request), account, form[account])
        return done(request, SETTINGS, _("Saved."))
    return _settings(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def new_centre(request: HttpRequest) -> HttpResponse:
    """The cost centre of a person, a team, a profile or everybody else."""
    form = Form(request)
    with form:
        services.set_cost_centre(
            actor_of(request),
            form["code"],
            user=User.objects.filter(pk=given_id(form["user"])).first(),
            team=Team.objects.filter(pk=given_id(form["team"])).first(),
            profile=form["profile"],
        )
        return done(request, SETTINGS, _("Saved."))
    return _settings(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def remove_centre(request: HttpRequest, centre_id: UUID) -> HttpResponse:
    services.delete_cost_centre(actor_of(request), centre_id)
    return done(request, SETTINGS, _("The cost centre is gone."))


@page(profiles=RUNNERS)
def exchange_rates(request: HttpRequest) -> HttpResponse:
    """The rates of both types, and a form to state one."""
    form = Form(request, {"base": "", "quote": organization().currency, "type": rates.SPOT})
    if request.method == "POST":
        with form:
            rates.state_rate(
                actor_of(request),
                type=form["type"],
                base=form["base"],
                quote=form["quote"],
                rate=_rate(form["rate"]),
                starts_on=given_day(form["starts_on"], "starts_on"),
                source=form["source"],
            )
            return done(request, RATES, _("The rate is stated."))
    return _rates(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def import_rates(request: HttpRequest) -> HttpResponse:
    """Rates from a file, all rows or none."""
    form = Form(request)
    with form:
        text = decoded(sent_file(request))
        count = rates.import_rates(actor_of(request), text)
        return done(request, RATES, _("%(count)s rates were stated.") % {"count": count})
    return _rates(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def remove_rate(request: HttpRequest, rate_id: UUID) -> HttpResponse:
    rates.delete_plan_rate(actor_of(request), rate_id)
    return done(request, RATES, _("The rate is gone."))


def sent_file(request: HttpRequest) -> bytes:
    """The content of the file that was sent as ``file``; raises Invalid."""
    sent: Any = request.FILES.get("file")
    if sent is None or not sent.size or sent.size > MAX_FILE:
        said = _("Choose a CSV file of at most 5 MB.")
        raise Invalid(said, fields={"file": [said]})
    content: bytes = sent.read()
    return content


def _settings(request: HttpRequest, form: Form) -> HttpResponse:
    labels = queries.component_labels()
    return form.page(
        "compensation/accounting/settings.html",
        _context(
            "settings",
            policies=queries.policy_rows(),
            labels={f"{plan}:{component}": name for (plan, component), name in labels.items()},
            numbers=queries.account_numbers(),
            accounts=JournalAccount.choices,
            centres=CostCentre.objects.select_related("user", "team"),
            teams=list(Team.objects.values_list("pk", "name")),
            profiles=Profile.choices,
        ),
    )


def _rates(request: HttpRequest, form: Form) -> HttpResponse:
    search = request.GET.get("search", "")[:3]
    return form.page(
        "compensation/accounting/rates.html",
        _context(
            "rates",
            rows=rates.stated_rates(search=search),
            search=search,
            today=timezone.localdate(),
        ),
    )


def _initial(latest: CostPolicy | None) -> dict[str, Any]:
    """The form as the latest policy says, so that a change is a small one."""
    if latest is None:
        return {
            "months": "36",
            "basis": CostPolicy.Basis.FIXED,
            "expedient": True,
            "convention": CostPolicy.Convention.MONTH,
            "method": CostPolicy.Method.PROSPECTIVE,
            "tax_rate": "0",
            "components": [],
            "commensurate": [],
            "starts_on": timezone.localdate().replace(day=1).isoformat(),
        }
    keys = [
        (f"{each['plan']}:{each['component']}", each["commensurate"]) for each in latest.components
    ]
    return {
        "months": str(latest.months),
        "basis": latest.basis,
        "expedient": latest.expedient,
        "convention": latest.convention,
        "method": latest.method,
        "tax_rate": f"{latest.tax_rate * 100:f}".rstrip("0").rstrip("."),
        "components": [key for key, _alike in keys],
        "commensurate": [key for key, alike in keys if alike],
        "starts_on": latest.starts_on.isoformat(),
        "note": latest.note,
    }


def _percent(text: Any) -> Decimal:
    """A percentage as a fraction; raises Invalid under the field."""
    try:
        return Decimal(str(text).strip().rstrip("%").strip().replace(",", ".") or "0") / 100
    except InvalidOperation:
        said = _("Give a percentage such as 7.65.")
        raise Invalid(said, fields={"tax_rate": [said]}) from None


def _rate(text: Any) -> Decimal:
    plain = str(text).strip()
    try:
        return Decimal(
            plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain
        )
    except InvalidOperation:
        said = _("“%(text)s” is not a rate such as 1.0853.") % {"text": plain[:20]}
        raise Invalid(said, fields={"rate": [said]}) from None


def _context(section: str, **values: Any) -> dict[str, Any]:
    month = queries.default_month()
    return {
        "tab": "accounting",
        "manages": True,
        "section": section,
        "month": f"{month:%Y-%m}",
        **values,
    }
