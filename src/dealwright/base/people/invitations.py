"""How people come in: the first administrator signs up, everyone after is invited."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from babel.dates import format_date
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events.outbox import record_event
from dealwright.base.money import locale_of
from dealwright.base.people.credentials import Invitation
from dealwright.base.people.events import UserInvited, UserJoined
from dealwright.base.people.models import Profile, Role, Team, TeamMembership, User
from dealwright.base.people.organization import Organization, organization
from dealwright.base.people.rules import (
    check_address,
    check_name,
    check_profile,
    get_user,
)

OPEN_FOR = timedelta(days=7)
FIRST_SIGN_UP_LOCK = 0x6665_7273


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation with its link, which exists only now (and in the mail)."""

    invitation: Invitation
    link: str


def nobody_is_here() -> bool:
    """Whether the first administrator has still to sign up; placeholders do not count."""
    return not User.objects.filter(is_placeholder=False).exists()


def sign_up_first_administrator(
    actor: Actor, *, company: str, name: str, email: str, password: str
) -> User:
    """Make the company and its first administrator; the caller signs the person in.

    Raises Invalid per field, and Conflict once anyone is here: of two at the same moment,
    one wins.
    """
    wrong: dict[str, list[str]] = {}
    with _noting(wrong, "company"):
        company = check_name(company, longest=160, what="The company")
    with _noting(wrong, "name"):
        name = check_name(name, longest=160, what="A person")
    with _noting(wrong, "email"):
        email = check_address(email)
    person = User(email=email, name=name, profile=Profile.ADMINISTRATOR)
    wrong |= _password_errors(password, person)
    if wrong:
        raise _invalid(wrong)
    with change(actor), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [FIRST_SIGN_UP_LOCK])
        if not nobody_is_here():
            raise Conflict("Dealwright is set up already. Ask an administrator to invite you.")
        known = User.objects.filter(email=person.email).first()
        user = known or person
        user.name, user.profile = person.name, Profile.ADMINISTRATOR
        user.is_placeholder, user.is_active = False, True
        user.set_password(password)
        user.save()
        Organization.objects.update_or_create(pk=1, defaults={"name": company})
        _confirm_address(user)
        record_event(
            Actor(user=user, via=actor.via, request_id=actor.request_id),
            UserJoined(user_id=user.pk, email=user.email),
            object="user",
            record_id=user.pk,
        )
    return user


def invite_user(
    actor: Actor,
    *,
    email: str,
    name: str = "",
    profile: str = Profile.REP,
    role: Role | None = None,
    manager: User | None = None,
    teams: Iterable[Team] = (),
    user: User | None = None,
) -> Invited:
    """Invite a person: a mail with a link that is open for seven days.

    ``user`` is a placeholder from an import; it becomes the person's own row, with all it
    owns. An earlier open invitation of the same person ends. Raises Invalid, or Conflict
    where the address belongs to someone who is here.
    """
    from dealwright.base.people.users import apply_place, check_place

    actor.require_administrator()
    email = check_address(email)
    check_profile(profile)
    with change(actor):
        known = User.objects.select_for_update(of=("self",)).filter(email=email).first()
        if known is not None and (not known.is_placeholder or (user and user.pk != known.pk)):
            raise Conflict(
                f"{email} is here already, as {known.name}.",
                fields={"email": ["This address is taken."]},
            )
        person = get_user(user.pk, lock=True) if user else known or User(is_placeholder=True)
        if not person.is_placeholder:
            raise Conflict(f"{person.name} has joined already.")
        person.email = email
        called = name or person.name or _name_of(email)
        person.name = check_name(called, longest=160, what="A person")
        person.is_active = True
        person.invited_at = timezone.now()
        if not person.has_usable_password():
            person.set_unusable_password()
        check_place(person, profile=profile, manager=manager)
        apply_place(person, profile=profile, role=role, manager=manager)
        person.save()
        if teams := list(teams):
            TeamMembership.objects.bulk_create(
                [TeamMembership(team=team, user=person) for team in teams], ignore_conflicts=True
            )
        return _send(actor, person)


def resend_invitation(actor: Actor, user_id: uuid.UUID) -> Invited:
    """A new link for a person who has not joined yet; the old one ends."""
    actor.require_administrator()
    with change(actor):
        person = get_user(user_id, lock=True)
        if not person.is_placeholder or person.invited_at is None:
            raise Conflict(f"{person.name} has no invitation to send again.")
        return _send(actor, person)


def revoke_invitation(actor: Actor, user_id: uuid.UUID) -> None:
    """End a person's open invitation; the person stays a placeholder."""
    actor.require_administrator()
    with change(actor):
        person = get_user(user_id, lock=True)
        open_ones = _open(person)
        if not open_ones:
            raise NotFound(f"{person.name} has no open invitation.")
        open_ones.update(revoked_at=timezone.now())
        person.invited_at = None
        person.save(update_fields=["invited_at"])


