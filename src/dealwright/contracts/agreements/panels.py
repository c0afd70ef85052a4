"""What the page of a contract shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.visibility import changeable_by, visible_to
from dealwright.base.objects.registry import Action, Panel
from dealwright.contracts.agreements.document import sections_of
from dealwright.contracts.agreements.models import Contract
from dealwright.contracts.agreements.services import EDITABLE, drift, missing_values
from dealwright.contracts.agreements.sources import source_label
from dealwright.contracts.approvals.models import ApprovalStep
from dealwright.contracts.approvals.services import may_decide, open_steps
from dealwright.contracts.library.clauses import variables_of
from dealwright.contracts.obligations.models import Obligation


def _contract(record_id: Any) -> Contract | None:
    found: Contract | None = (
        Contract.objects.select_related("account", "opportunity", "quote", "contact", "owner")
        .filter(pk=record_id)
        .first()
    )
    return found


def _may_write(user: Any, record_id: Any) -> bool:
    return Contract.objects.filter(changeable_by(user, "contract"), pk=record_id).exists()


def text_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The numbered text."""
    contract = _contract(record_id)
    if contract is None or not contract.body:
        return None
    return {"contract": contract, "sections": sections_of(contract)}


def values_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The variables: a form while the text may change."""
    contract = _contract(record_id)
    if contract is None or not contract.body:
        return None
    return {
        "contract": contract,
        "rows": [
            {
                "variable": variable,
                "filled": contract.variables.get(variable.key, {}),
                "source": source_label(contract.variables.get(variable.key, {}).get("source", "")),
                "options": [(choice, choice) for choice in variable.choices],
            }
            for variable in variables_of(contract.body)
        ],
        "drifted": drift(contract) if contract.status in EDITABLE else [],
        "missing": missing_values(contract),
        "may_write": contract.status in EDITABLE and _may_write(user, record_id),
        "form": None,
    }


def approvals_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Who was asked and what they said; the buttons for who is asked now."""
    contract = _contract(record_id)
    if contract is None:
        return None
    steps = list(
        ApprovalStep.objects.filter(contract=contract)
        .select_related("user", "decided_by", "contract")
        .order_by("-asked_at", "stage")[:40]
    )
    if not steps:
        return None
    now_open = {step.pk for step in open_steps(contract)}
    return {
        "contract": contract,
        "steps": [
            {"step": step, "mine": step.pk in now_open and may_decide(user, step)} for step in steps
        ],
    }


def obligations_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The contract's duties in the order they are due."""
    rows = list(
        Obligation.objects.filter(visible_to(user, "obligation"), contract_id=record_id).order_by(
            "due_on"
        )[:50]
    )
    return {"rows": rows, "may_write": _may_write(user, record_id)} if rows else None


PANELS = (
    Panel(
        key="text",
        label="Text",
        template="contracts/agreements/text_panel.html",
        query=text_context,
        place="main",
        position=10,
    ),
    Panel(
        key="values",
        label="Values",
        template="contracts/agreements/values_panel.html",
        query=values_context,
        place="main",
        position=20,
    ),
    Panel(
        key="approvals",
        label="Approvals",
        template="contracts/approvals/panel.html",
        query=approvals_context,
        position=10,
    ),
    Panel(
        key="obligations",
        label="Obligations",
        template="contracts/obligations/panel.html",
        query=obligations_context,
        position=30,
    ),
)


def _status(*wanted: str) -> Any:
    return lambda user, row: row.get("status") in wanted


def _at(tail: str) -> Any:
    return lambda record_id: f"/contracts/{record_id}/{tail}"


ACTIONS = (
    Action(
        key="submit",
        label="Submit for approval",
        url=_at("submit"),
        available=_status("draft"),
        primary=True,
        for_writers=True,
    ),
    Action(
        key="send",
        label="Send for signature",
        url=_at("send"),
        available=_status("approved"),
        primary=True,
        for_writers=True,
    ),
    Action(
        key="recall",
        label="Take back",
        url=_at("recall"),
        available=_status("signing"),
        for_writers=True,
    ),
    Action(
        key="terminate",
        label="Terminate",
        url=_at("terminate"),
        available=_status("executed"),
        for_writers=True,
    ),
    Action(key="pdf", label="Open as PDF", url=_at("document.pdf")),
    Action(
        key="clauses",
        label="Edit clauses",
        url=_at("clauses"),
        available=_status("draft", "in_approval", "approved"),
        for_writers=True,
    ),
    Action(
        key="cancel",
        label="Cancel contract",
        url=_at("cancel"),
        available=_status("draft", "in_approval", "approved", "signing"),
        for_writers=True,
    ),
)
