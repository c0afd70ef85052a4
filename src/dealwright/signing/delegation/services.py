"""Setting up and ending a standing delegation, and who stands in today."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.messaging.addresses import check_email
from dealwright.base.people.models import Profile, User
from dealwright.signing.delegation.models import Delegation

LONGEST = timedelta(days=366)
LONGEST_CHAIN = 5


def delegate(
    actor: Actor,
    *,
    to_name: str,
    to_email: str,
    starts_on: date,
    ends_on: date,
    reason: str = "",
    email: str = "",
) -> Delegation:
    """Have somebody stand in. ``email`` is the own address if not given; administrators may
    name another. Raises NotAllowed, or Invalid that names the place."""
    user = _writer(actor)
    email = check_email(email or user.email, field="email").lower()
    if email != user.email.lower() and not user.is_administrator:
        raise NotAllowed("For somebody else only an administrator can name a stand-in.")
    to_name, reason = " ".join(to_name.split()), " ".join(reason.split())
    if not to_name or len(to_name) > 160 or "\x00" in to_name:
        raise _invalid("to_name", "Say who stands in, in at most 160 characters.")
    to_email = check_email(to_email, field="to_email").lower()
    if to_email == email:
        raise _invalid("to_email", "Somebody else must stand in.")
    if len(reason) > 200 or "\x00" in reason:
        raise _invalid("reason", "The reason may have at most 200 characters.")
    today = timezone.now().date()
    if ends_on < starts_on or ends_on < today:
        raise _invalid("ends_on", "The last day must not lie before the first, nor in the past.")
    if ends_on - starts_on > LONGEST:
        raise _invalid("ends_on", "A delegation lasts at most a year.")
    with change(actor):
        # Two at once for one address must not both pass the look for an overlap.
        list(User.objects.select_for_update().filter(pk=user.pk))
        if _in_force(email).filter(starts_on__lte=ends_on, ends_on__gte=starts_on).exists():
            raise _invalid("starts_on", "Some of these days are delegated already. End that first.")
        return Delegation.objects.create(
            user=User.objects.filter(email__iexact=email).first(),
            email=email,
            to_name=to_name,
            to_email=to_email,
            starts_on=starts_on,
            ends_on=ends_on,
            reason=reason,
            created_by=user,
        )


def end_delegation(actor: Actor, delegation_id: Any) -> Delegation:
    """End one now; what was handed over stays there. Safe to repeat; raises NotFound."""
    user = _writer(actor)
    with change(actor):
        row = Delegation.objects.select_for_update().filter(pk=as_uuid(delegation_id)).first()
        own = row is not None and (row.user_id == user.pk or row.created_by_id == user.pk)
        if row is None or not (own or user.is_administrator):
            raise NotFound("There is no such delegation.")
        if row.ended_at is None:
            row.ended_at = timezone.now()
            row.save(update_fields=["ended_at"])
    return row


def stand_in_for(email: str, *, on: date | None = None) -> list[Delegation]:
    """The delegations that lead from an address to who acts today, one after the other.

    Nobody stands in where the way would come back to an address it has passed.
    """
    day = on or timezone.now().date()
    passed = {email.lower()}
    way: list[Delegation] = []
    while len(way) < LONGEST_CHAIN:
        row = (
            _in_force(email.lower())
            .filter(starts_on__lte=day, ends_on__gte=day)
            .order_by("-created_at")
            .first()
        )
        if row is None:
            return way
        email = row.to_email
        if email in passed:
            return []
        passed.add(email)
        way.append(row)
    return way


def delegations_of(user: User) -> list[Delegation]:
    """A user's own, those that still matter first; for administrators everyone's."""
    rows = Delegation.objects.filter(ended_at=None, ends_on__gte=timezone.now().date())
    return list(rows if user.is_administrator else rows.filter(user=user))


def _writer(actor: Actor) -> User:
    user = actor.require_user()
    if user.profile == Profile.READ_ONLY:
        raise NotAllowed("Your profile only reads. Ask an administrator to name a stand-in.")
    return user


def _in_force(email: str) -> Any:
    return Delegation.objects.filter(email=email, ended_at=None)


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
