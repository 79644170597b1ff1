"""The stylesheet and script: small, without foreign addresses, and readable at AA contrast in light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

TEXT = [
    ("ink", "paper"),
    ("ink", "card"),
    ("ink", "wash"),
    ("ink", "code"),
    ("soft", "paper"),
    ("soft", "card"),
    ("soft", "wash"),
]
TEXT += [
    ("teal", "paper"),
    ("teal", "card"),
    ("teal", "wash"),
    ("teal-ink", "teal"),
    ("teal-ink", "deep"),
    ("deep", "wash"),
]
TEXT += [
    ("deep", "paper"),
    ("warn-ink", "warn"),
    ("bad-ink", "bad"),
    ("bad-ink", "code"),
    ("teal", "code"),
    ("soft", "code"),
]
EDGES = [("strong", "card"), ("strong", "paper"), ("teal", "paper"), ("teal", "card")]


def asset(name: str) -> str:
    found = finders.find(f"web/{name}")
    assert isinstance(found, str)
    return Path(found).read_text(encoding="utf-8")


def themes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root\{([^}]*)\}", asset("qingliu.css"))[:2]
    return {
        name: dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", block))
        for name, block in (("light", light), ("dark", dark))
    }


def luminance(colour: str) -> float:
    text = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_reaches_aa_contrast(theme: str) -> None:
    colours = themes()[theme]
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in TEXT}
    assert {p: c for p, c in weak.items() if c < 4.5} == {}
    edges = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in EDGES}
    assert {p: c for p, c in edges.items() if c < 3} == {}


def test_contrast_is_measured_as_wcag_does() -> None:
    assert round(contrast("#000000", "#fff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_assets_are_small_and_load_nothing_foreign() -> None:
    css, script = asset("qingliu.css"), asset("copy.js")
    assert len(css.encode()) < 40_000
    assert len(script.encode()) < 2_000
    assert not re.search(r"@import|https?://|url\((?!flow\.svg)", css)
    assert not re.search(r"https?://|innerHTML|eval\(", script)
