"""What of sign-in is put away with time."""

from __future__ import annotations

from allauth.idp.oidc.models import Token

from dealwright.base.jobs import every


@every(name="people.forget_ended_grants", days=1)
def forget_ended_grants() -> None:
    """Drop the access tokens of programs that no longer count: one an hour each."""
    Token.objects.expired().delete()
