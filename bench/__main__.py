"""`make bench`: every figure beside its bare baseline, as a table and as bench/results.json.

`python -m bench ingest report` measures only those. Ends non-zero where an aim was missed.
"""

import importlib
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).with_name("results.json")
MEASURES: Final = ("ingest", "planning", "ticks", "sending", "bell", "report", "signals")
COLUMNS: Final = ("name", "value", "unit", "baseline", "ratio", "aim", "met")


def main(wanted: list[str]) -> int:
    """Measure, print, write; return the exit code."""
    unknown = sorted(set(wanted) - set(MEASURES))
    if unknown:
        print(f"there is no measure {', '.join(unknown)}; there are {', '.join(MEASURES)}")
        return 2
    rows: list[dict[str, Any]] = []
    for name in wanted or MEASURES:
        print(f"measuring {name} …", flush=True)
        started = time.monotonic()
        rows += importlib.import_module(f"bench.{name}").run()
        print(f"  {time.monotonic() - started:.0f} s", flush=True)
    # A part measured alone must not pass for the whole.
    if set(wanted or MEASURES) == set(MEASURES):
        RESULTS.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nPython {platform.python_version()} on {platform.machine()}\n")
    print(table(rows))
    return 0 if all(row["met"] is not False for row in rows) else 1


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures in aligned columns."""
    lines = [COLUMNS, *(tuple(words(row.get(column)) for column in COLUMNS) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines)


def words(value: Any) -> str:
    """Return one figure as the table shows it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float | int):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
