"""Who may do what with pay: one place for every page, query and endpoint of this system.

Seeing: the payee, the managers above, finance and administrators. Running and changing:
finance and administrators.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import NotAllowed, NotFound
from dealwright.base.people.models import Profile, User
from dealwright.base.people.pay import SEES_ALL_PAY, may_see_pay, payees_visible_to

MANAGES_PAY = (Profile.ADMINISTRATOR, Profile.FINANCE)


def manages_pay(user: User | None) -> bool:
    """Whether a user may change plans and quotas and run periods."""
    return user is not None and user.is_active and user.profile in MANAGES_PAY


def require_pay_manager(actor: Actor) -> None:
    """Raises NotAllowed but for finance, administrators and the product itself."""
    if not actor.is_system and not manages_pay(actor.require_user()):
        raise NotAllowed("Only finance and administrators may do this.")


def visible_pay(actor: Actor, field: str = "payee") -> Q:
    """The rows whose payee's pay the actor may see, as a condition for the ORM."""
    if actor.is_system:
        return Q()
    payees = payees_visible_to(actor.require_user())
    return Q() if payees is None else Q(**{f"{field}_id__in": payees})


def sees_all_pay(actor: Actor) -> bool:
    return actor.is_system or (actor.user is not None and actor.user.profile in SEES_ALL_PAY)


def get_payee(actor: Actor, user_id: Any) -> User:
    """A person whose pay the actor may see; raises NotFound alike for absent and hidden."""
    payee = User.objects.filter(pk=as_uuid(user_id)).first()
    if payee is None or not (actor.is_system or may_see_pay(actor.require_user(), payee)):
        raise NotFound("This statement does not exist, or you may not see it.")
    return payee


def payee_ids(actor: Actor) -> set[uuid.UUID] | None:
    """Everyone whose pay the actor may see, None for everyone."""
    return None if actor.is_system else payees_visible_to(actor.require_user())
