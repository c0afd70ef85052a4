"""Normal forms of internet domains and phone numbers, so that equal ones compare equal."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

import phonenumbers
import tldextract
from babel import Locale

from dealwright.base.errors import Invalid

# Domains whose mailboxes belong to anybody: they say nothing about an employer. Those of
# RFC 2606 (example.com) belong to nobody.
FREE_MAIL_DOMAINS = frozenset({
    "126.com", "163.com", "aol.com", "bluewin.ch", "btinternet.com", "comcast.net", "cox.net",
    "example.com", "example.net", "example.org", "fastmail.com", "free.fr", "freenet.de",
    "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com",
    "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.it", "icloud.com",
    "inbox.com", "laposte.net", "libero.it", "live.com", "live.de", "mac.com", "mail.com",
    "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "orange.fr", "outlook.com",
    "outlook.de", "posteo.de", "proton.me", "protonmail.com", "qq.com", "rediffmail.com",
    "sbcglobal.net", "seznam.cz", "t-online.de", "tuta.com", "tutanota.com", "verizon.net",
    "wanadoo.fr", "web.de", "wp.pl", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.de",
    "yahoo.fr", "yandex.com", "yandex.ru", "ymail.com", "zoho.com",
})  # fmt: skip

# The list of public suffixes comes with the package; nothing is fetched.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def registrable_domain(text: str) -> str:
    """The part of a domain, address or URL that one registers (``example.co.uk``), "" for none.

    Follows the Public Suffix List; where no rule of it matches, the last label counts as suffix.
    """
    host = text.strip().lower()
    if "@" in host and "://" not in host:
        host = host.rpartition("@")[2]
    try:
        host = urlsplit(host if "://" in host else f"//{host}").hostname or ""
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except ValueError:
        return ""
    parts = _suffixes(host)
    if parts.suffix or parts.ipv4 or parts.ipv6:
        return parts.top_domain_under_public_suffix
    labels = host.strip(".").split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else ""


def company_domain(email: str) -> str:
    """The registrable domain of an address that tells its company, "" for free mail."""
    domain = registrable_domain(email) if "@" in email else ""
    return "" if domain in FREE_MAIL_DOMAINS else domain


def checked_domain(text: str) -> str:
    """The registrable domain; raises Invalid where the text is none."""
    domain = registrable_domain(text)
    if not domain:
        sentence = f"Domain: “{text[:80]}” is not a domain like example.com."
        raise Invalid(sentence, fields={"domain": [sentence]})
    return domain


def normal_phone(text: str, country: str = "") -> str:
    """The number in E.164 (``+4930123456``) where it can be read, else as typed.

    A number without country code is read as one of ``country``, a name or ISO 3166 code.
    """
    try:
        number = phonenumbers.parse(text, _region(country) or None)
    except phonenumbers.NumberParseException:
        return text.strip()
    if not phonenumbers.is_possible_number(number):
        return text.strip()
    code = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{code} ext. {number.extension}" if number.extension else code


@lru_cache(maxsize=512)
def _region(country: str) -> str:
    """The ISO 3166 code of a country's name in English or of the code itself, "" if unknown."""
    text = country.strip()
    if len(text) == 2:
        return text.upper()
    return _country_codes().get(text.casefold(), "")


@lru_cache(maxsize=1)
def _country_codes() -> dict[str, str]:
    names = {
        name.casefold(): code
        for code, name in Locale("en").territories.items()
        if len(code) == 2 and code.isalpha()
    }
    return names | {"usa": "US", "united states of america": "US", "uk": "GB", "england": "GB"}
