"""Which reader takes a delivery: by the declared format, else by what the bytes say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qingliu.core.dataset import ReadSpec
from qingliu.lake.ingest import RawInput
from qingliu.pipeline.readers.archive import opened
from qingliu.pipeline.readers.delimited import read_delimited
from qingliu.pipeline.readers.encoding import to_utf8
from qingliu.pipeline.readers.limits import Blob, Limits


def read(paths: Sequence[Path], spec: ReadSpec, workdir: Path, limits: Limits = Limits()) -> tuple[RawInput, ...]:
    """Every table in ``paths`` (archives opened) as raw text, in order. Raises BadSource or Refused, naming the place."""
    workdir.mkdir(parents=True, exist_ok=True)
    out: list[RawInput] = []
    for number, path in enumerate(paths):
        folder = workdir / f"in{number}"
        folder.mkdir(exist_ok=True)
        for blob in opened(Blob(path, path.name), spec.members, folder, limits):
            text = to_utf8(blob, folder, spec.encoding)
            out.append(read_delimited(blob, text, spec))
    return tuple(out)
