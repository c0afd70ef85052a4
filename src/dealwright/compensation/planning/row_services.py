"""The rows of a scenario: amounts by hand and from below, weights, days, who stands where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.people.models import Team, User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.planning.access import branch_of
from dealwright.compensation.planning.figures import (
    credited_by_person,
    people_behind,
    pipeline_by_person,
)
from dealwright.compensation.planning.models import Method, PlanningRow, PlanningScenario
from dealwright.compensation.planning.services import (
    MOST_ROWS,
    is_amount,
    note,
    opened,
    reckon,
    reckon_below,
    refuse,
)
from dealwright.compensation.planning.sheet import Sheet, load_sheet

Holder = User | Team | str  # a person, a team, or whoever has the position of this name


def lock_quota(
    actor: Actor, scenario_id: Any, row_id: Any, amount: Decimal | None, *, reason: str = ""
) -> PlanningRow:
    """Fix a row's quota by hand, whatever is shared out; None lets it be shared out again."""
    require_pay_manager(actor)
    _check_amount(amount, "locked")
    with change(actor):
        scenario = opened(actor, scenario_id)
        row = row_of(scenario, row_id)
        if row.parent_id is None:
            said = _("The whole is the number of the scenario; change it in its settings.")
            raise Invalid(said, fields={"locked": [said]})
        if row.locked != amount:
            _put(actor, scenario, row, "locked", amount, reason)
            reckon_below(scenario, row_of(scenario, row.parent_id))
            row.refresh_from_db(fields=["amount", "carried", "unplaced"])
        return row


def propose_quota(
    actor: Actor, scenario_id: Any, row_id: Any, amount: Decimal | None, *, reason: str = ""
) -> PlanningRow:
    """Say from below what a row can reach; None takes that back. Managers do it for those in
    their branch. Raises NotAllowed for one's own row, NotFound for what one does not see."""
    _check_amount(amount, "proposed")
    with change(actor):
        scenario = opened(actor, scenario_id)
        row = _in_branch(actor, scenario, row_id)
        if row.parent_id is None:
            said = _("The whole has no proposal of its own: it sums those below.")
            raise Invalid(said, fields={"proposed": [said]})
        if row.proposed != amount:
            _put(actor, scenario, row, "proposed", amount, reason)
        return row


def comment(actor: Actor, scenario_id: Any, row_id: Any, text: str) -> PlanningRow:
    """Say something about a row; managers about those in their branch."""
    if not text.strip():
        said = _("Say something.")
        raise Invalid(said, fields={"reason": [said]})
    with change(actor):
        scenario = opened(actor, scenario_id)
        row = _in_branch(actor, scenario, row_id)
        note(actor, scenario, "comment", row, reason=text)
        return row


def take_proposals(actor: Actor, scenario_id: Any, row_id: Any, *, reason: str = "") -> int:
    """Fix what was proposed for a row and all below it as their quotas; returns how many."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        sheet = load_sheet(scenario)
        row = _found(sheet, row_id)
        taken = [each for each in [row, *sheet.descendants(row)] if each.proposed is not None]
        for each in taken:
            note(
                actor, scenario, "taken", each, before=each.amount, after=each.proposed,
                reason=reason,
            )  # fmt: skip
            each.locked, each.proposed = each.proposed, None
        PlanningRow.objects.bulk_update(taken, ["locked", "proposed"], batch_size=500)
        reckon(scenario)
        return len(taken)


def set_weight(
    actor: Actor, scenario_id: Any, row_id: Any, weight: Decimal | None, *, reason: str = ""
) -> PlanningRow:
    """Give a row a weight, or the figure that stands in for a history it cannot have."""
    require_pay_manager(actor)
    _check_amount(weight, "weight")
    with change(actor):
        scenario = opened(actor, scenario_id)
        row = row_of(scenario, row_id)
        if row.weight != weight:
            _put(actor, scenario, row, "weight", weight, reason)
            reckon(scenario)
        return row


_CHANGED = (
    "name", "method", "over", "starts_on", "ends_on", "ramp_from", "expected_attainment",
    "sets_quota",
)  # fmt: skip
_DAYS = {"starts_on", "ends_on", "ramp_from"}  # they change the weight, and so the rows over it


def change_row(
    actor: Actor, scenario_id: Any, row_id: Any, values: Mapping[str, Any], *, reason: str = ""
) -> PlanningRow:
    """Change how a row shares out below (``method``, ``over``), its days (``starts_on``,
    ``ends_on``, ``ramp_from``), what is expected of it, whether it gets a quota when the scenario
    is adopted, and the ``name`` of a group or planned hire. Raises Invalid by field."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        row = row_of(scenario, row_id)
        said, changed = [], set()
        for name in _CHANGED:
            if name in values and values[name] != getattr(row, name):
                if name == "name" and row.has_holder:
                    continue
                was = getattr(row, name)
                said.append((f"{name}: {'' if was is None else was}", values[name]))
                setattr(row, name, values[name])
                changed.add(name)
        _check_row(row)
        row.save()
        for before, after in said:
            note(actor, scenario, "row", row, before=before, after=after, reason=reason)
        if changed & _DAYS:
            reckon(scenario)
        elif changed & {"method", "over"}:
            reckon_below(scenario, row)
        return row


