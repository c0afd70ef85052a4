"""How recipients are to show who they are: what a sender chooses, checked and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_noop

from dealwright.base.errors import Invalid
from dealwright.base.messaging.addresses import check_phone
from dealwright.base.people.identity import providers
from dealwright.signing.envelopes.models import IdentityMethod, Recipient
from dealwright.signing.identity.models import IdentityStep
from dealwright.signing.identity.policy import refused_country

SHORTEST_ACCESS_CODE = 6
LONGEST_ACCESS_CODE = 64
BY_MAIL = (IdentityMethod.EMAIL_OTP,)
# With which a person can show again, at the act itself, that it is them (21 CFR 11.200).
REPEATABLE = (
    IdentityMethod.WEBAUTHN,
    IdentityMethod.ACCOUNT,
    IdentityMethod.TOTP,
    IdentityMethod.SMS_OTP,
    IdentityMethod.ACCESS_CODE,
    IdentityMethod.EMAIL_OTP,
)


# What a sender chooses from; the API takes any list.
IDENTITY_WAYS = [
    ("email_otp", gettext_noop("Code by e-mail")),
    ("email_link", gettext_noop("Link alone")),
    ("access_code", gettext_noop("Access code")),
    ("email_otp+access_code", gettext_noop("Code by e-mail and access code")),
    ("sms_otp", gettext_noop("Code by SMS")),
    ("email_otp+sms_otp", gettext_noop("Codes by e-mail and SMS")),
    ("account", gettext_noop("Password of their account")),
    ("totp", gettext_noop("Authenticator app")),
    ("webauthn", gettext_noop("Passkey")),
    ("idp", gettext_noop("Identity provider")),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChoice:
    """The ways in order, and what some need: a code given out of band, a number for SMS,
    the ``provider_id`` of an identity provider."""

    methods: Sequence[str] = (IdentityMethod.EMAIL_OTP.value,)
    access_code: str = ""
    phone: str = ""
    provider: str = ""


def as_methods(method: str, methods: Sequence[str] | None) -> list[str]:
    """The list of ways, from a list or from the one way that was given before there were lists."""
    given = [method] if methods is None else list(methods)
    return [each for each in given if each != IdentityMethod.EMAIL_LINK]


def wrong_choice(choice: IdentityChoice, *, addressed: bool, part11: bool = False) -> str:
    """What cannot be in a choice, as a sentence; empty where it can."""
    methods = list(choice.methods)
    for each in methods:
        if each not in IdentityMethod.values:
            return f"“{each[:30]}” is no way to confirm an identity."
    if len(set(methods)) != len(methods):
        return "Ask for each way to show an identity once."
    unmailed = {IdentityMethod.ACCESS_CODE.value, IdentityMethod.SMS_OTP.value}
    if not addressed and set(methods) - unmailed:
        return "Without an e-mail address only an access code or an SMS can be asked."
    return (
        _wrong_access_code(choice)
        or _wrong_phone(choice)
        or _wrong_provider(choice)
        or _wrong_for_part11(methods, part11=part11)
    )


def keep_choice(recipient: Recipient, choice: IdentityChoice) -> None:
    """Write down what the chosen ways need; the ways themselves stand at the recipient."""
    needs: dict[str, dict[str, str]] = {
        IdentityMethod.ACCESS_CODE: {
            "secret_hash": access_code_hash(recipient, choice.access_code)
        },
        IdentityMethod.SMS_OTP: {
            "destination": check_phone(choice.phone, field="phone") if choice.phone else ""
        },
        IdentityMethod.IDP: {"destination": choice.provider},
    }
    recipient.identity_steps.exclude(method__in=choice.methods).delete()
    for method in choice.methods:
        if method in needs:
            IdentityStep.objects.update_or_create(
                recipient=recipient,
                method=method,
                defaults={**needs[method], "attempts": 0, "confirmed_at": None},
            )


def access_code_hash(recipient: Recipient, code: str) -> str:
    """The keyed hash of an access code; blanks and case do not count when it is read out."""
    text = f"{recipient.pk}:{recipient.envelope_id}:{''.join(code.split()).casefold()}"
    return salted_hmac("dealwright.signing.access", text, algorithm="sha256").hexdigest()


def identity_choice(typed: Mapping[str, Any]) -> IdentityChoice:
    """The choice as the recipients editor sends it (``identity_choice.html``).

    ``identity`` is one of the ways, two joined by a plus sign, or "email_link".
    """
    way = str(typed.get("identity") or IdentityMethod.EMAIL_OTP)
    return IdentityChoice(
        methods=[each for each in way.split("+") if each != IdentityMethod.EMAIL_LINK],
        access_code=str(typed.get("access_code") or "").strip(),
        phone=str(typed.get("phone") or "").strip(),
        provider=str(typed.get("provider") or "").strip(),
    )


def labels_of(methods: Sequence[str]) -> list[str]:
    """The ways as a person reads them; the link alone where there is none."""
    return [IdentityMethod(each).label for each in methods] or [IdentityMethod.EMAIL_LINK.label]


def _wrong_access_code(choice: IdentityChoice) -> str:
    code = "".join(choice.access_code.split())
    if IdentityMethod.ACCESS_CODE not in choice.methods:
        return ""
    if not SHORTEST_ACCESS_CODE <= len(code) <= LONGEST_ACCESS_CODE or "\x00" in code:
        return (
            f"An access code has {SHORTEST_ACCESS_CODE} to {LONGEST_ACCESS_CODE} characters. "
            "Tell it to the person yourself; we do not."
        )
    return ""


def _wrong_phone(choice: IdentityChoice) -> str:
    if IdentityMethod.SMS_OTP not in choice.methods:
        return ""
    try:
        return refused_country(check_phone(choice.phone, field="phone"))
    except Invalid as error:
        return error.message


def _wrong_provider(choice: IdentityChoice) -> str:
    if IdentityMethod.IDP not in choice.methods:
        return ""
    known = {each.provider_id for each in providers()}
    return "" if choice.provider in known else "Choose one of the identity providers."


def _wrong_for_part11(methods: Sequence[str], *, part11: bool) -> str:
    if part11 and not set(methods) & set(REPEATABLE):
        return (
            "21 CFR Part 11 asks for a way that is repeated at the act of signing: "
            "a code, an account, an authenticator app or a passkey."
        )
    return ""
