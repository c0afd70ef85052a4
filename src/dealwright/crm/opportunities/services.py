"""What can be done with deals: open, change, move, win, lose, reopen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events import Event, record_event
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import clean_values
from dealwright.base.records.services import insert_record, require_version, save_changes
from dealwright.crm.accounts.models import Account, Lifecycle
from dealwright.crm.columns import checked_currency
from dealwright.crm.opportunities.events import (
    OpportunityCreated,
    OpportunityLost,
    OpportunityReopened,
    OpportunityStageChanged,
    OpportunityWon,
)
from dealwright.crm.opportunities.models import Opportunity, Pipeline, Stage, StageCategory
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from dealwright.crm.opportunities.stage_rules import check_exit, check_required
from dealwright.crm.opportunities.team import splits_of
from dealwright.crm.products.lines import make_lines
from dealwright.crm.products.models import Product


def create_opportunity(actor: Actor, values: Mapping[str, Any], *, lead: Any = None) -> Opportunity:
    """Open a deal, in the first stage of the default pipeline unless values say otherwise.

    A deal may start in any stage: what a stage requires is asked of deals that move into
    it. A ``product_id`` makes the first line item, at ``amount`` where that is given. Raises
    Invalid.
    """
    cleaned = _checked(values)
    stage = _stage_to_start(cleaned)
    cleaned |= {"stage_id": stage.pk, "pipeline_id": stage.pipeline_id}
    if "probability" in cleaned:
        cleaned["probability_source"] = Opportunity.ProbabilitySource.MANUAL
    with change(actor):
        opportunity: Opportunity = insert_record(actor, object_type("opportunity"), cleaned)
        opportunity.refresh_from_db()
        if opportunity.product is not None:
            _first_line(actor, opportunity, opportunity.product)
        _tell(
            actor,
            opportunity,
            OpportunityCreated(
                opportunity_id=opportunity.pk,
                account_id=opportunity.account_id,
                contact_id=opportunity.contact_id,
                owner_id=opportunity.owner_id,
                stage=stage.name,
                amount=opportunity.amount,
                currency=opportunity.currency,
                lead_id=lead.pk if lead is not None else None,
            ),
        )
        _tell_closed(actor, opportunity)
        return opportunity


def _first_line(actor: Actor, opportunity: Opportunity, product: Product) -> None:
    """The product as a line; without an amount of its own the deal is worth the list price."""
    from dealwright.crm.opportunities.models import OpportunityLineItem

    given: dict[str, Any] = {"product": product.pk}
    if opportunity.amount is not None:
        given["unit_price"] = opportunity.amount
    elif product.list_price is None or product.currency != opportunity.currency:
        return
    (line,) = make_lines(actor, OpportunityLineItem, [given], currency=opportunity.currency)
    line.opportunity = opportunity
    line.save(force_insert=True)
    Opportunity.objects.filter(pk=opportunity.pk).update(
        amount=line.amount, amount_source=Opportunity.AmountSource.LINES
    )
    opportunity.refresh_from_db()


def update_opportunity(
    actor: Actor, opportunity: Opportunity, values: Mapping[str, Any]
) -> Opportunity:
    """Change a deal; another stage or pipeline moves it by the rules of ``move_opportunity``."""
    cleaned = _checked(values)
    if "stage_id" in cleaned:
        cleaned["stage_id"] = _stage(cleaned["stage_id"]).pk
    if "amount" in cleaned and cleaned["amount"] != opportunity.amount:
        cleaned["amount_source"] = Opportunity.AmountSource.MANUAL
    if "probability" in cleaned and cleaned["probability"] != opportunity.probability:
        cleaned["probability_source"] = Opportunity.ProbabilitySource.MANUAL
    if cleaned.get("currency", opportunity.currency) != opportunity.currency:
        _refuse_mixed_currency(opportunity)
    stage = _stage_to_move_to(opportunity, cleaned)
    if stage is not None:
        return _move(actor, opportunity, stage, cleaned)
    cleaned.pop("pipeline_id", None)
    cleaned.pop("stage_id", None)
    saved: Opportunity = save_changes(actor, opportunity, cleaned)
    saved.refresh_from_db(fields=["expected_revenue"])
    return saved


def move_opportunity(
    actor: Actor,
    opportunity_id: Any,
    stage_id: Any,
    values: Mapping[str, Any] | None = None,
    *,
    expected_version: int | None = None,
) -> Opportunity:
    """Move a deal to a stage, with ``values`` for fields by their public keys.

    Raises Invalid (code ``required_for_stage``) naming the fields that the stage needs and
    that are empty, Invalid (code ``exit_criteria``) where the present stage does not let the
    deal go on yet, Conflict where the deal changed meanwhile.
    """
    of = object_type("opportunity")
    with change(actor):
        opportunity: Opportunity = get_changeable(actor, "opportunity", opportunity_id)
        require_version(of, opportunity, expected_version)
        cleaned = clean_values(of, dict(values or {}), creating=False, user=actor.user)
        return update_opportunity(actor, opportunity, {**cleaned, "stage_id": stage_id})


def win_opportunity(
    actor: Actor,
    opportunity_id: Any,
    *,
    close_date: date | None = None,
    amount: Decimal | None = None,
    stage_id: Any = None,
) -> Opportunity:
    """Win a deal; one that is won already stays as it is.

    The product itself (a sealed contract, say) is not held up by exit criteria.
    """
    with change(actor):
        opportunity: Opportunity = get_changeable(actor, "opportunity", opportunity_id)
        if opportunity.status == StageCategory.WON:
            return opportunity
        stage = _stage(stage_id) if stage_id else _stage_of(opportunity, StageCategory.WON)
        if stage.category != StageCategory.WON:
            raise Invalid(f"“{stage.name}” is no stage of won deals.")
        given = {"close_date": close_date, "amount": amount}
        values = _checked(
            clean_values(
                object_type("opportunity"),
                {key: value for key, value in given.items() if value is not None},
                creating=False,
                user=actor.user,
            )
        )
        if "amount" in values and values["amount"] != opportunity.amount:
            values["amount_source"] = Opportunity.AmountSource.MANUAL
        return _move(actor, opportunity, stage, values)


def lose_opportunity(
    actor: Actor,
    opportunity_id: Any,
    *,
    reason: str,
    detail: str = "",
    competitor: str = "",
    close_date: date | None = None,
) -> Opportunity:
    """Lose a deal for a reason; one that is lost already stays as it is. Raises Invalid."""
    if reason not in Opportunity.LostReason.values:
        labels = ", ".join(str(label) for label in Opportunity.LostReason.labels)
        sentence = f"Reason: choose one of {labels}."
        raise Invalid(sentence, fields={"reason": [sentence]})
    with change(actor):
        opportunity: Opportunity = get_changeable(actor, "opportunity", opportunity_id)
        if opportunity.status == StageCategory.LOST:
            return opportunity
        values = {
            "lost_reason": reason,
            "lost_detail": detail.strip(),
            **({"competitor": competitor.strip()[:160]} if competitor.strip() else {}),
            **({"close_date": close_date} if close_date else {}),
        }
        return _move(actor, opportunity, _stage_of(opportunity, StageCategory.LOST), values)


def reopen_opportunity(actor: Actor, opportunity_id: Any, *, stage_id: Any = None) -> Opportunity:
    """Take a closed deal up again, in the open stage it was in last. Raises Conflict for an
    open one."""
    with change(actor):
        opportunity: Opportunity = get_changeable(actor, "opportunity", opportunity_id)
        if opportunity.status == StageCategory.OPEN:
            raise Conflict("This opportunity is open.")
        if stage_id:
            stage = _stage(stage_id)
        else:
            last = (
                opportunity.stage_history.filter(
                    to_stage__category=StageCategory.OPEN, to_stage__archived_at__isnull=True
                )
                .order_by("-at", "-id")
                .first()
            )
            stage = last.to_stage if last else _stage_of(opportunity, StageCategory.OPEN)
        if stage.category != StageCategory.OPEN:
            raise Invalid(f"“{stage.name}” is not an open stage.")
        return _move(actor, opportunity, stage, {})


def _move(
    actor: Actor, opportunity: Opportunity, stage: Stage, values: dict[str, Any]
) -> Opportunity:
    """Put a locked deal into another stage by the rules, and tell."""
    former, was = opportunity.stage, opportunity.status
    check_required(opportunity, stage, values)
    if not actor.is_system:
        check_exit(opportunity, stage, values)
    now = timezone.now()
    values = {
        **values,
        "stage_id": stage.pk,
        "pipeline_id": stage.pipeline_id,
        "stage_entered_at": now,
    }
    if values.get("probability_source") != Opportunity.ProbabilitySource.MANUAL:
        values["probability_source"] = Opportunity.ProbabilitySource.STAGE
    if stage.category == StageCategory.OPEN:
        values |= {"closed_at": None, "lost_reason": "", "lost_detail": ""}
    elif was == StageCategory.OPEN:
        values.setdefault("close_date", timezone.localdate())
        values["closed_at"] = now
    saved: Opportunity = save_changes(actor, opportunity, values)
    saved.refresh_from_db()
    _tell(
        actor,
        saved,
        OpportunityStageChanged(
            opportunity_id=saved.pk,
            from_stage_id=former.pk,
            to_stage_id=stage.pk,
            from_stage=former.name,
            to_stage=stage.name,
            status=saved.status,
            amount=saved.amount,
            currency=saved.currency,
            at=now,
        ),
    )
    if was != saved.status:
        if was != StageCategory.OPEN:
            reopened = OpportunityReopened(
                opportunity_id=saved.pk, was=was, amount=saved.amount, currency=saved.currency
            )
            _tell(actor, saved, reopened)
        _tell_closed(actor, saved)
    return saved


def _tell_closed(actor: Actor, opportunity: Opportunity) -> None:
    """Tell that a deal is won or lost; a customer is who has bought."""
    if opportunity.status == StageCategory.LOST:
        lost = OpportunityLost(
            opportunity_id=opportunity.pk,
            account_id=opportunity.account_id,
            owner_id=opportunity.owner_id,
            amount=opportunity.amount,
            currency=opportunity.currency,
            reason=opportunity.lost_reason,
            competitor=opportunity.competitor,
            closed_at=opportunity.closed_at or timezone.now(),
        )
        _tell(actor, opportunity, lost)
    if opportunity.status == StageCategory.WON:
        closed_at = opportunity.closed_at or timezone.now()
        users, percents = splits_of(opportunity)
        won = OpportunityWon(
            opportunity_id=opportunity.pk,
            account_id=opportunity.account_id,
            contact_id=opportunity.contact_id,
            product_id=opportunity.product_id,
            owner_id=opportunity.owner_id,
            name=opportunity.name,
            kind=opportunity.kind,
            amount=opportunity.amount or Decimal("0.00"),
            currency=opportunity.currency,
            closed_at=closed_at,
            close_date=opportunity.close_date or closed_at.date(),
            split_user_ids=users,
            split_percents=percents,
        )
        _tell(actor, opportunity, won)
        _make_customer(actor, opportunity)


def _make_customer(actor: Actor, opportunity: Opportunity) -> None:
    account = opportunity.account
    if account is not None:
        values: dict[str, Any] = {"lifecycle_stage": Lifecycle.CUSTOMER}
        if account.kind == Account.Kind.PROSPECT:
            values["kind"] = Account.Kind.CUSTOMER
        save_changes(actor, account, values)
    if opportunity.contact is not None:
        save_changes(actor, opportunity.contact, {"lifecycle_stage": Lifecycle.CUSTOMER})


def _tell(actor: Actor, opportunity: Opportunity, event: Event) -> None:
    record_event(actor, event, object="opportunity", record_id=opportunity.pk)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = dict(values)
    if cleaned.get("currency"):
        cleaned["currency"] = checked_currency(cleaned["currency"])
    wrong = {}
    for key, label in (("amount", "Amount"), ("mrr", "MRR"), ("arr", "ARR"), ("tcv", "TCV")):
        if cleaned.get(key) is not None and cleaned[key] < 0:
            wrong[key] = [f"{label} may not be negative."]
    probability = cleaned.get("probability")
    if probability is not None and not 0 <= probability <= 1:
        wrong["probability"] = ["Probability must be between 0 and 100 %."]
    if wrong:
        raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
    return cleaned


def _refuse_mixed_currency(opportunity: Opportunity) -> None:
    if opportunity.line_items.exists():
        sentence = f"Currency: the line items are in {opportunity.currency}. Remove them first."
        raise Invalid(sentence, fields={"currency": [sentence]})


def _stage(stage_id: Any) -> Stage:
    try:
        key = (
            stage_id if isinstance(stage_id, UUID) else UUID(str(getattr(stage_id, "pk", stage_id)))
        )
    except ValueError:
        key = None
    stage = Stage.objects.filter(pk=key, archived_at__isnull=True).first() if key else None
    if stage is None:
        sentence = "Stage: there is no such stage."
        raise Invalid(sentence, fields={"stage": [sentence]})
    return stage


def _stage_to_start(values: Mapping[str, Any]) -> Stage:
    stage = _stage(values["stage_id"]) if values.get("stage_id") else None
    pipeline_id = values.get("pipeline_id") or (
        stage.pipeline_id if stage else ensure_default_pipeline().pk
    )
    if stage is not None and str(stage.pipeline_id) == str(pipeline_id):
        return stage
    return _counterpart(stage, pipeline_id)


def _stage_to_move_to(opportunity: Opportunity, values: Mapping[str, Any]) -> Stage | None:
    """The stage that the values name, by itself or by another pipeline; None for no move."""
    stage = _stage(values["stage_id"]) if values.get("stage_id") else None
    pipeline_id = values.get("pipeline_id")
    elsewhere = pipeline_id and str(pipeline_id) != str(opportunity.pipeline_id)
    if elsewhere and (stage is None or str(stage.pipeline_id) != str(pipeline_id)):
        stage = _counterpart(opportunity.stage, pipeline_id)
    return None if stage is None or stage.pk == opportunity.stage_id else stage


def _counterpart(stage: Stage | None, pipeline_id: Any) -> Stage:
    """The stage of the same name in a pipeline, else its first open one."""
    pipeline = Pipeline.objects.filter(pk=pipeline_id, archived_at__isnull=True).first()
    if pipeline is None:
        sentence = "Pipeline: there is no such pipeline."
        raise Invalid(sentence, fields={"pipeline": [sentence]})
    stages = list(pipeline.stages.filter(archived_at__isnull=True).order_by("position"))
    same = [each for each in stages if stage is not None and each.name == stage.name]
    first = [each for each in stages if each.category == StageCategory.OPEN]
    if not (same or first):
        sentence = f"Pipeline: “{pipeline.name}” has no open stage."
        raise Invalid(sentence, fields={"pipeline": [sentence]})
    return (same or first)[0]


def _stage_of(opportunity: Opportunity, category: StageCategory) -> Stage:
    stage = (
        Stage.objects.filter(
            pipeline=opportunity.pipeline_id, category=category, archived_at__isnull=True
        )
        .order_by("position")
        .first()
    )
    if stage is None:
        raise Invalid(f"The pipeline has no {category.label.lower()} stage.")
    return stage
