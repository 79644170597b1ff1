"""Definitions written as YAML: keys in one order, one line for what is small, comments that say what each part is."""

from __future__ import annotations

from typing import Any

import yaml

from qingliu.core.dataset import (
    Contact,
    DatasetRecord,
    Definition,
    FieldRecord,
    ReadSpec,
    Reference,
    SourceSpec,
    Text,
    ViewSpec,
)

_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("code", "title", "description", "simulated")),
    ("誰負責 Who answers for it", ("agency", "unit", "contacts")),
    ("目錄 Catalogue", ("frequency", "category", "keywords", "licence", "hvd", "issued", "notes")),
    (
        "列如何相認、排列 How rows are told apart and kept",
        (
            "mode",
            "key",
            "time",
            "timezone",
            "place",
            "wind",
            "partition",
            "order",
            "moenv_case",
            "volume_factor",
            "row_status",
        ),
    ),
    ("來源與讀法 Source and how to read it", ("source", "read")),
    ("檢視 View", ("view",)),
    ("內容規則 Rules over the rows", ("checks",)),
    ("欄位 Columns (Frictionless Table Schema)", ("schema",)),
)


class _Flow(dict[str, Any]):
    """A mapping written on one line."""


class _Line(list[Any]):
    """A list written on one line."""


class _Dumper(yaml.SafeDumper):
    """SafeDumper that knows one-line mappings and lists, and indents list items."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


_Dumper.add_representer(_Flow, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=True))
_Dumper.add_representer(_Line, lambda d, v: d.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True))


def dumps(definition: Definition) -> str:
    """YAML text that ``loads`` reads back into an equal definition; default values are left out."""
    doc = _document(definition)
    parts = []
    for title, keys in _PARTS:
        present = {k: doc[k] for k in keys if k in doc}
        if present:
            body = yaml.dump(present, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
            parts.append(f"# {title}\n{body}" if title else body)
    return "\n".join(parts)


def _document(definition: Definition) -> dict[str, Any]:
    d = definition.dataset
    doc: dict[str, Any] = {
        "code": d.code,
        "title": _both(d.title),
        "description": _both(d.description),
        "agency": _Flow(code=d.agency, zh=d.agency_name.zh, en=d.agency_name.en),
        "category": d.category,
        "licence": d.licence,
        "schema": {"fields": [_field(f) for f in d.fields], "missingValues": _Line([""])},
    }
    if d.references:
        doc["schema"]["foreignKeys"] = [_reference(r) for r in d.references]
    if definition.volume_factor != 10.0:
        doc["volume_factor"] = definition.volume_factor
    doc |= _about(d)
    if d.view:
        doc["view"] = _view(d.view)
    else:
        doc["mode"] = d.mode
        doc["source"] = _source(definition.source)
        read = _read(definition.read)
        if read:
            doc["read"] = read
    return doc


def _about(d: DatasetRecord) -> dict[str, Any]:
    """The public keys that have a default and are left out when they hold it."""
    out: dict[str, Any] = {}
    if d.unit.zh:
        out["unit"] = _both(d.unit)
    if d.simulated:
        out["simulated"] = True
    if d.contacts:
        out["contacts"] = [_contact(c) for c in d.contacts]
    if d.frequency.unit == "irregular":
        out["frequency"] = _Flow(unit="irregular")
    else:
        out["frequency"] = _Flow(every=d.frequency.every, unit=d.frequency.unit)
    if d.keywords:
        out["keywords"] = [_both(k) for k in d.keywords]
    if d.hvd:
        out["hvd"] = _Line(d.hvd)
    if d.issued:
        out["issued"] = d.issued.isoformat()
    if d.notes.zh:
        out["notes"] = _both(d.notes)
    out |= {k: _Line(v) for k, v in (("key", d.key), ("order", d.order)) if v}
    if d.time_field:
        out["time"] = d.time_field
    if d.timezone != "Asia/Taipei":
        out["timezone"] = d.timezone
    if d.place:
        out["place"] = _Flow(lon=d.place.lon, lat=d.place.lat)
    if d.wind:
        out["wind"] = [_Flow(direction=w.direction, speed=w.speed) for w in d.wind]
    if d.partition != "none":
        out["partition"] = d.partition
    if d.moenv_case != "lower":
        out["moenv_case"] = d.moenv_case
    if d.row_status != "provisional":
        out["row_status"] = d.row_status
    if d.checks:
        out["checks"] = [_Flow(rule=c.rule, **dict(c.options)) for c in d.checks]
    return out


def _reference(r: Reference) -> _Flow:
    return _Flow(fields=_Line(r.fields), reference=_Flow(resource=r.dataset, fields=_Line(r.target)))


def _both(text: Text) -> _Flow:
    return _Flow(zh=text.zh, en=text.en) if text.en else _Flow(zh=text.zh)


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _contact(c: Contact) -> dict[str, Any]:
    out: dict[str, Any] = _Flow(role=c.role, name=_both(c.name))
    out |= {k: v for k, v in (("email", c.email), ("phone", c.phone)) if v}
    out |= {k: v.isoformat() for k, v in (("from", c.valid_from), ("to", c.valid_to)) if v}
    return _Flow(out)


def _field(f: FieldRecord) -> dict[str, Any]:
    out: dict[str, Any] = {"name": f.name, "type": f.type, "title": _both(f.title)}
    if f.description.zh:
        out["description"] = _both(f.description)
    out |= {
        k: v
        for k, v in (
            ("role", f.role),
            ("unit", f.unit),
            ("flag_field", f.flag_field),
            ("property", f.property),
            ("optional", f.optional),
        )
        if v
    }
    out |= {k: _Line(v) for k, v in (("formats", f.formats), ("numbers", f.numbers), ("aliases", f.aliases)) if v}
    if f.sentinels:
        out["sentinels"] = _Line(_sentinel(s.text, s.value, s.flag, s.question) for s in f.sentinels)
    if f.suffix_flags:
        out["suffix_flags"] = _Flow(f.suffix_flags)
    if f.spellings:
        out["spellings"] = _Flow(f.spellings)
    limits: dict[str, Any] = _Flow()
    if f.required:
        limits["required"] = True
    if f.enum:
        limits["enum"] = _Line(f.enum)
    limits |= {k: _number(v) for k, v in (("minimum", f.minimum), ("maximum", f.maximum)) if v is not None}
    if f.pattern:
        limits["pattern"] = f.pattern
    if limits:
        out["constraints"] = limits
    if f.sensitivity != "none":
        out["sensitivity"] = f.sensitivity
    return out


def _sentinel(text: str, value: float | None, flag: str | None, question: bool) -> _Flow:
    out = _Flow(text=text)
    if value is not None:
        out["value"] = _number(value)
    if flag is not None:
        out["flag"] = flag
    if question:
        out["question"] = True
    return out


def duration(seconds: int) -> str:
    """The ISO 8601 duration of a number of seconds, e.g. ``P1D``, ``PT1H30M``."""
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if n)
    return f"P{days}D" * bool(days) + (("T" if days else "PT") + clock) * bool(clock)


def _source(source: SourceSpec) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": source.kind}
    if source.every_s:
        out["every"] = duration(source.every_s)
    if source.options:
        out["options"] = dict(source.options)
    return out


def _read(read: ReadSpec) -> dict[str, Any]:
    plain = (
        "format",
        "encoding",
        "delimiter",
        "header_row",
        "records",
        "members",
        "sheet",
        "file_column",
        "strip_prefix",
    )
    out: dict[str, Any] = {k: getattr(read, k) for k in plain if getattr(read, k)}
    if read.leave_out:
        out["leave_out"] = _Line(read.leave_out)
    if read.unpivot:
        wide = read.unpivot
        out["unpivot"] = {
            "columns": wide.columns,
            "date": wide.date,
            "date_formats": _Line(wide.date_formats),
            "time_to": wide.time_to,
            "value_to": wide.value_to,
        }
    return out


def _view(view: ViewSpec) -> dict[str, Any]:
    out: dict[str, Any] = {"of": _Line(view.of)}
    if view.newest_by:
        out["newest_by"] = _Line(view.newest_by)
    if view.within_s:
        out["within"] = duration(view.within_s)
    if view.where:
        out["where"] = view.where
    if view.rename:
        out["rename"] = dict(view.rename)
    return out
