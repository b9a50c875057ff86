"""Thread pool of daemon threads: unlike `ThreadPoolExecutor`, it does not block process exit."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Item = TypeVar("Item")


class DaemonThreadPool:
    """A pool of up to `size` daemon threads. Calls start in the order of submission."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads: list[threading.Thread] = []
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Submit a call; return a future of its result or of the exception that it raises."""
        if len(self._threads) < self._size:
            self._threads.append(threading.Thread(target=self._worker, name="fetch", daemon=True))
            self._threads[-1].start()
        future: Future[T] = Future()
        self._calls.put((call, future))
        return future

    def map_unordered(
        self, call: Callable[[Item], T], items: Sequence[Item], *, max_ahead: int
    ) -> Iterator[T]:
        """Return an iterator over `call(item)` for every item, in order of completion.

        The first `max_ahead` calls are submitted at once, then one more for each result taken.
        """
        done: SimpleQueue[Future[T]] = SimpleQueue()
        remaining = iter(items)

        def submit(limit: int) -> None:
            for item in islice(remaining, limit):
                self.submit(partial(call, item)).add_done_callback(done.put)

        def results() -> Iterator[T]:
            for _ in items:
                future = done.get()
                submit(1)
                yield future.result()

        submit(max_ahead)
        return results()

    def shutdown(self, timeout_seconds: float) -> None:
        """Discard calls that have not started; wait for running calls until the timeout."""
        with contextlib.suppress(Empty):
            while True:
                self._calls.get_nowait()
        threads, self._threads = self._threads, []
        for _ in threads:
            self._calls.put(None)
        deadline = time.monotonic() + timeout_seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _worker(self) -> None:
        while work := self._calls.get():
            call, future = work
            try:
                future.set_result(call())
            except BaseException as error:  # `future.result()` raises it
                future.set_exception(error)
