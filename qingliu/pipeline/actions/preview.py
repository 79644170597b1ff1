"""Looking at a draft: its files read, shaped by its definition in a private folder, and told cell by cell."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from django.conf import settings

from qingliu.catalog.models import Dataset
from qingliu.core import codec
from qingliu.core.clock import iso, now
from qingliu.core.dataset import DatasetRecord, Definition, FieldRecord, Place, ReadSpec, Text
from qingliu.core.errors import QingliuError
from qingliu.core.records import Finding
from qingliu.lake import ingest, peek
from qingliu.lake.asides import asides
from qingliu.lake.inputs import CsvInput, RawInput
from qingliu.lake.profile import Profiler
from qingliu.lake.scales import scales
from qingliu.pipeline import queries, readers, rules
from qingliu.pipeline.actions import content, finish, gate, guessing, trying
from qingliu.pipeline.infer import drafted
from qingliu.pipeline.infer_columns import name_for
from qingliu.pipeline.looks import ColumnLook, FileLook, Plan, Preview, column_look
from qingliu.pipeline.models import Draft
from qingliu.pipeline.planning import planned
from qingliu.pipeline.readers.encoding import encoding_of
from qingliu.pipeline.readers.limits import Blob
from qingliu.pipeline.units import unit_in
from qingliu.privacy import queries as privacy_queries
from qingliu.standards import definition as standard

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Looks at raw columns and the way of reading that they hold for."""

    name: str
    looks: tuple[ColumnLook, ...]


LOOKS_FILE = "looks.json"
FIRST_ROWS, BAD_ROWS = 20_000, 2_000  # rows that can be paged through; later ones with findings besides
KEY_COLUMNS, KEY_CHOICES = 7, 60
KEYLESS = 0.02  # of the rows may lack a key and are set aside for it
_TIME = re.compile(r"(?i)日期|時間|年月|date|time")
_CODE = re.compile(r"(?i)(id|code|no)$|編號|代碼|代號|字號|序號|項次|流水號")


def refresh(draft: Draft, read: ReadSpec | None = None) -> Preview:
    """Read and shape the draft's files as its definition says now and keep what was seen; drafts the definition where
    there is none yet (``read``: how to read for that). What cannot be read is told in the preview, not raised."""
    digest = hashlib.sha256(draft.definition.encode()).hexdigest()
    work = Path(tempfile.mkdtemp(prefix="work-", dir=queries.draft_folder(draft)))
    try:
        seen = _look(draft, read, work)
    except QingliuError as error:
        seen = Preview("", digest, problem=_problem(error))
    except Exception as error:  # an edge: whatever a file does to the readers, its owner is told
        log.error("draft %s cannot be looked at: %s", draft.id, type(error).__name__)
        seen = Preview("", digest, problem=_problem(finish.as_told(error)))
    _keep_rows(draft, work)
    shutil.rmtree(work, ignore_errors=True)
    digest = hashlib.sha256(draft.definition.encode()).hexdigest()
    seen = replace(seen, made_at=iso(now()), definition_hash=digest)
    path = queries.draft_folder(draft) / queries.PREVIEW_FILE
    path.touch(mode=0o600)
    path.write_text(codec.to_json(seen), encoding="utf-8")
    return seen


def current(draft: Draft) -> Preview | None:
    """What was last seen of a draft; looked at anew where other mask rules have come into force since."""
    seen = queries.preview(draft)
    if not (seen and seen.privacy) or draft.state not in (Draft.State.OPEN, Draft.State.WAITING):
        return seen
    record = standard.loads(draft.definition).dataset
    stale = seen.privacy.signature != privacy_queries.signature(record)
    return refresh(draft) if stale and queries.draft_files(draft) else seen


def _keep_rows(draft: Draft, work: Path) -> None:
    """Put the rows that were looked at in the place of those of the last look."""
    made, kept = work / queries.ROWS_FILE, queries.draft_folder(draft) / queries.ROWS_FILE
    if made.is_file():
        made.chmod(0o600)
        os.replace(made, kept)
    else:
        kept.unlink(missing_ok=True)


def _problem(error: QingliuError) -> Finding:
    return Finding(error.code, error.parameter, error.reason, error.remedy, "reject")


