"""How recipients are to show who they are: what a sender chooses, checked and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.messaging.addresses import check_phone
from dealwright.base.people.identity import providers
from dealwright.signing.envelopes.models import IdentityMethod, Recipient
from dealwright.signing.identity.messengers import (
    check_messenger_address,
    messenger_settings,
    wrong_messenger_address,
    wrong_whatsapp_number,
)
from dealwright.signing.identity.models import Assurance, IdentityStep, OtherName
from dealwright.signing.identity.policy import refused_country
from dealwright.signing.identity.provider_checks import offers_of

SHORTEST_ACCESS_CODE = 6
LONGEST_ACCESS_CODE = 64
BY_MAIL = (IdentityMethod.EMAIL_OTP,)
# With which a person can show again, at the act itself, that it is them (21 CFR 11.200).
REPEATABLE = (
    IdentityMethod.WEBAUTHN,
    IdentityMethod.ACCOUNT,
    IdentityMethod.TOTP,
    IdentityMethod.SMS_OTP,
    IdentityMethod.WHATSAPP_OTP,
    IdentityMethod.MESSENGER_OTP,
    IdentityMethod.ACCESS_CODE,
    IdentityMethod.EMAIL_OTP,
)
# What a person must be given of their own for a way: never of one before or after them.
OWN = {
    IdentityMethod.ACCESS_CODE.value: "access_code",
    IdentityMethod.SMS_OTP.value: "phone",
    IdentityMethod.WHATSAPP_OTP.value: "phone",
    IdentityMethod.MESSENGER_OTP.value: "messenger",
}
PHONED = {method for method, name in OWN.items() if name == "phone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChoice:
    """The ways in order, and what some need: a code given out of band, a number for SMS and
    WhatsApp, an address in the company's messenger, the ``provider_id`` of an identity provider.

    ``assurance`` is what that provider has to check of the person (``Assurance``; empty: only
    that the e-mail address is theirs), ``other_name`` what follows when the name it verified
    differs (``OtherName``).
    """

    methods: Sequence[str] = (IdentityMethod.EMAIL_OTP.value,)
    access_code: str = field(default="", repr=False)
    phone: str = ""
    messenger: str = ""
    provider: str = ""
    assurance: str = ""
    other_name: str = ""


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
    if not addressed and set(methods) - set(OWN):
        return "Without an e-mail address only an access code or a code to a phone can be asked."
    return (
        _wrong_access_code(choice)
        or _wrong_phone(choice)
        or _wrong_messenger(choice)
        or _wrong_provider(choice)
        or _wrong_for_part11(methods, part11=part11)
    )


def check_choice(choice: IdentityChoice, *, addressed: bool, part11: bool = False) -> None:
    """Raises Invalid that names "access_code", "phone", "messenger", "provider" or "identity"."""
    sentence = wrong_choice(choice, addressed=addressed, part11=part11)
    if not sentence:
        return
    key = "identity"
    for name, wrong in (
        ("access_code", _wrong_access_code(choice)),
        ("phone", _wrong_phone(choice)),
        ("messenger", _wrong_messenger(choice)),
        ("provider", _wrong_provider(choice)),
    ):
        if wrong == sentence:
            key = name
    raise Invalid(sentence, fields={key: [sentence]})


def choice_for_successor(
    recipient: Recipient, *, access_code: str = "", phone: str = "", messenger: str = ""
) -> IdentityChoice:
    """The same ways for whoever takes a recipient's place: a code, a number and an address are of
    one person alone and given anew, an identity provider and what it checks stay."""
    provider = recipient.identity_steps.filter(method=IdentityMethod.IDP).first()
    return IdentityChoice(
        methods=list(recipient.identity_methods),
        access_code=access_code.strip(),
        phone=phone.strip(),
        messenger=messenger.strip(),
        provider=provider.destination if provider else "",
        assurance=provider.assurance if provider else "",
        other_name=provider.other_name if provider else "",
    )


def asked_anew(methods: Sequence[str]) -> set[str]:
    """What a person must be given of their own for these ways: "access_code", "phone",
    "messenger"."""
    return {name for method, name in OWN.items() if method in methods}


def lacks_choice(recipient: Recipient) -> bool:
    """Whether a way was chosen that cannot work: nobody gave this person a code or a number."""
    needs = [each for each in recipient.identity_methods if each in OWN]
    if not needs:
        return False
    steps = {each.method: each for each in recipient.identity_steps.all()}
    return not all(
        (step := steps.get(each)) is not None and (step.secret_hash or step.destination)
        for each in needs
    )


def keep_choice(recipient: Recipient, choice: IdentityChoice, *, is_new: bool = False) -> None:
    """Write down what the chosen ways need; the ways themselves stand at the recipient. For a
    new recipient there is nothing to take away."""
    texted = set(choice.methods) & PHONED
    phone = check_phone(choice.phone, field="phone") if choice.phone and texted else ""
    needs: dict[str, dict[str, str]] = {
        IdentityMethod.ACCESS_CODE: {
            "secret_hash": access_code_hash(recipient, choice.access_code)
            if choice.access_code.strip()
            else ""
        },
        IdentityMethod.SMS_OTP: {"destination": phone},
        IdentityMethod.WHATSAPP_OTP: {"destination": phone},
        IdentityMethod.MESSENGER_OTP: {
            "destination": check_messenger_address(choice.messenger) if choice.messenger else ""
        },
        IdentityMethod.IDP: {
            "destination": choice.provider,
            "assurance": choice.assurance,
            "other_name": choice.other_name or OtherName.REFUSE,
        },
    }
    if not is_new:
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

    ``identity`` is one of the ways, two joined by a plus sign, "email_link", or what an identity
    provider has to check.
    """
    way = str(typed.get("identity") or IdentityMethod.EMAIL_OTP)
    assurance = way if way in Assurance.values else ""
    ways = [IdentityMethod.IDP.value] if assurance else way.split("+")
    return IdentityChoice(
        methods=[each for each in ways if each != IdentityMethod.EMAIL_LINK],
        access_code=str(typed.get("access_code") or "").strip(),
        phone=str(typed.get("phone") or "").strip(),
        messenger=str(typed.get("messenger") or "").strip(),
        provider=str(typed.get("provider") or "").strip(),
        assurance=assurance,
        other_name=str(typed.get("other_name") or "").strip(),
    )


