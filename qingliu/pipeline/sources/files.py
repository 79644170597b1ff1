"""Files that a person names: checked, read where they lie."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.errors import BadSource
from qingliu.pipeline.sources.base import Delivery, State, Surroundings


def fetch(source: SourceSpec, *, workdir: Path, state: State, around: Surroundings) -> Delivery:
    """A dataset of kind ``files`` never fetches by itself: files are given to it."""
    raise BadSource(
        Text("這個資料集沒有自動來源。", "This dataset has no source of its own."),
        Text("請執行 qingliu publish 檔案 --dataset 代碼。", "Run: qingliu publish FILE… --dataset CODE."),
    )


def given(paths: Sequence[Path], *, max_bytes: int) -> Delivery:
    """The files that ``qingliu publish`` was given. Raises BadSource naming the first that cannot be taken."""
    if not paths:
        raise BadSource(Text("沒有指定檔案。", "No file was given."), Text("請指定檔案。", "Name one or more files."))
    seen: set[tuple[int, int]] = set()
    for path in paths:
        try:
            info = path.stat()
            with path.open("rb"):
                pass
        except OSError as exc:
            raise _bad(
                path,
                Text("無法開啟", f"cannot be opened ({exc.strerror})"),
                "請檢查路徑與權限。",
                "Check path and rights.",
            ) from None
        if not stat.S_ISREG(info.st_mode):
            raise _bad(path, Text("不是檔案", "is no file"), "請指定檔案，不是資料夾。", "Name files, not folders.")
        if info.st_size == 0:
            raise _bad(
                path, Text("是空的", "is empty"), "請檢查匯出是否完成。", "Check whether its export was finished."
            )
        if info.st_size > max_bytes:
            limit = f"{max_bytes / 1024 / 1024:g} MiB"
            raise _bad(
                path,
                Text(f"超過上限 {limit}", f"is larger than the limit of {limit}"),
                "請分成數個檔案，或調高 QINGLIU_MAX_SOURCE_MB。",
                "Split it, or raise QINGLIU_MAX_SOURCE_MB.",
            )
        if (info.st_dev, info.st_ino) in seen:
            raise _bad(path, Text("重複指定", "was given twice"), "請只指定一次。", "Name it once.")
        seen.add((info.st_dev, info.st_ino))
    return Delivery(tuple(path.absolute() for path in paths), False, {})


def _bad(path: Path, what: Text, remedy_zh: str, remedy_en: str) -> BadSource:
    return BadSource(
        Text(f"檔案「{path.name}」{what.zh}。", f"The file '{path.name}' {what.en}."), Text(remedy_zh, remedy_en)
    )
