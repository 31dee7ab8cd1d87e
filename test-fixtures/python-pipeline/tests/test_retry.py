import pytest

from tidemark.retry import GaveUp, pause_before, with_backoff


def test_a_passing_failure_is_survived():
    pauses: list[float] = []
    outcomes = iter([ConnectionError("reset"), TimeoutError("slow"), 42])

    @with_backoff(attempts=3, sleep=pauses.append)
    def flaky() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert flaky() == 42
    assert len(pauses) == 2


def test_the_last_failure_is_chained():
    @with_backoff(attempts=2, sleep=lambda _: None)
    def broken() -> None:
        raise ConnectionError("cable cut")

    with pytest.raises(GaveUp) as caught:
        broken()
    assert isinstance(caught.value.__cause__, ConnectionError)


@pytest.mark.parametrize("attempt", range(1, 12))
def test_the_pause_never_exceeds_the_cap(attempt: int):
    assert 0 <= pause_before(attempt, base_seconds=1, cap_seconds=10) <= 10
