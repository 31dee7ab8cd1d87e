"""Reads the files that old data loggers drop into a folder over FTP."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tidemark.readings import Reading


class TruncatedFile(ValueError):
    """The upload had not finished when we looked; the file is left for the next run."""


def read_drop_folder(folder: Path, local_zone: ZoneInfo) -> Iterator[Reading]:
    """Every reading in every finished file, oldest file first.

    The loggers write local wall-clock time without an offset. In the hour that autumn repeats, the
    second pass is told apart by the order of lines: time that jumps back means summer time is over.
    """
    for path in sorted(folder.glob("*.csv*"), key=lambda p: p.stat().st_mtime):
        if path.name.endswith(".part"):
            continue
        yield from _read_file(path, local_zone)


def _read_file(path: Path, local_zone: ZoneInfo) -> Iterator[Reading]:
    opener = gzip.open if path.suffix == ".gz" else open
    station = path.name.split("_", 1)[0]
    previous: datetime | None = None
    fold = 0
    with opener(path, "rt", encoding="ascii", errors="replace") as stream:
        rows = list(csv.reader(stream, delimiter=";"))
    if not rows or rows[-1] != ["END"]:
        raise TruncatedFile(f"{path.name} has no END line")
    for row in rows[:-1]:
        stamp = datetime.strptime(row[0], "%d.%m.%Y %H:%M")
        if previous is not None and stamp < previous:
            fold = 1
        previous = stamp
        yield Reading(
            station=station,
            taken_at=stamp.replace(tzinfo=local_zone, fold=fold),
            level_m=float(row[1].replace(",", ".")),
            source="logger",
        )
