"""Runs jobs at their times, one at a time, in one process."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

log = logging.getLogger(__name__)


@dataclass(order=True)
class _Entry:
    due: datetime
    order: int
    job: "Job" = field(compare=False)


@dataclass
class Job:
    name: str
    every: timedelta
    run: Callable[[], None]
    failures: int = 0


class Scheduler:
    """A heap of due times. A job that fails is not lost: it comes round again at its next time."""

    def __init__(self, now: Callable[[], datetime], sleep_until: Callable[[datetime], None]) -> None:
        self._now = now
        self._sleep_until = sleep_until
        self._heap: list[_Entry] = []
        self._order = itertools.count()
        self._stopping = False

    def add(self, job: Job, first: datetime) -> None:
        heapq.heappush(self._heap, _Entry(first, next(self._order), job))

    def run_forever(self) -> None:
        while self._heap and not self._stopping:
            entry = heapq.heappop(self._heap)
            self._sleep_until(entry.due)
            self._run_one(entry.job)
            self.add(entry.job, self._next_due(entry))

    def stop(self) -> None:
        self._stopping = True

    def _run_one(self, job: Job) -> None:
        try:
            job.run()
            job.failures = 0
        except Exception:
            job.failures += 1
            log.exception("job %s failed (%d in a row)", job.name, job.failures)

    def _next_due(self, entry: _Entry) -> datetime:
        """The next time on the job's own grid that lies in the future.

        After the laptop has slept for a day an hourly job runs once, not twenty-four times.
        """
        now = self._now()
        missed = max(0, (now - entry.due) // entry.job.every)
        return entry.due + entry.job.every * (missed + 1)
