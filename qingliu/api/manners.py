"""What surrounds every answer: CORS and safety headers, keys, errors as problem+json, and the short way to a kept answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import falcon

from qingliu.api.cache import ResponseCache
from qingliu.api.http import Sender, language, pairs_of, plain_json, replay, request_key
from qingliu.api.limits.quota import FILE_BYTES_A_POINT, Limits, Visit
from qingliu.api.places import Place, Sending
from qingliu.core.cost import METER, Meter, told
from qingliu.core.dataset import Text
from qingliu.core.errors import (
    BadRequest,
    Busy,
    Conflict,
    Damaged,
    Forbidden,
    Gone,
    NotFound,
    QingliuError,
    Refused,
    TooDear,
    TooMany,
    Unauthorized,
    UnknownField,
)

log = logging.getLogger("qingliu.api")
PROBLEM = "application/problem+json"
TITLES: dict[str, Text] = {
    UnknownField.code: Text("沒有這個欄位", "No such field"),
    BadRequest.code: Text("請求無法解讀", "The request cannot be understood"),
    Unauthorized.code: Text("金鑰無效", "The key is not valid"),
    Forbidden.code: Text("沒有權限", "Not allowed"),
    NotFound.code: Text("找不到", "Not found"),
    "method-not-allowed": Text("不支援這個方法", "Method not allowed"),
    Conflict.code: Text("與其他變更衝突", "Something else happened first"),
    Gone.code: Text("資料已不保留", "No longer kept"),
    "range-not-satisfiable": Text("範圍超出檔案", "Range not satisfiable"),
    TooDear.code: Text("這個查詢成本過高", "The question costs too much"),
    TooMany.code: Text("用量已達上限", "Quota used up"),
    Refused.code: Text("拒絕處理", "Refused"),
    Busy.code: Text("目前忙碌", "Busy now"),
    Damaged.code: Text("資料檔損壞", "A stored file is damaged"),
    QingliuError.code: Text("伺服器內部錯誤", "Something failed on our side"),
}
_EXPOSED = (
    "ETag, Link, Content-Range, Content-Digest, Repr-Digest, Content-Disposition, Retry-After, "
    "Qingliu-Version, Qingliu-Dataset, Content-Crs, Qingliu-Number-Matched, Qingliu-Number-Returned, "
    "Qingliu-Cost, RateLimit, RateLimit-Policy, Warning, X-Ignored-Parameters"
)
_ALLOWED = (
    "Accept, Accept-Language, Authorization, Content-Type, X-API-Key, X-CKAN-API-Key, X-Qingliu-Profile, Accept-Profile, "
    "If-None-Match, If-Range, Range"
)
ErrorShape = Callable[[QingliuError, str], tuple[str, bytes]]


def problem(error: QingliuError, lang: str) -> tuple[str, bytes]:
    """An error as (media type, RFC 9457 body) with both languages."""
    detail = Text(f"{error.reason.zh}{error.remedy.zh}", f"{error.reason.en} {error.remedy.en}".strip())
    body: dict[str, Any] = {
        "type": f"/api/docs#error-{error.code}",
        "title": TITLES.get(error.code, TITLES[QingliuError.code]).get(lang),
        "status": error.status,
        "code": error.code,
        "detail": detail.get(lang),
        "remedy": error.remedy.get(lang),
        "detail_zh": detail.zh,
        "detail_en": detail.en,
    }
    if error.parameter:
        body["parameter"] = error.parameter
    return PROBLEM, plain_json(body)


class PlainError(QingliuError):
    """An error that the HTTP layer itself found (no such address, no such method …)."""

    def __init__(self, status: int, code: str, reason: Text, remedy: Text) -> None:
        super().__init__(reason, remedy)
        self.status = status
        self.code = code
        self.headers: dict[str, str] = {}


def key_of(req: falcon.Request) -> str:
    """The key that a request carries in its headers; "" where it carries none."""
    bearer: str = req.env.get("HTTP_AUTHORIZATION", "")
    if bearer[:7].lower() == "bearer ":
        return bearer[7:].strip()
    given: str = req.env.get("HTTP_X_API_KEY") or req.env.get("HTTP_X_CKAN_API_KEY", "")  # as ckanapi sends it
    return given.strip()


FREE = {"/api/health", "/api/limits"}  # asked of everybody at any time: they cost nothing and are never refused


class Manners:
    """Falcon middleware: knows and counts callers, answers kept requests at once, and dresses every response."""

    def __init__(self, cache: ResponseCache, generation: Callable[[], int], limits: Limits, sender: Sender) -> None:
        self._cache = cache
        self._generation = generation
        self._limits = limits
        self._sender = sender

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Refuse a bad key and a caller that asked too much; take the short way where an equal request was answered in
        this generation."""
        address_key = req.env.get("qingliu.address_key") or ""
        req.context.grant = None
        try:
            visit = self._limits.visit(req.env, key_of(req), address_key)
        except QingliuError:  # a wrong key counts for the address that it came from
            req.context.visit = self._limits.visit(req.env, "")
            self._limits.admit(req.context.visit)
            raise
        req.context.visit = visit
        req.context.grant = visit.grant
        if req.method != "OPTIONS" and req.path not in FREE:
            self._limits.admit(visit)
        if req.method in {"GET", "HEAD"} and visit.grant is None and not address_key:
            key, generation = request_key(req), self._generation()
            stored = self._cache.recall(key, generation)
            if stored is not None and "HTTP_RANGE" not in req.env and replay(req, resp, stored):
                resp.complete = True
                return
            req.context.remember = key
            req.context.generation = generation
        METER.set(Meter(visit.plan.query_rows, float(visit.plan.query_s), []))

    def process_response(self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:
        """CORS for everyone, nothing sniffed, nothing framed."""
        resp.set_header("Access-Control-Allow-Origin", "*")
        resp.set_header("X-Content-Type-Options", "nosniff")
        if req.method == "OPTIONS":
            posting = "POST, " if "POST" in (resp.get_header("Allow") or "") else ""
            resp.set_header("Access-Control-Allow-Methods", f"GET, HEAD, {posting}OPTIONS")
            resp.set_header("Access-Control-Allow-Headers", _ALLOWED)
            resp.set_header("Access-Control-Max-Age", "86400")
        else:
            resp.set_header("Access-Control-Expose-Headers", _EXPOSED)
            resp.set_header("Referrer-Policy", "no-referrer")
        visit: Visit | None = req.context.get("visit")
        METER.set(None)  # this thread's next request may be for a page, which has no quota
        if visit is not None:
            resp.set_headers(visit.headers())
            if resp.stream is not None and not isinstance(resp.stream, Sending):
                self._bound(resp, visit)

    def _bound(self, resp: falcon.Response, visit: Visit) -> None:
        """A stream that did not come from the sender (a stored file): counted, and held to the same room and time."""
        place = self._sender.gate.thread()
        self._limits.charge(visit, int(resp.content_length or 0) // FILE_BYTES_A_POINT)
        source: Any = resp.stream
        close = getattr(source, "close", None)
        resp.stream = Sending(iter(source), lambda: _over(place, close), life_s=self._sender.life_s)


def _over(place: Place, close: Callable[[], None] | None) -> None:
    try:
        if close is not None:
            close()
    finally:
        place.leave()


class ErrorDesk:
    """Writes every error in the shape of the dialect whose address was asked."""

    def __init__(self, shapes: tuple[tuple[str, ErrorShape], ...]) -> None:
        self._shapes = shapes  # (path prefix, shape), first match wins

    def told(self, req: falcon.Request, resp: falcon.Response, error: QingliuError, params: object = None) -> None:
        """Answer with a told error."""
        shape = next((s for prefix, s in self._shapes if req.path.lower().startswith(prefix)), problem)
        media, body = shape(error, _language_of(req))
        resp.stream = None
        resp.status = error.status
        resp.content_type = media
        resp.data = body
        resp.content_length = len(body)
        resp.set_header("Cache-Control", "no-store")
        if isinstance(error, PlainError):
            resp.set_headers(error.headers)
        if error.status == 503:
            resp.set_header("Retry-After", "2")
        if isinstance(error, TooMany):
            resp.set_header("Retry-After", str(error.retry_after_s))
        cost = told("") if isinstance(error, TooDear) else None
        if cost is not None:
            resp.set_header("Qingliu-Cost", cost.header())
        if error.status == 401:
            resp.set_header("WWW-Authenticate", 'Bearer realm="qingliu"')

    def http(self, req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: object = None) -> None:
        """Answer with what falcon itself found."""
        status = falcon.http_status_to_code(error.status)
        if error.headers:
            resp.set_headers(error.headers)
        self.told(req, resp, _from_falcon(status))

    def unexpected(self, req: falcon.Request, resp: falcon.Response, error: Exception, params: object = None) -> None:
        """Log what nobody foresaw (the path alone: a query may hold a key) and say so without details."""
        log.error("unexpected error at %s", req.path, exc_info=error)
        reason = Text("處理請求時發生未預期的錯誤。", "An unexpected error happened while answering.")
        self.told(
            req, resp, PlainError(500, "error", reason, Text("請稍後再試，並告訴我們。", "Try again, and tell us."))
        )


def _from_falcon(status: int) -> PlainError:
    if status == 404:
        reason = Text("沒有這個位址。", "There is nothing at this address.")
        return PlainError(
            404,
            "not-found",
            reason,
            Text("位址列表見 /api 與 /api/docs。", "Addresses are listed at /api and /api/docs."),
        )
    if status == 405:
        reason = Text("這個位址只能讀取。", "This address can only be read.")
        return PlainError(
            405, "method-not-allowed", reason, Text("請用 GET、HEAD 或 OPTIONS。", "Use GET, HEAD or OPTIONS.")
        )
    reason = Text("請求無法解讀。", "The request cannot be understood.")
    return PlainError(status, "bad-request", reason, Text("請檢查位址與標頭。", "Check its address and headers."))


def _language_of(req: falcon.Request) -> str:
    header = req.get_header("Accept-Language") or ""
    try:
        pairs = pairs_of(req.query_string)
    except BadRequest:
        pairs = []
    asked = next((v for n, v in pairs if n.lower() in {"lang", "language"}), "")
    return language(asked, header)