def _look(draft: Draft, read: ReadSpec | None, work: Path) -> Preview:
    files = queries.draft_files(draft)
    definition = standard.loads(draft.definition) if draft.definition else None
    if not files:
        return Preview("", "")
    spec = definition.read if definition else read or ReadSpec()
    inputs = readers.read(files, spec, work / "read", guess=definition is None)
    name = hashlib.sha256(codec.to_json(spec).encode()).hexdigest()
    looks = _kept_looks(draft, name)
    if definition is None or looks is None:
        with Profiler(inputs, work / "profile") as profiler:
            looks = _keep_looks(draft, name, profiler)
            if definition is None:
                definition = _first_definition(draft, inputs, spec, profiler)
                draft.definition, draft.code = standard.dumps(definition), definition.dataset.code
                draft.save(update_fields=["definition", "code"])
    mine = settings.QINGLIU
    staged = ingest.shape(
        definition.dataset, definition.read, inputs, work / "shape",
        memory_limit=mine.publish_memory, threads=mine.engine_threads,
    )  # fmt: skip
    seen = replace(_seen(definition, inputs, staged, work), looks=looks, files=_files(inputs, files, definition.read))
    if staged.rows > content.ROWS:
        return seen
    seen = replace(seen, samples=trying.samples(definition, seen, inputs, work))
    return replace(seen, plan=_planned(definition, seen, inputs, work))


def _planned(definition: Definition, seen: Preview, inputs: Sequence[RawInput], work: Path) -> Plan:
    """What "apply all" would do, tried on the rows."""

    def tried(after: Definition) -> Preview:
        mine = settings.QINGLIU
        folder = Path(tempfile.mkdtemp(prefix="try-", dir=work))
        staged = ingest.shape(
            after.dataset, after.read, inputs, folder, memory_limit=mine.publish_memory, threads=mine.engine_threads
        )
        groups = peek.groups(staged.quarantine) if staged.quarantine else ()
        shutil.rmtree(folder, ignore_errors=True)
        return replace(
            seen, cells=staged.cells, groups=groups, rows=staged.rows, set_aside=staged.set_aside,
            quarantined=staged.quarantined_cells,
        )  # fmt: skip

    return planned(definition, seen, tried)


def _seen(definition: Definition, inputs: Sequence[RawInput], staged: ingest.Staged, work: Path) -> Preview:
    record, read = definition.dataset, definition.read
    groups = peek.groups(staged.quarantine) if staged.quarantine else ()
    later = peek.bad_records(staged.quarantine, limit=BAD_ROWS) if staged.quarantine else []
    repeated, clashing = peek.repeats(staged.path, record.key) if staged.rows else (0, 0)
    header = next((i.header_row for i in inputs if isinstance(i, CsvInput)), 0)
    now_seen = rules.Seen(
        staged.found_columns,
        staged.rows,
        rules.shares(staged.cells),
        staged.missing,
        header,
        scales(staged.path, record),
    )
    verdict = rules.drift(queries.last_seen(record.code), now_seen, definition)
    looked = content.look(definition, inputs, staged, work, peek.first_field(record, read, inputs))
    marked = {(c.file, c.line) for s in looked.spotted for c in s.cells}
    which = peek.Wanted(FIRST_ROWS, tuple(n for n in later if n > FIRST_ROWS), tuple(sorted(marked)))
    columns = peek.keep(record, read, inputs, work / queries.ROWS_FILE, which=which)
    placed = work / "located" / "located.parquet"
    key = _key(record, staged)
    lacking, lines = peek.lacking(placed, key) if key and placed.is_file() else (0, ())
    no_data, aside = asides(staged.quarantine) if staged.set_aside and staged.quarantine else (0, ())
    private = gate.outlook(record, staged.path, work / "mask", placed) if staged.rows <= content.ROWS else None
    return Preview(
        "", "", rows_read=staged.rows_read, rows=staged.rows,
        set_aside=staged.set_aside, quarantined=staged.quarantined_cells, repeated=repeated, clashing=clashing,
        cells=staged.cells, columns=columns, groups=groups, missing=staged.missing,
        unknown=staged.unknown, findings=verdict.findings, key=key,
        key_lacking=lacking, key_lines=lines, newest=peek.newest(staged.path, record.time_field),
        content=looked.spotted, lonely=looked.lonely, totals=looked.totals, spelled=looked.spelled, privacy=private,
        no_data=no_data * peek.rows_of_a_record(record, read, inputs), asides=aside,
    )  # fmt: skip


