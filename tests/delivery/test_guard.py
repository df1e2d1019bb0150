"""Where webhooks may go."""

import asyncio
import ipaddress

import aiohttp
import pytest
from yarl import URL

from guerdon.webhooks import guard
from guerdon.webhooks.send import Sender


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fe80::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not guard.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_are(address: str) -> None:
    assert guard.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com",
        "example.com/hook",
        "http://",
        "http:///path",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "http://example.com:99999/",
        "javascript:alert(1)",
        "",
        "http://[::1",
        "http://xn--/",
        "http://a b/",
        "http://ex\nample.com/",
        "http://example.com/\r\nx: y",
        "http://example.com\\@127.0.0.1/",
        "http://%00/",
        "http://exa<mple.com/",
        "http://a..b/",
        "http://./",
        "http://[fe80::1%25eth0]/",
    ],
)
def test_urls_that_no_webhook_can_have(url: str) -> None:
    assert guard.parse_target(url) is None


@pytest.mark.parametrize("url", ["http://example.com", "https://example.com:8443/a?b=c", "http://[2606:4700::1111]/"])
def test_urls_that_one_can(url: str) -> None:
    assert guard.parse_target(url) == URL(url)


def _post(url: str, *, allow_private: bool = False) -> str | None:
    async def post() -> str | None:
        async with Sender(allow_private=allow_private, connections=1) as sender:
            return (await sender.post(url, b"{}", {})).error

    return asyncio.run(post())


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]"],
)
def test_private_targets_are_refused_however_they_are_spelt(host: str) -> None:
    error = _post(f"http://{host}:9/")
    # Our judgement, or that of the HTTP client, which takes no address in an odd spelling; never a connection.
    assert error is not None
    assert "not a public address" in error or "not a canonical IPv4 address" in error


def test_the_setting_lets_them_through() -> None:
    error = _post("http://127.0.0.1:9/", allow_private=True)
    assert error is not None
    assert "not a public address" not in error


def test_the_connection_only_gets_addresses_that_were_judged() -> None:
    """A resolver that answers differently the second time finds nobody who asks it a second time."""

    async def resolve() -> None:
        resolver = guard.JudgingResolver(allow_private=False)
        try:
            with pytest.raises(guard.TargetRefused):
                await resolver.resolve("localhost", 80)
        finally:
            await resolver.close()
        connector = guard.connector(allow_private=False)
        assert isinstance(connector._resolver, guard.JudgingResolver)
        async with aiohttp.ClientSession(connector=connector):
            pass

    asyncio.run(resolve())
