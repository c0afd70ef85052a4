"""The pages of a lead beyond its record, and of the rules that give leads out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible, visible_records
from dealwright.base.errors import Invalid
from dealwright.base.objects.filters import filterable_fields
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile, User
from dealwright.base.web.filter_forms import show_filter
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.crm.leads.models import AssignmentRule, Lead
from dealwright.crm.leads.rules import (
    delete_rule,
    get_rule,
    move_rule,
    rules_overview,
    save_rule,
)
from dealwright.crm.leads.services import (
    assign_lead,
    convert_lead,
    disqualify_lead,
    reopen_lead,
    respond_to_lead,
)
from dealwright.crm.opportunities.models import StageCategory
from dealwright.crm.typed import typed_date, typed_decimal, typed_rows

_MAKERS = [Profile.ADMINISTRATOR, Profile.MANAGER]


def _url(lead_id: Any) -> str:
    return f"/leads/{lead_id}"


@page
def convert(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Turn a lead into a new deal, or link one of the account's open deals."""
    actor = actor_of(request)
    lead: Lead = get_visible(actor, "lead", record_id)
    subject = lead.account.name if lead.account else lead.contact.name
    form = Form(request, {"name": str(subject)})
    if request.method == "POST":
        with form:
            deal = convert_lead(
                actor,
                record_id,
                opportunity_id=form["opportunity"] or None,
                name=form["name"],
                amount=typed_decimal("amount", _("Amount"), form["amount"]),
                close_date=typed_date("close_date", _("Close date"), form["close_date"]),
                product_id=_chosen("product", form["product"]),
            )
            return done(request, f"/opportunities/{deal.pk}", _("Converted."))
    context = {"lead": lead, "back": _url(record_id), "deals": _open_deals(actor, lead)}
    return form.page("crm/leads/convert.html", context)


def _open_deals(actor: Actor, lead: Lead) -> list[tuple[str, str]]:
    """Running deals of the lead's account or person, to link instead of making another."""
    rows = visible_records(actor, "opportunity").filter(status=StageCategory.OPEN)
    rows = (
        rows.filter(account=lead.account_id)
        if lead.account_id
        else rows.filter(contact=lead.contact_id)
    )
    return [(str(key), name) for key, name in rows.values_list("pk", "name")[:20]]


def _chosen(key: str, text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        sentence = _("Choose one of the list.")
        raise Invalid(sentence, fields={key: [sentence]}) from None


@page
def disqualify(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Close a lead with a reason."""
    actor = actor_of(request)
    lead: Lead = get_visible(actor, "lead", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            disqualify_lead(actor, record_id, reason=form["reason"], detail=form["detail"])
            return done(request, _url(record_id), _("Disqualified."))
    context = {
        "lead": lead, "back": _url(record_id), "reasons": Lead.DisqualifiedReason.choices,
    }  # fmt: skip
    return form.page("crm/leads/disqualify.html", context)


@page
def assign(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Give a lead to somebody, or let the rules choose."""
    actor = actor_of(request)
    lead: Lead = get_visible(actor, "lead", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            by_rule = "by_rule" in request.POST
            owner_id = None if by_rule else _chosen("owner", form["owner"])
            if not by_rule and owner_id is None:
                sentence = _("Choose a colleague, or let the rules choose.")
                raise Invalid(sentence, fields={"owner": [sentence]})
            assigned = assign_lead(actor, record_id, owner_id=owner_id)
            return done(request, _after_assigning(actor, assigned), assigned.assignment_reason)
    return form.page("crm/leads/assign.html", {"lead": lead, "back": _url(record_id)})


def _after_assigning(actor: Actor, lead: Lead) -> str:
    """Who gave a lead away may not see it any more."""
    still = visible_records(actor, "lead").filter(pk=lead.pk).exists()
    return _url(lead.pk) if still else "/leads"


@page
def reopen(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Take a disqualified lead up again."""
    actor = actor_of(request)
    lead: Lead = get_visible(actor, "lead", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            reopen_lead(actor, record_id)
            return done(request, _url(record_id), _("Reopened."))
    return form.page("crm/leads/reopen.html", {"lead": lead, "back": _url(record_id)})


@page(methods=["POST"])
def respond(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Note that the person was answered outside of the product."""
    respond_to_lead(actor_of(request), record_id)
    return done(request, _url(record_id), _("Noted."))


@page(profiles=_MAKERS, methods=["GET", "HEAD"])
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in their order, with who takes turns."""
    form = Form(request)
    return form.page("crm/leads/rules.html", {"rules": rules_overview()})


@page(profiles=_MAKERS)
def edit_rule(request: HttpRequest, rule_id: UUID | None = None) -> HttpResponse:
    """A rule with its filter and members."""
    actor = actor_of(request)
    of = object_type("lead")
    rule = get_rule(rule_id) if rule_id else AssignmentRule()
    form = Form(request, _rule_values(rule))
    if request.method == "POST":
        with form:
            save_rule(
                actor,
                rule_id=rule_id,
                values={
                    "name": form["name"],
                    "strategy": form["strategy"],
                    "prefer_known_owner": form.checked("prefer_known_owner"),
                    "is_active": form.checked("is_active"),
                    "response_minutes": typed_decimal(
                        "response_minutes", _("Minutes"), form["response_minutes"]
                    ),
                    "filter": form["filter"],
                },
                members=typed_rows(request.POST, "members"),
            )
            return done(request, "/settings/assignment", _("Rule saved."))
    context: Mapping[str, Any] = {
        "rule": rule,
        "members": _rule_members(request, rule),
        "of": of,
        "filter": show_filter(actor, of, form["filter"], counted=True),
        "filter_fields": filterable_fields(of, actor.user),
        "strategies": AssignmentRule.Strategy.choices,
        "is_new": rule_id is None,
    }
    return form.page("crm/leads/rule.html", context)


def _rule_values(rule: AssignmentRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "strategy": rule.strategy,
        "prefer_known_owner": rule.prefer_known_owner,
        "is_active": rule.is_active,
        "response_minutes": str(rule.response_minutes),
        "filter": json.dumps(rule.filter) if rule.filter else "",
    }


def _rule_members(request: HttpRequest, rule: AssignmentRule) -> list[dict[str, str]]:
    if request.method == "POST":
        rows = typed_rows(request.POST, "members")
        keys = [key for key in (_try_uuid(row.get("user", "")) for row in rows) if key]
        names = {
            str(pk): name for pk, name in User.objects.filter(pk__in=keys).values_list("pk", "name")
        }
        return [
            {
                "user": row.get("user", ""),
                "name": names.get(row.get("user", ""), ""),
                "capacity": row.get("capacity", ""),
            }
            for row in rows
        ]
    if rule._state.adding:
        return []
    return [
        {"user": str(each.user_id), "name": each.user.name, "capacity": str(each.capacity or "")}
        for each in rule.members.select_related("user").order_by("user__name")
    ]


def _try_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@page(profiles=_MAKERS, methods=["POST"])
def shift_rule(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Put a rule before or after its neighbour."""
    move_rule(actor_of(request), rule_id, -1 if request.POST.get("step") == "up" else 1)
    return done(request, "/settings/assignment")


@page(profiles=_MAKERS, methods=["POST"])
def remove_rule(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Delete a rule; leads keep their owners."""
    delete_rule(actor_of(request), rule_id)
    return done(request, "/settings/assignment", _("Rule deleted."))