def labels_of(methods: Sequence[str], assurance: str = "") -> list[str]:
    """The ways as a person reads them; the link alone where there is none. ``assurance`` is what
    the identity provider checks."""
    labels = {each.value: str(each.label) for each in IdentityMethod}
    if assurance:
        labels[IdentityMethod.IDP] = str(Assurance(assurance).label)
    if name := messenger_settings().channel_name if IdentityMethod.MESSENGER_OTP in methods else "":
        labels[IdentityMethod.MESSENGER_OTP] = f"Code by {name}"
    return [labels[each] for each in methods] or [IdentityMethod.EMAIL_LINK.label]


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
    if not set(choice.methods) & PHONED:
        return ""
    try:
        phone = check_phone(choice.phone, field="phone")
    except Invalid as error:
        return error.message
    if IdentityMethod.WHATSAPP_OTP in choice.methods and (said := wrong_whatsapp_number(phone)):
        return said
    return refused_country(phone) if IdentityMethod.SMS_OTP in choice.methods else ""


def _wrong_messenger(choice: IdentityChoice) -> str:
    if IdentityMethod.MESSENGER_OTP not in choice.methods:
        return ""
    return wrong_messenger_address(choice.messenger)


def _wrong_provider(choice: IdentityChoice) -> str:
    if IdentityMethod.IDP not in choice.methods:
        return "" if not choice.assurance else "What is checked is checked by an identity provider."
    known = {each.provider_id: each for each in providers()}
    chosen = known.get(choice.provider)
    if chosen is None:
        return "Choose one of the identity providers."
    if choice.other_name and choice.other_name not in OtherName.values:
        return "Say whether another name is refused or shown."
    if not choice.assurance:
        return ""
    if choice.assurance not in Assurance.values:
        return f"“{choice.assurance[:30]}” is nothing that can be checked."
    if choice.assurance not in offers_of(chosen):
        label = _(Assurance(choice.assurance).label)
        said = _("%(name)s is not set up for this check: %(check)s.")
        return said % {"name": chosen.name, "check": label}
    return ""


def _wrong_for_part11(methods: Sequence[str], *, part11: bool) -> str:
    if part11 and not set(methods) & set(REPEATABLE):
        return (
            "21 CFR Part 11 asks for a way that is repeated at the act of signing: "
            "a code, an account, an authenticator app or a passkey."
        )
    return ""
