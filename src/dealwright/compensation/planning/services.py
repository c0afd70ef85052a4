"""Scenarios: made, changed, shared with managers, dropped; and what each change leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.messaging import notify
from dealwright.base.money import check_currency
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.planning.access import get_scenario
from dealwright.compensation.planning.building import build_rows, copy_rows
from dealwright.compensation.planning.figures import (
    credited_by_month,
    credited_by_person,
    people_behind,
    pipeline_by_person,
)
from dealwright.compensation.planning.models import (
    Method,
    PlannedTerritory,
    PlanningChange,
    PlanningRow,
    PlanningScenario,
)
from dealwright.compensation.planning.sheet import Branch, Sheet, load_branch, load_sheet

MOST = Decimal(10) ** 13
MOST_ROWS = 5000
MOST_MONTHS = 36
LONGEST = 2000
Build = Literal["reporting", "teams", "positions", "empty"]


@dataclass(frozen=True, slots=True)
class ScenarioValues:
    """What a scenario says of itself; amounts in its currency, percentages as fractions."""

    name: str
    measure: str
    currency: str
    starts_on: date
    ends_on: date
    target: Decimal
    history_starts_on: date
    history_ends_on: date
    step: Decimal = Decimal(1)
    method: str = Method.HISTORY
    over_assignment: Sequence[Decimal] = ()
    ramp: Sequence[Decimal] = ()
    seasonality: Sequence[Decimal] = ()
    expected_attainment: Decimal = Decimal(1)
    grain: str = PlanningScenario.Grain.MONTH


def create_scenario(
    actor: Actor,
    values: ScenarioValues,
    *,
    build: Build = "reporting",
    plan_id: UUID | None = None,
    copy_of: Any = None,
) -> PlanningScenario:
    """A draft with its tree: by managers, teams or positions of those on a plan, or the rows,
    locks and territories of another scenario. Raises Invalid that names every wrong field."""
    require_pay_manager(actor)
    _check(values)
    with change(actor):
        scenario = PlanningScenario(created_by=actor.user)
        _put(scenario, values)
        scenario.save(force_insert=True)
        if copy_of:
            source = get_scenario(actor, copy_of)
            copy_rows(source, scenario)
            PlannedTerritory.objects.bulk_create(
                PlannedTerritory(scenario=scenario, territory=each.territory, user_id=each.user_id)
                for each in source.territories.all()
            )
        else:
            build_rows(scenario, build, plan_id)
        if scenario.rows.count() > MOST_ROWS:
            said = _("A scenario has at most %(most)s rows; plan a part.") % {"most": MOST_ROWS}
            raise Invalid(said, fields={"build": [said]})
        note(actor, scenario, "created", after=scenario.name)
        _read_figures(scenario)
        return scenario


def change_scenario(actor: Actor, scenario_id: Any, values: ScenarioValues) -> PlanningScenario:
    """Other numbers, days or rules; everything is shared out anew. Raises Invalid, Conflict."""
    require_pay_manager(actor)
    _check(values)
    with change(actor):
        scenario = opened(actor, scenario_id)
        before = {each.name: _shown(getattr(scenario, each.name)) for each in fields(values)}
        _put(scenario, values)
        scenario.save()
        after = {each.name: _shown(getattr(scenario, each.name)) for each in fields(values)}
        for name, was in before.items():
            if was != after[name]:
                note(actor, scenario, "settings", before=f"{name}: {was}", after=after[name])
        history = ("history_starts_on", "history_ends_on", "currency")
        if any(before[name] != after[name] for name in history):
            _read_figures(scenario)
        else:
            reckon(scenario)
        return scenario


def refresh_figures(actor: Actor, scenario_id: Any) -> PlanningScenario:
    """Read what was credited and what is open as it is now, and share out anew."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        note(actor, scenario, "figures")
        _read_figures(scenario)
        return scenario


