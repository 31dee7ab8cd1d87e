"""What happens to coats that nobody fetches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# The house keeps forgotten things for half a year, then gives them to charity.
KEEP = timedelta(days=182)


@dataclass(frozen=True)
class Forgotten:
    ticket: str
    description: str
    left_at: datetime


def due_for_charity(items: Iterable[Forgotten], now: datetime) -> list[Forgotten]:
    return sorted((item for item in items if now - item.left_at > KEEP), key=lambda item: item.left_at)


def match_description(items: Iterable[Forgotten], words: str) -> list[Forgotten]:
    """Things whose description shares the most words with what the caller remembers on the telephone."""
    wanted = set(words.lower().split())
    scored = [(len(wanted & set(item.description.lower().split())), item) for item in items]
    return [item for score, item in sorted(scored, key=lambda pair: -pair[0]) if score > 0]
