"""Tells the harbour master when the water comes too high."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from tidemark.readings import Reading


class Level(IntEnum):
    CALM = 0
    WATCH = 1
    WARNING = 2
    EVACUATE = 3


@dataclass(frozen=True)
class Thresholds:
    watch_m: float
    warning_m: float
    evacuate_m: float
    # The level must fall this far below a threshold before the alarm is taken back.
    hysteresis_m: float = 0.15


class FloodAlarm:
    """Sends one message per change of level, and none while the water dances around a threshold."""

    def __init__(self, thresholds: Thresholds, send: Callable[[str, Level], None]) -> None:
        self._thresholds = thresholds
        self._send = send
        self._current: dict[str, Level] = {}

    def observe(self, reading: Reading) -> None:
        if "spike" in reading.flags:
            return
        before = self._current.get(reading.station, Level.CALM)
        after = self._classify(reading.level_m)
        if after < before:
            after = max(after, self._classify(reading.level_m + self._thresholds.hysteresis_m))
        if after != before:
            self._current[reading.station] = after
            self._send(reading.station, after)

    def _classify(self, level_m: float) -> Level:
        if level_m >= self._thresholds.evacuate_m:
            return Level.EVACUATE
        if level_m >= self._thresholds.warning_m:
            return Level.WARNING
        if level_m >= self._thresholds.watch_m:
            return Level.WATCH
        return Level.CALM
