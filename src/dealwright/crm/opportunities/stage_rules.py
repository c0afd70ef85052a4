"""What a stage asks before a deal may enter it or go on from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import attribute_of
from dealwright.crm.opportunities.criteria import criteria_hold, explain_criteria
from dealwright.crm.opportunities.models import Opportunity, Stage, StageCategory


def check_required(opportunity: Opportunity, stage: Stage, values: Mapping[str, Any]) -> None:
    """Raises Invalid (code ``required_for_stage``) naming what the stage needs and is empty."""
    missing = missing_fields(opportunity, stage, values)
    if missing:
        labels = list(missing.values())
        listed = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
        raise Invalid(
            f"“{stage.name}” needs these fields: {listed}.",
            code="required_for_stage",
            fields={
                key: [f"{label} is needed for “{stage.name}”."] for key, label in missing.items()
            },
        )


def missing_fields(
    opportunity: Opportunity, stage: Stage, values: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Key and label of each field that the stage requires and that would be empty.

    A requirement whose field no longer exists is passed over.
    """
    of = object_type("opportunity")
    fields = {field.key: field for field in of.all_fields()}
    merged = {**(values or {})}
    custom = {**opportunity.custom, **merged.get("custom", {})}
    missing = {}
    for key in stage.required_fields:
        field = fields.get(key)
        if field is None:
            continue
        if field.custom:
            value = custom.get(key)
        else:
            attribute = attribute_of(of, field)
            value = merged[attribute] if attribute in merged else getattr(opportunity, attribute)
        if value in (None, "", []):
            missing[key] = field.label
    return missing


def check_exit(opportunity: Opportunity, to: Stage, values: Mapping[str, Any]) -> None:
    """Raises Invalid (code ``exit_criteria``) where the present stage's criteria do not hold.

    They bind a deal that goes on to a later open stage or is won; going back and losing are
    always possible.
    """
    present = opportunity.stage
    onward = to.category == StageCategory.WON or (
        to.category == StageCategory.OPEN
        and to.pipeline_id == present.pipeline_id
        and to.position > present.position
    )
    if not present.exit_criteria or not onward or present.category != StageCategory.OPEN:
        return
    if not criteria_hold(present.exit_criteria, opportunity, values):
        sentence = f"To leave “{present.name}”: {explain_criteria(present.exit_criteria)}."
        raise Invalid(sentence, code="exit_criteria", fields={"stage": [sentence]})
