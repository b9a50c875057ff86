"""Hooks that end the process if a test does not end soon after its time limit.

At the time limit, pytest-timeout raises an exception in the main thread. This does not end a test
that waits for another thread while the exception propagates, as `ThreadPoolExecutor` does, or a
test in a library that blocks in C, as psycopg2 does. After a failure, pytest-timeout sets no limit
for the teardown. `faulthandler` ends the process in all these cases. It prints the stack of every
thread; pytest-xdist then reports the test as failed and continues in a new process.

After the last test, threads that do not end would keep the process alive. It is ended too.
"""

from __future__ import annotations

import faulthandler
import os
import time
from collections.abc import Generator

import pytest
from pytest_timeout import Settings

#: Seconds from the time limit of a test, or from the last test, to the end of the process.
GRACE_SECONDS = 20

_stderr = pytest.StashKey[int]()
_ends_at = pytest.StashKey[float]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the standard error of the process, because tests replace it."""
    config.stash[_stderr] = os.dup(2)


def pytest_timeout_set_timer(item: pytest.Item, settings: Settings) -> None:
    """Set the limit of the process when pytest-timeout sets the limit of a test."""
    item.stash[_ends_at] = time.monotonic() + settings.timeout + GRACE_SECONDS
    _end_later(item)


def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Set the limit again after a failure, because pytest removes it."""
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
    """End the process soon; pytest-xdist ends its own processes."""
    if not hasattr(config, "workerinput"):
        faulthandler.dump_traceback_later(GRACE_SECONDS, file=config.stash[_stderr], exit=True)
