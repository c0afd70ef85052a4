"""The approver's inbox, deciding, and the rules."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import change
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.filters import describe_filter, filterable_fields
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile, User
from dealwright.base.web.filter_forms import show_filter, typed_filter
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.base.whole_numbers import whole_number
from dealwright.contracts.approvals.models import ApprovalRule
from dealwright.contracts.approvals.services import approvals_waiting_for, decide_approval


@page(methods=["GET", "HEAD"])
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for my decision."""
    steps = approvals_waiting_for(actor_of(request).require_user())[:100]
    return render(request, "contracts/approvals/inbox.html", {"steps": steps})


@page(methods=["POST"])
def decide(request: HttpRequest, step_id: UUID) -> HttpResponse:
    """Approve or reject."""
    approve = request.POST.get("decision") == "approve"
    contract = decide_approval(
        actor_of(request),
        step_id,
        approve=approve,
        comment=request.POST.get("comment", ""),
        content_hash=request.POST.get("content_hash", ""),
    )
    message = _("Approved.") if approve else _("Rejected; its owner was told why.")
    return done(request, f"/contracts/{contract.pk}", message)


@page(profiles=[Profile.ADMINISTRATOR, Profile.LEGAL])
def rules(request: HttpRequest) -> HttpResponse:
    """The rules, in the order of their stages."""
    of = object_type("contract")
    rows = [
        {
            "rule": rule,
            "when": describe_filter(of, rule.filter) if rule.filter else _("Always"),
        }
        for rule in ApprovalRule.objects.select_related("user")
    ]
    return render(request, "contracts/approvals/rules.html", {"rows": rows})


@page(profiles=[Profile.ADMINISTRATOR, Profile.LEGAL])
def edit_rule(request: HttpRequest, rule_id: UUID | None = None) -> HttpResponse:
    """Make or change a rule."""
    rule = _rule(rule_id)
    form = Form(request, _initial(rule))
    if request.method == "POST":
        with form:
            if "delete" in request.POST:
                with change(actor_of(request)):
                    rule.delete()
                return done(request, "/settings/approvals", _("Deleted."))
            _save(request, rule, form)
            return done(request, "/settings/approvals", _("Saved."))
    users = User.objects.filter(is_active=True, is_placeholder=False).values_list("pk", "name")
    approvers = [
        ("manager", _("The owner's manager")),
        *((f"profile:{value}", label) for value, label in Profile.choices),
        *((f"user:{key}", name) for key, name in users),
    ]
    of = object_type("contract")
    context = {
        "rule": rule,
        "approvers": approvers,
        "is_new": rule_id is None,
        "of": of,
        "filter": show_filter(actor_of(request), of, form["filter"], counted=True),
        "filter_fields": filterable_fields(of, actor_of(request).user),
    }
    return form.page("contracts/approvals/rule.html", context)


def _rule(rule_id: UUID | None) -> ApprovalRule:
    if rule_id is None:
        return ApprovalRule()
    rule = ApprovalRule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise NotFound("This rule does not exist.")
    return rule


def _initial(rule: ApprovalRule) -> dict[str, Any]:
    approver = f"profile:{rule.profile}" if rule.profile else ""
    if rule.user_id:
        approver = f"user:{rule.user_id}"
    elif rule.owners_manager:
        approver = "manager"
    return {
        "name": rule.name,
        "filter": orjson.dumps(rule.filter or {}).decode(),
        "approver": approver,
        "stage": str(rule.stage),
        "is_active": rule.is_active,
    }


def _save(request: HttpRequest, rule: ApprovalRule, form: Form) -> None:
    wrong: dict[str, list[str]] = {}
    name = form["name"].strip()
    if not name:
        wrong["name"] = [_("Name the rule; approvers read it as the reason.")]
    elif ApprovalRule.objects.filter(name=name).exclude(pk=rule.pk).exists():
        wrong["name"] = [_("Another rule has this name.")]
    stage = whole_number(form["stage"].strip() or 1, least=1, most=20)
    if stage is None:
        wrong["stage"] = [_("A stage is a number from 1 to 20.")]
    try:
        tree = typed_filter(object_type("contract"), form["filter"])
    except Invalid as error:
        wrong |= error.fields
    kind, _sep, value = form["approver"].partition(":")
    known = (
        kind == "manager"
        or (kind == "profile" and value in Profile.values)
        or (kind == "user" and _is_active_user(value))
    )
    if not known:
        wrong["approver"] = [_("Choose who approves.")]
    if wrong:
        raise Invalid(_("The rule is not right yet."), fields=wrong)
    rule.name = name[:120]
    rule.filter = tree
    rule.stage = stage or 1
    rule.is_active = form.checked("is_active")
    rule.profile = value if kind == "profile" else ""
    rule.user_id = _uuid(value) if kind == "user" else None
    rule.owners_manager = kind == "manager"
    with change(actor_of(request)):
        rule.save()


def _is_active_user(text: str) -> bool:
    key = _uuid(text)
    return key is not None and User.objects.filter(pk=key, is_active=True).exists()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
