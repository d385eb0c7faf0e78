"""One line of the calibration table: how often something happened, and how often it may."""

from dataclasses import dataclass
from typing import Final

from analytics.kernel import Counts, wilson

COLUMNS: Final = ("setting", "figure", "campaigns", "share", "range of the share", "must be", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`times` of `runs` simulated campaigns; the share must lie within `least` and `most`."""

    setting: str
    figure: str
    times: int
    runs: int
    least: float = 0.0
    most: float = 1.0

    @property
    def share(self) -> float:
        """Return times / runs."""
        return self.times / self.runs

    @property
    def met(self) -> bool:
        """Whether the share lies where it must."""
        return self.least <= self.share <= self.most

    @property
    def plausible(self) -> bool:
        """Whether the share's own 99.9 % range reaches to where it must lie: all that a few runs can tell."""
        low, high = wilson(Counts(n=self.runs, successes=self.times), level=0.999)
        return low <= self.most and high >= self.least

    def line(self) -> str:
        """Return the row in Markdown."""
        low, high = wilson(Counts(n=self.runs, successes=self.times))
        cells = (
            self.setting,
            self.figure,
            f"{self.runs:,}",
            f"{self.share:.2%}",
            f"{low:.2%} – {high:.2%}",
            self._must(),
            "yes" if self.met else "**no**",
        )
        return f"| {' | '.join(cells)} |"

    def _must(self) -> str:
        if self.least <= 0:
            return f"≤ {self.most:.1%}"
        return f"≥ {self.least:.1%}" if self.most >= 1 else f"{self.least:.1%} – {self.most:.1%}"


def table(rows: list[Row]) -> str:
    """Return the rows as a table in Markdown."""
    head = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    return "\n".join([*head, *(row.line() for row in rows)])
