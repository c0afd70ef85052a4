"""People on the API: who works here, where they stand, and for administrators their care."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from dealwright.base.access.actor import Actor
from dealwright.base.api.authentication import current_actor, require_scope
from dealwright.base.api.given import Given
from dealwright.base.people import invitations, structure, users
from dealwright.base.people.models import Profile, Role, Team, User
from dealwright.base.people.rules import get_role, get_team, get_user

router = Router(tags=["People"])


class UserOut(Schema):
    """A person who works here. ``status`` is here, invited, placeholder or inactive."""

    id: UUID
    name: str
    email: str
    profile: str
    role: UUID | None = Field(alias="role_id")
    manager: UUID | None = Field(alias="manager_id")
    region: str
    job_title: str
    timezone: str
    language: str
    status: str
    last_login: datetime | None

    @staticmethod
    def resolve_status(user: User) -> str:
        if not user.is_active:
            return "inactive"
        if not user.is_placeholder:
            return "here"
        return "invited" if user.invited_at else "placeholder"


class MeOut(Schema):
    """Oneself, and what the token may do; ``scopes`` is null for a browser session."""

    user: UserOut
    teams: list[UUID]
    scopes: list[str] | None


class UsersOut(Schema):
    """A page of people; ``next_cursor`` is null on the last."""

    items: list[UserOut]
    next_cursor: str | None


class InvitationIn(Given):
    """A person to invite; ``user`` is a placeholder that an import made of them."""

    email: str = Field(max_length=254)
    name: str = Field("", max_length=160)
    profile: str = Field(Profile.REP, description=f"One of: {', '.join(Profile.values)}")
    role: UUID | None = None
    manager: UUID | None = None
    teams: list[UUID] = Field([], max_length=100)
    user: UUID | None = None


class InvitationOut(Schema):
    """The invited person, and the link in their mail, which is shown this once."""

    user: UserOut
    link: str
    expires_at: datetime


class UserChange(Given):
    """What is left out stays; null takes role or manager away."""

    name: str | None = Field(None, max_length=160)
    profile: str | None = None
    role: UUID | None = None
    manager: UUID | None = None
    region: str | None = Field(None, max_length=80)
    job_title: str | None = Field(None, max_length=120)
    teams: list[UUID] | None = Field(None, max_length=100)


class RoleOut(Schema):
    """A place in the role tree."""

    id: UUID
    name: str
    parent: UUID | None = Field(alias="parent_id")


class TeamOut(Schema):
    """A team with its members."""

    id: UUID
    name: str
    members: list[UUID]

    @staticmethod
    def resolve_members(team: Team) -> list[UUID]:
        return [each.user_id for each in team.memberships.all()]


class TeamIn(Given):
    """A team's name and exactly its members."""

    name: str = Field(max_length=120)
    members: list[UUID] = Field([], max_length=1000)


@router.get("/me", response=MeOut, operation_id="get_me")
def get_me(request: HttpRequest) -> Any:
    """Who the token or session acts as."""
    actor = current_actor(request)
    user = actor.require_user()
    return {
        "user": user,
        "teams": list(user.team_memberships.values_list("team_id", flat=True)),
        "scopes": sorted(actor.scopes) if actor.scopes is not None else None,
    }


@router.get("/users", response=UsersOut, operation_id="list_users")
def list_users(
    request: HttpRequest,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: UUID | None = None,
    email: Annotated[str, Query(max_length=254)] = "",
) -> dict[str, Any]:
    """Everyone who works here, in the order they were added."""
    rows = users.visible_users(_may_read(request)).order_by("pk")
    if email:
        rows = rows.filter(email=email.strip().lower())
    if cursor is not None:
        rows = rows.filter(pk__gt=cursor)
    found = list(rows[: limit + 1])
    more = len(found) > limit
    return {"items": found[:limit], "next_cursor": str(found[limit - 1].pk) if more else None}


