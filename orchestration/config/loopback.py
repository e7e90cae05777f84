"""Addresses of this machine, by number: the only ones that a bigger model may be asked at.

Belongs here: telling them from all others. Does not: asking.
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

EXPECTED: Final = (
    "expected http://127.0.0.1:PORT/PATH or http://[::1]:PORT/PATH, an address of this machine by number"
)


def loopback_port(url: str) -> tuple[str, int, str]:
    """Host, port and path of an endpoint on this machine.

    Args:
        url: such as http://127.0.0.1:8080/v1.

    Raises:
        ValueError: it is no plain http address of this machine by number. A name is refused, since it can be made to
            mean another machine.
    """
    try:
        parts = urlsplit(url)
        address = ipaddress.ip_address(parts.hostname or "")
        port = 80 if parts.port is None else parts.port
    except ValueError:
        raise ValueError(EXPECTED) from None
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    if parts.scheme != "http" or not address.is_loopback or mapped or not plain or port == 0:
        raise ValueError(EXPECTED)
    return str(address), port, parts.path.rstrip("/")
