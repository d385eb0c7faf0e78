"""What the charts draw, and the report in units people use: money in whole euros, conversion per 1,000."""

from typing import Any, Final

from analytics.formats import symbol
from analytics.words import EVIDENCES
from campaigns.models.fields import major_units

type Figures = dict[str, Any]

_MONEY_KEYS: Final = ("value_t", "value_c", "diff", "value")
_MONEY_RANGES: Final = ("diff_ci", "interval")


def in_major_units(report: Figures) -> Figures:
    """Return the report with its money in whole units of its currency (12.34, not 1234), as the API tells money."""
    if "currency" not in report:
        return report
    unit = float(major_units(1, report["currency"]))
    metrics = {
        name: {
            key: _major(row, unit) if key in EVIDENCES and row.get("unit") == "money" else row
            for key, row in metric.items()
        }
        for name, metric in report["metrics"].items()
    }
    counts = report["counts"] | {"message_cost": report["counts"]["message_cost"] * unit}
    returns = report.get("returns")
    if returns:
        returns = returns | {
            "margin": returns["margin"] * unit,
            "margin_ci": _scaled(returns["margin_ci"], unit),
            "cost": returns["cost"] * unit,
        }
    robust = [
        _major(way, unit) | ({"most": way["most"] * unit} if "most" in way else {}) for way in report.get("robust", [])
    ]
    return report | {"metrics": metrics, "counts": counts, "returns": returns, "robust": robust}


def charts(report: Figures) -> Figures:
    """Return the drawing of each metric: its rows (label, difference, ends of the interval, tone), strongest first.

    Nothing is green or red before the gates have passed.
    """
    passed = all(gate["state"] == "passed" for gate in report["gates"])
    shown = in_major_units(report)
    return {
        name: {
            "kind": "dots",
            "zero": 0,
            "signed": True,
            "unit": _unit(metric, report["currency"]),
            "rows": [
                _row(metric[key], 1000.0 if name == "conversion" else 1.0, tone(report, name, key, passed=passed))
                for key in EVIDENCES
            ],
        }
        for name, metric in shown["metrics"].items()
    }


def _unit(metric: Figures, currency: str) -> str:
    """Return what the axis counts: "€ a contact", "points"."""
    row = next((metric[key] for key in EVIDENCES if "unit_text" in metric[key]), None)
    if row is None:
        return ""
    return f"{symbol(currency)} {row['unit_text']}" if row["unit"] == "money" else str(row["unit_text"])


def tone(report: Figures, metric: str, evidence: str, *, passed: bool) -> str:
    """Return how a row is coloured: good, bad, or by its evidence alone."""
    if evidence == "plain":
        return "grey"
    if evidence == "season" or not passed:
        return evidence
    direction = report["beside"].get(metric, "unclear")
    if metric == "conversion":
        code = report["verdict"]["code"]
        direction = "up" if code.startswith("works") else "down" if code == "harms" else "unclear"
    return {"up": "good", "down": "bad"}.get(direction, evidence)


def _row(row: Figures, factor: float, colour: str) -> Figures:
    if "diff" not in row:
        return {"label": row["label"], "tone": "none"}
    low, high = row["diff_ci"]
    return {
        "label": row["label"],
        "tone": colour,
        "value": row["diff"] * factor,
        "low": low * factor,
        "high": high * factor,
        "text": f"{row['diff_text']}  ({row['interval_text']})",
    }


def _major(row: Figures, unit: float) -> Figures:
    return (
        row
        | {key: _one(row[key], unit) for key in _MONEY_KEYS if key in row}
        | {key: _scaled(row[key], unit) for key in _MONEY_RANGES if key in row}
    )


def _scaled(values: list[float | None], unit: float) -> list[float | None]:
    return [_one(value, unit) for value in values]


def _one(value: float | None, unit: float) -> float | None:
    # Ten digits are more than any interval knows, and spare the reader 0.30000000000000004.
    return None if value is None else float(f"{value * unit:.10g}")