def _key(record: DatasetRecord, staged: ingest.Staged) -> tuple[str, ...]:
    """Columns that tell the rows apart, fewest first, codes and names before times; () where there are none or a key stands."""
    full = {c.column for c in staged.cells if c.read and c.read - c.typed <= max(2, c.read * KEYLESS)}
    fields = [f for f in record.fields if f.name in full and f.sensitivity == "none" and _may_tell(f)]
    if record.key or not staged.rows:
        return ()
    times = {f.name for f in fields if f.type in ("date", "datetime") or _TIME.search(f.name)}
    likely = sorted(fields, key=lambda f: (not _CODE.search(f.name), f.name in times))[: KEY_COLUMNS - 1]
    names = dict.fromkeys([f.name for f in likely] + [f.name for f in fields if f.name in times][:1])
    choices = [c for width in (1, 2, 3) for c in combinations(names, width)]
    # of as many columns, those with a time come first: more rows will come at other times
    ordered = sorted(choices, key=lambda c: (len(c), len(c) > 1 and not times & set(c)))
    return peek.tells_apart(staged.path, ordered[:KEY_CHOICES], lacking=max(2, int(staged.rows * KEYLESS)))


def _may_tell(field: FieldRecord) -> bool:
    """Whether a column may be part of a key: amounts and counts differ by chance, and will not the next time."""
    named = _CODE.search(field.name) or _TIME.search(field.name)
    return field.type != "number" and (field.type != "integer" or (bool(named) and not field.unit))


def _files(inputs: Sequence[RawInput], files: Sequence[Path], read: ReadSpec) -> tuple[FileLook, ...]:
    encodings = {f.name: _encoding(f, read) for f in files}
    out = []
    for source in inputs[:50]:
        text = isinstance(source, CsvInput)
        out.append(
            FileLook(
                source.name, len(source.columns), encodings.get(source.name, "") if text else "",
                source.delimiter if isinstance(source, CsvInput) else "",
                source.header_row if isinstance(source, CsvInput) else 0,
            )
        )  # fmt: skip
    return tuple(out)


def _encoding(path: Path, read: ReadSpec) -> str:
    try:
        return encoding_of(Blob(path, path.name), read.encoding)
    except (QingliuError, LookupError):  # a binary file has none
        return ""


def _kept_looks(draft: Draft, name: str) -> tuple[ColumnLook, ...] | None:
    """The looks at the raw columns as they were kept; they change with the way of reading (``name``) only."""
    kept = queries.draft_folder(draft) / LOOKS_FILE
    saved = codec.from_json(_Kept, kept.read_text(encoding="utf-8")) if kept.is_file() else None
    return saved.looks if saved and saved.name == name else None


def _keep_looks(draft: Draft, name: str, profiler: Profiler) -> tuple[ColumnLook, ...]:
    looks = tuple(column_look(h, profiler.column(h)) for h in profiler.headers)
    kept = queries.draft_folder(draft) / LOOKS_FILE
    kept.touch(mode=0o600)
    kept.write_text(codec.to_json(_Kept(name, looks)), encoding="utf-8")
    return looks


def _first_definition(draft: Draft, inputs: Sequence[RawInput], spec: ReadSpec, profiler: Profiler) -> Definition:
    made = drafted(profiler, inputs, code=draft.code, read_spec=spec).definition
    agency = draft.agency
    record = replace(made.dataset, agency=agency.code, agency_name=Text(agency.name_zh, agency.name_en))
    last = Dataset.objects.filter(agency=agency).exclude(definition="").order_by("-pk").first()
    if last:
        known = standard.loads(last.definition).dataset
        record = replace(record, unit=known.unit, contacts=known.contacts)
    if not made.read.unpivot:  # a wide table's columns are named by its reading
        record = _renamed(record, _named(record.fields))
    return replace(made, dataset=guessing.kept(draft, record, inputs))


def _named(fields: Sequence[FieldRecord]) -> tuple[FieldRecord, ...]:
    """Columns under plain names: a unit in the header becomes the unit; English headers are English titles too."""
    taken = {f.name.casefold() for f in fields}
    out = []
    for field in fields:
        header = field.title.zh
        bare, unit = unit_in(header)
        made = field
        if unit:
            name = name_for(bare, taken)
            aliases = tuple(dict.fromkeys((*field.aliases, header)))
            made = replace(field, name=name, title=Text(bare, ""), unit=unit, aliases=aliases)
        if bare.isascii() and any(c.isalpha() for c in bare):
            made = replace(made, title=Text(bare, bare))
        out.append(made)
    return tuple(out)


def _renamed(record: DatasetRecord, fields: tuple[FieldRecord, ...]) -> DatasetRecord:
    """The record with its columns under other names, and everything that names them."""
    now_called = {old.name: new.name for old, new in zip(record.fields, fields, strict=True)}
    place = record.place and Place(now_called[record.place.lon], now_called[record.place.lat])
    return replace(
        record, fields=fields, key=tuple(now_called[k] for k in record.key), place=place,
        order=tuple(now_called[o] for o in record.order), time_field=now_called.get(record.time_field, ""),
    )  # fmt: skip
