"""The report as a table of comma-separated values, safe to open in a spreadsheet."""

import csv
import io
from typing import Any, Final

from analytics.chart import in_major_units
from analytics.words import EVIDENCES

COLUMNS: Final = (
    "campaign",
    "metric",
    "evidence",
    "unit",
    "with_campaign",
    "without_campaign",
    "difference",
    "difference_low",
    "difference_high",
    "relative",
    "relative_low",
    "relative_high",
    "n_with",
    "n_without",
    "level",
    "method",
    "in_words",
    "how_much_to_believe",
    "verdict",
)


def report_csv(report: dict[str, Any]) -> str:
    """Return one row a metric and kind of evidence, then one for each other way of asking for revenue.

    A refused one holds its reason in words and no number.
    """
    report = in_major_units(report)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for name, metric in report["metrics"].items():
        for evidence in EVIDENCES:
            writer.writerow(_safe(_row(report, name, evidence, metric[evidence])))
    for way in report.get("robust", []):
        row = way | {"unit_text": "", "trust": way["meaning"]}
        writer.writerow(_safe(_row(report, "revenue", way["way"], row)))
    return out.getvalue()


def _safe(row: dict[str, Any]) -> dict[str, Any]:
    return {key: safe_cell(value) for key, value in row.items()}


def _row(report: dict[str, Any], name: str, evidence: str, row: dict[str, Any]) -> dict[str, Any]:
    low, high = row.get("diff_ci") or row.get("interval") or (None, None)
    rel_low, rel_high = row.get("rel_ci") or (None, None)
    unit = report["currency"] if row.get("unit") == "money" else row.get("unit")
    return {
        "campaign": report["campaign"],
        "metric": name,
        "evidence": evidence,
        "unit": unit,
        "with_campaign": row.get("value_t"),
        "without_campaign": row.get("value_c"),
        "difference": row.get("diff", row.get("value")),
        "difference_low": low,
        "difference_high": high,
        "relative": row.get("rel"),
        "relative_low": rel_low,
        "relative_high": rel_high,
        "n_with": row.get("n_t"),
        "n_without": row.get("n_c"),
        "level": row.get("level"),
        "method": row.get("method"),
        "in_words": row.get("sentence") or f"{row['diff_text']} ({row['interval_text']}) {row['unit_text']}".strip(),
        "how_much_to_believe": row["trust"],
        "verdict": report["verdict"]["sentence"],
    }


def safe_cell(value: Any) -> Any:
    """Return text that no spreadsheet takes for a formula (OWASP: CSV injection); numbers stay numbers."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value
