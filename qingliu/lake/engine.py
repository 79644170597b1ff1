"""Questions in, bytes out: opens a ``Query`` against the published catalogue and streams its rows as a dialect wants them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from qingliu.core import codec
from qingliu.core.dataset import FieldRecord, Text, VersionRecord
from qingliu.core.errors import BadRequest, Gone
from qingliu.lake import binary, cost, feature, render
from qingliu.lake import cursor as cursors
from qingliu.lake.answer import Page, Plan, Stream, separator_sql, text_bytes
from qingliu.lake.compiler import FLAGS, STATUS, Compiled, Compiler, answer_fields, effective_order, scope_of
from qingliu.lake.cursor import Cursor
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Entry, Published
from qingliu.lake.query import And, Column, Query, Rendering, Where
from qingliu.lake.relation import Relations
from qingliu.lake.session import Session
from qingliu.lake.short import ShortWay
from qingliu.lake.sound import Soundness
from qingliu.lake.where import compile_where

BATCH_ROWS = 20_000
COUNTS_KEPT = 4096
FOREMOST_ROWS = 100  # of a first page that is looked for among the rows with the best value
MANY_ROWS = 100_000  # fewer are sorted at once
_CHANGE_FIELDS = (
    FieldRecord("_version", "integer", Text("版本", "Version")),
    FieldRecord("_change", "string", Text("異動", "Change")),
)


class Engine:
    """Answers questions of one lake. Threads share it; every answer has its own cursor and deadline."""

    def __init__(
        self,
        paths: LakePaths,
        *,
        threads: int = 2,
        memory_limit: str = "1GB",
        deadline_s: float = 20.0,
        parse_where: Callable[[str], Where] | None = None,
    ) -> None:
        self.paths = paths
        self.published = Published(paths.published_db)
        self.deadline_s = deadline_s
        self._parse_where = parse_where
        self._temp = paths.home / "private" / "tmp"
        self._temp.mkdir(parents=True, exist_ok=True)
        paths.root.mkdir(parents=True, exist_ok=True)
        self._session = Session((paths.root, self._temp), threads=threads, memory_limit=memory_limit, temp=self._temp)
        self.sound = Soundness(paths.root)
        self._relations = Relations(paths, self.published, self._session, self.sound)
        self.short = ShortWay(paths, self.published.generation, self.sound)
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._counts_lock = threading.Lock()

    def versions(self, code: str) -> tuple[VersionRecord, ...]:
        """Versions newest first; a view shows those of its (first) base."""
        entry = self.published.get(code)
        if entry.kind == "view" and entry.record.view:
            return self.versions(entry.record.view.of[0])
        return self.published.versions(code)

    def open(self, query: Query) -> Plan:
        """Understand a question. Raises NotFound, Gone, UnknownField, BadRequest, TooDear; no row is read yet."""
        entry = self.published.get(query.dataset)
        question = hashlib.sha256(codec.to_json(replace(query, cursor=None, dataset=entry.code)).encode()).hexdigest()[
            :16
        ]
        mark = cursors.decode(query.cursor, question) if query.cursor else None
        as_of = mark.number if mark and entry.kind == "table" else query.as_of
        version = self._relations.version(entry, as_of, self._view_condition)
        if mark and not version.content_hash.startswith(mark.layout):
            version = self._layout(entry, mark)
        if query.latest:
            version = self._latest(entry, version)
        scope = scope_of(entry.record, version)
        if query.changes_since is not None:
            fields: tuple[FieldRecord, ...] = (
                *_CHANGE_FIELDS, *entry.record.fields, *((FLAGS, STATUS) if query.flags else ()),
            )  # fmt: skip
        else:
            fields = answer_fields(query, entry.record, version, scope)
            if query.where is not None:
                compile_where(query.where, scope)  # finds unknown names and bad values now
            for order in query.order:
                scope.find(order.field)
        plan = Plan(query, entry, version, fields, mark, question)
        cost.meter(plan, self.paths, self.published)
        return plan

    def _layout(self, entry: Entry, mark: Cursor) -> VersionRecord:
        earlier = self.published.layout(entry.code, mark.number, mark.layout)
        if earlier is None or not all(self.paths.resolve(f.path).exists() for f in earlier.files):
            raise Gone(
                Text("這個 cursor 所屬的版本已不保留。", "The version that this cursor began in is no longer kept."),
                Text("請從第一頁重新開始。", "Begin again at the first page."),
                parameter="cursor",
            )
        return earlier

    def _latest(self, entry: Entry, version: VersionRecord) -> VersionRecord:
        if entry.kind == "view" and entry.record.view and entry.record.view.newest_by:
            return version
        if version.latest is None:
            raise BadRequest(
                Text("這個資料集沒有「每個鍵的最新一筆」。", "This dataset has no newest row of each key."),
                Text(
                    "它缺少時間欄位或其他鍵；請改用 /rows。", "It lacks a time field or other key columns; use /rows."
                ),
            )
        return replace(version, files=(version.latest,), rows=version.latest.rows, sorted_by=())

    def _view_condition(self, view: Entry, base: Entry, version: VersionRecord) -> tuple[str, list[Any]]:
        text = view.record.view.where if view.record.view else ""
        if not text:
            return "", []
        if self._parse_where is None:  # a view without its filter would show rows that it leaves out
            raise RuntimeError(f"{view.code} declares a filter and this engine was given no parser for it")
        return compile_where(self._parse_where(text), scope_of(base.record, version))

    def count(self, plan: Plan) -> int:
        """The exact number of matching rows, all pages together. Raises TooDear at the deadline."""
        query = plan.query
        if query.changes_since is not None:
            return sum(v.rows if v.changes is None else v.changes.rows for v in self._changed(plan))
        if query.group or query.aggregates or query.bucket:
            grouped = Compiler(self.paths, plan.entry.record, plan.version).grouped(
                replace(query, limit=None, offset=0)
            )
            return self._number(plan, Compiled(f"SELECT count(*) FROM ({grouped.sql})", grouped.params, (), ()))
        if query.where is None:
            return plan.version.rows
        if self.short.counts(plan):
            self._check_files(plan, self.short.files(plan))
            return self._remembered(
                (plan.version.content_hash, repr(query.where)), lambda: self.short.count(plan, self.deadline_s)
            )
        return self.count_by_engine(plan)

    def count_by_engine(self, plan: Plan) -> int:
        """The exact number of rows that meet a plan's condition, counted by SQL. Raises TooDear at the deadline."""
        compiled = Compiler(self.paths, plan.entry.record, plan.version).count(plan.query)
        return plan.version.rows if compiled is None else self._number(plan, compiled)

    def _number(self, plan: Plan, compiled: Compiled) -> int:
        self._check(plan, compiled)
        return self._remembered((compiled.sql, repr(compiled.params)), lambda: self._one_number(plan, compiled))

    def _one_number(self, plan: Plan, compiled: Compiled) -> int:
        cursor = self._session.cursor(self._scanned(plan, compiled))
        try:
            with self._session.running(cursor, self.deadline_s):
                row = cursor.execute(compiled.sql, compiled.params).fetchone()
        finally:
            cursor.close()
        return int(row[0]) if row else 0

    def _remembered(self, key: tuple[str, str], count: Callable[[], int]) -> int:
        """A count of a version and question, which never changes, from memory or counted now."""
        with self._counts_lock:
            if key in self._counts:
                self._counts.move_to_end(key)
                return self._counts[key]
        number = count()
        with self._counts_lock:
            self._counts[key] = number
            while len(self._counts) > COUNTS_KEPT:
                self._counts.popitem(last=False)
        return number

    def _compile(self, plan: Plan, *, one_more: bool = False) -> Compiled:
        """The SQL of a plan; ``one_more`` row than its limit tells whether there is a next page without counting."""
        compiler = Compiler(self.paths, plan.entry.record, plan.version)
        query = plan.query
        if one_more and query.limit is not None:
            query = replace(query, limit=min(query.limit + 1, 2**62))
        if query.changes_since is not None:
            changed = self._changed(plan)
            self.sound.check(plan.version.code, [f for v in changed for f in ((v.changes,) if v.changes else v.files)])
            return compiler.changes(query, changed)
        if query.group or query.aggregates or query.bucket:
            compiled = compiler.grouped(query)
        else:
            compiled = compiler.rows(query, plan.fields, plan.cursor)
        self._check(plan, compiled)
        return compiled

    @staticmethod
    def _scanned(plan: Plan, compiled: Compiled) -> int | None:
        """How many rows lie in the files that a question reads."""
        return sum(plan.version.files[i].rows for i in compiled.files) if compiled.files else None

    def _check(self, plan: Plan, compiled: Compiled) -> None:
        self._check_files(plan, compiled.files)

    def _check_files(self, plan: Plan, numbers: Sequence[int]) -> None:
        self.sound.check(plan.version.code, [plan.version.files[i] for i in numbers])

    def _changed(self, plan: Plan) -> list[VersionRecord]:
        since = plan.query.changes_since or 0
        if plan.entry.kind != "table":
            raise BadRequest(
                Text("檢視沒有自己的異動紀錄。", "A view has no changes of its own."),
                Text("請查詢其來源資料集的 changes。", "Ask for the changes of the dataset it shows."),
            )
        versions = [v for v in self.published.versions(plan.entry.code) if since < v.number <= plan.version.number]
        gone = [
            v for v in versions if not (v.kept if v.changes is None else self.paths.resolve(v.changes.path).exists())
        ]
        if gone:
            raise Gone(
                Text(
                    f"版本 {gone[0].number} 的異動已不保留。",
                    f"The changes of version {gone[0].number} are no longer kept.",
                ),
                Text(
                    "請由較新的版本開始，或下載完整資料。", "Begin at a newer version, or download the whole dataset."
                ),
                parameter="since",
            )
        return sorted(versions, key=lambda v: v.number)

    def stream(self, plan: Plan, rendering: Rendering) -> Stream:
        """The answer's bytes. JSON, GeoJSON and XML come as joined rows without their envelope; see Rendering."""
        if rendering.format in binary.FORMATS:
            compiled = self._compile(plan)
            cells, long_s = self.cells(plan, rendering), self.deadline_s * 3
            making = binary.Making(self._session, plan, compiled, long_s)
            return binary.stream(making, cells, rendering, folder=self._temp)
        if self.short.knows(plan, rendering):
            self._check_files(plan, self.short.files(plan))
            return self.short.stream(plan, self.cells(plan, rendering), rendering, self.deadline_s)
        cells = self.cells(plan, rendering)
        series = self.short.series(plan, cells, rendering, self.deadline_s)
        return series or self._foremost(plan, rendering) or self.by_engine(plan, rendering)

    def _foremost(self, plan: Plan, rendering: Rendering) -> Stream | None:
        """A short first page sorted by one column, where rows with the best value fill it: nothing is sorted then, and
        reading ends with the page. None for anything else."""
        query, version = plan.query, plan.version
        known = self._has_position(plan) and plan.cursor is None and not query.offset and len(query.order) == 1
        if not known or not 0 < (query.limit or 0) <= FOREMOST_ROWS or version.rows < MANY_ROWS:
            return None
        sorts = effective_order(query, version, scope_of(plan.entry.record, version))
        best = self.short.foremost(plan) if sorts else None
        if best is None:
            return None
        both = best if query.where is None else And((query.where, best))
        found = self.stream(replace(plan, query=replace(query, where=both)), rendering)
        stream = Stream(iter([b"".join(found)]), lambda: None)
        if not found.more or found.next_cursor is None:
            return None
        stream.returned, stream.more = found.returned, True
        stream.next_cursor = replace(cursors.decode(found.next_cursor, plan.question), values=(best.value,)).encode()
        return stream

    def by_engine(self, plan: Plan, rendering: Rendering) -> Stream:
        """The answer's bytes made by SQL alone, whatever is known of a shorter way."""
        cells = self.cells(plan, rendering)
        compiled = self._compile(plan, one_more=True)
        separator = {"json": ",", "geojson": ",\n", "ndjson": "\n", "csv": "", "xml": "\n"}[rendering.format]
        text = self._row_text(plan, rendering, cells, compiled)
        paged = plan.query.limit is not None and self._has_position(plan)
        extra = ", _fi, _rn" + "".join(f", s{i}" for i in range(len(compiled.order))) if paged else ""
        sep = f" || {separator_sql(separator)}" if separator else ""
        sql = f"SELECT ({text}){sep} AS line{extra} FROM ({feature.placed(compiled.sql, rendering.feature)})"
        cursor = self._session.cursor(self._scanned(plan, compiled))
        limit = plan.query.limit
        stream: Stream

        def chunks() -> Iterator[bytes]:
            if rendering.format == "csv" and rendering.header:
                yield render.csv_header(cells, rendering).encode()
            with self._session.running(cursor, self.deadline_s):
                reader = cursor.execute(sql, compiled.params).to_arrow_reader(BATCH_ROWS)
                batch = next(reader, None)
            held = b""
            last = None
            while batch is not None:
                if limit is not None and stream.returned + batch.num_rows > limit:
                    batch, stream.more = batch.slice(0, limit - stream.returned), True
                if batch.num_rows:
                    stream.returned += batch.num_rows
                    if held:
                        yield held
                    held = text_bytes(batch.column(0))
                    last = batch
                with self._session.running(cursor, self.deadline_s):
                    batch = next(reader, None)
            if held:
                keep_last = rendering.format in {"csv", "ndjson", "xml"} or not separator
                yield held if keep_last else held[: -len(separator.encode())]
            if paged and last is not None and stream.more:
                stream.next_cursor = self._mark(plan, compiled, last)

        stream = Stream(chunks(), cursor.close)
        return stream

    @staticmethod
    def _has_position(plan: Plan) -> bool:
        query = plan.query
        return not (query.group or query.aggregates or query.bucket or query.changes_since is not None)

    def _mark(self, plan: Plan, compiled: Compiled, batch: Any) -> str:
        def last(name: str) -> Any:
            return batch.column(name)[-1].as_py()

        values = tuple(last(f"s{i}") for i in range(len(compiled.order)))
        version, file = plan.version, compiled.files[last("_fi")]
        return Cursor(version.number, version.content_hash[:16], plan.question, file, last("_rn"), values).encode()

    def cells(self, plan: Plan, rendering: Rendering) -> list[render.Cell]:
        """The columns of an answer as a rendering writes them."""
        at = {f.name: i for i, f in enumerate(plan.fields)}
        columns = rendering.columns or tuple(Column(f.name, f.name) for f in plan.fields)
        return [
            render.Cell(plan.fields[at[c.field]], render.translated(f"c{at[c.field]}", c.words), c) for c in columns
        ]

    def _row_text(self, plan: Plan, rendering: Rendering, cells: list[render.Cell], compiled: Compiled) -> str:
        offset = render.offset_text(ZoneInfo(plan.entry.record.timezone))
        match rendering.format:
            case "csv":
                return render.csv_line(cells, rendering, flags="_flags")
            case "xml":
                return render.xml_row(cells, rendering, flags="_flags")
            case "geojson":
                if plan.entry.record.place is None or not self._has_position(plan):
                    raise BadRequest(
                        Text(
                            "這個資料集沒有位置欄位，無法輸出 GeoJSON。",
                            "This dataset has no place, so there is no GeoJSON.",
                        ),
                        Text("請改用 f=json。", "Use f=json."),
                        parameter="f",
                    )
                named = feature.identifier(self.key_of(plan), plan.version, compiled.files) if rendering.feature else ""
                point = feature.point(rendering.feature)
                return render.geojson_feature(cells, rendering, point, offset=offset, flags="_flags", identifier=named)
            case _:
                return render.json_object(cells, rendering, offset=offset, flags="_flags")

    def key_of(self, plan: Plan) -> tuple[FieldRecord, ...]:
        """The columns that name a row of a plan's dataset; () where a row is named by its place in the version."""
        known = {c.name for c in plan.version.columns}
        fields = feature.key_fields(plan.entry, self.published.get)
        return fields if all(f.name in known for f in fields) else ()

    def rows(self, plan: Plan) -> list[dict[str, Any]]:
        """The rows as Python values, for small answers; times are aware."""
        return self._fetch(plan)[0]

    def page(self, plan: Plan) -> Page:
        """A page with its next cursor and the exact total."""
        rows, mark, more = self._fetch(plan)
        query = plan.query
        whole = not more and query.cursor is None and (rows or not query.offset)
        return Page(rows, mark, query.offset + len(rows) if whole else self.count(plan))

    def _fetch(self, plan: Plan) -> tuple[list[dict[str, Any]], str | None, bool]:
        compiled = self._compile(plan, one_more=True)
        cursor = self._session.cursor(self._scanned(plan, compiled))
        try:
            with self._session.running(cursor, self.deadline_s):
                table = cursor.execute(compiled.sql, compiled.params).to_arrow_table()
        finally:
            cursor.close()
        limit = plan.query.limit
        more = limit is not None and table.num_rows > limit
        table = table.slice(0, limit) if more else table
        zone = ZoneInfo(plan.entry.record.timezone)
        columns = [table.column(f"c{i}").to_pylist() for i in range(len(plan.fields))]
        names = [f.name for f in plan.fields]
        rows = [
            {n: v.replace(tzinfo=zone) if isinstance(v, datetime) else v for n, v in zip(names, values, strict=True)}
            for values in zip(*columns, strict=True)
        ]
        if not more or not rows or not self._has_position(plan):
            return rows, None, more
        return rows, self._mark(plan, compiled, table), more

    def close(self) -> None:
        """End the engine."""
        self._session.close()
