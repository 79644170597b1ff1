"""Which addresses of the network we go to, and how an address is shown: pure rules, no sockets."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, unquote_plus, urlsplit, urlunsplit

from qingliu.core.dataset import Text
from qingliu.core.errors import Refused

HIDDEN = "***"
# Any name that ends in "key" counts: hiding a harmless value costs less than showing a key.
_SECRET_NAME = re.compile(
    r"key$|api[-_]?key|(?:^|[-_])(?:token|secret|sig|signature|password|passwd|pwd|auth|credential|session|jwt)s?(?:$|[-_])"
    r"|(?:token|secret|password)$|^authorization$|cookie$",
    re.IGNORECASE,
)
_QUERY_IN_TEXT = re.compile(r"([?&;][^=&\s\"'<>]{1,80}=)([^&\s\"'<>#]*)")
_USERINFO_IN_TEXT = re.compile(r"(//)[^/@\s\"'<>]+@")
_NUMERIC_HOST = re.compile(r"^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?$", re.IGNORECASE)

# 64:ff9b::/96 (RFC 6052) carries an IPv4 address in its last 32 bits; it is as public as what it carries.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Global by registry, but never a source of data: obsolete tunnels that carry any IPv4 address, IPv4-compatible
# addresses, old site-local ones, the local NAT64 prefix, documentation, the 6to4 relay, and the clouds' own agents.
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("2002::/16", "2001::/32", "::/96", "fec0::/10", "64:ff9b:1::/48", "3fff::/20", "fd00:ec2::/32"),
        *("192.88.99.0/24", "240.0.0.0/4", "168.63.129.16/32"),
    )
)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_secret_name(name: str) -> bool:
    """Whether a query parameter or header of this name carries a key."""
    return bool(_SECRET_NAME.search(name))


def secrets_of(url: str) -> tuple[str, ...]:
    """The values in ``url`` that must never be shown, as written and as meant, longest first."""
    pairs = (pair.partition("=")[::2] for pair in urlsplit(url).query.split("&"))
    held = {raw for name, raw in pairs if is_secret_name(unquote_plus(name)) and raw}
    found = held | {unquote_plus(raw) for raw in held}
    return tuple(sorted(found, key=len, reverse=True))


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` with the values of key-like parameters, user:password@ and every one of ``secrets`` replaced by ***."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    text = _USERINFO_IN_TEXT.sub(rf"\1{HIDDEN}@", text)
    return _QUERY_IN_TEXT.sub(
        lambda m: m.group(1) + HIDDEN if is_secret_name(m.group(1)[1:-1]) else m.group(0),
        text,
    )


def shown(url: str) -> str:
    """The address as a message may name it: no key, no user, no fragment."""
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[2]
    return redact(urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")), secrets_of(url))


def split(url: str) -> SplitResult:
    """The parts of an http(s) address. Raises Refused where it is none, or holds a user."""
    if any(ord(c) <= 32 or ord(c) == 127 or c == "\\" for c in url):
        raise Refused(
            Text(
                "網址含有空白、控制字元或反斜線。", "The address holds white space, control characters or a backslash."
            ),
            Text("請以百分號編碼書寫。", "Write them percent-encoded."),
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Refused(
            Text("網址無法解讀。", "The address cannot be read."),
            Text("請檢查主機與連接埠。", "Check its host and port."),
        ) from None
    if parts.scheme not in {"http", "https"}:
        raise Refused(
            Text(f"不支援「{parts.scheme[:20]}」網址。", f"Addresses of the kind '{parts.scheme[:20]}' are refused."),
            Text(
                "來源只能是 http 或 https。",
                "A source is http or https; give local files to the folder or files source.",
            ),
        )
    if not host:
        raise Refused(Text("網址沒有主機名稱。", "The address has no host."), Text("請補上主機。", "Add the host."))
    if "@" in parts.netloc:
        raise Refused(
            Text(f"網址 {host} 內含使用者或密碼。", f"The address of {host} holds a user or password."),
            Text("請改以 key_env 指定環境變數。", "Name an environment variable by key_env instead."),
        )
    return parts


def is_odd_number(host: str) -> bool:
    """Whether ``host`` is an IPv4 address in disguise: 2130706433, 0x7f.1, 0, 0177.0.0.1."""
    if not _NUMERIC_HOST.match(host):
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False


def carried(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped or NAT64 address; any other address as it is."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def may_reach(text: str, *, allow_private: bool) -> bool:
    """Whether a resolved address may be connected to.

    Public unicast addresses may. With ``allow_private`` loopback and private networks may too; link-local (where clouds
    keep their secrets), multicast, unspecified and tunnel addresses never.
    """
    try:
        address = carried(ipaddress.ip_address(text))
    except ValueError:
        return False
    if any(address.version == net.version and address in net for net in _NEVER) and str(address) != "::1":
        return False
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if address.is_global and not address.is_reserved:
        return True
    return allow_private and (address.is_private or address.is_loopback)


def check_host(host: str) -> None:
    """Refuse a host that spells an address in a way that only misleads."""
    if is_odd_number(host):
        raise Refused(
            Text(f"主機「{host[:60]}」是變造的 IP 位址。", f"The host '{host[:60]}' is an address in disguise."),
            Text("請填寫主機名稱。", "Write the host's name."),
        )


def check_addresses(host: str, addresses: Iterable[str], *, allow_private: bool) -> None:
    """Refuse ``host`` when any of its addresses may not be reached: one bad answer among good ones is an attack."""
    for text in addresses:
        if not may_reach(text, allow_private=allow_private):
            raise Refused(
                Text(
                    f"主機「{host[:100]}」指向不開放連線的位址 {text}。",
                    f"The host '{host[:100]}' points to {text}, an address that sources may not reach.",
                ),
                Text(
                    "請使用公開的主機；內部來源須由管理者設定 QINGLIU_ALLOW_PRIVATE_SOURCES=1"
                    "（連結本機與雲端中繼資料的位址一律拒絕）。",
                    "Use a public host; an inside one needs QINGLIU_ALLOW_PRIVATE_SOURCES=1 set by the administrator "
                    "(link-local and cloud metadata addresses are always refused).",
                ),
            )
