"""The frozen values by which every room speaks of a dataset: what it is, what its columns mean, where it comes from.

A definition file is read into these by ``standards.definition``; ``lake`` shapes and serves by them; ``catalog``
stores them; dialects describe by them. Nothing here touches a database, an engine or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

FieldType = Literal["string", "integer", "number", "boolean", "date", "datetime"]
Mode = Literal["snapshot", "append", "upsert"]
# personal: names a person or a trader; address: where something or somebody is; text: free text in which both may stand
Sensitivity = Literal["none", "address", "personal", "text"]
RowStatus = Literal["provisional", "validated", "corrected", "invalid"]
Role = Literal[
    "",
    "station",  # the code of a measuring place
    "station_name",
    "item",  # the code of what is measured
    "item_name",
    "unit",  # the unit of the row's value
    "value",  # what is measured, in a long table
    "county",
    "township",
    "address",
    "control_number",  # 管制編號 of a regulated facility
    "facility_name",
    "person_name",
    "tax_id",  # 統一編號
    "free_text",
]


@dataclass(frozen=True, slots=True)
class Text:
    """One thing said in Traditional Chinese and in English."""

    zh: str
    en: str

    def get(self, lang: str) -> str:
        """The wording for ``lang`` ("zh…" or "en…"); the other language where one is empty."""
        first, second = (self.en, self.zh) if lang.startswith("en") else (self.zh, self.en)
        return first or second


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A text that stands in a cell instead of a value, and what it means.

    ``value`` replaces it (``NR`` is 0 mm of rain), ``flag`` records why. ``question`` marks a sentinel whose meaning
    nobody has told us yet: the cell is null and the flag says so until a person decides.
    """

    text: str
    value: float | None = None
    flag: str | None = None
    question: bool = False


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """One column: its type, meaning, unit and how its raw text is read."""

    name: str
    type: FieldType
    title: Text
    description: Text = Text("", "")
    unit: str = ""
    formats: tuple[
        str, ...
    ] = ()  # strptime formats for date/datetime; a leading "roc:" means the year counts from 1912
    aliases: tuple[str, ...] = ()  # other headers under which sources deliver this column
    sentinels: tuple[Sentinel, ...] = ()
    suffix_flags: tuple[tuple[str, str], ...] = ()  # (suffix, flag): "2.44x" keeps 2.44 and the flag of "x"
    numbers: tuple[str, ...] = ()  # other writings that are read as numbers: "thousands" (1,234), "fullwidth" (１２.３)
    spellings: tuple[
        tuple[str, str], ...
    ] = ()  # of strings: (as it stands, as it is read) wherever it stands in a cell
    flag_field: str = ""  # a declared string column that carries this column's flag
    required: bool = False
    optional: bool = False  # a delivery may come without this column
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""  # RE2 syntax; matched against the whole text
    property: str = ""  # URI or code of the standard property this column carries
    role: Role = ""  # what the column is to judges and readers that know the domain
    sensitivity: Sensitivity = "none"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or desk that answers for a dataset during a time."""

    role: Literal["steward", "deputy", "contact"]
    name: Text
    email: str = ""
    phone: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a dataset promises to change: every ``every`` ``unit``; unit "irregular" promises nothing."""

    every: int
    unit: Literal["minute", "hour", "day", "week", "month", "quarter", "year", "irregular"]


@dataclass(frozen=True, slots=True)
class Place:
    """The columns that hold a point, in degrees (longitude, latitude; EPSG:4326)."""

    lon: str
    lat: str


