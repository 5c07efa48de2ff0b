"""Which addresses we open, checked on the address that is dialled and not on the name.

A name may resolve to something else a moment later, so the check and the connection use the same answer: resolve,
refuse when any address is not public, dial one of exactly these. TLS and `Host` keep the name, they are made above.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpcore2

from agents.errors import Refused, Unreachable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
#: (host, port) -> addresses as text.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
#: Special ranges that older versions of the standard library count as global.
_SPECIAL: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))
#: A name with hundreds of addresses must not cost hundreds of connection attempts.
_TRIES: Final = 3


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address carries (mapped, 6to4, NAT64), or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and any(address in network for network in _NAT64):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def public(address: Address) -> bool:
    """Say whether everybody on the internet means the same host by this address."""
    inner = unwrapped(address)
    if any(inner.version == network.version and inner in network for network in _SPECIAL):
        return False
    if not inner.is_global or inner.is_multicast or inner.is_reserved:
        return False
    return isinstance(inner, IPv4Address) or inner in _UNICAST


def networks(allow: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that a deployment allows although they are not public.

    Raises:
        ValueError: not in CIDR form.
    """
    return tuple(ip_network(network) for network in allow)


class Dialler(httpcore2.AsyncNetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self, allow: tuple[Network, ...], resolve: Resolver, inner: httpcore2.AsyncNetworkBackend) -> None:
        self._allow, self._resolve, self._inner = allow, resolve, inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to one of the host's addresses, each of which was checked.

        Raises:
            Refused: the host has an address that is not public, or is no host name.
            Unreachable: it has none.
        """
        addresses = await self.addresses(host, port, timeout)
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(str(addresses[-1]), port, timeout, local_address, socket_options)

    async def addresses(self, host: str, port: int, within: float | None) -> tuple[Address, ...]:
        """Return the addresses that may be dialled for a host, at most three, at least one."""
        try:
            async with asyncio.timeout(within):
                found = await self._resolve(host, port)
            addresses = tuple(dict.fromkeys(ip_address(text.partition("%")[0]) for text in found))
        except TimeoutError:
            raise Unreachable(f"{host}: the name was not resolved in time") from None
        except UnicodeError:
            raise Refused(f"{host[:80]!r} is no host name") from None
        except OSError as error:
            raise Unreachable(f"{host}: {error.strerror}") from None
        except ValueError as error:
            raise Refused(f"{host}: {error}") from None
        for address in addresses:
            if not self._may(address):
                raise Refused(f"{host} is {address}, which is not public; STELLWERK_FETCH__ALLOW lists exceptions")
        if not addresses:
            raise Unreachable(f"{host}: no address")
        return addresses[:_TRIES]

    async def sleep(self, seconds: float) -> None:
        """Sleep; httpcore2 does between its own retries."""
        await asyncio.sleep(seconds)

    def _may(self, address: Address) -> bool:
        inner = unwrapped(address)
        return public(address) or any(inner.version == net.version and inner in net for net in self._allow)


class SystemResolver:
    """The operating system's resolver, in threads of its own.

    The event loop's default threads are few: some names whose servers are silent would stop all others.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host in the system's order."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._pool, self._ask, host, port)
        return [str(place[0]) for *_, place in found]

    @staticmethod
    def _ask(host: str, port: int) -> list[tuple[object, object, object, object, tuple[object, ...]]]:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    def close(self) -> None:
        """Let the threads go; a question still open ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
