"""SVG elements as text: everything escaped, numbers short, no style attribute (the pages' CSP allows none)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

INK, SOFT, GRID, PAPER, ACCENT = "#14282d", "#4b6068", "#dbe4e2", "#ffffff", "#0b6a6a"
FONT = "'Noto Sans TC','Noto Sans CJK TC','PingFang TC','Microsoft JhengHei',system-ui,sans-serif"
# Colours that stay apart for colour-blind readers, each 4.5:1 on paper; the page's style sheet has those of the dark.
LINES = ("#0b6a6a", "#b04a08", "#4656ad", "#8a3a7a", "#5f6b0c", "#4a555c")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 4")
AQI = ("#009865", "#fffb26", "#ff9835", "#ca0034", "#670099", "#7e0123")  # the index' official colours, bands 1 to 6
RAMP = ("#e3efec", "#b9dcd6", "#85c2bb", "#4aa29d", "#1c7d7c", "#07575a", "#033a3e")  # little to much
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture's inside: ``body`` are elements within 0…width × 0…height (pixels at scale 1); data- attributes in ``data``."""

    width: float
    height: float
    body: str
    data: tuple[tuple[str, str], ...] = ()


def number(value: float) -> str:
    """A coordinate with at most two decimals. ValueError for what is no place on paper (NaN, infinite)."""
    if not math.isfinite(value):
        raise ValueError(f"no coordinate: {value!r}")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def el(tag: str, inside: str = "", **attributes: str | float | None) -> str:
    """One element; ``inside`` is SVG already. Attribute names: ``class_`` is class, ``_`` stands for ``-``."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{number(v) if isinstance(v, (int, float)) else escape(v)}"'
        for name, v in attributes.items()
        if v is not None and v != ""
    )
    return f"<{tag}{told}>{inside}</{tag}>" if inside else f"<{tag}{told}/>"


def plain(text: str) -> str:
    """Text as SVG: escaped, and without the control characters that XML does not know."""
    return escape("".join(c for c in text if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff"))


def tongue(text: str) -> str:
    """The lang attribute of a text: Chinese says so wherever it stands, for voices and fonts."""
    return "zh-Hant" if _HAN.search(text) else ""


def words(
    x: float, y: float, text: str, *, size: float = 12, anchor: str = "", class_: str = "t", weight: str = ""
) -> str:
    """A line of text with its baseline at y."""
    fill = SOFT if class_.startswith("t") else INK
    return el(
        "text",
        plain(text),
        x=x,
        y=y,
        class_=class_,
        fill=fill,
        font_size=size,
        text_anchor=anchor,
        font_weight=weight,
        lang=tongue(text),
    )


def hint(text: str) -> str:
    """What a pointer that rests on the element is told."""
    return el("title", plain(text), lang=tongue(text)) if text else ""


def line(  # noqa: PLR0917
    x1: float, y1: float, x2: float, y2: float, class_: str = "grid", colour: str = GRID
) -> str:
    """A hairline."""
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_, stroke=colour, stroke_width=1)


def band_digit(x: float, y: float, at: int, size: float) -> str:
    """The number of an index' band, 1 to 6, in the middle of its colour: so that the colour is not the only sign."""
    light = at in {1, 2}
    return el(
        "text", str(min(at, 5) + 1), x=x, y=y + size * 0.36, class_="onlight" if light else "ondark",
        fill=INK if light else PAPER, font_size=size, text_anchor="middle",
    )  # fmt: skip


def path(points: Iterable[tuple[float, float]]) -> str:
    """A path's ``d`` through points; "" for none."""
    told = [f"{number(x)} {number(y)}" for x, y in points]
    return "M" + "L".join(told) if told else ""


def whole(drawing: Drawing, title: str, desc: str, *, ident: str, head: tuple[str, ...] = (), foot: tuple[str, ...] = (),
          class_: str = "chart") -> str:  # fmt: skip
    """A complete SVG document: role, title and description in words; ``head`` and ``foot`` are lines drawn into the picture."""
    pad = 14.0 if head or foot else 0.0
    top = pad + sum(24.0 if i == 0 else 18.0 for i in range(len(head)))
    height = top + drawing.height + 17.0 * len(foot) + pad
    width = drawing.width + 2 * pad
    said = el("title", plain(title), id=f"{ident}-t", lang=tongue(title)) + el(
        "desc", plain(desc), id=f"{ident}-d", lang=tongue(desc)
    )
    paper = el("rect", width=width, height=height, fill=PAPER, class_="paper") if pad else ""
    lines = ""
    for i, text in enumerate(head):
        lines += words(pad, pad + 14 + (0 if i == 0 else 6 + 18 * i), text, size=17 if i == 0 else 12.5,
                       class_="ink" if i == 0 else "t", weight="600" if i == 0 else "")  # fmt: skip
    inner = el("g", drawing.body, transform=f"translate({number(pad)} {number(top)})") if pad else drawing.body
    for i, text in enumerate(foot):
        lines += words(pad, top + drawing.height + 14 + 17 * i, text, size=11)
    return el(
        "svg", said + paper + lines + inner, xmlns="http://www.w3.org/2000/svg", class_=class_, role="img",
        viewBox=f"0 0 {number(width)} {number(height)}", width=width, height=height, font_family=FONT,
        aria_labelledby=f"{ident}-t {ident}-d", **{k.replace("-", "_"): v for k, v in drawing.data},
    )  # fmt: skip
