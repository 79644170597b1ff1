"""The web process starts from nothing, and its pages know how requests were answered."""

from __future__ import annotations

import os
import subprocess
import sys

from qingliu.lake.paths import LakePaths
from qingliu.lake.published import PublishedWriter
from tests.house.tree import ROOT


def test_the_web_process_starts_in_a_fresh_interpreter_and_knows_the_requests(home: LakePaths) -> None:
    PublishedWriter(home.published_db)
    program = "import qingliu.config.wsgi; from qingliu.quality import replies; print(len(replies._given))"
    env = {**os.environ, "QINGLIU_HOME": str(home.home), "PYTHONPATH": str(ROOT)}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("1")
