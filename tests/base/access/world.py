"""Random companies, and who may see and change what in them, reckoned naively.

The reckoning is written from the documentation of ``base.access``, with loops over plain
Python objects, so that it shares nothing with the SQL it checks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dealwright.base.access.models import ObjectAccess, RecordShare, SharingRule
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile, Role, Team, TeamMembership, User
from dealwright.crm.models import Account, Opportunity, Stage

OBJECTS = ("account", "opportunity")
INDUSTRIES = ("Steel", "Paper", "")


@dataclass
class World:
    """Everything in one random company, as plain lists."""

    roles: list[Role] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    teams: dict[UUID, set[UUID]] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    opportunities: list[Opportunity] = field(default_factory=list)
    shares: list[RecordShare] = field(default_factory=list)
    rules: list[tuple[SharingRule, Callable[[Any], bool]]] = field(default_factory=list)
    levels: dict[tuple[str, str], str] = field(default_factory=dict)

    def records(self, object_key: str) -> list[Any]:
        """The living records of an object."""
        rows: list[Any] = self.accounts if object_key == "account" else self.opportunities
        return [row for row in rows if row.deleted_at is None]

    def account_of(self, deal: Opportunity) -> Account | None:
        return next((each for each in self.accounts if each.pk == deal.account_id), None)

    # The naive reckoning

    def visible(self, user: User, object_key: str) -> set[UUID]:
        level = self._level(user, object_key)
        return {
            row.pk
            for row in self.records(object_key)
            if level in ("read", "write")
            or (
                level == "own"
                and (
                    row.owner_id in self._people_under(user)
                    or (object_key == "account" and row.owner_id is None)
                    or bool(set(row.access_keys) & self._keys(user))
                    or self._opened(user, object_key, row, writing=False)
                )
            )
        }

    def changeable(self, user: User, object_key: str) -> set[UUID]:
        level = self._level(user, object_key)
        if level == "none" or user.profile == Profile.READ_ONLY:
            return set()
        return {
            row.pk
            for row in self.records(object_key)
            if level == "write"
            or row.owner_id in self._people_under(user)
            or any(
                share.record_id == row.pk and share.may_write and share.grantee in self._keys(user)
                for share in self.shares
            )
            or self._opened(user, object_key, row, writing=True)
        }

    def _level(self, user: User, object_key: str) -> str:
        if not user.is_active:
            return "none"
        if user.profile == Profile.ADMINISTRATOR:
            return "write"
        usual = object_type(object_key).level_for(user.profile)
        return self.levels.get((object_key, user.profile), usual)

    def _people_under(self, user: User) -> set[UUID]:
        below: set[UUID] = set()
        for role in self.roles:
            above = role.parent_id
            while above is not None and user.role_id is not None:
                if above == user.role_id:
                    below.add(role.pk)
                    break
                above = next(each.parent_id for each in self.roles if each.pk == above)
        return {user.pk} | {each.pk for each in self.users if each.role_id in below}

    def _keys(self, user: User) -> set[UUID]:
        teams = {team for team, members in self.teams.items() if user.pk in members}
        return {user.pk, *teams} | ({user.role_id} if user.role_id else set())

    def _opened(self, user: User, object_key: str, row: Any, *, writing: bool) -> bool:
        for rule, matches in self.rules:
            if rule.object != object_key or (writing and not rule.may_write):
                continue
            if (rule.to_team_id or rule.to_role_id) not in self._keys(user):
                continue
            owners: set[UUID] | None = None
            if rule.from_team_id:
                owners = set(self.teams[rule.from_team_id])
            if rule.from_role_id:
                owners = (owners or set()) | {
                    each.pk for each in self.users if each.role_id == rule.from_role_id
                }
            if (owners is None or row.owner_id in owners) and matches(row):
                return True
        return False


def make_world(seed: int) -> World:
    """A company of a few roles, people, teams, records, shares and rules."""
    dice = random.Random(seed)
    world = World()
    _make_people(world, dice, seed)
    _make_records(world, dice)
    _make_sharing(world, dice)
    return world


def _make_people(world: World, dice: random.Random, seed: int) -> None:
    for number in range(dice.randint(1, 6)):
        parent = dice.choice([None, *world.roles])
        world.roles.append(Role.objects.create(name=f"Role {seed}.{number}", parent=parent))
    profiles = [*Profile.values, Profile.REP, Profile.REP, Profile.MANAGER]
    for number in range(6):
        world.users.append(
            User.objects.create(
                email=f"person{number}.{seed}@dealwright.test",
                name=f"Person {number}",
                profile=dice.choice(profiles),
                role=dice.choice([None, *world.roles, *world.roles]),
                is_active=dice.random() < 0.95,
            )
        )
    for number in range(2):
        team = Team.objects.create(name=f"Team {seed}.{number}")
        members = dice.sample(world.users, dice.randint(0, 3))
        TeamMembership.objects.bulk_create(TeamMembership(team=team, user=user) for user in members)
        world.teams[team.pk] = {user.pk for user in members}
    for object_key in OBJECTS:
        for profile in Profile.values:
            if dice.random() < 0.2:
                level = dice.choice(["none", "own", "read", "write"])
                ObjectAccess.objects.create(object=object_key, profile=profile, level=level)
                world.levels[object_key, profile] = level


def _make_records(world: World, dice: random.Random) -> None:
    from django.utils import timezone

    def bin_or_not() -> Any:
        return timezone.now() if dice.random() < 0.1 else None

    stages = list(Stage.objects.filter(category="open").select_related("pipeline"))
    for number in range(8):
        world.accounts.append(
            Account(
                name=f"Zed account {number}",
                industry=dice.choice(INDUSTRIES),
                owner=dice.choice([None, *world.users]),
                parent=dice.choice([None, *world.accounts]),
                deleted_at=bin_or_not(),
            )
        )
    Account.objects.bulk_create(world.accounts)
    for number in range(10):
        stage = dice.choice(stages)
        world.opportunities.append(
            Opportunity(
                name=f"Zed deal {number}",
                account=dice.choice([None, *world.accounts]),
                owner=dice.choice([None, *world.users]),
                stage=stage,
                pipeline=stage.pipeline,
                amount=dice.choice([None, 10, 200]),
                currency="EUR",
                deleted_at=bin_or_not(),
            )
        )
    Opportunity.objects.bulk_create(world.opportunities)


def _make_sharing(world: World, dice: random.Random) -> None:
    receivers = [*(user.pk for user in world.users), *world.teams, *(r.pk for r in world.roles)]
    for object_key in OBJECTS:
        for row in world.records(object_key):
            for grantee in dice.sample(receivers, dice.choice([0, 0, 0, 1, 2])):
                world.shares.append(
                    RecordShare(
                        object=object_key,
                        record_id=row.pk,
                        grantee=grantee,
                        may_write=dice.random() < 0.5,
                    )
                )
                row.access_keys = [*row.access_keys, grantee]
                row.save(update_fields=["access_keys"])
    RecordShare.objects.bulk_create(world.shares)
    for number in range(dice.randint(0, 4)):
        object_key = dice.choice(OBJECTS)
        tree, matches = dice.choice(list(_filters(world, object_key)))
        to_team = dice.random() < 0.5
        rule = SharingRule(
            object=object_key,
            name=f"Rule {number}",
            filter=tree,
            from_team_id=dice.choice([None, None, *world.teams]),
            from_role=dice.choice([None, None, *world.roles]),
            to_team_id=dice.choice(list(world.teams)) if to_team else None,
            to_role=None if to_team else dice.choice(world.roles),
            may_write=dice.random() < 0.5,
        )
        rule.save()
        world.rules.append((rule, matches))


def _filters(world: World, object_key: str) -> Iterable[tuple[Any, Callable[[Any], bool]]]:
    """Filter trees with the same question in Python."""
    yield {}, lambda row: True
    if object_key == "account":
        yield {"field": "industry", "op": "is", "value": "Steel"}, lambda a: a.industry == "Steel"
        yield (
            {"not": {"field": "parent.industry", "op": "is", "value": "Steel"}},
            lambda a: not (_living(a.parent) and a.parent.industry == "Steel"),
        )
        return
    yield (
        {"field": "amount", "op": "gt", "value": 50},
        lambda deal: deal.amount is not None and deal.amount > 50,
    )
    yield (
        {
            "any": [
                {"field": "account.industry", "op": "is", "value": "Steel"},
                {"field": "amount", "op": "empty"},
            ]
        },
        lambda deal: (
            deal.amount is None or (_living(deal.account) and deal.account.industry == "Steel")
        ),
    )


def _living(row: Any) -> bool:
    return row is not None and row.deleted_at is None
