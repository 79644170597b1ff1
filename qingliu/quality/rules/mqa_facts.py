"""From a described dataset to the facts that MQA judges: what its graph says, what SHACL found, which links answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qingliu.core.dataset import DatasetRecord, Text, VersionRecord
from qingliu.quality.rules.mqa import DistributionFacts, Fact, MqaFacts, MqaResult, judge
from qingliu.standards.dcat import words
from qingliu.standards.dcat.check import Violation, check
from qingliu.standards.dcat.dataset import Described, describe
from qingliu.standards.dcat.served import Served
from qingliu.standards.dcat.shapes import Shapes
from qingliu.standards.dcat.terms import DCAT, DCT, TYPE, Literal, Object, Resource

_OF_DATASET = (
    ("keyword", DCAT + "keyword"),
    ("theme", DCAT + "theme"),
    ("spatial", DCT + "spatial"),
    ("temporal", DCT + "temporal"),
    ("access_rights", DCT + "accessRights"),
    ("contact_point", DCAT + "contactPoint"),
    ("publisher", DCT + "publisher"),
    ("issued", DCT + "issued"),
    ("modified", DCT + "modified"),
)
_OF_DISTRIBUTION = (
    ("download_url", DCAT + "downloadURL"),
    ("format", DCT + "format"),
    ("media_type", DCAT + "mediaType"),
    ("licence", DCT + "license"),
    ("rights", DCT + "rights"),
    ("byte_size", DCAT + "byteSize"),
)
_NOT_SAID = Text("匯入的目錄清單沒有這一項，無從判定。", "The imported list does not carry this; it cannot be judged.")
_NEVER_CHECKED = Text("網址從未檢查。", "The address was never checked.")
_NO_SHAPES = Text("沒有以形狀檢查。", "It was not checked by shapes.")
_PARTIAL = Text(
    "只有匯入的部分詮釋資料，無從判定全部是否符合。",
    "Only a part of the metadata was imported; whether all of it conforms cannot be judged.",
)

Links = Mapping[str, bool | None]  # address → it answered, it failed, not measured


def mqa_of(
    record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served, shapes: Shapes, links: Links
) -> MqaResult:
    """Describe, check and judge one dataset; ``versions`` newest first, a view's are its base's."""
    described = describe(record, versions, served)
    return judge(facts_of(described, check(shapes, described.resources), links))


def addresses_of(record: DatasetRecord, versions: tuple[VersionRecord, ...], served: Served) -> tuple[str, ...]:
    """Every address whose answer MQA asks for, once, in the order of the distributions."""
    described = describe(record, versions, served)
    found = (o for d in _distributions(described) for p in ("accessURL", "downloadURL") for o in d.all(DCAT + p))
    return tuple(dict.fromkeys(o for o in found if isinstance(o, str)))


def facts_of(described: Described, violations: tuple[Violation, ...] | None, links: Links) -> MqaFacts:
    """The facts; ``violations`` are all results of SHACL (warnings break nothing), None where nobody checked."""
    dataset = described.dataset
    facts = [(code, _present(dataset, predicate, described)) for code, predicate in _OF_DATASET]
    known = dict(facts)
    facts.append(
        (
            "access_rights_known",
            _known(dataset.first(DCT + "accessRights"), words.known_access_right, known["access_rights"]),
        )
    )
    facts.append(("compliance", _compliance(described, violations)))
    distributions = tuple(_distribution(d, described, links) for d in _distributions(described))
    unknown = Fact(None, _NOT_SAID) if described.unknown else MqaFacts("", (), ()).without
    broken = tuple(v for v in violations or () if v.severity == "Violation")
    return MqaFacts(described.code, tuple(facts), distributions, unknown, broken)


def _distributions(described: Described) -> list[Resource]:
    return [r for r in described.own if (TYPE, DCAT + "Distribution") in r.pairs]


def _present(resource: Resource, predicate: str, described: Described) -> Fact:
    found = resource.all(predicate)
    if found:
        return Fact(True, _shown(found))
    return Fact(None, _NOT_SAID) if predicate in described.unknown else Fact(False)


def _shown(values: tuple[Object, ...]) -> Text:
    """The values as a reader may see them, the Chinese beside the English."""
    zh = [v.value if isinstance(v, Literal) else v for v in values if not (isinstance(v, Literal) and v.lang == "en")]
    en = [
        v.value if isinstance(v, Literal) else v
        for v in values
        if not (isinstance(v, Literal) and v.lang.startswith("zh"))
    ]
    return Text("、".join((zh or en)[:5]), ", ".join((en or zh)[:5]))


def _known(value: Object | None, is_known: Callable[[str], bool], present: Fact) -> Fact:
    """Whether a value is a word of its vocabulary; unmeasured where it is not even known whether there is a value."""
    if present.so is None:
        return present
    if isinstance(value, str) and is_known(value):
        return Fact(True, _shown((value,)))
    return Fact(False)


def _compliance(described: Described, violations: tuple[Violation, ...] | None) -> Fact:
    if violations is None:
        return Fact(None, _NO_SHAPES)
    broken = [v for v in violations if v.severity == "Violation"]
    if broken:
        zh = "；".join(dict.fromkeys(f"{_end(v.path)} {v.message.zh}" for v in broken[:5]))
        en = "; ".join(dict.fromkeys(f"{_end(v.path)} {v.message.en}" for v in broken[:5]))
        return Fact(False, Text(f"違反 {len(broken)} 處：{zh}", f"{len(broken)} violations: {en}"))
    if described.unknown:
        return Fact(None, _PARTIAL)
    return Fact(True, Text("沒有違反。", "Nothing is violated."))


def _end(iri: str) -> str:
    return iri.rpartition("#")[2].rpartition("/")[2]


def _distribution(resource: Resource, described: Described, links: Links) -> DistributionFacts:
    facts = {code: _present(resource, predicate, described) for code, predicate in _OF_DISTRIBUTION}
    facts["access_url_ok"] = _answers(resource.first(DCAT + "accessURL"), links)
    download = facts["download_url"]
    facts["download_url_ok"] = _answers(resource.first(DCAT + "downloadURL"), links) if download.so else download
    form, media = resource.first(DCT + "format"), resource.first(DCAT + "mediaType")
    term = words.known_file_type(form) if isinstance(form, str) else None
    term = term or (words.known_media_type(media) if isinstance(media, str) else None)
    facts["vocabulary"] = Fact(term is not None, _shown(tuple(v for v in (form, media) if v)) if term else Text("", ""))
    for code, word in (("open_format", "open"), ("machine_readable", "machine")):
        so = term is not None and term.get(word) == "True"
        facts[code] = Fact(so, term.name if term and so else Text("", ""))
    facts["licence_known"] = _known(resource.first(DCT + "license"), words.known_licence, facts["licence"])
    return DistributionFacts(resource.iri, tuple(facts.items()))


def _answers(address: Object | None, links: Links) -> Fact:
    if not isinstance(address, str):
        return Fact(False)
    answered = links.get(address)
    if answered is None:
        return Fact(None, Text(f"{_NEVER_CHECKED.zh}（{address}）", f"{_NEVER_CHECKED.en} ({address})"))
    if answered:
        return Fact(True, Text(address, address))
    return Fact(False, Text(f"網址連不上：{address}", f"The address does not answer: {address}"))
