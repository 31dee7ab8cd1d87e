"""Marks levels that the sea cannot have had."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterable, Iterator

from tidemark.readings import Reading


def flag_spikes(readings: Iterable[Reading], window: int = 12, tolerance: float = 6.0) -> Iterator[Reading]:
    """Flag values far from the median of the last hours.

    Distance is measured in median absolute deviations, because one wild value (a seagull on the
    sensor) would inflate an ordinary standard deviation and hide itself.
    """
    recent: deque[float] = deque(maxlen=window)
    for reading in readings:
        if len(recent) >= window // 2:
            middle = statistics.median(recent)
            spread = statistics.median(abs(value - middle) for value in recent) or 0.01
            if abs(reading.level_m - middle) / spread > tolerance:
                yield reading.flagged("spike")
                continue
        recent.append(reading.level_m)
        yield reading
