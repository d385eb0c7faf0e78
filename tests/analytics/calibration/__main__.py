"""`python -m tests.analytics.calibration PART [--runs N] [--seed 7]`: the table of a part; 1 where a line fails.

The parts are the kernel, and three of the whole pipeline, each on a database of its own: SQLite in a temporary folder.
With `--write docs/calibration.md` the lines replace those of the same part in that file.
"""

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.analytics.calibration.rows import Row, table

RUNS: Final = {"kernel": 20_000, "no-effect": 1_000, "effect": 1_000, "season": 1_000}


def main() -> int:
    """Run one part; return 1 where a share lies outside its bounds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=sorted(RUNS))
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20_260_105)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    runs, began = given.runs or RUNS[given.part], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="calibration-") as folder:
        if given.part == "kernel":
            rows = _kernel(runs, given.seed)
        else:
            rows = _pipeline(Path(folder), given.part, runs, given.seed)
    told = (
        f"{runs:,} campaigns a setting, seed {given.seed}, {datetime.now(UTC):%Y-%m-%d}, Python "
        f"{platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores shared, "
        f"{(time.monotonic() - began) / 60:.0f} minutes."
    )
    if given.write:
        write(given.write, given.part, f"{told}\n\n{table(rows)}")
    print(told)
    return int(not all(row.met for row in rows))


def write(path: Path, part: str, text: str) -> None:
    """Put `text` between the marks of `part` in the file."""
    mark = re.compile(rf"(<!-- {part} -->\n).*?(<!-- /{part} -->)", re.DOTALL)
    path.write_text(mark.sub(lambda found: f"{found[1]}{text}\n{found[2]}", path.read_text("utf-8")), "utf-8")


def _kernel(runs: int, seed: int) -> list[Row]:
    from tests.analytics.calibration import kernel

    return _told(kernel.rows(runs, seed))


def _pipeline(folder: Path, part: str, runs: int, seed: int) -> list[Row]:
    os.environ |= {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "microattentions.settings",
        "LOG_LEVEL": "ERROR",
        "SECRET_KEY": "a-secret-of-the-calibration-that-protects-nothing-at-all-0123456789",
    }
    os.environ.pop("DATABASE_URL", None)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from tests.analytics.calibration import pipeline

    call_command("migrate", verbosity=0)
    rows = _told(pipeline.rows(part, runs, seed))
    connections.close_all()
    return rows


def _told(rows: Iterable[Row]) -> list[Row]:
    found = []
    for row in rows:
        print(row.line(), flush=True)
        found.append(row)
    return found


if __name__ == "__main__":
    sys.exit(main())