def find_invitation(token: str) -> Invitation:
    """The open invitation that a link belongs to; raises NotFound for any other."""
    invitations = Invitation.objects.select_related("user", "invited_by")
    invitation = invitations.filter(token_hash=_hash(token)).first()
    if invitation is None or not invitation.is_open or not invitation.user.is_active:
        raise NotFound(
            "This invitation is not open any more. Ask the person who invited you for a new one.",
            code="invitation_closed",
        )
    return invitation


def accept_invitation(token: str, *, name: str, password: str | None) -> User:
    """Set the person's name and password and let them in; the caller signs them in.

    Without a password the person makes a passkey right after. Raises NotFound for a link
    that is not open, Invalid per field.
    """
    invitation = find_invitation(token)
    wrong: dict[str, list[str]] = {}
    with _noting(wrong, "name"):
        name = check_name(name, longest=160, what="A person")
    person = invitation.user
    if password is not None:
        wrong |= _password_errors(password, User(email=person.email, name=name))
    if wrong:
        raise _invalid(wrong)
    with change(Actor(user=person, via="web")):
        person = get_user(person.pk, lock=True)
        # Looked at again under the lock: a link works once.
        invitation = find_invitation(token)
        person.name = name
        person.is_placeholder = False
        person.set_password(password)
        person.save()
        _join(person, invitation)
    return person


def join_by_proven_address(person: User) -> bool:
    """Let an invited person in who proved the address to a trusted identity provider; returns
    whether an invitation was open."""
    with change(Actor(user=person, via="web")):
        locked = get_user(person.pk, lock=True)
        invitation = _open(locked).filter(expires_at__gt=timezone.now()).first()
        if invitation is None or not locked.is_active:
            return False
        locked.is_placeholder = False
        locked.save(update_fields=["is_placeholder"])
        _join(locked, invitation)
    person.is_placeholder = False
    return True


def _join(person: User, invitation: Invitation) -> None:
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    _confirm_address(person)
    record_event(
        Actor(user=person, via="web"),
        UserJoined(user_id=person.pk, email=person.email),
        object="user",
        record_id=person.pk,
    )


def _send(actor: Actor, person: User) -> Invited:
    from dealwright.base.messaging import send_email

    _open(person).update(revoked_at=timezone.now())
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        user=person,
        email=person.email,
        token_hash=_hash(token),
        invited_by=actor.user,
        expires_at=timezone.now() + OPEN_FOR,
    )
    link = f"{settings.PUBLIC_URL}/invitation/{token}"
    company = organization().name
    # Whoever is new has chosen no language yet: it is written in the company's.
    ours = organization().language
    language = ours if ours in dict(settings.LANGUAGES) else "en"
    with translation.override(language):
        words = {
            "who": actor.name,
            "company": company,
            "day": format_date(invitation.expires_at, "long", locale=locale_of(language)),
        }
        paragraphs = [
            _("Hello %(name)s,") % {"name": person.get_short_name()},
            _(
                "%(who)s has made a place for you at %(company)s on Dealwright. "
                "Choose a password here and begin:"
            )
            % words,
            link,
            _(
                "The link works once and until %(day)s. "
                "If you do not know what this is about, you can leave this mail alone."
            )
            % words,
        ]
        subject = _("%(who)s invites you to %(company)s on Dealwright") % words
    send_email(
        actor,
        to=person.email,
        to_name=person.name,
        subject=subject,
        text="\n\n".join(paragraphs) + "\n",
        purpose="invitation",
        sensitive=True,
    )
    record_event(
        actor,
        UserInvited(user_id=person.pk, email=person.email, profile=person.profile),
        object="user",
        record_id=person.pk,
    )
    return Invited(invitation, link)


def _open(person: User) -> QuerySet[Invitation]:
    return Invitation.objects.filter(user=person, accepted_at__isnull=True, revoked_at__isnull=True)


def _confirm_address(user: User) -> None:
    """The address got the link (or is the first administrator's own word): no second mail."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


def _password_errors(password: str, person: User) -> dict[str, list[str]]:
    try:
        validate_password(password, person)
    except ValidationError as error:
        return {"password": error.messages}
    return {}


@contextmanager
def _noting(wrong: dict[str, list[str]], field: str) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        wrong[field] = [error.message]


def _name_of(email: str) -> str:
    return email.split("@")[0].replace(".", " ").replace("_", " ").title()


def _invalid(wrong: dict[str, list[str]]) -> Invalid:
    return Invalid(" ".join(each for said in wrong.values() for each in said), fields=wrong)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
