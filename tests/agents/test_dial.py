"""Which addresses count as public."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.dial import public, unwrapped


@pytest.mark.parametrize("text", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "2002:5db8:d822::1"])
def test_public_addresses_pass(text: str) -> None:
    """Ordinary addresses, also inside IPv6, may be dialled."""
    assert public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.5",
        "240.0.0.1",
        "::",
        "::1",
        "::a00:1",
        "100::1",
        "2001:db8::1",
        "2001::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "ff0e::1",
    ],
)
def test_special_addresses_do_not(text: str) -> None:
    """Everything that is not plainly the public internet stays shut."""
    assert not public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_wrapping_hides_nothing(address: object) -> None:
    """An IPv4 address inside IPv6 is judged as itself."""
    number = int(address)  # type: ignore[call-overload]
    inner = ip_address(number)
    for outer in (0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x64FF9B << 96 | number):
        wrapped = ip_address(outer.to_bytes(16))
        assert unwrapped(wrapped) == inner
        assert public(wrapped) == public(inner)
