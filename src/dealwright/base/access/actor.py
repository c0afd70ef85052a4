"""Who acts, and through which door. Every service takes an actor first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from django.db import connection, transaction

from dealwright.base.errors import NotAllowed
from dealwright.base.people.models import User

Via = Literal["web", "api", "import", "job", "public", "cli", "mail"]


# Who acted before, read before it is written: in one statement, since every service asks.
_TAKE_OVER = """
with before as materialized (select current_setting('dealwright.actor', true) as line)
select line, set_config('dealwright.actor', %s, true) from before
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts.

    ``user`` is None for the product itself (jobs, subscribers) and for the public
    (``via="public"``: a visitor of a form, a signer with a link). ``scopes`` is None for a
    signed-in person and the set of an API token's scopes for a token.
    """

    user: User | None
    via: Via
    request_id: str = ""
    scopes: frozenset[str] | None = None
    label: str = ""

    @property
    def is_system(self) -> bool:
        """The product itself: not bound by what one user may see."""
        return self.user is None and self.via != "public"

    @property
    def name(self) -> str:
        return self.label or (self.user.name if self.user else "Dealwright")

    def require_user(self) -> User:
        """The user; raises NotAllowed where nobody is signed in."""
        if self.user is None:
            raise NotAllowed("Sign in to do this.", code="sign_in_required")
        return self.user

    def require_administrator(self, said: str = "") -> None:
        """Raises NotAllowed, in words of the caller's, for all but administrators and the
        product itself."""
        if not self.is_system and not self.require_user().is_administrator:
            raise NotAllowed(said or "Only administrators may do this.")


def system(label: str = "Dealwright", *, via: Via = "job") -> Actor:
    """The product itself, e.g. a subscriber or a schedule; ``label`` names it in the audit."""
    return Actor(user=None, via=via, label=label)


@contextmanager
def change(actor: Actor) -> Iterator[None]:
    """One transaction in which ``actor`` changes records.

    The audit triggers read who acts from the transaction's own settings, so whatever
    writes (ORM, bulk SQL) is attributed. Nested calls join the outer transaction as a
    savepoint, so that a caller may catch a refusal of an inner service and go on; the inner
    actor's line ends with its block.
    """
    mine = _describe(actor)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE_OVER, [mine])
        row = cursor.fetchone()
        before = (row[0] if row else None) or ""
        yield
        if before != mine:
            cursor.execute("select set_config('dealwright.actor', %s, true)", [before])


def _describe(actor: Actor) -> str:
    """``user id|via|request id|label``: what the audit trigger splits."""
    user_id = str(actor.user.id) if actor.user else ""
    return f"{user_id}|{actor.via}|{actor.request_id}|{actor.name}"
