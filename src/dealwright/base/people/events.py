"""What the people room tells."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events.registry import Event, event


@event("user.invited")
@dataclass(frozen=True, kw_only=True)
class UserInvited(Event):
    """A person got a link to join."""

    user_id: UUID
    email: str
    profile: str


@event("user.joined")
@dataclass(frozen=True, kw_only=True)
class UserJoined(Event):
    """A person accepted the invitation, or was the first administrator."""

    user_id: UUID
    email: str


@event("user.moved")
@dataclass(frozen=True, kw_only=True)
class UserMoved(Event):
    """A person's profile, role, manager or teams changed, and with it what they may see."""

    user_id: UUID
    profile: str
    role_id: UUID | None
    manager_id: UUID | None
    team_ids: list[UUID]


@event("user.deactivated")
@dataclass(frozen=True, kw_only=True)
class UserDeactivated(Event):
    """A person can no longer sign in; what they own stays theirs until it is transferred."""

    user_id: UUID
    email: str


@event("user.reactivated")
@dataclass(frozen=True, kw_only=True)
class UserReactivated(Event):
    """A person can sign in again."""

    user_id: UUID
    email: str
