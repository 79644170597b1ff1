"""The simulated ministry as a source: files as untidy as a real network's, the same for the same seed and hour.

Options: ``feed`` (a name of simulation.feeds), ``style`` (how its files are written), ``seed``, ``back`` (periods in the
first delivery) and ``until`` (a local time to stand still at, for tests; default: now).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from qingliu.core import clock
from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.errors import BadDefinition
from qingliu.pipeline.simulation.feeds import FEEDS, Feed, first_hour, last_hour
from qingliu.pipeline.simulation.sheet import WRITERS, Sheet, Span, write
from qingliu.pipeline.sources.base import Delivery, State, fingerprint, noted, number, remembered, wanted

DEFAULT_SEED = 7
HOURS_A_FILE = 24 * 31


def fetch(source: SourceSpec, *, workdir: Path, state: State) -> Delivery:
    """What the simulated network has sent since ``state``: everything at first, then only new periods.

    Raises BadDefinition for an option that is missing or wrong.
    """
    feed, style = _chosen(source, "feed", FEEDS), _chosen(source, "style", WRITERS)
    made = FEEDS[feed]
    end = last_hour(made.cadence, _moment(source))
    before = remembered(source, state).get("through", "")
    start = first_hour(made.cadence, end, int(number(source, "back", made.back)))
    if before:
        start = max(start, datetime.fromisoformat(before) + timedelta(hours=1))
    if before and (made.cadence == "snapshot" or start > end):
        return _nothing(feed, state)
    seed = int(number(source, "seed", DEFAULT_SEED))
    sheets = [(span, made.make(span)) for span in _spans(made, Span(start, end, seed))]
    files = tuple(_write(sheet, style, workdir, feed, span) for span, sheet in sheets if sheet.rows)
    through = {"source": fingerprint(source), "through": end.isoformat()}
    if not files:
        return Delivery((), True, through, noted(feed, Text("這段時間沒有新資料。", "Nothing new in this time.")))
    rows = sum(len(sheet.rows) for _, sheet in sheets)
    note = Text(
        f"模擬資料 {rows:,} 列，至 {end:%Y-%m-%d %H:%M}。", f"{rows:,} simulated rows up to {end:%Y-%m-%d %H:%M}."
    )
    return Delivery(files, False, through, noted(feed, note))


def _nothing(feed: str, state: State) -> Delivery:
    return Delivery((), True, dict(state), noted(feed, Text("沒有新資料。", "Nothing new.")))


def _write(sheet: Sheet, style: str, workdir: Path, feed: str, span: Span) -> Path:
    workdir.mkdir(parents=True, exist_ok=True)
    return write(sheet, style, workdir, f"{feed}_{span.start:%Y%m%dT%H}_{span.end:%Y%m%dT%H}")


def _spans(feed: Feed, span: Span) -> list[Span]:
    """A long hourly history comes as several files, as it does from a real archive."""
    if feed.cadence != "hour":
        return [span]
    out, start = [], span.start
    while start <= span.end:
        end = min(span.end, start + timedelta(hours=HOURS_A_FILE - 1))
        out.append(Span(start, end, span.seed))
        start = end + timedelta(hours=1)
    return out


def _chosen(source: SourceSpec, name: str, known: Iterable[str]) -> str:
    value = wanted(source, name)
    if value not in known:
        raise BadDefinition(
            Text(f"模擬來源沒有 {name}「{value[:40]}」。", f"The simulator has no {name} '{value[:40]}'."),
            Text(f"可用：{'、'.join(known)}。", f"Use one of: {', '.join(known)}."),
            parameter=f"source.options.{name}",
        )
    return value


def _moment(source: SourceSpec) -> datetime:
    """The local wall time to deliver up to."""
    until = source.option("until")
    if not until:
        return clock.now().astimezone(clock.TAIPEI).replace(tzinfo=None)
    try:
        return datetime.fromisoformat(until).replace(tzinfo=None)
    except ValueError:
        raise BadDefinition(
            Text(f"until「{until[:40]}」不是時間。", f"until '{until[:40]}' is no time."),
            Text("寫如 2026-01-31T12:00 的臺北時間。", "Write Taipei time such as 2026-01-31T12:00."),
            parameter="source.options.until",
        ) from None
