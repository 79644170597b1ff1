"""Samples of calling the API that run as they stand: curl in a shell, Python with nothing to install."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from qingliu.web.links import api_moenv, api_rows


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: ``dialect`` (native, moenv), ``tool`` (curl, python), its text."""

    dialect: str
    tool: str
    text: str

    @property
    def slug(self) -> str:
        """An id for the page."""
        return f"sample-{self.dialect}-{self.tool}"


def samples(code: str, base_url: str, pairs: tuple[tuple[str, str], ...] = ()) -> tuple[Sample, ...]:
    """Native and MOENV, curl and Python, against ``base_url``; ``pairs`` is the preview's question for the native one."""
    native = base_url + api_rows(code, (*pairs, ("limit", "5")))
    moenv = base_url + api_moenv(code, (("format", "json"), ("limit", "5")))
    return (
        Sample("native", "curl", f"curl -s {shlex.quote(native)}"),
        Sample("moenv", "curl", f"curl -s {shlex.quote(moenv)}"),
        Sample("native", "python", _python(native, 'answer["rows"]')),
        Sample("moenv", "python", _python(moenv, "answer")),
    )


def _python(url: str, rows: str) -> str:
    return (
        "import json\n"
        "from urllib.request import urlopen\n\n"
        f"with urlopen({json.dumps(url)}) as response:\n"
        "    answer = json.load(response)\n\n"
        f"for row in {rows}:\n"
        "    print(row)\n"
    )
