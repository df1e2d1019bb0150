"""Judges where a webhook may go: the address that is connected to is the address that was judged.

Names are resolved by our own resolver, which gives the connection only the addresses that pass, so that no second
look-up can answer differently. Hosts that are written as an address never reach a resolver and are judged before.
"""

import asyncio
import ipaddress
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# What may be called in IPv6 at all; everything else is local, reserved, or a wrapping that is judged by its content.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# Global by their registration, or by an older Python's copy of it, and yet nothing that a webhook has to do with:
# protocol assignments, relays of 6to4, documentation, and the address at which Azure serves its machines.
_NOT_FOR_WEBHOOKS = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20", "2001::/23"))
)
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
_SCHEMES = frozenset({"http", "https"})
_IPV4_BITS = 0xFFFF_FFFF
_DNS_THREADS = 64
_DNS_TTL_S = 10
# Some parsers drop these, others do not: what was judged must be what is called. And no credentials.
_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]|//[^/?#]*@")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|[0-9a-f]*:[0-9a-f:.]+")
# A host that ends in a number is an address to some parsers, in decimal, octal or hexadecimal, and a name to others.
_NUMERIC_END = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$")


class Rules(msgspec.Struct, frozen=True):
    """What the operator allows; `ports` None is every port."""

    allow_private: bool = False
    ports: frozenset[int] | None = None


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
    if url.scheme not in _SCHEMES or not host or not _HOST.fullmatch(host) or not port:
        return None
    return None if _is_odd_number(host) else url


def _is_odd_number(host: str) -> bool:
    """Whether the host looks like an IPv4 address but is not written as one usually is."""
    if not _NUMERIC_END.search(host):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def is_public(address: Address) -> bool:
    """Whether the address is on the public internet, also when it is an IPv4 address in one of IPv6's wrappings."""
    if any(address in network for network in _NOT_FOR_WEBHOOKS if network.version == address.version):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded_ipv4(address)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast


def _embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a mapped, translated, 6to4 or ISATAP address leads to. Teredo is refused as a whole."""
    value = int(address)
    if address in _NAT64 or (value >> 32) & _IPV4_BITS in _ISATAP:
        return ipaddress.IPv4Address(value & _IPV4_BITS)
    return address.ipv4_mapped or address.sixtofour


def judge(url: URL, rules: Rules) -> None:
    """Refuses a port that is not allowed, and a host that is written as an address that is not public.

    Errors: TargetRefused.
    """
    if rules.ports is not None and url.port not in rules.ports:
        raise TargetRefused(f"target port {url.port} is not allowed")
    if rules.allow_private or url.host is None:
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
    """Resolves names with the system's resolver and refuses those with any address that is not public.

    In threads of its own, so that names whose servers do not answer hold up neither each other nor anything else.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._threads = ThreadPoolExecutor(_DNS_THREADS, "resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Errors: TargetRefused, OSError."""
        find = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, find)
        results = [_result(host, kind, protocol, address[:2]) for kind, _, protocol, _, address in found]
        if not self._rules.allow_private:
            for result in results:
                _require_public(ipaddress.ip_address(result["host"].partition("%")[0]))
        return results

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _result(host: str, family: socket.AddressFamily, protocol: int, address: tuple[Any, ...]) -> ResolveResult:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address[0], port=address[1], family=family, proto=protocol, flags=flags)


def connector(rules: Rules, connections: int) -> aiohttp.TCPConnector:
    """A connector that can only reach what passes; pooled connections keep the address they were judged by.

    Certificates are verified; a name's addresses are remembered for some seconds, as they were judged.
    """
    return aiohttp.TCPConnector(resolver=JudgingResolver(rules), limit=connections, ttl_dns_cache=_DNS_TTL_S)
