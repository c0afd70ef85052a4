"""Who may see whose pay. Compensation asks here before it shows an amount."""

from __future__ import annotations

import uuid

from django.db import connection

from dealwright.base.people.models import Profile, User

SEES_ALL_PAY = (Profile.ADMINISTRATOR, Profile.FINANCE)


def may_see_pay(user: User, payee: User) -> bool:
    """Whether ``user`` may see what ``payee`` is paid: finance, administrators, the payee, and
    the managers above the payee, however far."""
    if user.profile in SEES_ALL_PAY or user.pk == payee.pk:
        return True
    visible = payees_visible_to(user)
    return visible is None or payee.pk in visible


def payees_visible_to(user: User) -> set[uuid.UUID] | None:
    """The ids of everyone whose pay the user may see, in one statement; None for everyone.

    For ``filter(payee_id__in=…)``. Read once per user instance, so once per request.
    """
    if user.profile in SEES_ALL_PAY:
        return None
    known: set[uuid.UUID] | None = user.__dict__.get("_payees")
    if known is None:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                with recursive below as (
                    select id from base_user where id = %s
                    union
                    select person.id from base_user person
                    join below on person.manager_id = below.id
                )
                select id from below
                """,
                [user.pk],
            )
            known = user.__dict__["_payees"] = {row[0] for row in cursor.fetchall()}
    return known
