"""Which addresses may be reached, and how one is shown."""

from __future__ import annotations

import pytest

from qingliu.core import addresses
from qingliu.core.errors import Refused

INSIDE = ["127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "fd12::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
NEVER = [
    *("0.0.0.0", "::", "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1", "fe80::1%eth0"),
    *("fd00:ec2::254", "168.63.129.16", "224.0.0.1", "ff0e::1", "2002:7f00:1::", "2001:0:1::1", "::127.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "64:ff9b:1::1", "fec0::1", "not an address", ""),
]
PUBLIC = ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "172.32.0.1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert addresses.may_reach(address, allow_private=False)


@pytest.mark.parametrize("address", INSIDE)
def test_inside_addresses_only_where_the_administrator_allows_them(address: str) -> None:
    assert not addresses.may_reach(address, allow_private=False)
    assert addresses.may_reach(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached(address: str) -> None:
    assert not addresses.may_reach(address, allow_private=False)
    assert not addresses.may_reach(address, allow_private=True)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0", "0177.0.0.1", "127.1", "0x7f000001", "127.0.0.1.", "１"])
def test_an_address_in_disguise_is_seen(host: str) -> None:
    assert addresses.is_odd_number(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "data.moenv.gov.tw", "1.tw", "::1", "0x.tw"])
def test_a_plain_host_is_no_disguise(host: str) -> None:
    assert not addresses.is_odd_number(host)


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://a.tw/x", "gopher://a.tw", "javascript:alert(1)", "//a.tw/x", "/etc/passwd", ""),
        *("http://", "http:///x", "http://u:p@a.tw/", "http://a.tw:99999/", "http://a.tw\\@b.tw/", "http://a.tw/a b"),
        "http://a.tw/\r\nHost: b.tw",
    ],
)
def test_what_is_no_http_address_is_refused(url: str) -> None:
    with pytest.raises(Refused) as told:
        addresses.split(url)
    assert told.value.reason.zh
    assert told.value.remedy.en


@pytest.mark.parametrize(
    "name",
    [
        *(
            "api_key",
            "apikey",
            "API-KEY",
            "x-api-key",
            "key",
            "appKey",
            "authkey",
            "token",
            "access_token",
            "authToken",
        ),
        *("sig", "signature", "X-Amz-Signature", "password", "client_secret", "Authorization", "Set-Cookie"),
    ],
)
def test_a_key_like_name_hides_its_value(name: str) -> None:
    url = f"https://a.tw/api/v2/aqx_p_432?limit=10&{name}=abc-123&format=json#frag"
    assert addresses.shown(url) == f"https://a.tw/api/v2/aqx_p_432?limit=10&{name}=***&format=json"
    assert addresses.secrets_of(url) == ("abc-123",)


@pytest.mark.parametrize("name", ["limit", "sitename", "keyword", "format", "sort", "designation"])
def test_a_harmless_name_keeps_its_value(name: str) -> None:
    assert addresses.shown(f"https://a.tw/?{name}=abc") == f"https://a.tw/?{name}=abc"


def test_redaction_reaches_addresses_inside_a_text_and_secrets_anywhere() -> None:
    text = 'next: "/api/v2/x?sort=a&api_key=SECRET&limit=1", user http://u:pw@a.tw/, echo SECRET'
    shown = addresses.redact(text, ["SECRET"])
    assert "SECRET" not in shown
    assert "pw" not in shown
    assert "sort=a" in shown
