"""Keeping signing groups: administrators and legal do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.messaging.addresses import check_email
from dealwright.base.people.models import Profile, User
from dealwright.signing.groups.models import SigningGroup, SigningGroupMember

MAX_MEMBERS = 50
KEEPERS = (Profile.ADMINISTRATOR, Profile.LEGAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as given: the id of a user, or a name with an address."""

    user_id: Any = None
    name: str = ""
    email: str = ""


def save_group(
    actor: Actor, *, name: str, members: Sequence[Member], group_id: Any = None
) -> SigningGroup:
    """Make a group, or change one; envelopes that wait for it keep who was asked already.

    Raises NotAllowed, NotFound, or Invalid that names the place.
    """
    check_keeper(actor)
    name = " ".join(name.split())
    if not name or len(name) > 80 or "\x00" in name:
        raise _invalid("name", "Give the group a name of at most 80 characters.")
    if not members or len(members) > MAX_MEMBERS:
        raise _invalid("members", f"A group has 1 to {MAX_MEMBERS} members.")
    with change(actor):
        group = SigningGroup() if group_id is None else find_group(group_id, lock=True)
        if SigningGroup.objects.filter(name__iexact=name).exclude(pk=group.pk).exists():
            raise _invalid("name", "There is a group of this name already.")
        group.name = name
        group.save()
        rows = [_row(group, number, each) for number, each in enumerate(members, start=1)]
        addresses = [each.address for each in rows]
        twice = next((each for each in addresses if addresses.count(each) > 1), None)
        if twice:
            raise _invalid("members", f"{twice} is in the group twice.")
        group.members.all().delete()
        for each in rows:
            each.save()
    return group


def retire_group(actor: Actor, group_id: Any) -> SigningGroup:
    """Offer the group no longer; envelopes on their way keep it. Safe to repeat."""
    check_keeper(actor)
    with change(actor):
        group = find_group(group_id, lock=True)
        if group.retired_at is None:
            group.retired_at = timezone.now()
            group.save(update_fields=["retired_at"])
    return group


def find_group(group_id: Any, *, lock: bool = False) -> SigningGroup:
    """A group by its id; raises NotFound."""
    rows = SigningGroup.objects.select_for_update() if lock else SigningGroup.objects.all()
    group = rows.filter(pk=as_uuid(group_id)).first()
    if group is None:
        raise NotFound("There is no such signing group.")
    return group


def check_keeper(actor: Actor) -> None:
    """Raises NotAllowed for whoever does not keep signing groups."""
    if not actor.is_system and actor.require_user().profile not in KEEPERS:
        raise NotAllowed("Signing groups are kept by administrators and legal.")


def _row(group: SigningGroup, number: int, given: Member) -> SigningGroupMember:
    if given.user_id:
        user = User.objects.filter(pk=as_uuid(given.user_id), is_active=True).first()
        if user is None:
            raise _invalid("members", f"Member {number} is no user who can sign in.")
        return SigningGroupMember(group=group, user=user)
    name = " ".join(given.name.split())
    if not name or len(name) > 160 or "\x00" in name:
        raise _invalid("members", f"Member {number} needs a name of at most 160 characters.")
    email = check_email(given.email, field="members")
    return SigningGroupMember(group=group, name=name, email=email.lower())


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
