"""The words that open a line which is a note under a table and no row of it. Pure."""

from __future__ import annotations

import re

NOTE = re.compile(r"(?i)備註|附註|註\s*[0-9一二三]?\s*[：:.、]|註解|資料來源|說明|※|notes?\s*:|source\s*:")


def is_note(text: str) -> bool:
    """Whether a line's only text begins like a note."""
    return NOTE.match(text.strip()) is not None
