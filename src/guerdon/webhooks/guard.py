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

import msgspec
from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddrInfo = tuple[int, int, int, str, tuple[Any, ...]]  # as getaddrinfo has it
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
    return _NUMERIC_END.search(host) is not None and not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


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
    if not rules.allow_private and url.host is not None and _is_address(url.host):
        _require_public(ipaddress.ip_address(url.host))


def _require_public(address: Address) -> None:
    if not is_public(address):
        raise TargetRefused(f"target address {address} is not a public address")


class Resolver:
    """Resolves names with the system's resolver and refuses those with any address that is not public.

    In threads of its own, so that names whose servers do not answer hold up neither each other nor anything else. What
    was judged is remembered for some seconds, and callers that come meanwhile wait for the same look-up.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._threads = ThreadPoolExecutor(_DNS_THREADS, "resolver")
        self._known: dict[tuple[str, int], asyncio.Task[list[AddrInfo]]] = {}

    async def resolve(self, host: str, port: int) -> list[AddrInfo]:
        """The addresses as sockets take them, all of them judged. Errors: TargetRefused, OSError."""
        known = self._known.get((host, port))
        if known is None:
            known = self._known[host, port] = asyncio.create_task(self._look_up(host, port))
            known.add_done_callback(partial(self._remember, (host, port)))
        return await asyncio.shield(known)

    def _remember(self, key: tuple[str, int], found: asyncio.Task[list[AddrInfo]]) -> None:
        if found.cancelled() or found.exception() is not None:
            del self._known[key]
        else:
            asyncio.get_running_loop().call_later(_DNS_TTL_S, self._known.pop, key, None)

    async def _look_up(self, host: str, port: int) -> list[AddrInfo]:
        if _is_address(host):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            found: list[AddrInfo] = [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))]
        else:
            find = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            found = [*(await asyncio.get_running_loop().run_in_executor(self._threads, find))]
        if not self._rules.allow_private:
            for *_, address in found:
                _require_public(ipaddress.ip_address(str(address[0]).partition("%")[0]))
        return found

    def close(self) -> None:
        for known in self._known.values():
            known.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
