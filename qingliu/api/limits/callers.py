"""Who asks: the address that a connection comes from, through declared proxies only."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks as they are declared. Raises ValueError."""
    return tuple(ipaddress.ip_network(t.strip(), strict=False) for t in texts)


def _bare(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def address(environ: Mapping[str, Any], trusted: tuple[Network, ...]) -> str:
    """The caller's address: of the connection, or, where that is a declared proxy, the last one in X-Forwarded-For that
    is no declared proxy. An IPv6 caller is its /64, which is what one line is given. "" for a socket of this machine."""
    peer = environ.get("REMOTE_ADDR") or ""
    if not trusted and ":" not in peer:
        return peer
    found = _bare(peer)
    if found is not None and any(found in net for net in trusted):
        for text in reversed((environ.get("HTTP_X_FORWARDED_FOR") or "")[-2_000:].split(",")):
            before = _bare(text)
            if before is None:
                break  # whoever wrote this, no proxy of ours: what stands before it proves nothing
            found = before
            if not any(before in net for net in trusted):
                break
    if found is None:
        return peer
    if found.version == 6 and not found.is_loopback:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def is_here(told: str) -> bool:
    """Whether the caller sits on this machine."""
    return told[:4] == "127." or told in {"", "::1"}
