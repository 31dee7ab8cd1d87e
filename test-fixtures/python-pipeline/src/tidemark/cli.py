"""Command line: ``tidemark ingest``, ``tidemark archive``, ``tidemark status``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from tidemark.quality.deduplicate import drop_duplicates
from tidemark.quality.outliers import flag_spikes
from tidemark.sources.logger_files import TruncatedFile, read_drop_folder
from tidemark.store.archive import prune
from tidemark.store.sqlite_store import SqliteStore


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tidemark", description=__doc__)
    parser.add_argument("--database", type=Path, default=Path("tidemark.db"))
    commands = parser.add_subparsers(dest="command", required=True)

    ingest = commands.add_parser("ingest", help="load the files of a drop folder")
    ingest.add_argument("folder", type=Path)
    ingest.add_argument("--zone", type=ZoneInfo, default=ZoneInfo("Europe/Lisbon"))

    archive = commands.add_parser("archive", help="delete old monthly archives")
    archive.add_argument("folder", type=Path)
    archive.add_argument("--keep-months", type=int, default=24)

    status = commands.add_parser("status", help="show how far each station has been loaded")
    status.add_argument("stations", nargs="+")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    store = SqliteStore(arguments.database)
    try:
        if arguments.command == "ingest":
            readings = drop_duplicates(read_drop_folder(arguments.folder, arguments.zone))
            print(f"{store.upsert(flag_spikes(readings))} readings written")
        elif arguments.command == "archive":
            for path in prune(arguments.folder, arguments.keep_months):
                print(f"removed {path.name}")
        else:
            for station in arguments.stations:
                print(f"{station}\t{store.latest(station) or 'never'}")
        return 0
    except TruncatedFile as error:
        print(f"tidemark: {error}; it will be read again next time", file=sys.stderr)
        return 75
    finally:
        store.close()


if __name__ == "__main__":
    raise SystemExit(main())
