"""Trying again after a failure, politely."""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class GaveUp(RuntimeError):
    """Raised when the last attempt failed too; the cause is chained."""

    def __init__(self, what: str, attempts: int) -> None:
        super().__init__(f"{what} failed {attempts} times in a row, giving up")
        self.attempts = attempts


def with_backoff(
    *,
    attempts: int = 5,
    base_seconds: float = 0.5,
    cap_seconds: float = 60.0,
    retry_on: tuple[type[Exception], ...] = (ConnectionError, TimeoutError),
    sleep: Callable[[float], None] = time.sleep,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Repeat a call that fails for a passing reason, waiting longer each time.

    The pause is drawn between zero and a ceiling that doubles ("full jitter"): stations that lost
    their link together must not all come back in the same second.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            for attempt in range(1, attempts + 1):
                try:
                    return function(*args, **kwargs)
                except retry_on as error:
                    if attempt == attempts:
                        raise GaveUp(function.__name__, attempts) from error
                    pause = pause_before(attempt, base_seconds, cap_seconds)
                    log.warning("%s: %s; next try in %.1f s", function.__name__, error, pause)
                    sleep(pause)
            raise AssertionError("unreachable")

        return wrapper

    return decorate


def pause_before(attempt: int, base_seconds: float, cap_seconds: float) -> float:
    ceiling = min(cap_seconds, base_seconds * 2 ** (attempt - 1))
    return random.uniform(0, ceiling)
