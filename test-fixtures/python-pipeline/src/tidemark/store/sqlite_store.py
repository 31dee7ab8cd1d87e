"""Where clean readings end up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

from tidemark.readings import Reading

MIGRATIONS = (
    """
    create table reading (
        station text not null,
        taken_at text not null,
        level_m real not null,
        source text not null,
        flags text not null default '',
        primary key (station, taken_at)
    ) without rowid
    """,
    "create index reading_by_time on reading (taken_at)",
    "alter table reading add column revised_at text",
)


class SqliteStore:
    """One table in one file. Writing a reading again corrects it in place."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._migrate()

    def _migrate(self) -> None:
        """Bring an older database file up to the present layout, one numbered step at a time."""
        (version,) = self._db.execute("pragma user_version").fetchone()
        for number, statement in enumerate(MIGRATIONS[version:], start=version + 1):
            with self._transaction():
                self._db.execute(statement)
                self._db.execute(f"pragma user_version = {number}")

    def upsert(self, readings: Iterable[Reading]) -> int:
        """Insert new readings and overwrite those that have changed; answers how many were written."""
        written = 0
        with self._transaction():
            for reading in readings:
                station, moment = reading.key
                written += self._db.execute(
                    """
                    insert into reading (station, taken_at, level_m, source, flags) values (?, ?, ?, ?, ?)
                    on conflict (station, taken_at) do update
                    set level_m = excluded.level_m, source = excluded.source, flags = excluded.flags,
                        revised_at = datetime('now')
                    where level_m <> excluded.level_m or flags <> excluded.flags
                    """,
                    (station, moment.isoformat(), reading.level_m, reading.source, ",".join(sorted(reading.flags))),
                ).rowcount
        return written

    def latest(self, station: str) -> datetime | None:
        """The high-water mark: everything up to here has been loaded for this station."""
        row = self._db.execute("select max(taken_at) from reading where station = ?", (station,)).fetchone()
        return datetime.fromisoformat(row[0]).astimezone(timezone.utc) if row[0] else None

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)

    def close(self) -> None:
        self._db.close()


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("begin immediate")

    def __exit__(self, kind: object, *_: object) -> None:
        self._db.execute("commit" if kind is None else "rollback")