@router.get("/users/{uuid:id}", response=UserOut, operation_id="get_user")
def read_user(request: HttpRequest, id: UUID) -> User:
    """One person."""
    _may_read(request)
    return get_user(id)


@router.post("/users/invitations", response={201: InvitationOut}, operation_id="invite_user")
def invite(request: HttpRequest, body: InvitationIn) -> Any:
    """Invite a person; for administrators."""
    invited = invitations.invite_user(
        _may_administrate(request),
        email=body.email,
        name=body.name,
        profile=body.profile,
        role=get_role(body.role) if body.role else None,
        manager=get_user(body.manager) if body.manager else None,
        teams=[get_team(team) for team in body.teams],
        user=get_user(body.user) if body.user else None,
    )
    found = {
        "user": get_user(invited.invitation.user_id),
        "link": invited.link,
        "expires_at": invited.invitation.expires_at,
    }
    return Status(201, found)


@router.patch("/users/{uuid:id}", response=UserOut, operation_id="update_user")
def change_user(request: HttpRequest, id: UUID, body: UserChange) -> User:
    """Change where a person stands; for administrators."""
    actor = _may_administrate(request)
    given = body.dict(exclude_unset=True)
    values: dict[str, Any] = {
        key: given[key]
        for key in ("name", "profile", "region", "job_title")
        if given.get(key) is not None
    }
    if "role" in given:
        values["role"] = get_role(given["role"]) if given["role"] else None
    if "manager" in given:
        values["manager"] = get_user(given["manager"]) if given["manager"] else None
    if given.get("teams") is not None:
        values["teams"] = [get_team(team) for team in given["teams"]]
    return users.update_user(actor, id, **values)


@router.post("/users/{uuid:id}/deactivate", response=UserOut, operation_id="deactivate_user")
def deactivate(request: HttpRequest, id: UUID) -> User:
    """Lock a person out at once; what they own stays. For administrators."""
    return users.deactivate_user(_may_administrate(request), id)


@router.post("/users/{uuid:id}/reactivate", response=UserOut, operation_id="reactivate_user")
def reactivate(request: HttpRequest, id: UUID) -> User:
    """Let a person in again; for administrators."""
    return users.reactivate_user(_may_administrate(request), id)


@router.get("/roles", response=list[RoleOut], operation_id="list_roles")
def list_roles(request: HttpRequest) -> list[Role]:
    """The role tree."""
    _may_read(request)
    return list(Role.objects.order_by("name"))


@router.get("/teams", response=list[TeamOut], operation_id="list_teams")
def list_teams(request: HttpRequest) -> list[Team]:
    """All teams."""
    _may_read(request)
    return list(Team.objects.prefetch_related("memberships").order_by("name"))


@router.post("/teams", response={201: TeamOut}, operation_id="create_team")
def create_team(request: HttpRequest, body: TeamIn) -> Any:
    """Make a team; for administrators."""
    actor = _may_administrate(request)
    members = [get_user(member) for member in body.members]
    return Status(201, structure.create_team(actor, name=body.name, members=members))


@router.put("/teams/{uuid:id}", response=TeamOut, operation_id="change_team")
def change_team(request: HttpRequest, id: UUID, body: TeamIn) -> Team:
    """Set a team's name and members; for administrators."""
    actor = _may_administrate(request)
    members = [get_user(member) for member in body.members]
    return structure.change_team(actor, id, name=body.name, members=members)


@router.delete("/teams/{uuid:id}", response={204: None}, operation_id="delete_team")
def delete_team(request: HttpRequest, id: UUID) -> Any:
    """Remove a team; for administrators."""
    structure.delete_team(_may_administrate(request), id)
    return Status(204, None)


def _may_read(request: HttpRequest) -> Actor:
    return require_scope(request, "base:read")


def _may_administrate(request: HttpRequest) -> Actor:
    return require_scope(request, "admin")
