"""Importing colleagues: placeholder users, their managers and the role tree above them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from dealwright.base.errors import NotAllowed
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.people.models import Profile, Role, User
from dealwright.base.records.models import ExternalId
from dealwright.base.transfer.models import ImportRow
from dealwright.base.transfer.plan import EXTERNAL_ID
from dealwright.base.transfer.writers import LogLine, Outcome, Prepared, Writer, register_writer

PLACEHOLDER_DOMAIN = "placeholder.invalid"

USER = ObjectType(
    key="user",
    slug="users",
    label="User",
    label_plural="Users",
    model=User,
    fields=[
        Field(
            key="name",
            label="Name",
            required=True,
            aliases=["sales agent", "agent", "full name", "rep", "sales rep", "owner"],
        ),
        Field(key="email", label="E-mail", kind=Kind.EMAIL, aliases=["e-mail address", "mail"]),
        Field(key="job_title", label="Job title", aliases=["title", "position"]),
        Field(
            key="region",
            label="Region",
            aliases=["regional office", "office", "territory", "location"],
        ),
        Field(key="profile", label="Profile", kind=Kind.CHOICE, choices=list(Profile.choices)),
    ],
)
MANAGER = Field(
    key="manager", label="Manager", aliases=["reports to", "supervisor", "sales manager"]
)


class UserWriter(Writer):
    """Writes users who cannot sign in until they are invited.

    A name without an address gets one under ``placeholder.invalid`` (RFC 2606). A manager
    who is no row of the table is made too. Region and manager give the role tree: a role
    per region, under it one per manager, under that one for the manager's people, so that
    managers see what their people own.
    """

    extra_fields = (MANAGER,)

    @property
    def object_type(self) -> ObjectType:
        return USER

    def check(self) -> None:
        if self.actor.is_system:
            return
        if not self.actor.require_user().is_administrator:
            raise NotAllowed("Only administrators may import users.")

    def fields(self) -> Sequence[Field]:
        return [*USER.fields, MANAGER]

    def _write(self, rows: Sequence[Prepared]) -> Sequence[Outcome]:
        self._made: list[LogLine] = []
        existing = self.match(rows)
        outcomes = [self._write_one(row, existing.get(row.number)) for row in rows]
        self._remember_keys([each for each in outcomes if each.action == "created"])
        return outcomes

    def match(self, rows: Sequence[Prepared]) -> Mapping[int, Any]:
        """By external id, else by address, else by name."""
        keys = {row.external_key for row in rows if row.external_key}
        ids = dict(
            ExternalId.objects.filter(
                object="user", system=self.plan.system, key__in=keys
            ).values_list("key", "record_id")
        )
        users = User.objects.select_for_update(of=("self",))
        by_id = {user.pk: user for user in users.filter(pk__in=ids.values())}
        by_email = {
            user.email: user
            for user in users.filter(email__in=[row.attributes.get("email") or "" for row in rows])
        }
        found = {}
        for row in rows:
            user = by_id.get(ids[row.external_key]) if row.external_key in ids else None
            user = user or by_email.get(row.attributes.get("email") or "")
            if user is None and self.plan.match_by not in (EXTERNAL_ID, "email"):
                user = users.filter(name__iexact=row.attributes["name"]).first()
            if user is not None:
                found[row.number] = user
        return found

    def _write_one(self, row: Prepared, user: User | None) -> Outcome:
        values = {name: value for name, value in row.attributes.items() if value not in (None, "")}
        manager = self._manager(row.extras.get("manager"), values.get("region", ""))
        if manager is not None:
            values["manager"] = manager
            values["role"] = self._role_below(manager)
        if user is None:
            values.setdefault("email", placeholder_email(values["name"]))
            with transaction.atomic():
                user = User(is_placeholder=True, **values)
                user.set_unusable_password()
                user.save(force_insert=True)
            return Outcome(row, "created", user)
        before: dict[str, Any] = {}
        for name, value in values.items():
            if getattr(user, name) != value:
                was = getattr(user, name)
                before[name] = was.pk if isinstance(was, User | Role) else was
                setattr(user, name, value)
        if not before:
            return Outcome(row, "unchanged", user)
        user.save(update_fields=list(before))
        before = {
            f"{name}_id" if name in ("manager", "role") else name: value
            for name, value in before.items()
        }
        return Outcome(row, "updated", user, before)

    def _manager(self, name: Any, region: str) -> User | None:
        if not name:
            return None
        manager = User.objects.filter(name__iexact=str(name)).first()
        if manager is None:
            manager = User(
                name=str(name),
                email=placeholder_email(str(name)),
                profile=Profile.MANAGER,
                region=region,
                is_placeholder=True,
            )
            manager.set_unusable_password()
            manager.role = self._role(
                f"{region or 'Sales'}: {name}", self._role(region or "Sales", None)
            )
            manager.save(force_insert=True)
            self._note(manager)
            self.report.count("manager", "created")
        return manager

    def _role_below(self, manager: User) -> Role | None:
        if manager.role is None:
            return None
        return self._role(f"{manager.role.name} – team", manager.role)

    def _role(self, name: str, parent: Role | None) -> Role:
        role, created = Role.objects.get_or_create(name=name[:120], defaults={"parent": parent})
        if created:
            self._note(role)
        return role

    def _note(self, record: Any) -> None:
        self._made.append(LogLine(record._meta.label, record.pk, ImportRow.CREATED))

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Users are no records of the change feed."""

    def log(self, outcomes: Sequence[Outcome]) -> Sequence[LogLine]:
        """Managers and roles first: undo goes backwards, and people come before them."""
        own = [
            LogLine(
                model="base.User",
                record_id=each.record.pk,
                row_number=each.row.number,
                action=each.action,
                before=_plain(each.before),
            )
            for each in outcomes
            if each.action != "unchanged"
        ]
        return [*self._made, *own]


def placeholder_email(name: str) -> str:
    """An address that can never receive mail and that no one else has."""
    stem = re.sub(r"[^a-z0-9]+", ".", name.casefold()).strip(".") or "user"
    email = f"{stem}@{PLACEHOLDER_DOMAIN}"
    number = 2
    while User.objects.filter(email=email).exists():
        email = f"{stem}.{number}@{PLACEHOLDER_DOMAIN}"
        number += 1
    return email


def _plain(before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if before is None:
        return None
    return {name: str(value) if value is not None else None for name, value in before.items()}


register_writer("user", UserWriter)
