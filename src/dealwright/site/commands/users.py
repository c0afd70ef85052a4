"""``user add``, ``user list`` and ``user password``."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from typing import TYPE_CHECKING, Any

from dealwright.base.errors import Invalid, NotFound

if TYPE_CHECKING:
    from dealwright.base.people.models import User

PROFILES = ("administrator", "manager", "rep", "finance", "legal", "read_only")


def add_commands(commands: Any) -> None:
    """Adds the care for people who sign in."""
    user = commands.add_parser("user", help="add people, list them, set a password")
    verbs = user.add_subparsers(dest="verb", metavar="VERB", required=True)

    add = verbs.add_parser("add", help="add a person who may sign in")
    add.add_argument("email")
    add.add_argument("--name", default="", help="as others see it (default: from the address)")
    add.add_argument("--profile", choices=PROFILES, default="rep", help="default: rep")
    _add_password_option(add)
    add.set_defaults(run=run_add)

    shown = verbs.add_parser("list", help="list the people")
    shown.add_argument("--all", action="store_true", help="also those who may not sign in")
    shown.set_defaults(run=run_list)

    password = verbs.add_parser("password", help="set a person's password")
    password.add_argument("email")
    _add_password_option(password)
    password.set_defaults(run=run_password)


def run_add(arguments: argparse.Namespace) -> int:
    """Adds a person with a password; one who only owned imported records becomes that person."""
    from allauth.account.models import EmailAddress

    from dealwright.base.access.actor import change, system
    from dealwright.base.people.models import User
    from dealwright.base.people.rules import check_address, check_name

    email = check_address(arguments.email)
    user = User.objects.filter(email=email).first() or User(email=email, is_placeholder=True)
    if not user.is_placeholder:
        raise Invalid(f"{email} is there already. `user password` sets a new password.")
    called = arguments.name or user.name or email.split("@")[0].replace(".", " ").title()
    user.name = check_name(called, longest=160, what="A person")
    user.profile = arguments.profile
    user.is_placeholder, user.is_active = False, True
    _set_password(user, arguments)
    with change(system("command line", via="cli")):
        user.save()
        EmailAddress.objects.update_or_create(
            user=user, email=email, defaults={"verified": True, "primary": True}
        )
    profile = user.get_profile_display().lower()
    _tell(arguments, user, f"Added {user.name} <{email}> as {profile}.")
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """Prints who is there."""
    from dealwright.base.people.models import User

    users = User.objects.order_by("name", "email")
    if not arguments.all:
        users = users.filter(is_active=True, is_placeholder=False)
    found = [_described(user) for user in users]
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for each in found:
        last = each["last_login"] or "never"
        print(f"{each['email']:<40} {each['profile']:<14} {each['name']:<30} signed in {last}")
    if not found:
        print("Nobody yet. Add the first: bin/dealwright user add EMAIL --profile administrator")
    return 0


def run_password(arguments: argparse.Namespace) -> int:
    """Sets a password and ends the person's open sessions."""
    from dealwright.base.access.actor import change, system
    from dealwright.base.people.models import User
    from dealwright.base.people.users import end_sessions

    user = User.objects.filter(email=arguments.email.strip().lower()).first()
    if user is None:
        raise NotFound(f"There is no user {arguments.email}. `user list --all` shows who is.")
    _set_password(user, arguments)
    with change(system("command line", via="cli")):
        user.save(update_fields=["password"])
        end_sessions(user)
    _tell(arguments, user, f"The password of {user.email} is set.")
    return 0


def _add_password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input instead of asking",
    )


def _set_password(user: User, arguments: argparse.Namespace) -> None:
    """Asks for a password by the same rules as the sign-up page."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    if arguments.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise Invalid("The two passwords differ.")
    else:
        raise Invalid("Give the password with --password-stdin.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None
    user.set_password(password)


def _tell(arguments: argparse.Namespace, user: User, sentence: str) -> None:
    print(json.dumps(_described(user), ensure_ascii=False) if arguments.json else sentence)


def _described(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "email": user.email,
        "name": user.name,
        "profile": user.profile,
        "is_active": user.is_active,
        "last_login": user.last_login.isoformat(timespec="minutes") if user.last_login else None,
    }
