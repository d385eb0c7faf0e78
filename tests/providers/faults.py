"""How a simulator misbehaves: a share of the calls for each fault, drawn from a seed."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong, written as `429`, `400:personalizations.0.to.0.email`, `slow:1.5`, `drop`, `reset` …

    A number answers with that status (and the provider's own code or field behind the colon) and takes nothing.
    `drop` takes the message and closes without an answer; `reset` closes without taking it; `slow` takes it and
    answers late; `garbage` takes it and answers 200 with nonsense.
    """

    kind: str
    detail: str = ""

    @classmethod
    def parse(cls, written: str) -> Self:
        kind, _colon, detail = written.partition(":")
        if not (kind.isdigit() or kind in ("drop", "reset", "slow", "garbage")):
            raise ValueError(f"{written!r} is no fault")
        return cls(kind, detail)

    @property
    def status(self) -> int:
        """The HTTP status or SMTP code, 0 where the fault is of another kind."""
        return int(self.kind) if self.kind.isdigit() else 0


@dataclass(slots=True)
class Faults:
    """Draws the fault of each call, or None."""

    shares: list[tuple[float, Fault]] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(1))

    @classmethod
    def of(cls, mode: dict[str, Any]) -> Self:
        """Make them from `{"faults": {"429": 0.2, "drop": 0.1}, "seed": 7}`."""
        shares = [(float(share), Fault.parse(written)) for written, share in mode.get("faults", {}).items()]
        return cls(shares, Random(mode.get("seed", 1)))

    def draw(self) -> Fault | None:
        """Return what happens to the next call."""
        if not self.shares:
            return None
        drawn = self.random.random()
        for share, fault in self.shares:
            drawn -= share
            if drawn < 0:
                return fault
        return None
