"""Where crawlers find everything: sitemap index, its parts in both languages, and robots.txt, which names the index."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import falcon

from qingliu.api.dcat import params
from qingliu.api.dcat.body import Texts
from qingliu.api.http import Answer, Sender, Whole, pairs_of
from qingliu.api.values import count
from qingliu.core.dataset import Text
from qingliu.core.errors import NotFound
from qingliu.lake.published import Entry, Published
from qingliu.standards.dcat.served import NOWHERE

XML = "application/xml; charset=utf-8"
ADDRESSES = 10_000  # a part; the protocol allows 50,000
DATASETS = ADDRESSES // 2  # each in two languages
PAGES = ("/", "/dataset/", "/quality/", "/standards/", "/bilingual/", "/about/")
CLOSED = ("/desk/", "/admin/", "/account/", "/login/", "/logout/", "/runs/")
_SPACES = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Sitemaps:
    """The sitemap over the published catalogue."""

    def __init__(self, published: Published, sender: Sender, base: str) -> None:
        self._published = published
        self._sender = sender
        self._base = base
        self._root = base.rstrip("/") or NOWHERE

    def _send(self, req: falcon.Request, resp: falcon.Response, parts: Iterator[str], *identity: str) -> None:
        named = ("sitemap", str(self._published.generation()), self._base, *identity)
        self._sender.send(req, resp, Answer(XML, named, lambda: Texts(parts)))

    def index(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/sitemap.xml"""
        params.known(pairs_of(req.query_string))
        self._send(req, resp, self._index(self._published.all()))

    def part(self, req: falcon.Request, resp: falcon.Response, number: str) -> None:
        """/sitemap-{number}.xml. Raises NotFound behind the last part."""
        params.known(pairs_of(req.query_string))
        entries = self._published.all()
        wanted = count(number, "number")
        if not 1 <= wanted <= _parts(entries):
            raise NotFound(
                Text(f"網站地圖沒有第 {wanted} 部分。", f"The sitemap has no part {wanted}."),
                Text("各部分列於 /sitemap.xml。", "The parts are listed in /sitemap.xml."),
                parameter="number",
            )
        self._send(req, resp, self._part(_of_part(entries, wanted), first=wanted == 1), number)

    def robots(self, req: falcon.Request, resp: falcon.Response) -> None:
        """/robots.txt"""
        params.known(pairs_of(req.query_string))
        lines = ["User-agent: *"]
        lines += [f"Disallow: {prefix}{path}" for path in CLOSED for prefix in ("", "/en")]
        text = "\n".join([*lines, "", f"Sitemap: {self._root}/sitemap.xml", ""]).encode()
        answer = Answer("text/plain; charset=utf-8", ("robots", self._base), lambda: Whole(text))
        self._sender.send(req, resp, answer)

    def _index(self, entries: tuple[Entry, ...]) -> Iterator[str]:
        yield f"{_HEAD}<sitemapindex {_SPACES}>\n"
        for number in range(1, _parts(entries) + 1):
            changed = max((e.updated_at for e in _of_part(entries, number)), default="")
            yield f"<sitemap><loc>{escape(self._root)}/sitemap-{number}.xml</loc>{_when(changed)}</sitemap>\n"
        yield "</sitemapindex>\n"

    def _part(self, entries: tuple[Entry, ...], *, first: bool) -> Iterator[str]:
        yield f'{_HEAD}<urlset {_SPACES} xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
        if first:
            for path in PAGES:
                yield self._both(path, "")
        for entry in entries:
            yield self._both(f"/dataset/detail/{quote(entry.code, safe='')}", entry.updated_at)
        yield "</urlset>\n"

    def _both(self, path: str, changed: str) -> str:
        """The page in both languages, each naming both."""
        chinese, english = f"{self._root}{path}", f"{self._root}/en{path}"
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{lang}" href={quoteattr(to)}/>'
            for lang, to in (("zh-Hant", chinese), ("en", english), ("x-default", chinese))
        )
        return "".join(f"<url><loc>{escape(to)}</loc>{_when(changed)}{others}</url>\n" for to in (chinese, english))


def _parts(entries: tuple[Entry, ...]) -> int:
    """How many parts there are; the portal's own pages stand in the first."""
    return -(-(len(entries) + len(PAGES)) // DATASETS)


def _of_part(entries: tuple[Entry, ...], number: int) -> tuple[Entry, ...]:
    start = max(0, (number - 1) * DATASETS - len(PAGES))
    return entries[start : number * DATASETS - len(PAGES)]


def _when(changed: str) -> str:
    return f"<lastmod>{escape(changed)}</lastmod>" if changed else ""
