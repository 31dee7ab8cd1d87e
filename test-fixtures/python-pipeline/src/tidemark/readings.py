"""The one value that flows through the whole pipeline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone


@dataclass(frozen=True, slots=True)
class Reading:
    """A water level at one gauge at one moment, in metres above chart datum, in UTC."""

    station: str
    taken_at: datetime
    level_m: float
    source: str
    flags: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.taken_at.tzinfo is None:
            raise ValueError(f"Reading of {self.station} has no time zone: {self.taken_at.isoformat()}")

    @property
    def key(self) -> tuple[str, datetime]:
        """Two readings with the same key describe the same moment at the same gauge."""
        return self.station, self.taken_at.astimezone(timezone.utc)

    def flagged(self, flag: str) -> Reading:
        return replace(self, flags=self.flags | {flag})
