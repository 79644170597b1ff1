"""What becomes of one row: which cells are shown in a lesser form, and what was found that no rule speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from qingliu.core.dataset import DatasetRecord
from qingliu.privacy.gate.columns import Columns, columns_of
from qingliu.privacy.gate.houses import WITHHELD, without_roads
from qingliu.privacy.gate.known import Known
from qingliu.privacy.gate.outcome import ADDRESSES, COORDINATES, NAMES, TEXT, Changed, Judged, Row, Value
from qingliu.privacy.gate.policy import HOLDING, Approved, Policy
from qingliu.privacy.gate.restricted import Matcher, Site
from qingliu.privacy.rules import (
    SURE_ENOUGH,
    Kind,
    Level,
    NameKind,
    Span,
    classify_name,
    generalise_address,
    generalise_point,
    mask_name,
    mask_text,
    may_hold,
    normalise_address,
    parse_address,
    plainly_a_firm,
    recognise,
    suspicious,
)
from qingliu.standards.areas import find_area

_ADDRESS, _SENTENCE = 60, frozenset("，。；;")  # a longer cell, or one with these, is a sentence and no address
_PEOPLE = {NameKind.PERSON, NameKind.MASKED}
_SURE_IN_FIRMS = 0.7
_SURE_ELSEWHERE = 0.7
_FIRMS = {NameKind.SOLE, NameKind.FARM, NameKind.COMPANY, NameKind.AGENCY}
_TRADERS = {NameKind.SOLE, NameKind.FARM, NameKind.COMPANY}


@dataclass(frozen=True, slots=True)
class Gate:
    """A policy brought to bear on one dataset: the rules of each column, looked up once."""

    record: DatasetRecord
    columns: Columns
    rules: Mapping[str, tuple[Approved, ...]]
    matcher: Matcher
    home: int = 0  # how far a person's place falls back in a dataset that has no column of addresses
    known: Known = field(default_factory=Known)
    _sought: dict[str, frozenset[Kind]] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)  # columns of many cells that look like names, with nothing around

    @classmethod
    def of(cls, record: DatasetRecord, policy: Policy, matcher: Matcher) -> Gate:
        """The gate of a dataset."""
        rules = {f.name: policy.of(record, f) for f in record.fields}
        return cls(record, columns_of(record), rules, matcher, policy.level_of_homes(record))

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns that a row must bring to be judged."""
        stages = {a.rule.stage_field for rules in self.rules.values() for a in rules if a.rule.rows == "stage"}
        known = {f.name for f in self.record.fields}
        return tuple(dict.fromkeys([*self.columns.texts, *self.columns.points, *(s for s in stages if s in known)]))

    def doubtful(self, column: str, text: str) -> bool:
        """Whether a cell of a column that nobody declared to hold names merely looks like one, as a river's may."""
        if column in self.columns.names or Kind.NAME in self._meant(column):
            return False
        return {(s.kind, s.confidence >= _SURE_ELSEWHERE) for s in _sure(text) if s.kind in HOLDING} == {
            (Kind.NAME, False)
        }

    @property
    def masking(self) -> tuple[str, ...]:
        """The columns in which some rule masks what is personal, in every row."""
        return tuple(c for c in self.columns.texts if self._meant(c))

    def remember(self, column: str, text: str) -> None:
        """Keep in mind what a cell surely says of a person: it is masked wherever else in the delivery it stands."""
        if column in self.columns.names and classify_name(text).kind in {NameKind.PERSON, NameKind.SOLE}:
            self.known.add(*((text[s:e], Kind.NAME) for s, e in classify_name(text).people))
        meant = self._meant(column)
        self.known.add(
            *(
                (text[s.start : s.end], s.kind)
                for s in _sure(text)
                if s.kind in meant and s.confidence >= _SURE_ELSEWHERE
            )
        )

    @property
    def every_row(self) -> bool:
        """Whether some rule is about rows whatever stands in them."""
        rules = {a.rule for found in self.rules.values() for a in found}
        return any(r.rows in {"all", "stage"} and (r.level or "hide" in {r.names, r.text}) for r in rules)

    def concerns(self, column: str, text: str) -> bool:
        """Whether a cell could make its row one that is masked or held; asked once for each different text."""
        if self.matcher and self.matcher.touches(text):
            return True
        if column in self.columns.names:
            if plainly_a_firm(text):
                return False
            if self._names_person(text):
                return True
        wanted = self._wanted(column)
        if not recognise(text, wanted - {Kind.ADDRESS}):  # the dear recogniser, only where it may matter
            return Kind.ADDRESS in wanted and bool(recognise(text, frozenset({Kind.ADDRESS})))
        return any(s.kind in wanted for s in _sure(text))

    def _wanted(self, column: str) -> frozenset[Kind]:
        """The kinds that make a cell of a column worth a look."""
        if column not in self._sought:
            self._sought[column] = HOLDING | self._meant(column)
        return self._sought[column]

    def _names_person(self, text: str) -> bool:
        verdict = classify_name(text)
        if verdict.kind in _PEOPLE:
            return True
        named = bool(verdict.people) or may_hold(text, HOLDING)
        return verdict.kind in _TRADERS and named and mask_name(text) != text

    def _meant(self, column: str) -> frozenset[Kind]:
        """The kinds that rules about every row mask in a column."""
        rules = [
            a.rule for a in self.rules.get(column, ()) if a.rule.rows in {"all", "stage"} and a.rule.text != "keep"
        ]
        return frozenset(k for r in rules for k in r.meant())

    def judge(self, row: Row) -> Judged:
        """Mask one row."""
        return _Judging(self, row).judge()


