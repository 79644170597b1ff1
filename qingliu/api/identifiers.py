"""Identifiers that several dialects show for one dataset: made from its code alone, so that they never change."""

from __future__ import annotations

import re
import uuid
from functools import lru_cache

_SPACE = uuid.UUID("6f0f2f0e-4f3c-5c5e-9a57-1d3b1f6f2f10")
_OTHER_SIGNS = re.compile(r"[^a-z0-9_-]")


@lru_cache(maxsize=200_000)
def table_id(code: str) -> str:
    """The id of a dataset's rows: ``resource_id`` of the MOENV envelope and of CKAN's datastore."""
    return str(uuid.uuid5(_SPACE, code.upper()))


@lru_cache(maxsize=200_000)
def made_id(kind: str, name: str) -> str:
    """The id of another thing (``dataset``, ``organization`` …) called ``name``."""
    return str(uuid.uuid5(_SPACE, f"{kind}:{name}"))


def slug(text: str) -> str:
    """``text`` in lower case with every sign outside a-z, 0-9, ``_`` and ``-`` as ``_``: a CKAN name."""
    return _OTHER_SIGNS.sub("_", text.lower())