def take_season(actor: Actor, scenario_id: Any) -> PlanningScenario:
    """Let the months be worth what was credited in the same months of history. Raises Invalid
    where nothing was."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        months = credited_by_month(scenario)
        if not any(months):
            raise Invalid(_("Nothing was credited in the days of history."))
        scenario.seasonality = months
        scenario.save(update_fields=["seasonality"])
        note(actor, scenario, "settings", after="seasonality: " + _shown(months)[:180])
        reckon(scenario)
        return scenario


def share_scenario(actor: Actor, scenario_id: Any) -> PlanningScenario:
    """Let managers see their branches and propose amounts; they are told."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        if scenario.shared_at is not None:
            raise Conflict(_("This scenario is shared already."))
        scenario.shared_at = timezone.now()
        scenario.save(update_fields=["shared_at"])
        note(actor, scenario, "shared")
        managers = User.objects.filter(
            pk__in=scenario.rows.filter(children__isnull=False).values("user"), is_active=True
        )
        for manager in managers:
            if actor.user is None or manager.pk != actor.user.pk:
                notify(
                    manager,
                    _("Quotas are being planned: %(name)s") % {"name": scenario.name},
                    body=_("Look at your branch and say what your people can reach."),
                    url=f"/compensation/planning/{scenario.pk}",
                )
        return scenario