def add_row(
    actor: Actor,
    scenario_id: Any,
    parent_id: Any,
    *,
    holder: Holder | None = None,
    name: str = "",
    is_hire: bool = False,
    starts_on: date | None = None,
    weight: Decimal | None = None,
) -> PlanningRow:
    """A person, a team, a position, a group (a name alone) or a planned hire below a row; a hire
    ramps up from the first day. Raises Invalid, or Conflict where the holder has a row."""
    require_pay_manager(actor)
    _check_amount(weight, "weight")
    with change(actor):
        scenario = opened(actor, scenario_id)
        parent = row_of(scenario, parent_id)
        if scenario.rows.count() >= MOST_ROWS:
            raise Conflict(_("A scenario has at most %(most)s rows.") % {"most": MOST_ROWS})
        row = PlanningRow(
            scenario=scenario, parent=parent, place=_last_place(scenario), is_hire=is_hire,
            starts_on=starts_on, ramp_from=starts_on if is_hire else None, weight=weight,
            name=name.strip(), sets_quota=holder is not None,
        )  # fmt: skip
        if isinstance(holder, User):
            row.user, row.name = holder, holder.name
        elif isinstance(holder, Team):
            row.team, row.name = holder, holder.name
        elif isinstance(holder, str):
            row.position = row.name = holder.strip()[:120]
        _check_row(row)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise Conflict(
                _("%(name)s has a row in this scenario already.") % {"name": row.name}
            ) from None
        _read_figures_of(scenario, row)
        note(actor, scenario, "added", row, after=parent.name)
        reckon(scenario)
        return row


def move_row(
    actor: Actor, scenario_id: Any, row_id: Any, parent_id: Any, *, reason: str = ""
) -> PlanningRow:
    """Put a row with all below it under another one. Raises Invalid for itself or what is
    below it."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        sheet = load_sheet(scenario)
        row, parent = _found(sheet, row_id), _found(sheet, parent_id)
        under = {row.pk, *(each.pk for each in sheet.descendants(row))}
        if row.parent_id is None or parent.pk in under:
            said = _("A row stands neither below itself nor below what is under it.")
            raise Invalid(said, fields={"parent": [said]})
        if row.parent_id != parent.pk:
            before = sheet.by_id[row.parent_id].name
            row.parent = parent
            row.save(update_fields=["parent"])
            note(actor, scenario, "moved", row, before=before, after=parent.name, reason=reason)
            reckon(scenario)
        return row


def remove_row(actor: Actor, scenario_id: Any, row_id: Any, *, reason: str = "") -> None:
    """Take a row and all below it out of the scenario. Raises Invalid for the whole."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        row = row_of(scenario, row_id)
        if row.parent_id is None:
            raise Invalid(_("The whole stays; drop the scenario instead."))
        note(actor, scenario, "removed", row, before=row.amount, reason=reason)
        row.delete()
        reckon(scenario)


def row_of(scenario: PlanningScenario, row_id: Any) -> PlanningRow:
    row: PlanningRow | None = (
        scenario.rows.select_related("user", "team").filter(pk=as_uuid(row_id)).first()
    )
    if row is None:
        raise NotFound(_("This row does not exist, or you may not see it."))
    return row


def _found(sheet: Sheet, row_id: Any) -> PlanningRow:
    row = sheet.by_id.get(as_uuid(row_id) or UUID(int=0))
    if row is None:
        raise NotFound(_("This row does not exist, or you may not see it."))
    return row


def _in_branch(actor: Actor, scenario: PlanningScenario, row_id: Any) -> PlanningRow:
    sheet = load_sheet(scenario)
    row = _found(sheet, row_id)
    branch = branch_of(actor, sheet.rows)
    if branch is None or row.pk in branch:
        return row
    if actor.user is not None and row.user_id == actor.user.pk:
        raise NotAllowed(_("Nobody plans their own quota."))
    raise NotFound(_("This row does not exist, or you may not see it."))


def _put(
    actor: Actor,
    scenario: PlanningScenario,
    row: PlanningRow,
    field: str,
    value: Decimal | None,
    reason: str,
) -> None:
    note(actor, scenario, field, row, before=getattr(row, field), after=value, reason=reason)
    setattr(row, field, value)
    row.save(update_fields=[field])


def _check_amount(amount: Decimal | None, field: str) -> None:
    if amount is not None and not is_amount(amount):
        said = _("Give an amount of zero or more, with at most two decimals.")
        raise Invalid(said, fields={field: [said]})


def _check_row(row: PlanningRow) -> None:
    wrong: dict[str, list[str]] = {}
    if not row.name or len(row.name) > 160:
        wrong["name"] = [_("Choose whom or what it is for, or give it a name.")]
    if row.method and row.method not in Method.values:
        wrong["method"] = [_("Choose one of the list.")]
    for name in ("over", "expected_attainment"):
        value = getattr(row, name)
        if value is not None and not (value.is_finite() and 0 <= value <= 10):
            wrong[name] = [_("Give a percentage of zero or more.")]
        elif value is not None:
            setattr(row, name, round(value, 6))
    if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
        wrong["ends_on"] = [_("The end comes before the start.")]
    refuse(wrong)


def _last_place(scenario: PlanningScenario) -> int:
    last = scenario.rows.order_by("-place").values_list("place", flat=True).first()
    return (last or 0) + 1


def _read_figures_of(scenario: PlanningScenario, row: PlanningRow) -> None:
    people = people_behind([row], {row.pk})[row.pk]
    if not people:
        return
    history = credited_by_person(scenario)
    pipeline = pipeline_by_person(scenario, timezone.localdate())
    row.history = sum((history.get(each, Decimal(0)) for each in people), Decimal(0))
    row.pipeline = sum((pipeline.get(each, Decimal(0)) for each in people), Decimal(0))
    row.save(update_fields=["history", "pipeline"])
