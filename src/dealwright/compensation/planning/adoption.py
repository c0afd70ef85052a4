"""Adopting a scenario: what it would write, writing it, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict
from dealwright.base.events import record_event
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.holds.services import lock_holds
from dealwright.compensation.planning.access import get_scenario
from dealwright.compensation.planning.events import ScenarioAdopted, ScenarioAdoptionUndone
from dealwright.compensation.planning.models import (
    AdoptedQuota,
    AdoptedTerritory,
    PlanningRow,
    PlanningScenario,
)
from dealwright.compensation.planning.services import note, opened
from dealwright.compensation.planning.sheet import Sheet, load_sheet
from dealwright.compensation.quotas.models import Quota
from dealwright.compensation.territories.models import TerritoryHolder

SHOWN = 20  # overlaps named in one refusal


@dataclass(frozen=True, slots=True)
class PlannedQuotas:
    """The quotas that a row would set."""

    row: PlanningRow
    quotas: Sequence[Quota]


@dataclass(frozen=True, slots=True)
class Handover:
    """A territory that goes to somebody; ``ends`` are those who hold it until the day before,
    with nobody where the same person holds it already."""

    territory: str
    new: TerritoryHolder | None
    ends: Sequence[TerritoryHolder]


@dataclass(slots=True)
class Adoption:
    """What adopting would do. ``refused`` are the sentences that stand against it, each naming
    whom it is about; ``left_out`` the rows that get no quota of their own; ``unplaced`` those
    below which the amounts do not sum."""

    planned: list[PlannedQuotas] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left_out: list[PlanningRow] = field(default_factory=list)
    unplaced: list[PlanningRow] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(each.quotas) for each in self.planned)


def preview_adoption(actor: Actor, scenario_id: Any) -> Adoption:
    """What adopting would write now, and what stands against it."""
    require_pay_manager(actor)
    return _plan(load_sheet(get_scenario(actor, scenario_id)), actor)


def adopt_scenario(actor: Actor, scenario_id: Any) -> PlanningScenario:
    """Write the quotas and hand the territories over, all or nothing.

    Quotas of the same holder and name for some of the same days are never replaced: raises
    Conflict that names each. Statements change with the next calculation.
    """
    require_pay_manager(actor)
    with change(actor):
        lock_holds()  # no calculation reads half of it
        scenario = opened(actor, scenario_id)
        found = _plan(load_sheet(scenario), actor)
        if found.refused:
            raise Conflict(_told(found.refused), code="overlaps")
        if not found.count and not found.handovers:
            raise Conflict(_("There is nothing to adopt: no row sets a quota."))
        quotas = [quota for each in found.planned for quota in each.quotas]
        try:
            with transaction.atomic():
                Quota.objects.bulk_create(quotas, batch_size=1000)
                _hand_over(scenario, found.handovers)
        except IntegrityError:
            raise Conflict(_("Somebody set quotas meanwhile; look at the preview again.")) from None
        AdoptedQuota.objects.bulk_create(
            (
                AdoptedQuota(
                    scenario=scenario,
                    quota_id=quota.pk,
                    holder=each.row.name,
                    starts_on=quota.starts_on,
                    ends_on=quota.ends_on,
                    amount=quota.amount,
                )
                for each in found.planned
                for quota in each.quotas
            ),
            batch_size=1000,
        )
        scenario.adopted_at, scenario.adopted_by = timezone.now(), actor.user
        scenario.save(update_fields=["adopted_at", "adopted_by"])
        note(actor, scenario, "adopted", after=str(len(quotas)))
        record_event(actor, ScenarioAdopted(scenario_id=scenario.pk, quotas=len(quotas)))
        return scenario


def undo_adoption(actor: Actor, scenario_id: Any) -> PlanningScenario:
    """Take the adopted quotas and hand-overs back, so that everything is as it was before.

    Raises Conflict once something was calculated for its days, or where a quota or a territory
    was changed since, naming it.
    """
    require_pay_manager(actor)
    with change(actor):
        lock_holds()
        scenario = get_scenario(actor, scenario_id, to_change=True)
        refused = why_not_undone(scenario)
        if refused:
            raise Conflict(_told(refused), code="cannot_be_undone")
        Quota.objects.filter(pk__in=scenario.adopted_quotas.values("quota_id")).delete()
        territories = list(scenario.adopted_territories.all())
        # New holders go first, so that the old ones may have their days back.
        TerritoryHolder.objects.filter(
            pk__in=[each.holder_id for each in territories if each.is_new]
        ).delete()
        try:
            with transaction.atomic():
                for each in territories:
                    if not each.is_new:
                        former = TerritoryHolder.objects.filter(pk=each.holder_id)
                        former.update(ends_on=each.ended_was)
        except IntegrityError:
            raise Conflict(
                _("Somebody was given one of the territories since; end that first.")
            ) from None
        scenario.adopted_quotas.all().delete()
        scenario.adopted_territories.all().delete()
        scenario.adopted_at = scenario.adopted_by = None
        scenario.save(update_fields=["adopted_at", "adopted_by"])
        note(actor, scenario, "undone")
        record_event(actor, ScenarioAdoptionUndone(scenario_id=scenario.pk))
        return scenario


def why_not_undone(scenario: PlanningScenario) -> list[str]:
    """The sentences that stand against taking the adoption back; none where it can be."""
    if scenario.adopted_at is None:
        return [_("This scenario is not adopted.")]
    territories = list(scenario.adopted_territories.all())
    runs = CalculationRun.objects.filter(
        created_at__gte=scenario.adopted_at, ends_on__gte=scenario.starts_on
    )
    if not territories:  # a hand-over has no end
        runs = runs.filter(starts_on__lte=scenario.ends_on)
    run = runs.order_by("created_at").first()
    if run is not None:
        return [
            _("Pay of %(first)s to %(last)s was calculated since (%(cause)s).")
            % {"first": run.starts_on, "last": run.ends_on, "cause": run.cause}
        ]
    refused = []
    adopted = list(scenario.adopted_quotas.all())
    now = Quota.objects.in_bulk([each.quota_id for each in adopted])
    for each in adopted:
        quota = now.get(each.quota_id)
        if quota is None or _said(quota) != (each.starts_on, each.ends_on, each.amount, "range"):
            refused.append(
                _("The quota of %(name)s from %(day)s was changed since.")
                % {"name": each.holder, "day": each.starts_on}
            )
    holders = TerritoryHolder.objects.in_bulk([each.holder_id for each in territories])
    new = dict(scenario.territories.values_list("territory", "user")) if territories else {}
    for held in territories:
        holder = holders.get(held.holder_id)
        given = (new.get(held.territory), Decimal(1), "")
        if (
            holder is None
            or holder.ends_on != held.ends_on
            or (held.is_new and (holder.user_id, holder.share, holder.role) != given)
        ):
            refused.append(
                _("Who holds “%(territory)s” was changed since.") % {"territory": held.territory}
            )
    return refused


def _said(quota: Quota) -> tuple[date, date, Decimal, str]:
    return quota.starts_on, quota.ends_on, quota.amount, quota.per


def _told(refused: Sequence[str]) -> str:
    more = len(refused) - SHOWN
    said = " ".join(refused[:SHOWN])
    return said + (" " + _("And %(count)s more.") % {"count": more} if more > 0 else "")


def _plan(sheet: Sheet, actor: Actor) -> Adoption:
    scenario, found = sheet.scenario, Adoption()
    for row in sheet.rows:
        if sheet.placed[row.pk].unplaced:
            found.unplaced.append(row)
        if not (row.sets_quota and row.has_holder):
            if row.parent_id is not None:
                found.left_out.append(row)
            continue
        slices = sheet.slices(row)
        if sum((each.amount for each in slices), Decimal(0)) != sheet.placed[row.pk].amount:
            found.refused.append(
                _("%(name)s has a quota but no days on the job in this time.") % {"name": row.name}
            )
            continue
        quotas = [
            Quota(
                user=row.user,
                position=row.position,
                team=row.team,
                measure=scenario.measure,
                starts_on=each.starts_on,
                ends_on=each.ends_on,
                amount=each.amount,
                per=Quota.Per.RANGE,
                created_by=actor.user,
            )
            for each in slices
        ]
        found.planned.append(PlannedQuotas(row, quotas))
    if scenario.adopted_at is None:
        found.refused += _overlaps(scenario, found.planned)
    found.handovers = _handovers(scenario, found.refused)
    return found


def _overlaps(scenario: PlanningScenario, planned: Sequence[PlannedQuotas]) -> list[str]:
    rows = [each.row for each in planned if each.quotas]
    there = (
        Quota.objects.filter(
            Q(user__in=[row.user_id for row in rows if row.user_id])
            | Q(team__in=[row.team_id for row in rows if row.team_id])
            | Q(position__in=[row.position for row in rows if row.position]),
            measure=scenario.measure,
            starts_on__lte=scenario.ends_on,
            ends_on__gte=scenario.starts_on,
        )
        .select_related("user", "team")
        .order_by("starts_on")
    )
    by_holder: dict[tuple[Any, ...], list[Quota]] = {}
    for quota in there:
        by_holder.setdefault((quota.user_id, quota.team_id, quota.position), []).append(quota)
    found = []
    for each in planned:
        row = each.row
        for quota in by_holder.get((row.user_id, row.team_id, row.position), ()):
            if any(
                new.starts_on <= quota.ends_on and new.ends_on >= quota.starts_on
                for new in each.quotas
            ):
                found.append(_quota_there(row, quota))  # noqa: PERF401  longer as one
    return found


def _quota_there(row: PlanningRow, quota: Quota) -> str:
    said = _("%(name)s has a quota “%(measure)s” from %(first)s to %(last)s already.")
    days = {"first": quota.starts_on, "last": quota.ends_on}
    return said % {"name": row.name, "measure": quota.measure, **days}


def _handovers(scenario: PlanningScenario, refused: list[str]) -> list[Handover]:
    """Who gets which territory; only holders without a role of their own give way."""
    planned = list(scenario.territories.select_related("user"))
    day = scenario.starts_on
    holders = TerritoryHolder.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=day),
        territory__in=[each.territory for each in planned],
        role="",
    ).select_related("user")
    found = []
    for each in planned:
        now = [holder for holder in holders if holder.territory == each.territory]
        late = [holder for holder in now if holder.starts_on >= day]
        said = _("%(name)s holds “%(territory)s” from %(day)s on already.")
        refused += [
            said % {"name": h.user.name, "territory": h.territory, "day": h.starts_on} for h in late
        ]
        if late:
            continue
        stays = next(
            (h for h in now if h.user_id == each.user_id and h.share == 1 and not h.ends_on), None
        )
        ends = [holder for holder in now if holder is not stays]
        new = None
        if stays is None:
            new = TerritoryHolder(territory=each.territory, user=each.user, starts_on=day)
        if new is not None or ends:
            found.append(Handover(each.territory, new, ends))
    return found


def _hand_over(scenario: PlanningScenario, handovers: Sequence[Handover]) -> None:
    last = scenario.starts_on - timedelta(days=1)
    kept = []
    for each in handovers:
        for holder in each.ends:
            kept.append(
                AdoptedTerritory(
                    scenario=scenario,
                    holder_id=holder.pk,
                    territory=each.territory,
                    is_new=False,
                    ends_on=last,
                    ended_was=holder.ends_on,
                )
            )
            holder.ends_on = last
            holder.save(update_fields=["ends_on"])
        if each.new is not None:
            each.new.created_by = scenario.adopted_by
            each.new.save(force_insert=True)
            kept.append(
                AdoptedTerritory(
                    scenario=scenario, holder_id=each.new.pk, territory=each.territory, is_new=True
                )
            )
    AdoptedTerritory.objects.bulk_create(kept)
