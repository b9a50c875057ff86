"""Threads that can be left behind. The end of a process waits for those of `ThreadPoolExecutor`, however slow an answer is."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class DaemonThreadPool:
    """Makes calls in up to `size` threads, in the order in which they are submitted. Submit from one thread."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads: list[threading.Thread] = []
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """The future that will hold what the call returns or raises."""
        if len(self._threads) < self._size:
            self._threads.append(threading.Thread(target=self._worker, name="fetch", daemon=True))
            self._threads[-1].start()
        future: Future[T] = Future()
        self._calls.put((call, future))
        return future

    def shutdown(self, within_seconds: float) -> None:
        """Forgets calls that have not begun. Those that have are waited for so long, then left behind."""
        with contextlib.suppress(Empty):
            while True:
                self._calls.get_nowait()
        threads, self._threads = self._threads, []
        for _ in threads:
            self._calls.put(None)
        deadline = time.monotonic() + within_seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _worker(self) -> None:
        while work := self._calls.get():
            call, future = work
            try:
                future.set_result(call())
            except BaseException as error:  # it is raised where the result is asked for
                future.set_exception(error)
