"""Where people stand (profile, role, manager, teams) and how they leave and come back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import forget_reach
from dealwright.base.errors import Conflict, NotAllowed, NotFound
from dealwright.base.events.outbox import record_event
from dealwright.base.people.events import UserDeactivated, UserMoved, UserReactivated
from dealwright.base.people.models import Profile, Role, Team, TeamMembership, User
from dealwright.base.people.rules import (
    check_an_administrator_stays,
    check_manager,
    check_name,
    check_profile,
    get_user,
)

KEEP: Any = object()  # leaves a value as it is, where None means none


def visible_users(actor: Actor) -> QuerySet[User]:
    """Everyone who works here: colleagues know each other's names, not each other's records."""
    if not actor.is_system:
        actor.require_user()
    return User.objects.select_related("role", "manager")


def update_user(
    actor: Actor,
    user_id: uuid.UUID,
    *,
    name: str = KEEP,
    profile: str = KEEP,
    role: Role | None = KEEP,
    manager: User | None = KEEP,
    region: str = KEEP,
    job_title: str = KEEP,
    teams: Iterable[Team] = KEEP,
) -> User:
    """Change what an administrator decides about a person; what is left out stays.

    Raises Conflict for the last administrator's profile, Invalid for a circle of managers.
    """
    actor.require_administrator()
    with change(actor):
        user = get_user(user_id, lock=True)
        if name is not KEEP:
            user.name = check_name(name, longest=160, what="A person")
        if region is not KEEP:
            user.region = region.strip()[:80]
        if job_title is not KEEP:
            user.job_title = job_title.strip()[:120]
        check_place(user, profile=profile, manager=manager)
        moved = apply_place(user, profile=profile, role=role, manager=manager)
        user.save()
        if teams is not KEEP:
            moved |= _set_teams(user, teams)
        if moved:
            _tell_moved(actor, user)
    return user


def move_user(
    actor: Actor, user_id: uuid.UUID, *, role: Role | None = KEEP, manager: User | None = KEEP
) -> User:
    """Give a person another place in the role tree or another manager."""
    return update_user(actor, user_id, role=role, manager=manager)


def deactivate_user(actor: Actor, user_id: uuid.UUID) -> User:
    """Lock a person out at once: sessions and tokens end, open invitations too.

    Records stay theirs; ``records_owned`` counts them and ``transfer_records`` gives them
    to someone else. Raises Conflict for oneself and for the last administrator.
    """
    actor.require_administrator()
    with change(actor):
        user = get_user(user_id, lock=True)
        if actor.user is not None and actor.user.pk == user.pk:
            raise Conflict("You cannot deactivate yourself. Ask another administrator.")
        if user.profile == Profile.ADMINISTRATOR:
            check_an_administrator_stays(user)
        if not user.is_active:
            raise Conflict(f"{user.name} is not active already.")
        user.is_active = False
        user.save(update_fields=["is_active"])
        end_sessions(user)
        now = timezone.now()
        user.api_tokens.filter(revoked_at__isnull=True).update(revoked_at=now)
        user.invitations.filter(accepted_at__isnull=True, revoked_at__isnull=True).update(
            revoked_at=now
        )
        record_event(
            actor,
            UserDeactivated(user_id=user.pk, email=user.email),
            object="user",
            record_id=user.pk,
        )
    return user


def reactivate_user(actor: Actor, user_id: uuid.UUID) -> User:
    """Let a person in again, with the password they had. Their tokens stay ended."""
    actor.require_administrator()
    with change(actor):
        user = get_user(user_id, lock=True)
        if user.is_active:
            raise Conflict(f"{user.name} is active already.")
        user.is_active = True
        user.save(update_fields=["is_active"])
        record_event(
            actor,
            UserReactivated(user_id=user.pk, email=user.email),
            object="user",
            record_id=user.pk,
        )
    return user


def end_all_sessions(actor: Actor, user_id: uuid.UUID) -> int:
    """Sign a person out everywhere; returns how many sessions ended."""
    actor.require_administrator()
    return end_sessions(get_user(user_id))


def end_session(actor: Actor, session_id: int) -> None:
    """End one of one's own sessions; raises NotFound alike for absent and for another's."""
    from allauth.usersessions.models import UserSession

    session = UserSession.objects.filter(user=actor.require_user(), pk=session_id).first()
    if session is None:
        raise NotFound("This session has ended already.")
    Session.objects.filter(session_key=session.session_key).delete()
    session.delete()


def end_sessions(user: User, *, but: str = "") -> int:
    """End the user's sessions in every browser, except the one with key ``but``."""
    from allauth.usersessions.models import UserSession

    sessions = UserSession.objects.filter(user=user).exclude(session_key=but)
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    sessions.delete()
    return len(keys)


def reset_second_factor(actor: Actor, user_id: uuid.UUID) -> None:
    """Remove a person's authenticator app, passkeys and recovery codes: for who lost them all."""
    from allauth.mfa.models import Authenticator

    actor.require_administrator()
    with change(actor):
        user = get_user(user_id, lock=True)
        if actor.user is not None and actor.user.pk == user.pk:
            raise NotAllowed("Change your own second factor on the security page.")
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user)


def check_place(user: User, *, profile: str = KEEP, manager: User | None = KEEP) -> None:
    """Raises Invalid or Conflict where the user cannot stand there."""
    if profile is not KEEP:
        check_profile(profile)
        leaves = user.profile == Profile.ADMINISTRATOR and profile != Profile.ADMINISTRATOR
        if leaves and not user.is_placeholder:
            check_an_administrator_stays(user)
    if manager is not KEEP:
        check_manager(user, manager)


def apply_place(
    user: User, *, profile: str = KEEP, role: Role | None = KEEP, manager: User | None = KEEP
) -> bool:
    """Set what is given; returns whether anything changed. The caller saves."""
    before = (user.profile, user.role_id, user.manager_id)
    if profile is not KEEP:
        user.profile = profile
    if role is not KEEP:
        user.role = role
    if manager is not KEEP:
        user.manager = manager
    return before != (user.profile, user.role_id, user.manager_id)


def user_facts(user: User) -> Mapping[str, Any]:
    """What the user page shows beside the form, in a bounded number of statements."""
    from allauth.mfa.models import Authenticator

    factors = Authenticator.objects.filter(user=user).values_list("type", flat=True)
    return {
        "factors": sorted(set(factors)),
        "tokens": user.api_tokens.filter(revoked_at__isnull=True).count(),
        "reports": list(user.reports.filter(is_active=True).values_list("name", flat=True)[:50]),
    }


def _set_teams(user: User, teams: Iterable[Team]) -> bool:
    wanted = {team.pk for team in teams}
    now = set(user.team_memberships.values_list("team_id", flat=True))
    user.team_memberships.exclude(team_id__in=wanted).delete()
    TeamMembership.objects.bulk_create(
        [TeamMembership(team_id=team, user=user) for team in wanted - now]
    )
    return wanted != now


def _tell_moved(actor: Actor, user: User) -> None:
    forget_reach(user)
    record_event(
        actor,
        UserMoved(
            user_id=user.pk,
            profile=user.profile,
            role_id=user.role_id,
            manager_id=user.manager_id,
            team_ids=sorted(user.team_memberships.values_list("team_id", flat=True)),
        ),
        object="user",
        record_id=user.pk,
    )
