"""Asking for revocations and at signing services: public addresses only, unless allowed by name.

The addresses of revocation lists stand in certificates, so whoever makes a certificate could
have the server fetch from its own network. Each address is looked at when the connection is
made, after the name was resolved: a name that resolves otherwise the second time gains nothing,
and neither does a redirect.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from dealwright.base.events.webhooks.addresses import is_public, private_allowed

SECONDS = 15


class _Resolver(AbstractResolver):
    """Marks the addresses that an allowed name resolved to."""

    def __init__(self, hosts: Collection[str]) -> None:
        self.hosts = hosts
        self.allowed: set[str] = set()
        self._plain = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._plain.resolve(host, port, family)
        if host.lower() in self.hosts:
            self.allowed.update(each["host"] for each in found)
        return found

    async def close(self) -> None:
        await self._plain.close()


@asynccontextmanager
async def guarded_session(
    private_hosts: Collection[str] = (),
) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that connects to public addresses and to those of ``private_hosts``.

    What is refused looks like a connection that failed.
    """
    hosts = {each.lower() for each in private_hosts}
    resolver = _Resolver(hosts)

    def connect(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        host = str(address[0]).partition("%")[0]
        named = host in resolver.allowed or host in hosts
        if not (named or private_allowed() or is_public(str(ipaddress.ip_address(host)))):
            raise OSError(f"{host} is not a public address, and not among the private hosts")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    connector = aiohttp.TCPConnector(
        ssl=ssl.create_default_context(cafile=certifi.where()),
        resolver=resolver,
        socket_factory=connect,
    )
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, trust_env=False
    ) as session:
        yield session