def unshare_scenario(actor: Actor, scenario_id: Any) -> PlanningScenario:
    """Make it a draft again that managers do not see; what they proposed stays."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        if scenario.shared_at is None:
            raise Conflict(_("This scenario is a draft already."))
        scenario.shared_at = None
        scenario.save(update_fields=["shared_at"])
        note(actor, scenario, "unshared")
        return scenario


def drop_scenario(actor: Actor, scenario_id: Any) -> PlanningScenario:
    """Put a scenario aside for good; it can still be read and copied."""
    require_pay_manager(actor)
    with change(actor):
        scenario = opened(actor, scenario_id)
        scenario.dropped_at = timezone.now()
        scenario.save(update_fields=["dropped_at"])
        note(actor, scenario, "dropped")
        return scenario


def opened(actor: Actor, scenario_id: Any) -> PlanningScenario:
    """A scenario that can be changed, kept from others; raises NotFound, Conflict."""
    scenario = get_scenario(actor, scenario_id, to_change=True)
    if scenario.dropped_at is not None:
        raise Conflict(_("This scenario was dropped; copy it to go on."))
    if scenario.adopted_at is not None:
        raise Conflict(_("This scenario is adopted; undo that or copy it."))
    return scenario


def note(
    actor: Actor,
    scenario: PlanningScenario,
    what: str,
    row: PlanningRow | None = None,
    *,
    before: object = "",
    after: object = "",
    reason: str = "",
) -> None:
    """Keep what was changed and why. Raises Invalid for a reason that is too long."""
    reason = reason.strip()
    if len(reason) > LONGEST:
        said = _("At most %(most)s characters.") % {"most": LONGEST}
        raise Invalid(said, fields={"reason": [said]})
    PlanningChange.objects.create(
        scenario=scenario,
        row_id=row.pk if row is not None else None,
        row_name=row.name if row is not None else "",
        what=what,
        before=_shown(before)[:200],
        after=_shown(after)[:200],
        reason=reason,
        by=actor.user,
    )


def reckon(scenario: PlanningScenario) -> Sheet:
    """Share everything out anew and keep what changed."""
    sheet = load_sheet(scenario)
    _keep(sheet)
    return sheet


def reckon_below(scenario: PlanningScenario, top: PlanningRow) -> None:
    """Share out anew what a row shares out below it, and keep what changed: enough where nothing
    changed but what is fixed right below it, or how it shares out."""
    _keep(load_branch(scenario, top))


def _keep(sheet: Sheet) -> None:
    changed = []
    for row in sheet.rows:
        placed = sheet.placed[row.pk]
        # What the first row of a branch carries was said by the row above it.
        carried = row.carried if isinstance(sheet, Branch) and row is sheet.rows[0] else None
        now = (placed.amount, placed.carried if carried is None else carried, placed.unplaced)
        if (row.amount, row.carried, row.unplaced) != now:
            row.amount, row.carried, row.unplaced = now
            changed.append(row)
    PlanningRow.objects.bulk_update(changed, ["amount", "carried", "unplaced"], batch_size=500)


def _read_figures(scenario: PlanningScenario) -> None:
    sheet = load_sheet(scenario)
    history = credited_by_person(scenario)
    pipeline = pipeline_by_person(scenario, timezone.localdate())
    behind = people_behind(sheet.rows, {row.pk for row in sheet.leaves})
    for row in sheet.rows:
        people = behind.get(row.pk, [])
        row.history = sum((history.get(each, Decimal(0)) for each in people), Decimal(0))
        row.pipeline = sum((pipeline.get(each, Decimal(0)) for each in people), Decimal(0))
    PlanningRow.objects.bulk_update(sheet.rows, ["history", "pipeline"], batch_size=500)
    scenario.figures_at = timezone.now()
    scenario.save(update_fields=["figures_at"])
    reckon(scenario)


def _put(scenario: PlanningScenario, values: ScenarioValues) -> None:
    for each in fields(values):
        value = getattr(values, each.name)
        setattr(scenario, each.name, list(value) if isinstance(value, tuple) else value)
    scenario.name, scenario.currency = values.name.strip(), values.currency.strip().upper()


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(each) for each in value)
    return str(value)


def _check(values: ScenarioValues) -> None:
    wrong: dict[str, list[str]] = {}
    if not values.name.strip() or len(values.name.strip()) > 120:
        wrong["name"] = [_("Give it a name of at most 120 characters.")]
    measure = values.measure
    if not (measure.isidentifier() and measure.islower() and len(measure) <= 40):
        wrong["measure"] = [_("A quota's name has lower case letters, digits and “_” only.")]
    try:
        check_currency(values.currency.strip().upper())
    except Invalid as error:
        wrong["currency"] = [error.message]
    wrong |= _wrong_days(values)
    wrong |= _wrong_numbers(values)
    if values.method not in Method.values:
        wrong["method"] = [_("Choose one of the list.")]
    if values.grain not in PlanningScenario.Grain.values:
        wrong["grain"] = [_("Choose one of the list.")]
    refuse(wrong)


def _wrong_days(values: ScenarioValues) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    months = (values.ends_on.year - values.starts_on.year) * 12
    months += values.ends_on.month - values.starts_on.month + 1
    if values.ends_on < values.starts_on:
        wrong["ends_on"] = [_("The end comes before the start.")]
    elif months > MOST_MONTHS:
        wrong["ends_on"] = [_("A scenario is for at most %(most)s months.") % {"most": MOST_MONTHS}]
    if values.history_ends_on < values.history_starts_on:
        wrong["history_ends_on"] = [_("The end comes before the start.")]
    count = len(values.seasonality)
    if count and count not in (months, months / 3):
        wrong["seasonality"] = [
            _("Give %(months)s weights, one a month, or one a quarter.") % {"months": months}
        ]
    if any(not each.is_finite() or not 0 <= each < MOST for each in values.seasonality):
        wrong["seasonality"] = [_("A weight is zero or more.")]
    return wrong


def _wrong_numbers(values: ScenarioValues) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    if not is_amount(values.target):
        wrong["target"] = [_("Give an amount of zero or more, with at most two decimals.")]
    if not is_amount(values.step) or values.step == 0:
        wrong["step"] = [_("Give an amount above zero, such as 100.")]
    if not _is_fraction(values.expected_attainment, 10) or not values.expected_attainment:
        wrong["expected_attainment"] = [_("Give a percentage above zero.")]
    if len(values.over_assignment) > 20 or not all(
        _is_fraction(each, 10) for each in values.over_assignment
    ):
        wrong["over_assignment"] = [_("Give percentages by level, divided by commas.")]
    if len(values.ramp) > 36 or not all(_is_fraction(each, 10) for each in values.ramp):
        wrong["ramp"] = [_("Give percentages by month, divided by commas.")]
    return wrong


def is_amount(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value < MOST and value == round(value, 2)


def _is_fraction(value: Decimal, most: int) -> bool:
    return value.is_finite() and 0 <= value <= most and value == round(value, 6)


def refuse(wrong: Mapping[str, list[str]]) -> None:
    """Raises Invalid where something is wrong."""
    if wrong:
        said = dict.fromkeys(each for row in wrong.values() for each in row)
        raise Invalid(" ".join(said), fields=wrong)
