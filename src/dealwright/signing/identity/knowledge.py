"""What a recipient knows: an access code told out of band, or the password of an account."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop

from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import IdentityMethod
from dealwright.signing.identity.choices import access_code_hash
from dealwright.signing.identity.limits import (
    PASSWORD_TRIES,
    count_one,
    is_used_up,
    lock_key,
    too_many,
)
from dealwright.signing.identity.trials import (
    Proof,
    Refusal,
    Trial,
    count_wrong,
    refused_before,
    wrong,
)


def check_access_code(trial: Trial, code: str) -> Proof | Refusal:
    """Try the code that the sender told the recipient. Five wrong tries lock."""
    if refusal := refused_before(trial):
        return refusal
    step = trial.step(IdentityMethod.ACCESS_CODE)
    if not step.secret_hash:
        return wrong("The sender has to set an access code for you first. Ask them.")
    if constant_time_compare(step.secret_hash, access_code_hash(trial.recipient, code)):
        return Proof(IdentityMethod.ACCESS_CODE, {}, {})
    return count_wrong(
        trial, IdentityMethod.ACCESS_CODE, gettext_noop("This is not the access code."), key="code"
    )


def check_password(trial: Trial, password: str) -> Proof | Refusal:
    """Try the password of the account with the recipient's address.

    Whether there is such an account, it has a password or it may sign in is answered alike, and
    takes as long. Tries count against the account over all envelopes: who sends many cannot
    guess a colleague's password with them.
    """
    if refusal := refused_before(trial):
        return refusal
    email = trial.recipient.email
    lock_key(f"password:{email}")
    if is_used_up(PASSWORD_TRIES, email):
        return too_many()
    user = User.objects.filter(email__iexact=email, is_active=True).first() if email else None
    if user is None or not user.has_usable_password():
        make_password(password)  # the same work as a comparison
    elif user.check_password(password):
        return Proof(IdentityMethod.ACCOUNT, {"user": str(user.pk)}, {})
    count_one(PASSWORD_TRIES, email)
    return count_wrong(
        trial,
        IdentityMethod.ACCOUNT,
        gettext_noop("This is not the password of your account."),
        key="password",
    )
