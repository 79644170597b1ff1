"""What the door to the network tells people: each failure with its remedy, in both languages, never with a key."""

from __future__ import annotations

import email.utils
import ssl

from qingliu.core import clock
from qingliu.core.dataset import Text
from qingliu.core.errors import BadSource, Refused

_KEY = Text("請檢查 key_env 所指環境變數中的金鑰。", "Check the key in the environment variable named by key_env.")
_PLACE = Text("請檢查網址。", "Check the address.")
_OTHER = Text("請檢查網址或洽來源機關。", "Check the address or ask the agency.")
_LATER = Text("已重試；請稍後再試。", "It was tried again in vain; try later.")


def bad_status(host: str, status: int, said: str, *, passing: bool) -> BadSource:
    """An answer that is none: its status and the first words of its body, already without keys."""
    quote = Text(f"，並說：「{said}」", f" and said: '{said}'") if said else Text("", "")
    reason = Text(f"{host} 回應 HTTP {status}{quote.zh}。", f"{host} answered HTTP {status}{quote.en}.")
    remedy = {401: _KEY, 403: _KEY, 404: _PLACE, 410: _PLACE}.get(status, _OTHER)
    return BadSource(reason, _LATER if passing else remedy)


def one_line(data: bytes) -> str:
    """The first words of a body, one line, at most 160 characters."""
    text = data.decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:160]


def retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header (a number or a date); None where there is none that can be read."""
    if text.strip().isdigit():
        return float(text.strip()[:9])  # thirty years are long enough
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - clock.now()).total_seconds())


def downgraded(host: str) -> Refused:
    """A redirect from https to http."""
    return Refused(
        Text(f"{host} 轉址到未加密的網址。", f"{host} redirects to an unencrypted address."),
        Text("請改用最終的 https 網址。", "Use the final https address."),
    )


def too_many_redirects(host: str, limit: int) -> BadSource:
    """A chain of redirects without end."""
    return BadSource(
        Text(f"{host} 轉址超過 {limit} 次。", f"{host} redirects more than {limit} times."),
        Text("請改用最終的網址。", "Use the final address."),
    )


def unresolved(host: str) -> BadSource:
    """A name without an address."""
    return BadSource(
        Text(f"查不到主機「{host}」。", f"The host '{host}' cannot be resolved."),
        Text("請檢查網址與名稱伺服器。", "Check the address and the name server."),
    )


def unreadable() -> Refused:
    """An address that is none."""
    return Refused(
        Text("網址無法解讀。", "The address cannot be read."),
        Text("請檢查主機名稱。", "Check the name of its host."),
    )


def silent(host: str) -> BadSource:
    """No answer within the time of one read."""
    return BadSource(Text(f"{host} 沒有在時限內回應。", f"{host} did not answer in time."), _LATER)


def unreachable(host: str) -> BadSource:
    """No connection."""
    return BadSource(
        Text(f"無法連線到 {host}。", f"No connection to {host}."),
        Text("請檢查網址、防火牆與來源是否運作。", "Check the address, the firewall, and that the source runs."),
    )


def tls_cause(exc: BaseException | None) -> ssl.SSLError | None:
    """The TLS error behind a failure, if there is one."""
    while exc is not None:
        if isinstance(exc, ssl.SSLError):
            return exc
        exc = exc.__cause__ or exc.__context__
    return None


def tls_error(host: str, exc: ssl.SSLError) -> BadSource:
    """A TLS failure with what mends it; codes are OpenSSL's X509_V_ERR_*."""
    code = getattr(exc, "verify_code", 0)
    why = {
        9: Text("憑證尚未生效", "its certificate is not valid yet"),
        10: Text("憑證已過期", "its certificate has expired"),
        18: Text("憑證為自行簽發", "its certificate is self-signed"),
        19: Text("憑證鏈含有未受信任的根憑證", "its chain ends in a root that is not trusted"),
        20: Text("憑證鏈不完整或簽發者未受信任", "its chain is not complete or its issuer is not trusted"),
        62: Text("憑證不屬於這個主機", "its certificate is for another host"),
    }.get(code, Text("加密連線失敗", f"TLS failed ({exc.reason or 'unknown'})"))
    clock_zh, clock_en = ("並檢查本機時間", " and check this machine's clock") if code in {9, 10} else ("", "")
    return BadSource(
        Text(f"{host} 的 TLS 連線不可信任：{why.zh}。", f"The TLS connection to {host} cannot be trusted: {why.en}."),
        Text(
            f"請來源更新憑證{clock_zh}；內部憑證機構請以 SSL_CERT_FILE 加入。驗證不會關閉。",
            f"Have the source renew its certificate{clock_en}; add an inside authority by SSL_CERT_FILE. "
            "Verification is never turned off.",
        ),
    )


def too_slow(host: str, timeout_s: float) -> BadSource:
    """The whole call passed its deadline."""
    return BadSource(
        Text(f"{host} 未在 {timeout_s:g} 秒內傳完。", f"{host} did not finish within {timeout_s:g} s."),
        Text("請稍後再試，或調高來源的 timeout_s。", "Try again later, or raise the source's timeout_s."),
    )


def rest_texts(host: str, wait_s: float | None) -> tuple[Text, Text]:
    """Reason and remedy of a host that must rest; ``wait_s`` None where it did not say how long."""
    when_zh, when_en = (f" {wait_s:.0f} 秒後", f"in {wait_s:.0f} s") if wait_s else ("稍後", "later")
    return (
        Text(f"{host} 要求暫停連線。", f"{host} asked for, or needs, a rest."),
        Text(f"請於{when_zh}再試。", f"Try again {when_en}."),
    )
