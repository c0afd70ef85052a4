"""What a sender chooses from: the ways that this company has set up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.base.people.identity import providers
from dealwright.signing.envelopes.models import IdentityMethod, Recipient
from dealwright.signing.identity.choices import labels_of
from dealwright.signing.identity.messengers import has_channel, has_whatsapp, messenger_settings
from dealwright.signing.identity.models import Assurance, MessengerSettings, OtherName
from dealwright.signing.identity.provider_checks import checks_by_provider

_ALWAYS = [
    ("email_otp", gettext_noop("Code by e-mail")),
    ("email_link", gettext_noop("Link alone")),
    ("access_code", gettext_noop("Access code")),
    ("email_otp+access_code", gettext_noop("Code by e-mail and access code")),
    ("sms_otp", gettext_noop("Code by SMS")),
    ("email_otp+sms_otp", gettext_noop("Codes by e-mail and SMS")),
]
_KNOWN = [
    ("account", gettext_noop("Password of their account")),
    ("totp", gettext_noop("Authenticator app")),
    ("webauthn", gettext_noop("Passkey")),
]


def choice_context() -> dict[str, Any]:
    """What ``identity_choice.html`` reads besides the row."""
    stored = messenger_settings()
    checks = checks_by_provider()
    known = providers()
    return {
        "identity_ways": _ways(stored, checks, known),
        "providers_for_signers": [
            (each.provider_id, _provider_label(each.name, checks.get(each.pk))) for each in known
        ],
        "checked_ways": " ".join(Assurance.values),
        "other_names": [(each.value, _(each.label)) for each in OtherName],
        "messenger_name": stored.channel_name,
        "messenger_takes_phones": stored.channel_to == MessengerSettings.To.PHONE,
    }


def way_of(recipient: Recipient) -> tuple[str, str]:
    """A recipient's present way as a list's value, with its words."""
    step = recipient.identity_steps.filter(method=IdentityMethod.IDP).first()
    assurance = step.assurance if step else ""
    methods = recipient.identity_methods
    alone = methods == [IdentityMethod.IDP.value]
    key = assurance if alone and assurance else "+".join(methods) or IdentityMethod.EMAIL_LINK.value
    return key, ", ".join(_(each) for each in labels_of(methods, assurance))


def role_ways(chosen: Sequence[str]) -> list[tuple[str, str]]:
    """The ways that a role of a template can have: one each, and for each identity provider what
    it checks. ``chosen`` are some that roles have, whatever is set up now."""
    stored = messenger_settings()
    missing = {
        "" if has_whatsapp(stored) else IdentityMethod.WHATSAPP_OTP.value,
        "" if has_channel(stored) else IdentityMethod.MESSENGER_OTP.value,
        IdentityMethod.IDP.value,
    }
    ways = {each.value: _(each.label) for each in IdentityMethod if each.value not in missing}
    if has_channel(stored):
        ways[IdentityMethod.MESSENGER_OTP.value] = _("Code by %(name)s") % {
            "name": stored.channel_name
        }
    checks = checks_by_provider()
    for each in providers():
        row = checks.get(each.pk)
        for offered in ["", *(row.offers if row else [])]:
            label = _(Assurance(offered).label) if offered else _("Identity provider")
            ways[f"idp:{each.provider_id}:{offered}"] = f"{label} ({each.name})"
    for way in chosen:
        method = read_role_way(way)[0]
        if way and way not in ways and method in IdentityMethod.values:
            ways[way] = _(IdentityMethod(method).label)
    return list(ways.items())


def role_way(method: str, more: Mapping[str, Any]) -> str:
    """A role's way as a value of that list."""
    if method != IdentityMethod.IDP:
        return method
    return f"idp:{more.get('provider') or ''}:{more.get('assurance') or ''}"


def read_role_way(way: str) -> tuple[str, dict[str, str]]:
    """The method that a value of that list stands for, and what else the role asks with it."""
    method, _colon, rest = way.partition(":")
    provider, _colon, assurance = rest.partition(":")
    return method, {"provider": provider, "assurance": assurance}


def _ways(
    stored: MessengerSettings, checks: Mapping[Any, Any], known: Sequence[Any]
) -> list[tuple[str, str]]:
    """The ways in the order of a list, each with words for people; the API takes any list."""
    ways = [(key, _(label)) for key, label in _ALWAYS]
    if has_whatsapp(stored):
        ways += [
            ("whatsapp_otp", _("Code by WhatsApp")),
            ("email_otp+whatsapp_otp", _("Codes by e-mail and WhatsApp")),
        ]
    if has_channel(stored):
        name = {"name": stored.channel_name}
        ways += [
            ("messenger_otp", _("Code by %(name)s") % name),
            ("email_otp+messenger_otp", _("Codes by e-mail and %(name)s") % name),
        ]
    ways += [(key, _(label)) for key, label in _KNOWN]
    offered = {each for row in checks.values() for each in row.offers}
    if known:
        ways.append(("idp", _("Identity provider")))
    ways += [(each.value, _(each.label)) for each in Assurance if each.value in offered]
    return ways


def _provider_label(name: str, row: Any) -> str:
    """The provider's name, with what it checks."""
    offered = [_(each.label) for each in Assurance if row and each.value in row.offers]
    return f"{name} ({', '.join(offered)})" if offered else str(name)
