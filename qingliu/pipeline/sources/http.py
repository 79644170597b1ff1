"""An HTTP feed: one address, asked conditionally, its body checked before anyone believes it.

Options: url · key_env (environment variable that holds the key) with key_param (default api_key) or key_header ·
timeout_s · max_mb · allow_empty. A key never stands in the address of a definition.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit, urlunsplit

from qingliu.core import addresses
from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.errors import BadDefinition, BadSource
from qingliu.core.http import MIB, Answer, Conditional, Limits
from qingliu.pipeline.sources import content
from qingliu.pipeline.sources.base import (
    Delivery,
    State,
    Surroundings,
    fingerprint,
    key_of,
    noted,
    number,
    remembered,
    wanted,
)

OPTIONS = frozenset({"url", "key_env", "key_param", "key_header", "timeout_s", "max_mb", "allow_empty"})
# What an address may call a body that looks like the first.
_NAMES = {
    ".csv": {".csv", ".tsv", ".txt"},
    ".json": {".json", ".geojson"},
    ".zip": {".zip", ".xlsx"},
}


def fetch(source: SourceSpec, *, workdir: Path, state: State, around: Surroundings) -> Delivery:
    """The feed's body as one file, or unchanged (304, or the same bytes as last time)."""
    url, headers, key = keyed(wanted(source, "url"), source, around)
    known = remembered(source, state)
    marks = Conditional(known.get("etag", ""), known.get("last_modified", "")) if known.get("sha256") else None
    body = workdir / "body"
    narrowed = limits(source, around)
    answer = around.door.get(url, body, limits=narrowed, conditional=marks, headers=headers, secrets=key)
    if answer.unchanged:
        return Delivery((), True, state, noted(answer.url, Text("來源回應未變更。", "The source says unchanged.")))
    looks = checked(answer, url, key, allow_empty=source.option("allow_empty") == "true")
    seen = {
        "source": fingerprint(source),
        "etag": answer.etag,
        "last_modified": answer.last_modified,
        "sha256": answer.sha256,
    }
    if answer.sha256 == known.get("sha256"):
        body.unlink()
        return Delivery((), True, seen, noted(answer.url, Text("內容與上次相同。", "The same bytes as last time.")))
    named = workdir / _name(url, looks.suffix)
    body.replace(named)
    return Delivery(
        (named,), False, seen, noted(answer.url, Text(f"收到 {answer.bytes} 位元組。", f"{answer.bytes} bytes."))
    )


def keyed(url: str, source: SourceSpec, around: Surroundings) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """The address and headers to send, and the key in them. BadDefinition where the definition's address holds one."""
    if addresses.secrets_of(url) or any(addresses.is_secret_name(name) for name, _ in source.options):
        raise BadDefinition(
            Text("定義檔含有金鑰。", "The definition holds a key."),
            Text("請移除金鑰，改以 key_env 指定環境變數。", "Take it out and name an environment variable by key_env."),
            parameter="source.options.url",
        )
    key = key_of(source, around.environ)
    if not key:
        return url, {}, ()
    if urlsplit(url).scheme != "https" and not around.limits.allow_private:
        raise BadDefinition(
            Text("金鑰不得以未加密的 http 傳送。", "A key is not sent over unencrypted http."),
            Text("請改用 https 網址。", "Use the https address."),
            parameter="source.options.url",
        )
    if source.option("key_header"):
        return url, {source.option("key_header"): key}, (key,)
    parts = urlsplit(url)
    pair = f"{quote(source.option('key_param', 'api_key'))}={quote(key, safe='')}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{pair}" if parts.query else pair)), {}, (key,)


def limits(source: SourceSpec, around: Surroundings) -> Limits:
    """The surroundings' limits, narrowed by the definition; it may give more time, never more bytes."""
    most = around.limits.max_bytes
    return dataclasses.replace(
        around.limits,
        timeout_s=number(source, "timeout_s", around.limits.timeout_s),
        max_bytes=min(most, int(number(source, "max_mb", most / MIB) * MIB)),
    )


def checked(answer: Answer, url: str, key: tuple[str, ...], *, allow_empty: bool) -> content.Looks:
    """What the body looks like; BadSource, without a key in its words, where it is no data."""
    host = addresses.split(url).hostname or ""
    try:
        return content.check(answer.path or Path(), host, allow_empty=allow_empty)
    except BadSource as told:
        reason = Text(addresses.redact(told.reason.zh, key), addresses.redact(told.reason.en, key))
        raise BadSource(reason, told.remedy) from None


def plain_stem(text: str) -> str:
    """A harmless file stem: letters, digits, ``-`` and ``_``, at most 80."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")[:80] or "feed"


def _name(url: str, suffix: str) -> str:
    """A file name after the address, with a suffix that agrees with the bytes."""
    last = PurePosixPath(urlsplit(url).path)
    own = last.suffix.lower()
    return plain_stem(last.stem) + (own if own in _NAMES.get(suffix, ()) else suffix)
