"""Hooks that end the process if a test does not end soon after its time limit.

At the time limit, pytest-timeout raises an exception in the main thread. Three cases need more:

- The main thread waits for another thread during cleanup, for example in `ThreadPoolExecutor`.
- The main thread is blocked in a C library such as psycopg2.
- The teardown hangs after a failure, because a failure removes the limit of pytest-timeout.

In these cases `faulthandler` prints the stack of every thread and ends the process. pytest-xdist
then reports the test as failed and continues in a new process.

`faulthandler` also ends the process if threads are still running after the last test.
"""

from __future__ import annotations

import faulthandler
import os
import time
from collections.abc import Generator

import pytest
from pytest_timeout import Settings

#: The process is ended this many seconds after a test's time limit, or after the last test.
GRACE_SECONDS = 20

_stderr = pytest.StashKey[int]()
_ends_at = pytest.StashKey[float]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep a copy of standard error, because tests replace standard error."""
    config.stash[_stderr] = os.dup(2)


def pytest_timeout_set_timer(item: pytest.Item, settings: Settings) -> None:
    """Set the limit of the process when pytest-timeout sets the limit of a test."""
    item.stash[_ends_at] = time.monotonic() + settings.timeout + GRACE_SECONDS
    _end_later(item)


def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Set the limit of the process again, because pytest removes the limit after a failure."""
    if isinstance(node, pytest.Item) and _ends_at in node.stash:
        _end_later(node)


def _end_later(item: pytest.Item) -> None:
    seconds = max(item.stash[_ends_at] - time.monotonic(), 1)
    faulthandler.dump_traceback_later(seconds, file=item.config.stash[_stderr], exit=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Remove the limit after the test."""
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process if it still runs after `GRACE_SECONDS`; pytest-xdist ends its own workers."""
    if not hasattr(config, "workerinput"):
        faulthandler.dump_traceback_later(GRACE_SECONDS, file=config.stash[_stderr], exit=True)
