"""The restricted list at rest: sealed files in the private folder, opened with a key that no backup takes along.

Without the key, or where a file was put in another's place, the list cannot be read and the gate lets nothing through.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from qingliu.core import codec
from qingliu.core.dataset import Text
from qingliu.core.errors import Damaged
from qingliu.lake.paths import LakePaths
from qingliu.privacy.gate.restricted import Site


def seal(paths: LakePaths, number: int, sites: tuple[Site, ...]) -> str:
    """Write an edition of the list, sealed, for the owner only; answers the hash of the file."""
    sealed = Fernet(_key(paths, make=True)).encrypt(codec.to_json(list(sites)).encode())
    _write(_file(paths, number), sealed)
    return hashlib.sha256(sealed).hexdigest()


def unseal(paths: LakePaths, number: int, digest: str) -> tuple[Site, ...]:
    """The sites of an edition. Raises Damaged where the file or its key is missing or is not what was sealed."""
    try:
        sealed = _file(paths, number).read_bytes()
        if hashlib.sha256(sealed).hexdigest() != digest:
            raise _unreadable()
        text = Fernet(_key(paths, make=False)).decrypt(sealed).decode()
    except (OSError, ValueError, InvalidToken):
        raise _unreadable() from None
    return tuple(codec.from_json(tuple[Site, ...], text))  # type: ignore[arg-type]


def destroy(paths: LakePaths, number: int) -> None:
    """Remove an edition that is no longer in force."""
    _file(paths, number).unlink(missing_ok=True)


def _file(paths: LakePaths, number: int) -> Path:
    return paths.restricted / f"{number}.sealed"


def _key(paths: LakePaths, *, make: bool) -> bytes:
    if make and not paths.restricted_key.exists():
        _write(paths.restricted_key, Fernet.generate_key())
    return paths.restricted_key.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _unreadable() -> Damaged:
    return Damaged(
        Text("限制名單無法讀取，任何資料都不發布。", "The restricted list cannot be read; nothing is published."),
        Text(
            "請還原 private/restricted.key，或重新匯入並核可名單。",
            "Bring private/restricted.key back, or import and approve the list again.",
        ),
    )
