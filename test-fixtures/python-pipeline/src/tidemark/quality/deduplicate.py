"""The same observation often arrives twice: over the web and later from the logger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from tidemark.readings import Reading

# The logger is closest to the sensor; relayed values may have been rounded on the way.
SOURCE_RANK = {"logger": 0, "http": 1, "manual": 2}


def drop_duplicates(readings: Iterable[Reading]) -> list[Reading]:
    """Keep one reading per station and minute: the one from the most trusted source."""
    best: dict[tuple[str, object], Reading] = {}
    for reading in readings:
        station, moment = reading.key
        minute = moment.replace(second=0, microsecond=0)
        rival = best.get((station, minute))
        if rival is None or _rank(reading) < _rank(rival):
            best[(station, minute)] = reading
    return sorted(best.values(), key=lambda r: r.key)


def _rank(reading: Reading) -> int:
    return SOURCE_RANK.get(reading.source, len(SOURCE_RANK))


def near_repeats(readings: Iterable[Reading], window: timedelta) -> Iterator[tuple[Reading, Reading]]:
    """Pairs of equal levels at one station within ``window``: a hint that a gauge is stuck."""
    last: dict[str, Reading] = {}
    for reading in sorted(readings, key=lambda r: r.key):
        before = last.get(reading.station)
        if (
            before is not None
            and before.level_m == reading.level_m
            and reading.taken_at - before.taken_at <= window
        ):
            yield before, reading
        last[reading.station] = reading
