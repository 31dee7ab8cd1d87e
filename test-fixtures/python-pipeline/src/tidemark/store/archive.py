"""Moves what is old out of the live database."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from tidemark.readings import Reading


def write_month(readings: Iterable[Reading], folder: Path, month: str) -> Path:
    """Write one compressed file for a month, with a checksum beside it.

    The file appears under its final name only when it is complete: it is written under another
    name, flushed to the disk and then renamed, so a power cut leaves the old file or the new one.
    """
    target = folder / f"{month}.jsonl.gz"
    partial = target.with_suffix(".tmp")
    digest = hashlib.sha256()
    with gzip.open(partial, "wb") as stream:
        for reading in readings:
            line = json.dumps(
                {"s": reading.station, "t": reading.taken_at.isoformat(), "v": round(reading.level_m, 3)},
                separators=(",", ":"),
            )
            encoded = line.encode() + b"\n"
            digest.update(encoded)
            stream.write(encoded)
    with open(partial, "rb") as handle:
        os.fsync(handle.fileno())
    os.replace(partial, target)
    target.with_suffix(".sha256").write_text(digest.hexdigest())
    return target


def prune(folder: Path, keep_months: int) -> list[Path]:
    """Delete the oldest archives, keeping the newest ``keep_months``; answers what was removed."""
    archives = sorted(folder.glob("*.jsonl.gz"))
    removed = archives[: max(0, len(archives) - keep_months)]
    for archive in removed:
        archive.unlink()
        archive.with_suffix(".sha256").unlink(missing_ok=True)
    return removed
