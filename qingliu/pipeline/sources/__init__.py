"""Where new data comes from: each kind of source fetches a Delivery of local files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from qingliu.core import env
from qingliu.core.addresses import is_secret_name
from qingliu.core.dataset import SourceSpec, Text
from qingliu.core.errors import BadDefinition
from qingliu.pipeline.sources import files, folder, harvest, http, simulator
from qingliu.pipeline.sources.base import Delivery, State, Surroundings, surroundings

__all__ = ["KINDS", "OPTIONS", "Delivery", "State", "Surroundings", "fetch", "surroundings"]


class Fetch(Protocol):
    """What each kind promises."""

    def __call__(self, source: SourceSpec, *, workdir: Path, state: State, around: Surroundings) -> Delivery: ...


def _simulated(source: SourceSpec, *, workdir: Path, state: State, around: Surroundings) -> Delivery:
    """The simulators need nothing from around them."""
    return simulator.fetch(source, workdir=workdir, state=state)


KINDS: Mapping[str, Fetch] = {
    "files": files.fetch,
    "folder": folder.fetch,
    "http": http.fetch,
    "harvest": harvest.fetch,
    "simulator": _simulated,
}


OPTIONS: Mapping[str, frozenset[str]] = {
    "files": frozenset(),
    "folder": folder.OPTIONS,
    "http": http.OPTIONS,
    "harvest": harvest.OPTIONS,
    "simulator": frozenset({"feed", "style", "seed", "back", "until"}),
}


def _check_options(source: SourceSpec) -> None:
    """A misspelt option must not be passed over: it would change what is fetched without a word."""
    known = OPTIONS[source.kind]
    strange = next((name for name, _ in source.options if name not in known and not is_secret_name(name)), None)
    if strange is not None:
        listed = "、".join(sorted(known)) or "—"
        raise BadDefinition(
            Text(
                f"「{source.kind}」來源沒有選項「{strange[:40]}」。",
                f"A source of kind '{source.kind}' has no '{strange[:40]}'.",
            ),
            Text(f"可用：{listed}。", f"Its options are: {listed}."),
            parameter=f"source.options.{strange[:40]}",
        )


def fetch(source: SourceSpec, *, workdir: Path, state: State, around: Surroundings | None = None) -> Delivery:
    """What is new at the source, as files in ``workdir`` (made when absent).

    ``around`` is what the settings allow unless told. Raises BadDefinition (the options are wrong), BadSource (it delivers
    no data), Refused (an address or body we do not take) or Busy (it asked for rest). Nothing is remembered here: the
    caller stores ``Delivery.state``.
    """
    if source.kind not in KINDS:
        known = "、".join(sorted(KINDS))
        raise BadDefinition(
            Text(f"沒有「{source.kind[:40]}」這種來源。", f"There is no source of kind '{source.kind[:40]}'."),
            Text(f"可用：{known}。", f"The kinds are: {known}."),
            parameter="source.kind",
        )
    _check_options(source)
    workdir.mkdir(parents=True, exist_ok=True)
    return KINDS[source.kind](source, workdir=workdir, state=state, around=around or surroundings(env.load()))
