"""What an identity provider says of a recipient: whose address it is, or what it checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.base.errors import Invalid
from dealwright.base.people.identity import providers
from dealwright.signing.envelopes.models import IdentityMethod
from dealwright.signing.identity.assurance import (
    Unverified,
    Verified,
    check_verified,
    refuses_other_name,
)
from dealwright.signing.identity.models import IdentityStep
from dealwright.signing.identity.provider_checks import checks_of
from dealwright.signing.identity.trials import (
    Proof,
    Refusal,
    Trial,
    count_wrong,
    refused_before,
)

SIGNED_IN_WITHIN = timedelta(minutes=5)  # before they come back; asked for as max_age
CLOCKS = timedelta(minutes=1)
_LONGEST = 300
_NOT_OURS = gettext_noop("This answer of the provider is not for this request. Start again.")
_OTHER_NAME = gettext_noop("The name that the provider checked is not the one this was sent to.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswer:
    """What came back: the claims of the ID token and of the user info endpoint.

    ``is_signed`` is whether the provider's key was found to have signed the ID token, ``nonce``
    what was sent with the request.
    """

    provider: str
    id_token: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] = field(default_factory=dict)
    nonce: str = ""
    is_signed: bool = False

    @property
    def claims(self) -> Mapping[str, Any]:
        return {**self.userinfo, **self.id_token}


def check_provider_answer(trial: Trial, answer: ProviderAnswer) -> Proof | Refusal:
    """Check an answer against what the sender asked for."""
    step = trial.step(IdentityMethod.IDP)
    if answer.provider != step.destination:
        return Invalid("This is not the identity provider that the sender chose.")
    subjects = {str(each["sub"]) for each in (answer.id_token, answer.userinfo) if each.get("sub")}
    if len(subjects) > 1:  # OpenID Connect Core 1.0, 5.3.2
        return Invalid("The provider's answers are about two people. Start again.")
    if step.assurance:
        return _checked(trial, step, answer)
    claims = answer.claims
    if not _is_own_address(trial, claims):
        return Invalid(
            "You signed in there with another e-mail address than the one this was sent to."
        )
    return Proof(IdentityMethod.IDP, _about(answer), {"subject": _subject(claims)})


def describe_provider(trial: Trial) -> dict[str, Any]:
    """What the page says before somebody goes there."""
    step = trial.step(IdentityMethod.IDP)
    known = {each.provider_id: each.name for each in providers()}
    return {
        "provider": step.destination,
        "provider_name": known.get(step.destination, ""),
        "assurance": step.assurance,
        "shows_other_name": not refuses_other_name(step.other_name),
    }


def _checked(trial: Trial, step: IdentityStep, answer: ProviderAnswer) -> Proof | Refusal:
    """What the provider checked is what was asked; each answer that is not counts as a try."""
    if refusal := refused_before(trial):
        return refusal
    checks = checks_of(step.destination)
    if checks is None or step.assurance not in checks.offers:
        return Invalid("This provider is not set up for the check any more. Ask the sender.")
    fault = _fault(answer, checks.acr_values.split())
    if fault:
        return _refused(trial, fault)
    given = [
        each["verified_claims"]
        for each in (answer.id_token, answer.userinfo)
        if each.get("verified_claims") is not None
    ]
    found = check_verified(given, step.assurance, checks, name=trial.recipient.name)
    if isinstance(found, Unverified):
        return _refused(trial, found.sentence)
    if not found.same_name and refuses_other_name(step.other_name):
        return _refused(trial, _(_OTHER_NAME))
    return _proof(trial, answer, found)


def _proof(trial: Trial, answer: ProviderAnswer, found: Verified) -> Proof:
    own = _is_own_address(trial, answer.claims)
    details = {**found.details, "subject": _subject(answer.id_token)}
    if not found.same_name:
        details["recipient_name"] = trial.recipient.name
    return Proof(
        IdentityMethod.IDP,
        {**_about(answer), **found.facts, "same_email": own},
        details,
    )


def _fault(answer: ProviderAnswer, acr_values: list[str]) -> str:
    """What is wrong with an ID token apart from what it says was checked; empty where nothing."""
    token = answer.id_token
    if not answer.is_signed:
        return _("The provider's answer is not signed as it must be.")
    if not answer.nonce or not constant_time_compare(str(token.get("nonce") or ""), answer.nonce):
        return _(_NOT_OURS)
    if acr_values and token.get("acr") not in acr_values:
        return _("The provider did not let you sign in as strongly as was asked for.")
    signed_in = token.get("auth_time")
    if isinstance(signed_in, int):
        oldest = timezone.now() - SIGNED_IN_WITHIN - CLOCKS
        if signed_in < oldest.timestamp():
            return _("You signed in at the provider too long ago. Sign in there anew.")
    return ""


def _refused(trial: Trial, sentence: str) -> Refusal:
    return count_wrong(trial, IdentityMethod.IDP, sentence, key="provider")


def _is_own_address(trial: Trial, claims: Mapping[str, Any]) -> bool:
    """Whether the provider vouches for the address that the request was sent to."""
    email = str(claims.get("email") or "").strip().casefold()
    vouched = claims.get("email_verified") in (True, "true", None)
    return vouched and bool(email) and email == trial.recipient.email


def _about(answer: ProviderAnswer) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "provider": answer.provider,
        "issuer": str(answer.claims.get("iss") or "")[:_LONGEST],
    }
    if isinstance(answer.claims.get("auth_time"), int):
        facts["auth_time"] = answer.claims["auth_time"]
    return facts


def _subject(claims: Mapping[str, Any]) -> str:
    return str(claims.get("sub") or "")[:_LONGEST]
