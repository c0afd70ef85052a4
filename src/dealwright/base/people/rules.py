"""Rules that the services of people share."""

from __future__ import annotations

import uuid
from typing import Any

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import Profile, Role, Team, User


def get_user(user_id: Any, *, lock: bool = False) -> User:
    """A user by id; raises NotFound."""
    user: User = _get(User, user_id, "user", lock=lock)
    return user


def get_role(role_id: Any, *, lock: bool = False) -> Role:
    """A role by id; raises NotFound."""
    role: Role = _get(Role, role_id, "role", lock=lock)
    return role


def get_team(team_id: Any, *, lock: bool = False) -> Team:
    """A team by id; raises NotFound."""
    team: Team = _get(Team, team_id, "team", lock=lock)
    return team


def check_profile(profile: str) -> str:
    """Raises Invalid for what is no profile."""
    if profile not in Profile.values:
        raise _invalid("profile", f"There is no profile “{profile[:40]}”.")
    return profile


def check_name(name: str, *, longest: int, what: str) -> str:
    """The name without outer blanks; raises Invalid."""
    name = " ".join(name.split())
    if not name:
        raise _invalid("name", f"{what} needs a name.")
    if len(name) > longest:
        raise _invalid("name", f"The name may have at most {longest} characters.")
    return name


def check_address(email: str) -> str:
    """The address in lower case; raises Invalid."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(
            email.strip(), check_deliverability=False, test_environment=True
        ).normalized.lower()
    except EmailNotValidError:
        raise _invalid("email", f"“{email[:80]}” is not an e-mail address.") from None


def check_manager(user: User, manager: User | None) -> None:
    """Raises Invalid where the line of managers would run in a circle."""
    above = manager
    while above is not None:
        if above.pk == user.pk:
            raise _invalid("manager", "A person cannot be their own manager, not even indirectly.")
        above = above.manager


def check_an_administrator_stays(user: User) -> None:
    """Raises Conflict where ``user`` is the last who could administrate.

    Locks all administrators, so that two cannot leave at the same moment.
    """
    administrators = list(
        User.objects.select_for_update().filter(
            profile=Profile.ADMINISTRATOR, is_active=True, is_placeholder=False
        )
    )
    if administrators == [user]:
        raise Conflict(
            f"{user.name} is the last administrator. Make another person administrator first.",
            code="last_administrator",
        )


def _get(model: Any, key: Any, what: str, *, lock: bool) -> Any:
    try:
        key = key if isinstance(key, uuid.UUID) else uuid.UUID(str(key))
    except ValueError:
        raise NotFound(f"There is no such {what}.") from None
    rows = model.objects.select_for_update(of=("self",)) if lock else model.objects
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound(f"There is no such {what}.")
    return found


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
