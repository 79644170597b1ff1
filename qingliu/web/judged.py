"""What judges say in public about a dataset, as pages show it: read from the published notes alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qingliu.core import codec
from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.core.records import Finding
from qingliu.lake.published import Entry, Published
from qingliu.quality.rules.result import fingerprint

LADDER = ("bronze", "silver", "gold", "platinum")
GRAVITY = {"reject": 0, "hold": 1, "warning": 2, "info": 3}
TOPICS = ("quality", "standards", "bilingual")
REDACTED = "redacted"  # VersionRecord.extra, written by lake.redact


def text(plain: Mapping[str, str] | None) -> Text:
    """The Text that a note holds as {zh, en}."""
    return Text(plain.get("zh", ""), plain.get("en", "")) if plain else Text("", "")


@dataclass(frozen=True, slots=True)
class Seal:
    """A mark as it is shown: its name, how many of the four steps it fills, and what holds the dataset from the next one."""

    id: str
    name: Text
    steps: int
    next: Text
    next_state: str  # failed | not_measured | ""
    by: tuple[Text, ...]

    @property
    def unsure(self) -> bool:
        """Whether there is no mark because something was not measured."""
        return self.id == "not_measured"


def seal(entry: Entry) -> Seal | None:
    """Our mark of a dataset; None where nothing was judged."""
    said = entry.notes.get("quality")
    if not said:
        return None
    mark, held = said["mark"], said.get("next")
    steps = LADDER.index(mark["id"]) + 1 if mark["id"] in LADDER else 0
    titles = {i["id"]: text(i.get("title")) for i in said.get("indicators", ())}
    by = tuple(titles.get(n, Text(n, n)) for n in held["by"]) if held else ()
    return Seal(mark["id"], text(mark), steps, text(held), held["state"] if held else "", by)


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of a judge: its id (for its page and for contests), the version it speaks of, and the finding."""

    id: str
    topic: str
    version: int | None
    finding: Finding
    state: str = ""  # of a contest: open, upheld, rejected

    @property
    def grave(self) -> bool:
        """Whether it is more than a remark."""
        return self.finding.severity != "info" and self.state != "upheld"


def found(entry: Entry, topics: tuple[str, ...] = TOPICS) -> tuple[Found, ...]:
    """Every finding about a dataset, the gravest first, then the most numerous."""
    every = [f for topic in topics for f in _of_topic(entry, topic)]
    return tuple(sorted(every, key=lambda f: (not f.grave, GRAVITY.get(f.finding.severity, 9), -f.finding.count)))


def _of_topic(entry: Entry, topic: str) -> Iterator[Found]:
    said = entry.notes.get(topic) or {}
    states: dict[str, str] = {}
    for c in reversed(said.get("contests") or ()):  # the newest is told last, and stands
        states[c["target"]] = c["state"]
    for plain in said.get("findings") or ():
        kept = {k: v for k, v in plain.items() if k != "id"}
        finding: Finding = codec.from_plain(Finding, kept)
        name = plain.get("id") or fingerprint(entry.code, finding)
        yield Found(name, topic, said.get("version"), finding, states.get(f"finding:{name}", ""))


def rules_of(entry: Entry, topic: str) -> tuple[tuple[str, tuple[Found, ...]], ...]:
    """A topic's findings by rule, in the order of their gravest one."""
    groups: dict[str, list[Found]] = {}
    for f in found(entry, (topic,)):
        groups.setdefault(f.finding.rule, []).append(f)
    return tuple((rule, tuple(members)) for rule, members in groups.items())


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A version whose rows a later mask rule changed, and what is said of it."""

    version: int
    told: str


def tombstones(versions: tuple[VersionRecord, ...]) -> tuple[Tombstone, ...]:
    """The versions that were redacted, newest first."""
    return tuple(Tombstone(v.number, told) for v in versions if (told := dict(v.extra).get(REDACTED)))


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that a dataset's page says of its judges."""

    seal: Seal | None
    quality: dict[str, Any] | None
    mqa: tuple[tuple[dict[str, Any], tuple[dict[str, Any], ...]], ...]  # (dimension, its metrics)
    contents: tuple[tuple[str, tuple[Found, ...]], ...]
    standards: dict[str, Any] | None
    standards_found: tuple[tuple[str, tuple[Found, ...]], ...]
    bilingual: dict[str, Any] | None
    bilingual_found: tuple[tuple[str, tuple[Found, ...]], ...]
    privacy: dict[str, Any] | None
    tombstones: tuple[Tombstone, ...]

    @property
    def grave(self) -> int:
        """How many findings over the rows are more than remarks."""
        return sum(f.grave for _, members in self.contents for f in members)

    @property
    def remarks(self) -> int:
        """How many are only remarks."""
        return sum(not f.grave for _, members in self.contents for f in members)

    @property
    def judged(self) -> bool:
        """Whether any judge said anything."""
        return any((self.quality, self.standards, self.bilingual, self.privacy, self.tombstones))


def judgement(entry: Entry, published: Published) -> Judgement:
    """What the notes of an entry say."""
    quality = entry.notes.get("quality")
    mqa = (quality or {}).get("mqa") or {}
    metrics = mqa.get("metrics") or ()
    dimensions = tuple(
        (d, tuple(m for m in metrics if m["dimension"] == d["code"])) for d in mqa.get("dimensions") or ()
    )
    versions = published.versions(entry.code)
    return Judgement(
        seal(entry), quality, dimensions, rules_of(entry, "quality"),
        entry.notes.get("standards"), rules_of(entry, "standards"),
        entry.notes.get("bilingual"), rules_of(entry, "bilingual"),
        entry.notes.get("privacy"), tombstones(versions),
    )  # fmt: skip


def open_contests(entry: Entry) -> list[dict[str, Any]]:
    """The contests of a dataset, newest first."""
    return list((entry.notes.get("quality") or {}).get("contests") or ())


def title_of(record: DatasetRecord, name: str) -> Text:
    """A column's title, or its name."""
    field = record.field(name)
    return field.title if field and (field.title.zh or field.title.en) else Text(name, name)
