"""What an e-mail domain tells. Lists of our own, from general knowledge; no network."""
# ruff: noqa: SIM905  long lists of words read best as text

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import tldextract

# Mail for everyone: an address there says nothing about an employer.
FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.de hotmail.fr live.com
    live.de msn.com yahoo.com yahoo.co.uk yahoo.de yahoo.fr yahoo.co.in yahoo.co.jp ymail.com
    rocketmail.com aol.com icloud.com me.com mac.com proton.me protonmail.com pm.me gmx.de gmx.net
    gmx.com gmx.at gmx.ch web.de t-online.de freenet.de arcor.de posteo.de mailbox.org tutanota.com
    tuta.com zoho.com fastmail.com hey.com mail.com email.com inbox.com mail.ru yandex.ru
    yandex.com bk.ru list.ru qq.com 163.com 126.com sina.com naver.com daum.net hanmail.net
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tin.it alice.it
    bluewin.ch sunrise.ch seznam.cz wp.pl o2.pl onet.pl interia.pl telenet.be skynet.be ziggo.nl
    kpnmail.nl xs4all.nl telia.com comcast.net verizon.net att.net sbcglobal.net cox.net
    btinternet.com sky.com virginmedia.com bigpond.com rediffmail.com uol.com.br terra.com.br
    bol.com.br
    """.split()
)

# Addresses made to be thrown away.
DISPOSABLE = frozenset(
    """
    mailinator.com guerrillamail.com 10minutemail.com temp-mail.org tempmail.com yopmail.com
    trashmail.com throwawaymail.com getnada.com dispostable.com sharklasers.com maildrop.cc
    mohmal.com fakeinbox.com mintemail.com spamgourmet.com mailnesia.com emailondeck.com
    """.split()
)

# Country domains (ISO 3166-1 alpha-2) whose registrants are as a rule in that country; those
# sold as words (.io, .ai, .co, .tv, .me …) say nothing.
_WORLDWIDE = frozenset("io ai co tv me cc ws fm ly gg to sh vc la".split())
_ROLES = frozenset(
    "info sales contact hello office support admin team mail post kontakt buero".split()
)


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What can be read off an address: its registrable domain and what kind that is."""

    domain: str
    is_free: bool
    is_disposable: bool
    is_role: bool
    company: str
    country_code: str


@cache
def _extract() -> tldextract.TLDExtract:
    """With the public suffix list that the package carries; nothing is fetched."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def domain_facts(email: str) -> DomainFacts | None:
    """Facts about an address's domain, or None where it has none."""
    local, at, host = email.strip().casefold().rpartition("@")
    if not at or not host:
        return None
    parts = _extract()(host)
    domain = parts.top_domain_under_public_suffix
    if not domain:
        return None
    free = domain in FREE_MAIL or host in FREE_MAIL
    disposable = domain in DISPOSABLE
    ending = parts.suffix.rpartition(".")[2]
    country = ending.upper() if len(ending) == 2 and ending not in _WORLDWIDE else ""
    return DomainFacts(
        domain=domain,
        is_free=free,
        is_disposable=disposable,
        is_role=local in _ROLES,
        company="" if free or disposable else company_name(parts.domain),
        country_code={"UK": "GB"}.get(country, "" if country == "EU" else country),
    )


def company_name(label: str) -> str:
    """A guess at a company's name from its domain label: ``north-wind`` is North Wind."""
    words = [word for word in re.split(r"[-_.]+", label) if word]
    return " ".join(word.upper() if len(word) <= 3 else word.capitalize() for word in words)