@dataclass(frozen=True, slots=True)
class Wind:
    """A direction (degrees, 0 to 360) and its speed: columns of a wide table, codes of items in a long one."""

    direction: str
    speed: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: values of ``fields`` should stand in ``target`` (same number of columns) of dataset ``dataset``."""

    fields: tuple[str, ...]
    dataset: str
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """A declared rule over the dataset's rows: its name in the register of content rules, and the rule's parameters."""

    rule: str
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str, default: str = "") -> str:
        """The option called ``name``, or ``default``."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class Unpivot:
    """A wide table read as a long one: each column matched by ``columns`` becomes a row.

    Shape: ``keep`` columns × N hour columns → rows of (keep…, ``time_to``, ``value_to``). Hour labels that reach 24 count
    the hour's end, labels that start at 0 its start; the stored time is always the hour's start.
    """

    columns: str  # RE2 pattern over raw headers
    date: str  # raw header of the date
    date_formats: tuple[str, ...]
    time_to: str
    value_to: str


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """How a source's bytes are told apart; everything empty is detected."""

    format: str = ""  # csv json ndjson xml xlsx geojson parquet
    encoding: str = ""
    delimiter: str = ""
    header_row: int = 0  # 1-based; 0 = find it
    records: str = ""  # path to the list of records in an envelope, dots between keys; "" = find it
    members: str = ""  # glob over members of an archive
    sheet: str = ""
    unpivot: Unpivot | None = None
    file_column: str = ""  # a declared column filled with the file's (member's) stem
    strip_prefix: str = ""
    leave_out: tuple[str, ...] = ()  # rows whose first cell is one of these are no data; ``註*``: begins with 註


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Where new data comes from. kind: files, folder, http, harvest, simulator."""

    kind: str
    options: tuple[tuple[str, str], ...] = ()
    every_s: int = 0  # 0 = only on demand

    def option(self, name: str, default: str = "") -> str:
        """The option called ``name``, or ``default``."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """A dataset that is another dataset seen differently; it holds no rows of its own.

    ``newest_by`` keeps the newest row (by the base's time field) of each combination of these columns, rows in which one
    of them is null left out; ``within_s`` drops rows older than that many seconds before the newest of all.
    ``rename`` maps base column → this view's column. ``where`` is CQL2 text over base columns.
    """

    of: tuple[str, ...]
    newest_by: tuple[str, ...] = ()
    within_s: int = 0
    where: str = ""
    rename: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """Everything public about a dataset except its rows and versions."""

    code: str
    title: Text
    description: Text
    agency: str  # code in the agency register
    agency_name: Text
    unit: Text
    category: str
    fields: tuple[FieldRecord, ...]
    mode: Mode = "snapshot"
    key: tuple[str, ...] = ()
    time_field: str = ""
    timezone: str = "Asia/Taipei"
    place: Place | None = None
    partition: Literal["none", "month"] = "none"
    order: tuple[str, ...] = ()
    frequency: Frequency = Frequency(0, "irregular")
    keywords: tuple[Text, ...] = ()
    licence: str = "OGDL-Taiwan-1.0"
    contacts: tuple[Contact, ...] = ()
    simulated: bool = False
    view: ViewSpec | None = None
    moenv_case: Literal["lower", "as_is"] = "lower"
    issued: date | None = None
    notes: Text = Text("", "")
    references: tuple[Reference, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    row_status: RowStatus = "provisional"  # the status of a delivered row until somebody decides otherwise
    wind: tuple[Wind, ...] = ()
    hvd: tuple[str, ...] = ()  # codes of vocabularies/eu_hvd.yaml, only where the office marks it as high-value

    def field(self, name: str) -> FieldRecord | None:
        """The column called ``name``, exactly, or None."""
        return next((f for f in self.fields if f.name == name), None)


@dataclass(frozen=True, slots=True)
class Definition:
    """A dataset as its definition file declares it: the public record, its source and how to read it."""

    dataset: DatasetRecord
    source: SourceSpec = SourceSpec("files")
    read: ReadSpec = ReadSpec()
    volume_factor: float = 10.0  # a delivery this many times larger or smaller than the last is held
    path: str = ""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One immutable Parquet file of a version. ``path`` is relative to the lake's root."""

    path: str
    rows: int
    bytes: int
    sha256: str
    stats: tuple[tuple[str, str | None, str | None], ...] = ()  # (column, min, max) as text, for the order columns


@dataclass(frozen=True, slots=True)
class ColumnRecord:
    """A column as it lies in the files: public name, name in the file, engine type."""

    name: str
    physical: str
    type: FieldType


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version of one dataset: a snapshot of its table, named by a number that never changes meaning."""

    code: str
    number: int
    created_at: str  # ISO 8601, UTC
    snapshot_id: int
    metadata_path: str  # Iceberg metadata file of this snapshot, relative to the lake's root
    run_id: str
    author: str
    message: str
    rows: int
    content_hash: str  # sha256 over the sorted sha256 of its files
    columns: tuple[ColumnRecord, ...]
    files: tuple[FileRecord, ...]
    sorted_by: tuple[
        str, ...
    ] = ()  # the rows of `files`, read in this order, are sorted by these columns over all files
    latest: FileRecord | None = None  # newest row of each key without its time field
    changes: FileRecord | None = None  # rows that changed against the version before; `_change` = insert|update|delete
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    kept: bool = True
    cited: bool = False
    nearest_kept: int | None = None
    extra: tuple[tuple[str, str], ...] = field(default=())
