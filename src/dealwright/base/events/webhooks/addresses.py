"""Which addresses a webhook may reach: public ones only, resolved once and pinned.

Without this a person could have the server fetch from its own network (server-side request
forgery); a name that resolves to another address at the second look (DNS rebinding) gains
nothing, since the request goes to the address that was checked.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from urllib.parse import urlsplit

from dealwright.base.errors import Invalid

# IPv6 ranges that carry an IPv4 address inside: they must not smuggle a private one.
_CARRIERS = [
    ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")
]


class AddressRefused(Exception):
    """The host resolves to nothing, or to an address that is not public."""


def private_allowed() -> bool:
    """Whether private addresses and plain http are allowed (DEALWRIGHT_WEBHOOKS_ALLOW_PRIVATE)."""
    return os.environ.get("DEALWRIGHT_WEBHOOKS_ALLOW_PRIVATE", "").lower() in ("1", "true", "yes")


def check_url(url: str) -> str:
    """The address in its plain form; raises Invalid with a sentence for one that cannot serve."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _invalid(f"“{url[:80]}” is not a web address.") from None
    if parts.scheme not in ("https", "http") or not host or any(c.isspace() for c in url):
        raise _invalid(f"“{url[:80]}” is not a web address.")
    if parts.scheme == "http" and not private_allowed():
        raise _invalid("The address must start with https://, so that nobody reads along.")
    if parts.username or parts.password:
        raise _invalid("The address may not hold a user name or password.")
    if len(url) > 500:
        raise _invalid("The address may have at most 500 characters.")
    if not private_allowed() and _is_private_literal(host):
        raise _invalid("The address is not a public one.")
    return url


def resolve(host: str, port: int) -> str:
    """The address to connect to; raises AddressRefused where any that the name has is private."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused(f"The name {host} cannot be resolved.") from None
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    if not addresses:
        raise AddressRefused(f"The name {host} cannot be resolved.")
    if not private_allowed():
        for address in addresses:
            if not is_public(address):
                raise AddressRefused(f"{host} is {address}, which is not a public address.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _CARRIERS) or ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _is_private_literal(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False


def _invalid(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"url": [sentence]})
