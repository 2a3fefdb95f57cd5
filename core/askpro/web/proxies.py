"""Who is really there: address, scheme and host of a request, believing ``X-Forwarded-*`` from trusted proxies only.

Anybody can send those headers. They count when the connection comes from a network in
``ASKPRO_TRUSTED_PROXIES``, and of a list only the part that trusted hops have added.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from askpro.settings import Network

__all__ = ("Peer", "Proxies")

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end. ``host`` is what the Host header said, unchecked; None when it was missing or came twice."""

    address: str
    https: bool
    host: str | None
    forwarded: bool
    """Whether somebody claims to have passed this request on, trusted or not."""
    trusted: bool
    """Whether the connection itself comes from a trusted proxy."""


class Proxies:
    """The networks that are believed."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self._known: dict[str, bool] = {}

    def trusts(self, address: str) -> bool:
        """Whether this address is one of ours. Remembered, because the same few come again and again."""
        found = self._known.get(address)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            ip = _ip(address)
            found = self._known[address] = ip is not None and any(ip in network for network in self._networks)
        return found

    def peer(self, scope: Mapping[str, Any]) -> Peer:
        """Read the connection and its headers once."""
        hosts: list[bytes] = []
        chain: list[bytes] = []
        proto = forwarded_host = b""
        forwarded = False
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name[:11] == b"x-forwarded":
                forwarded = True
                if name == b"x-forwarded-for":
                    chain.append(value)
                elif name == b"x-forwarded-proto":
                    proto = value
                elif name == b"x-forwarded-host":
                    forwarded_host = value
            elif name in (b"forwarded", b"x-real-ip"):
                forwarded = True
        client = scope.get("client")
        address = client[0] if client else ""
        https = scope.get("scheme") == "https"
        trusted = forwarded and self.trusts(address)
        if trusted:
            address = self._origin(address, b",".join(chain))
            https = _last(proto) == "https" if proto else https
            hosts = [_last(forwarded_host).encode("latin-1")] if forwarded_host else hosts
        host = hosts[0].decode("latin-1") if len(hosts) == 1 else None
        return Peer(_bare(address), https, host, forwarded, trusted)

    def is_local(self, peer: Peer) -> bool:
        """Whether operators' pages may be shown: loopback or a trusted network, and nobody outside behind it.

        A proxy on loopback that is not declared as trusted passes the whole internet on as loopback, but it leaves
        its traces in the headers; then nobody is local.
        """
        if peer.forwarded and not peer.trusted:
            return False
        ip = _ip(peer.address)
        return ip is not None and (ip.is_loopback or self.trusts(peer.address))

    def _origin(self, address: str, chain: bytes) -> str:
        """Walk back over trusted hops; the first that is not ours is the client."""
        hops = [hop.strip() for hop in chain.decode("latin-1").split(",") if hop.strip()]
        while hops and self.trusts(address):
            hop = _bare(hops.pop())
            if _ip(hop) is None:
                break
            address = hop
        return address


def _last(value: bytes) -> str:
    """Of several values the one the nearest proxy has added."""
    return value.decode("latin-1").rpartition(",")[2].strip().lower()


def _bare(address: str) -> str:
    """Without brackets and port; ``::ffff:`` before an IPv4 address is dropped, so one client has one name."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return address[7:] if address.lower().startswith("::ffff:") and "." in address else address


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
