"""Judging measured: every content rule of the published table, in a process of its own, against the time of publishing it.

usage: python -m bench.judge HOME    judges the table that is published in HOME and prints the findings
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from bench.publish import CODE, Cost, environment, measured
from qingliu.lake import checks
from qingliu.lake.paths import LakePaths
from qingliu.lake.published import Published
from qingliu.quality.rules import content
from qingliu.standards import outlines


def judge(home: Path) -> Cost:
    """One judging in a process of its own."""
    return measured([sys.executable, "-m", "bench.judge", str(home)], environment(home))


def main() -> int:
    """Judge the table published in the home named on the command line."""
    paths = LakePaths(Path(sys.argv[1]))
    published = Published(paths.published_db)
    record, version = published.get(CODE).record, published.version(CODE, None)
    plan = content.plan(record, now=datetime(2026, 1, 1), areas=outlines.counties())
    results = checks.run(checks.subject(paths, record, version), plan)
    for finding in content.findings(record, results):
        print(f"{finding.severity} {finding.rule} {finding.place}: {finding.reason.en}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
