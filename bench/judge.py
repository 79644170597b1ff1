"""Judging measured: the public commands that judge a published table, each a process of its own, against publishing it.

usage: python -m bench.judge HOME    judges the benchmark's table in HOME and prints what each command took
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.publish import CODE, Cost, environment, measured

COMMANDS = {
    "judge": "marks, MQA and every content rule that applies",
    "privacy scan": "the privacy gate over every cell of text",
    "standards check": "conformance to the register of standards",
    "bilingual": "both languages: page, columns, values",
}


def judge(home: Path) -> dict[str, Cost]:
    """Command → what it took, its start included."""
    qingliu = str(Path(sys.executable).with_name("qingliu"))
    return {c: measured([qingliu, *c.split(), CODE], environment(home)) for c in COMMANDS}


def main() -> int:
    """Judge the table published in the home named on the command line."""
    for command, cost in judge(Path(sys.argv[1])).items():
        print(f"{command}: {cost.seconds:.1f} s, {cost.peak_mib:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
