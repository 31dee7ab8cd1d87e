from datetime import datetime, timedelta, timezone

from tidemark.quality.deduplicate import drop_duplicates, near_repeats
from tidemark.readings import Reading

NOON = datetime(2024, 3, 10, 12, 0, tzinfo=timezone.utc)


def reading(level: float, source: str = "http", at: datetime = NOON) -> Reading:
    return Reading("PORTO", at, level, source)


def test_the_logger_wins_over_the_web():
    kept = drop_duplicates([reading(1.2), reading(1.23, "logger"), reading(1.1, "manual")])
    assert [r.level_m for r in kept] == [1.23]


def test_seconds_do_not_matter():
    assert len(drop_duplicates([reading(1.0), reading(1.0, at=NOON + timedelta(seconds=30))])) == 1


def test_a_stuck_gauge_is_noticed():
    series = [reading(2.0, at=NOON + timedelta(minutes=10 * i)) for i in range(3)]
    assert len(list(near_repeats(series, timedelta(minutes=10)))) == 2
