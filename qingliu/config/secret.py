"""The signing key of sessions and forms: given by the environment, or made once and kept in the home."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_key(given: str, home: Path) -> str:
    """The given key, else the one kept in ``home/private/secret_key``, which is made when the home exists without one.

    Where there is no home yet, a key for this process alone: reading settings never creates a portal.
    """
    if given:
        return given
    path = home / "private" / "secret_key"
    if not path.exists():
        if not home.is_dir():
            return secrets.token_urlsafe(50)
        _make(path)
    return path.read_text(encoding="ascii").strip()


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # the first of several starting processes wins, the others read its key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
