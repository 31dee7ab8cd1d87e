from datetime import datetime, timedelta, timezone

from tidemark.quality.outliers import flag_spikes
from tidemark.readings import Reading

START = datetime(2024, 1, 1, tzinfo=timezone.utc)


def series(*levels: float) -> list[Reading]:
    return [Reading("FARO", START + timedelta(minutes=5 * i), level, "http") for i, level in enumerate(levels)]


def test_a_lonely_jump_is_flagged():
    result = list(flag_spikes(series(1.0, 1.01, 1.02, 1.0, 1.03, 1.01, 9.5, 1.02)))
    assert [r.level_m for r in result if r.flags] == [9.5]


def test_the_rising_tide_is_not():
    result = list(flag_spikes(series(*(1 + 0.05 * i for i in range(24)))))
    assert not any(r.flags for r in result)
