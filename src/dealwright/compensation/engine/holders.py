"""Who holds what by position and team: quotas and teammates, with the days for which it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dealwright.compensation.engine.inputs import Inputs
from dealwright.compensation.plans.definition import TEAM, bases_of

Days = tuple[date, date]  # both included
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldQuota:
    """A quota row as it holds for one payee; ``range_`` are the days of the whole row,
    ``relief`` the part of it that is forgiven (on leave, say)."""

    payee: str
    measure: str
    amount: Decimal
    per: str
    starts: date
    ends: date
    range_: Days
    of_team: bool
    relief: Decimal = Decimal(0)


def quotas_held(inputs: Inputs) -> Iterator[HeldQuota]:
    """Every quota of every payee: the own ones; on days without, those of the position; on
    days without either, those of the team."""
    people: dict[str, list[tuple[str, Days]]] = defaultdict(list)
    for payee, position, team, starts, ends in inputs.rows(
        "SELECT payee, position, team, starts, ends FROM input_people"
    ):
        people[f"position {position}"].append((payee, (starts, ends)))
        people[f"team {team}"].append((payee, (starts, ends)))
    reliefs: dict[str, list[tuple[Days, Decimal]]] = defaultdict(list)
    for payee, relief, starts, ends in inputs.rows(
        "SELECT payee, quota_relief, starts, ends FROM input_people WHERE quota_relief <> 0"
    ):
        reliefs[payee].append(((starts, ends), relief))
    taken: dict[tuple[str, str], list[Days]] = defaultdict(list)
    for holder in ("payee", "position", "team"):
        found = []
        for name, measure, amount, per, starts, ends in inputs.rows(
            f"SELECT {holder}, measure, amount, per, starts, ends FROM input_quotas "
            f"WHERE {holder} <> '' ORDER BY {holder}, measure, starts"
        ):
            own = [(name, (starts, ends))] if holder == "payee" else people[f"{holder} {name}"]
            for payee, days in own:
                both = (max(starts, days[0]), min(ends, days[1]))
                for since, until in without(both, taken[payee, measure]):
                    found.append(
                        HeldQuota(
                            payee=payee,
                            measure=measure,
                            amount=amount,
                            per=per,
                            starts=since,
                            ends=until,
                            range_=(starts, ends),
                            of_team=holder == "team",
                        )
                    )
        for each in found:
            taken[each.payee, each.measure].append((each.starts, each.ends))
        for each in found:
            yield from _relieved(each, reliefs[each.payee])


def _relieved(held: HeldQuota, reliefs: Sequence[tuple[Days, Decimal]]) -> Iterator[HeldQuota]:
    """A quota in parts, those of days with relief reduced by it."""
    for (starts, ends), relief in reliefs:
        since, until = max(held.starts, starts), min(held.ends, ends)
        if since <= until:
            yield replace(held, starts=since, ends=until, relief=relief)
    for since, until in without((held.starts, held.ends), [days for days, _ in reliefs]):
        yield replace(held, starts=since, ends=until)


def without(days: Days, taken: Sequence[Days]) -> list[Days]:
    """The stretches of some days that are not taken."""
    left = [days] if days[0] <= days[1] else []
    for starts, ends in taken:
        cut = []
        for since, until in left:
            if ends < since or starts > until:
                cut.append((since, until))
                continue
            if since < starts:
                cut.append((since, starts - _DAY))
            if until > ends:
                cut.append((ends + _DAY, until))
        left = cut
    return left


def teammates(inputs: Inputs) -> list[tuple[Any, ...]]:
    """(payee, member, "team", 1, starts, ends) for everybody in one team, each with themselves;
    nothing where the plan credits no team."""
    plan = inputs.plan
    used = {plan.credits[rule].relation for basis in bases_of(plan) for rule in basis.rules}
    if TEAM not in used:
        return []
    teams: dict[str, list[tuple[str, date, date]]] = defaultdict(list)
    for payee, team, starts, ends in inputs.rows(
        "SELECT payee, team, starts, ends FROM input_people WHERE team <> '' ORDER BY payee, starts"
    ):
        teams[team].append((payee, starts, ends))
    return [
        (payee, member, TEAM, 1, max(starts, since), min(ends, until))
        for members in teams.values()
        for payee, starts, ends in members
        for member, since, until in members
        if max(starts, since) <= min(ends, until)
    ]