class _Judging:
    """The work on one row."""

    def __init__(self, gate: Gate, row: Row) -> None:
        self.gate, self.row = gate, row
        self.out = Judged()
        columns = gate.columns
        self.site = self._site()
        self.kinds = {n: classify_name(t).kind for n in columns.names if (t := self._text(n))}
        self.people = {n for n, kind in self.kinds.items() if kind in _PEOPLE}
        self.out.restricted = self.site is not None
        self.out.person = bool(self.people)

    def _text(self, column: str) -> str:
        value = self.row.get(column)
        return value if isinstance(value, str) else ""

    def _first(self, columns: Iterable[str]) -> str:
        return next((t for c in columns if (t := self._text(c))), "")

    def _number(self, column: str) -> float | None:
        value = self.row.get(column) if column else None
        return float(value) if isinstance(value, (int, float)) else None

    def _site(self) -> Site | None:
        matcher, columns = self.gate.matcher, self.gate.columns
        if not matcher:
            return None
        cells = [self._text(c) for c in columns.texts]  # whatever a column is called
        tests = [matcher.control(t) or matcher.name(t) for t in cells]
        tests += [matcher.address(self._text(c), *self._hint()) for c in columns.addresses]
        tests += [matcher.address(t, *self._hint()) for t in cells if len(t) <= _ADDRESS and not _SENTENCE & set(t)]
        tests.append(matcher.point(self._number(columns.lon), self._number(columns.lat)))
        return next((s for s in tests if s is not None), None)

    def _hint(self) -> tuple[str, str]:
        return self._first(self.gate.columns.counties), self._first(self.gate.columns.townships)

    def judge(self) -> Judged:
        """One row; once more as a person's where a cell that seemed to name nobody came out as a masked name and no more.

        So a row gets the same answer when its masked form is judged again.
        """
        out = self._once()
        unknown = (n for n, kind in self.kinds.items() if kind == NameKind.UNKNOWN and n in out.cells)
        masked = {n for n in unknown if classify_name(self._now(n)).kind == NameKind.MASKED}
        if not masked:
            return out
        self.kinds |= dict.fromkeys(masked, NameKind.MASKED)
        self.people |= masked
        self.out = Judged(restricted=out.restricted, person=True)
        return self._once()

    def _once(self) -> Judged:
        """Names, addresses, coordinates, then the texts around them."""
        for column in self.gate.columns.names:
            self._name(column)
        levels = {c: self._level(c) for c in self.gate.columns.addresses}
        if self.site is not None and not self._rules_for("restricted"):
            self.out.undecided = True
        for column, level in levels.items():
            self._address(column, level)
        highest = max(levels.values(), default=0)
        home = self._private() and not self._first(self.gate.columns.addresses)
        highest = max(highest, self.gate.home if home else 0)
        if self.site is not None and self._rules_for("restricted"):
            highest = max(highest, self._restricted_level())
        if highest and (self.site is not None or self._private()):
            for column in self.gate.columns.details:
                self._put(column, None, ADDRESSES)
        if highest:
            self._coordinates(highest)
        withheld = self._withheld(levels)
        for column in self.gate.columns.texts:
            self._words(column, withheld)
        return self.out

    def _private(self) -> bool:
        """Whether the row is a person's and no firm's: then the place is the person's own."""
        return bool(self.people) and not set(self.kinds.values()) & _FIRMS

    def _put(self, column: str, value: Value, category: str) -> None:
        before = self.row.get(column)
        if before is not None and value != before:
            self.out.cells[column] = Changed(value, category)

    def _now(self, column: str) -> str:
        """The text of a cell as far as it is masked by now."""
        changed = self.out.cells.get(column)
        if changed is None:
            return self._text(column)
        return changed.value if isinstance(changed.value, str) else ""

    def _holds(self, approved: Approved, column: str) -> bool:
        """Whether a rule about this column is about this row."""
        rule = approved.rule
        if rule.rows == "stage":
            return str(self.row.get(rule.stage_field) or "") in rule.stage_values
        if rule.rows == "restricted":
            return self.site is not None
        if rule.rows == "persons":
            return self._is_persons(column)
        return True

    def _is_persons(self, column: str) -> bool:
        """Whether a cell is a natural person's: the name itself, the person's own address, or what tells of the person."""
        columns = self.gate.columns
        if column in columns.names:
            return column in self.people or self.kinds.get(column) in _TRADERS
        if column not in columns.addresses:
            return bool(self.people)
        if not self.people & set(columns.owners_of(column)):
            return False
        return not self._firms_address(column)

    def _firms_address(self, column: str) -> bool:
        """Whether the same row gives the same address as that of a firm: then it is the firm's, which stays."""
        own = self._text(column)
        for other in self.gate.columns.addresses:
            owners = self.gate.columns.owners_of(other)
            if other == column or not self._text(other) or not owners or self.people & set(owners):
                continue
            if any(self.kinds.get(o) in {*_TRADERS, NameKind.AGENCY} for o in owners):
                theirs = self._text(other)
                if theirs == own or normalise_address(theirs) == normalise_address(own):
                    return True
        return False

    def _rules_for(self, rows: str) -> tuple[Approved, ...]:
        return tuple(
            {a.rule.name: a for rules in self.gate.rules.values() for a in rules if a.rule.rows == rows}.values()
        )

    def _active(self, column: str) -> list[Approved]:
        return [a for a in self.gate.rules.get(column, ()) if self._holds(a, column)]

    def _name(self, column: str) -> None:
        treatments = {a.rule.names for a in self._active(column)}
        if "hide" in treatments:
            self._put(column, None, NAMES)
        elif "mask" in treatments:
            self._put(column, mask_name(self._text(column)), NAMES)
        elif column in self.people and self.kinds[column] == NameKind.PERSON and not self._kept(column, Kind.NAME):
            self.out.open.append((column, Kind.NAME))

    def _kept(self, column: str, kind: Kind) -> bool:
        """Whether a rule says that this kind was looked at and stays."""
        rules = (a.rule for a in self._active(column))
        return any(r.rows == "all" and r.names == r.text == "keep" and not r.level and kind in r.meant() for r in rules)

    def _restricted_level(self) -> int:
        least = self.site.level if self.site else 0
        return max([least, *(a.rule.level for a in self._rules_for("restricted"))])

    def _level(self, column: str) -> int:
        active = self._active(column)
        level = max((a.rule.level for a in active), default=0)
        if self.site is not None and any(a.rule.rows == "restricted" for a in active):
            level = max(level, self._restricted_level())
        return level

    def _address(self, column: str, level: int) -> None:
        text = self._text(column)
        if level and text:
            county, township = self._hint()
            shown = generalise_address(text, Level(level), county=county, township=township)
            self._put(column, shown or None, ADDRESSES)

    def _coordinates(self, level: int) -> None:
        columns = self.gate.columns
        lon, lat = self._number(columns.lon), self._number(columns.lat)
        shown = None
        if lon is not None and lat is not None:
            county, township = self._hint()
            address = parse_address(self._first(columns.addresses), county=county, township=township)
            area = find_area(address.county, address.township) if address.county else None
            shown = generalise_point(lon, lat, Level(level), area)
        for column in columns.points:
            value = None
            if shown is not None and column in {columns.lon, columns.lat}:
                value = shown[0] if column == columns.lon else shown[1]
            self._put(column, value, COORDINATES)

    def _withheld(self, levels: Mapping[str, int]) -> dict[str, str]:
        """Address texts of this row that are not shown any more, with what is shown instead."""
        changed = {c: self.out.cells[c].value for c in levels if c in self.out.cells}
        return {self._text(c): str(v or "") for c, v in changed.items() if len(self._text(c)) >= 4}

    def _words(self, column: str, withheld: Mapping[str, str]) -> None:
        """Personal data, and addresses that are withheld elsewhere, inside a cell."""
        text = self._now(column)
        if not text:
            return
        shown = self._without_sites(column, text)
        if column not in self.gate.columns.addresses or column not in self.out.cells:
            for old, new in sorted(withheld.items(), key=lambda item: -len(item[0])):
                shown = shown.replace(old, new)
        active = self._active(column)
        site = self.site is not None and bool(self._rules_for("restricted"))
        own = (self._private() or site or bool(withheld)) and column not in self.gate.columns.addresses
        own = own or (self.gate.matcher.mentions(text) and column not in self.gate.columns.controls)
        if suspicious(shown) or self.gate.known.spans(shown):
            shown = self._masked_spans(column, shown, active, own=own)
        if site and column not in (*self.gate.columns.names, *self.gate.columns.addresses):
            shown = without_roads(shown, withheld)
        if shown != text:
            category = ADDRESSES if column in self.gate.columns.addresses else TEXT
            earlier = self.out.cells.get(column)
            self.out.cells[column] = Changed(shown or None, earlier.category if earlier else category)

    def _masked_spans(self, column: str, text: str, active: list[Approved], *, own: bool) -> str:
        mask = frozenset(k for a in active if a.rule.text == "mask" for k in a.rule.meant())
        hide = frozenset(k for a in active if a.rule.text == "hide" for k in a.rule.meant())
        spans = self._spans(column, text)
        if hide & {s.kind for s in spans}:
            return ""
        if own:
            mask |= {Kind.ADDRESS}
        firms = self._firms() if own else frozenset()
        chosen = [s for s in spans if s.kind in mask and not _of_firm(text[s.start : s.end], s.kind, firms)]
        if column not in self.gate.columns.names or self.kinds.get(column) not in _PEOPLE:
            left = {
                s.kind for s in spans if s.kind in HOLDING and s.kind not in mask and not self._kept(column, s.kind)
            }
            self.out.open += [(column, k) for k in sorted(left)]
        text = mask_text(text, chosen) if chosen else text
        elsewhere = [s for s in self.gate.known.spans(text) if s.kind in mask]
        return mask_text(text, elsewhere) if elsewhere else text

    def _spans(self, column: str, text: str) -> list[Span]:
        """What was found in a cell; in the name of a firm only what is surely a person's, for firms keep their names."""
        firm = column in self.gate.columns.names and self.kinds.get(column) in _FIRMS
        least = _SURE_IN_FIRMS if firm else SURE_ENOUGH
        return [s for s in _sure(text) if s.kind is not Kind.NAME or s.confidence >= least]

    def _firms(self) -> frozenset[str]:
        """Addresses of this row that stay: a sentence may name them too."""
        stay = (self._text(c) for c in self.gate.columns.addresses if c not in self.out.cells)
        return frozenset(normalise_address(t) for t in stay if t)

    def _without_sites(self, column: str, text: str) -> str:
        if not self.gate.matcher or (column in self.out.cells and column in self.gate.columns.addresses):
            return text
        found = self.gate.matcher.inside(text, *self._hint())
        rules = self._rules_for("restricted")
        if found and not rules:
            self.out.undecided = True
            return text
        for start, end, site in reversed(found):
            level = max([site.level, *(a.rule.level for a in rules)])
            text = text[:start] + (generalise_address(text[start:end], Level(level)) or WITHHELD) + text[end:]
        return text


def _sure(text: str) -> list[Span]:
    return [s for s in recognise(text) if s.confidence >= SURE_ENOUGH]


def _of_firm(text: str, kind: Kind, firms: frozenset[str]) -> bool:
    return kind == Kind.ADDRESS and bool(firms) and normalise_address(text) in firms
