"""Addresses of people: checked, made comparable, hashed."""

from __future__ import annotations

import secrets
from contextlib import suppress
from hashlib import sha256

import phonenumbers
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from dealwright.base.errors import Invalid


def check_email(text: str, *, field: str = "to") -> str:
    """The address, its domain in lower case; raises Invalid naming ``field``."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        sentence = f"“{text.strip()[:80]}” is not an e-mail address."
        raise Invalid(sentence, code="email_address", fields={field: [sentence]}) from None
    return checked.normalized


def check_phone(text: str, *, region: str = "", field: str = "to") -> str:
    """The number as E.164 (``+4930123456``); raises Invalid naming ``field``.

    A number without its country needs ``region`` (ISO 3166).
    """
    sentence = f"“{text.strip()[:40]}” is not a phone number such as +49 30 123456."
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        raise Invalid(sentence, code="phone_number", fields={field: [sentence]}) from None
    if not phonenumbers.is_possible_number(number):
        raise Invalid(sentence, code="phone_number", fields={field: [sentence]})
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def comparable(address: str) -> str:
    """An e-mail address or phone number as two writings of it compare equal."""
    text = address.strip().casefold()
    if "@" not in text:
        return "".join(each for each in text if each.isdigit() or each == "+")
    local, _, domain = text.rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return f"{local}@{domain}"


def address_hash(address: str) -> str:
    """What the suppression list keeps of an address; ``@example.com`` stands for a domain."""
    return sha256(b"dealwright address " + comparable(address).encode()).hexdigest()


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].casefold()


def default_from_address() -> str:
    """What mail comes from until an administrator says otherwise."""
    from urllib.parse import urlsplit

    return f"dealwright@{urlsplit(settings.PUBLIC_URL).hostname or 'localhost'}"


def new_message_id(from_address: str) -> str:
    """A Message-ID (RFC 5322, 3.6.4) that nobody can guess, so that a reply proves receipt."""
    return f"<{secrets.token_hex(16)}@{domain_of(from_address) or 'localhost'}>"
