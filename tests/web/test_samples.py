"""The API samples of a dataset page run as they stand, against the portal that printed them."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application

from qingliu.config.data_api import dispatch, make_data_api
from qingliu.core import env
from qingliu.lake.engine import Engine


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests do not chat."""


@pytest.fixture
def portal(engine: Engine) -> Iterator[str]:
    settings = env.load({"QINGLIU_HOME": str(engine.paths.home)})
    app = dispatch(make_data_api(settings, engine), get_wsgi_application())
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetch(url: str) -> str:
    command = [
        sys.executable,
        "-c",
        "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())",
        url,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("code", ["AQX_P_488", "AQX_P_432"])
def test_every_sample_runs_and_prints_rows(portal: str, code: str) -> None:
    page = fetch(f"{portal}/dataset/detail/{code}?field=sitename&op=eq&value=%E5%9F%BA%E9%9A%86&sortby=-aqi")
    samples = dict(re.findall(r'<pre id="sample-([a-z-]+)"[^>]*><code>(.*?)</code>', page, re.S))
    assert set(samples) == {"native-curl", "native-python", "moenv-curl", "moenv-python"}
    for name, text in samples.items():
        source = html.unescape(text)
        assert portal in source
        if name.endswith("python"):
            answer = subprocess.run(
                [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60
            )
            rows = answer.stdout.splitlines()
            assert 0 < len(rows) <= 5
            assert name.startswith("moenv") or all("'基隆'" in row for row in rows)
        elif shutil.which("curl"):
            answer = subprocess.run(["bash", "-c", source], capture_output=True, text=True, check=True, timeout=60)
            assert json.loads(answer.stdout)


def test_every_api_address_on_a_page_answers(portal: str) -> None:
    page = fetch(f"{portal}/dataset/detail/AQX_P_488?field=aqi&op=gt&value=60")
    addresses = {html.unescape(a) for a in re.findall(r'href="(/api[^"]*)"', page)}
    assert len(addresses) > 12
    for address in addresses:
        status = f"import sys, urllib.request as u; assert u.urlopen(sys.argv[1]).status == 200, {address!r}"
        subprocess.run([sys.executable, "-c", status, portal + address], check=True, timeout=60)
