"""A key that we send appears in no log, message or file name, at any level of logging."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from qingliu.core.errors import QingliuError
from qingliu.core.http import Conditional, Door, Limits
from tests.http.replay import Replay

KEY = "9f1c-THE-TEST-KEY"


def test_no_signature_of_a_redirect_in_errors(replay: Replay, quick: Limits, into: Path) -> None:
    """Object stores redirect to signed addresses; a failure there must not show the signature."""
    replay.routes["/a"] = lambda asked: asked.say(302, b"", Location=f"/b?X-Amz-Signature={KEY}")
    replay.routes["/b"] = lambda asked: asked.say(403, f"denied: {KEY}".encode())
    with pytest.raises(QingliuError, match="HTTP 403") as told:
        Door().get(replay.url("/a"), into, limits=quick)
    assert KEY in replay.asked[1][0]
    assert KEY not in "".join(traceback.format_exception(told.value)) + told.value.reason.zh


@pytest.mark.parametrize("status", [200, 304, 302, 401, 404, 429, 500, 0])
def test_no_key_in_logs_and_errors(
    replay: Replay, quick: Limits, into: Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx2", "httpcore2", "httpcore2.http11", "httpcore2.connection", "stamina"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    location = f"http://169.254.169.254/?api_key={KEY}"
    replay.routes["/a"] = lambda asked: (
        asked.say(status, f"api_key {KEY} 不存在".encode(), Location=location, X_Echo=KEY)
        if status
        else asked.raw(b"x")
    )
    said = ""
    try:
        answer = Door().get(
            replay.url(f"/a?api_key={KEY}&limit=1"),
            into,
            limits=quick,
            conditional=Conditional('"v"'),
            headers={"X-Api-Key": KEY},
        )
        said = repr(answer)
    except QingliuError as told:
        said = "".join(traceback.format_exception(told)) + told.reason.zh + told.remedy.zh + repr(told)
    assert replay.asked[0][1]["X-Api-Key"] == KEY, "the test must send the key"
    assert said
    assert KEY not in said
    assert KEY not in caplog.text
    assert all(KEY not in path.name for path in into.parent.iterdir())
