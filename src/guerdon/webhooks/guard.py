"""Judges where a webhook may go: the address that is connected to is the address that was judged.

Names are resolved by our own resolver, which gives the connection only the addresses that pass, so that no second
look-up can answer differently. Hosts that are written as an address never reach a resolver and are judged before.
"""

import ipaddress
import re
import socket
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SCHEMES = frozenset({"http", "https"})
_IPV4_BITS = 0xFFFF_FFFF
# Some parsers drop these, others do not: what was judged must be what is called.
_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|[0-9a-f]*:[0-9a-f:.]+")


class TargetRefused(OSError):  # noqa: N818 - an OSError, so that the HTTP client treats it as a failed look-up
    """The target's address is one that webhooks may not call."""


@lru_cache(1_000)
def parse_target(text: str) -> URL | None:
    """The URL if it is one that a webhook can have at all: absolute http(s), with a host, without credentials."""
    if _NEVER_IN_A_URL.search(text):
        return None
    try:
        url = URL(text)
        host, port = url.host and url.raw_host, url.port
    except ValueError:
        return None
    if url.scheme not in _SCHEMES or not host or not _HOST.fullmatch(host) or url.user or url.password or not port:
        return None
    return url


def is_public(address: Address) -> bool:
    """Whether the address is on the public internet, also when it is an IPv4 address in one of IPv6's wrappings."""
    inner = _embedded_ipv4(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast


def _embedded_ipv4(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _IPV4_BITS)
    if address.teredo:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def judge(url: URL, *, allow_private: bool) -> None:
    """Refuses a URL whose host is written as an address that is not public. Errors: TargetRefused."""
    if allow_private or url.host is None:
        return
    try:
        address = ipaddress.ip_address(url.host)
    except ValueError:
        return
    _require_public(address)


def _require_public(address: Address) -> None:
    if not is_public(address):
        raise TargetRefused(f"target address {address} is not a public address")


class JudgingResolver(AbstractResolver):
    """Resolves names with the system's resolver and refuses those with any address that is not public."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Errors: TargetRefused, OSError."""
        results = await self._system.resolve(host, port, family)
        if not self._allow_private:
            for result in results:
                _require_public(ipaddress.ip_address(result["host"].partition("%")[0]))
        return results

    async def close(self) -> None:
        await self._system.close()


def connector(*, allow_private: bool, **options: Any) -> aiohttp.TCPConnector:  # noqa: ANN401 - aiohttp's own options
    """A connector that can only reach what passes; pooled connections keep the address they were judged by."""
    return aiohttp.TCPConnector(resolver=JudgingResolver(allow_private=allow_private), **options)
