"""When a job is tried again. Procrastinate's own strategy knows neither a longest wait nor a spread."""

from __future__ import annotations

import random
from dataclasses import dataclass

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

SPREAD = 0.2


class TryAgain(Exception):
    """Not now: the queue is to run this job again in `after_seconds`. It keeps its place behind its lock."""

    def __init__(self, after_seconds: float) -> None:
        super().__init__(f"again in {after_seconds:.0f} s")
        self.after_seconds = after_seconds


def backoff(tries: int, *, first: float = 1.0, longest: float = 60.0) -> float:
    """Seconds after the `tries`-th failure (from 1): first, 2 x, 4 x … longest, spread by a fifth."""
    exact = min(longest, first * 2 ** min(tries - 1, 30))
    return exact * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 (nothing secret)


@dataclass(frozen=True)
class Again(BaseRetryStrategy):
    """Try again `times` times after an error, and as often as asked after `TryAgain`."""

    times: int = 5

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, TryAgain):
            return RetryDecision(retry_in={"seconds": max(0.0, exception.after_seconds)})  # type: ignore[typeddict-item]
        if job.attempts >= self.times or not isinstance(exception, Exception):
            return None
        return RetryDecision(retry_in={"seconds": backoff(job.attempts + 1)})  # type: ignore[typeddict-item]
