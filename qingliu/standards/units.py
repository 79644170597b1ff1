"""Units of measurement: how they are called, and conversion by a declared rule only.

A change of scale inside one quantity (ppb to ppm) follows from the units themselves. A volume fraction becomes a mass
concentration only by a declared ``Gas``: molar mass, temperature and pressure are part of the answer, never assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from qingliu.core.dataset import Text
from qingliu.core.errors import BadRequest
from qingliu.standards.vocabularies import Term, vocabulary

GAS_CONSTANT = 8.314462618  # J/(mol·K)
_FRACTION, _MASS = "fraction", "mass_concentration_air"


@dataclass(frozen=True, slots=True)
class Gas:
    """The declared facts by which a volume fraction of one gas and its mass concentration are told from each other."""

    molar_mass_g_mol: float
    temperature_c: float
    pressure_hpa: float = 1013.25

    @property
    def kg_m3(self) -> float:
        """Mass of the pure gas in a cubic metre."""
        return self.pressure_hpa * 100 * self.molar_mass_g_mol / 1000 / (GAS_CONSTANT * (self.temperature_c + 273.15))


@dataclass(frozen=True, slots=True)
class Conversion:
    """A declared way from one unit to another: ``value × factor + offset``, and the words of its rule."""

    source: str
    target: str
    factor: float
    offset: float
    rule: Text

    def apply(self, value: float) -> float:
        """The value in the target unit."""
        return value * self.factor + self.offset


@cache
def _known() -> dict[str, Term]:
    terms = vocabulary("units")
    spelled = {alias: term for term in terms.values() for alias in term.get("aliases").split()}
    return spelled | terms


def find(unit: str) -> Term | None:
    """The unit of that spelling, or None."""
    return _known().get(unit.strip())


def label(unit: str, lang: str) -> str:
    """What a unit is called in ``lang``: its symbol, or words where it has no symbol; an unknown unit as it stands."""
    term = find(unit)
    if term is None or not lang.startswith("en") or term.code.isascii() or not _is_han(term.code):
        return unit
    return term.name.en


def same(one: str, other: str) -> bool:
    """Whether two spellings mean one unit."""
    first, second = find(one), find(other)
    return first is not None and second is not None and first.code == second.code


def conversion(source: str, target: str, gas: Gas | None = None) -> Conversion:
    """The declared way from ``source`` to ``target``. Raises BadRequest where none is declared, and says what is missing."""
    one, two = find(source), find(target)
    if one is None or two is None:
        missing = source if one is None else target
        raise BadRequest(
            Text(f"沒有登錄單位「{missing}」。", f"No unit '{missing}' is registered."),
            Text("請把它加入 vocabularies/units.yaml。", "Add it to vocabularies/units.yaml."),
            parameter="unit",
        )
    kinds = (one.get("quantity"), two.get("quantity"))
    if kinds in {(_FRACTION, _MASS), (_MASS, _FRACTION)}:
        return _through_gas(one, two, gas)
    if kinds[0] != kinds[1] or not one.get("factor") or not two.get("factor"):
        raise BadRequest(
            Text(
                f"沒有宣告由 {one.code} 換算為 {two.code} 的規則。",
                f"No rule from {one.code} to {two.code} is declared.",
            ),
            Text("兩個單位須屬同一種量。", "Both units must be of one quantity."),
            parameter="unit",
        )
    factor = float(one.get("factor")) / float(two.get("factor"))
    offset = (float(one.get("offset", "0")) - float(two.get("offset", "0"))) / float(two.get("factor"))
    words = f"{two.code} = {one.code} × {factor:g}" + (f" + {offset:g}" if offset else "")
    return Conversion(one.code, two.code, factor, offset, Text(words, words))


def _through_gas(one: Term, two: Term, gas: Gas | None) -> Conversion:
    if gas is None:
        raise BadRequest(
            Text(
                f"{one.code} 與 {two.code} 的換算須宣告莫耳質量、溫度與氣壓。",
                f"{one.code} to {two.code} needs a declared molar mass, temperature and pressure.",
            ),
            Text("請以 Gas(莫耳質量, 溫度) 宣告後再換算。", "Declare them as Gas(molar mass, temperature) first."),
            parameter="unit",
        )
    scale = gas.kg_m3 if one.get("quantity") == _FRACTION else 1 / gas.kg_m3
    factor = float(one.get("factor")) * scale / float(two.get("factor"))
    facts = f"M={gas.molar_mass_g_mol:g} g/mol, {gas.temperature_c:g} ℃, {gas.pressure_hpa:g} hPa"
    words = f"{two.code} = {one.code} × {factor:.6g} ({facts})"
    return Conversion(one.code, two.code, factor, 0.0, Text(words, words))


def _is_han(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)
