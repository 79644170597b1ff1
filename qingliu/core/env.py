"""Every setting of Qingliu, read once from the environment; a bad value stops the start and names the fix."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class BadSetting(Exception):
    """A setting cannot be used as it stands."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, typed. docs/reference/settings.md lists them."""

    home: Path
    definitions: tuple[Path, ...]
    host: str
    port: int
    base_url: str
    allowed_hosts: tuple[str, ...]
    secret_key: str
    debug: bool
    web_workers: int
    web_threads: int
    engine_threads: int
    engine_memory: str
    publish_memory: str
    deadline_s: float
    allow_private_sources: bool
    max_source_bytes: int
    check_links: bool
    max_upload_bytes: int
    self_approval: bool
    mail_host: str
    mail_port: int
    mail_user: str
    mail_password: str
    mail_tls: str
    mail_from: str
    second_factor: bool
    oidc_issuer: str
    oidc_client: str
    oidc_secret: str
    oidc_name: str
    oidc_private: bool
    bulk_bytes: int
    catalogue_days: int
    trusted_proxies: tuple[str, ...]
    stream_s: int
    stream_min_bytes: int
    spool_bytes: int
    limits_memory: str
    requests_per_sender: int
    requests_per_day: int


def _int(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise BadSetting(f"{name}={text!r} is not a whole number; set it between {low} and {high}.") from None
    if not low <= value <= high:
        raise BadSetting(f"{name}={value} is out of range; set it between {low} and {high}.")
    return value


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "0")
    if text not in {"0", "1"}:
        raise BadSetting(f"{name}={text!r}; write 1 for yes or 0 for no.")
    return text == "1"


def _one_of(env: Mapping[str, str], name: str, first: str, *others: str) -> str:
    text = env.get(name, first)
    if text not in (first, *others):
        raise BadSetting(f"{name}={text!r}; write one of: {', '.join((first, *others))}.")
    return text


def _issuer(env: Mapping[str, str]) -> str:
    issuer = env.get("QINGLIU_OIDC_ISSUER", "").rstrip("/")
    if issuer and not env.get("QINGLIU_OIDC_CLIENT_ID"):
        raise BadSetting("QINGLIU_OIDC_ISSUER is set without QINGLIU_OIDC_CLIENT_ID; set the client's id (and secret).")
    if issuer and not issuer.startswith(("https://", "http://")):
        raise BadSetting(f"QINGLIU_OIDC_ISSUER={issuer!r} is no address; write https://… as the provider gives it.")
    return issuer


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    texts = tuple(t.strip() for t in env.get(name, "").split(",") if t.strip())
    for text in texts:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise BadSetting(f"{name}: {text!r} is no address or network; write 10.0.0.5 or 10.0.0.0/24.") from None
    return texts


def load(env: Mapping[str, str] | None = None) -> Settings:
    """The settings from ``env`` (default: the process environment). Raises BadSetting naming the variable and remedy."""
    env = os.environ if env is None else env
    home = Path(env.get("QINGLIU_HOME", "var")).absolute()
    host = env.get("QINGLIU_HOST", "127.0.0.1")
    port = _int(env, "QINGLIU_PORT", 8000, 0, 65535)
    cores = os.cpu_count() or 2
    definitions = env.get("QINGLIU_DEFINITIONS", "datasets")
    return Settings(
        home=home,
        definitions=tuple(Path(p).absolute() for p in definitions.split(os.pathsep) if p),
        host=host,
        port=port,
        base_url=env.get("QINGLIU_BASE_URL", "").rstrip("/"),
        allowed_hosts=tuple(h for h in env.get("QINGLIU_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if h),
        secret_key=env.get("QINGLIU_SECRET_KEY", ""),
        debug=_flag(env, "QINGLIU_DEBUG"),
        web_workers=_int(env, "QINGLIU_WEB_WORKERS", max(2, min(cores, 8)), 1, 64),
        web_threads=_int(env, "QINGLIU_WEB_THREADS", 24, 1, 64),
        engine_threads=_int(env, "QINGLIU_ENGINE_THREADS", 2, 1, 64),
        engine_memory=env.get("QINGLIU_ENGINE_MEMORY", "1GB"),
        publish_memory=env.get("QINGLIU_PUBLISH_MEMORY", "900MB"),
        deadline_s=float(_int(env, "QINGLIU_DEADLINE_S", 20, 1, 3600)),
        allow_private_sources=_flag(env, "QINGLIU_ALLOW_PRIVATE_SOURCES"),
        max_source_bytes=_int(env, "QINGLIU_MAX_SOURCE_MB", 2048, 1, 1_000_000) * 1024 * 1024,
        check_links=_flag(env, "QINGLIU_CHECK_LINKS"),
        max_upload_bytes=_int(env, "QINGLIU_MAX_UPLOAD_MB", 100, 1, 10_000) * 1024 * 1024,
        self_approval=_one_of(env, "QINGLIU_SELF_APPROVAL", "alone", "never") == "alone",
        mail_host=env.get("QINGLIU_MAIL_HOST", ""),
        mail_port=_int(env, "QINGLIU_MAIL_PORT", 587, 1, 65535),
        mail_user=env.get("QINGLIU_MAIL_USER", ""),
        mail_password=env.get("QINGLIU_MAIL_PASSWORD", ""),
        mail_tls=_one_of(env, "QINGLIU_MAIL_TLS", "starttls", "tls", "none"),
        mail_from=env.get("QINGLIU_MAIL_FROM", "qingliu@localhost"),
        second_factor=_one_of(env, "QINGLIU_SECOND_FACTOR", "required", "optional") == "required",
        oidc_issuer=_issuer(env),
        oidc_client=env.get("QINGLIU_OIDC_CLIENT_ID", ""),
        oidc_secret=env.get("QINGLIU_OIDC_CLIENT_SECRET", ""),
        oidc_name=env.get("QINGLIU_OIDC_NAME", "機關單一登入"),
        oidc_private=_flag(env, "QINGLIU_OIDC_PRIVATE"),
        bulk_bytes=_int(env, "QINGLIU_BULK_GB", 20, 1, 1_000_000) * 1_000_000_000,
        catalogue_days=_int(env, "QINGLIU_CATALOGUE_DAYS", 30, 1, 3_650),
        trusted_proxies=_networks(env, "QINGLIU_TRUSTED_PROXIES"),
        stream_s=_int(env, "QINGLIU_STREAM_S", 3600, 10, 86_400),
        stream_min_bytes=_int(env, "QINGLIU_STREAM_MIN_KB", 8, 0, 100_000) * 1024,
        spool_bytes=_int(env, "QINGLIU_SPOOL_MB", 2048, 0, 1_000_000) * 1024 * 1024,
        limits_memory=env.get("QINGLIU_LIMITS_MEMORY", ""),
        requests_per_sender=_int(env, "QINGLIU_REQUESTS_PER_SENDER", 5, 0, 10_000),
        requests_per_day=_int(env, "QINGLIU_REQUESTS_PER_DAY", 500, 0, 1_000_000),
    )
