"""Limits of the process that runs a user's query: memory, and time to end after Ctrl-C."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llm_stats.connection import out_of_memory
from llm_stats.terminal import echo

#: Memory that a query may use in addition to the memory of the process before it.
_MAX_QUERY_BYTES = 2_000_000_000
#: Time for DuckDB to end a query. It does not interrupt the computation of a single value.
_INTERRUPT_SECONDS = 0.5


@contextmanager
def limited_process() -> Iterator[None]:
    """Limit the memory of the process, and end it soon after Ctrl-C.

    The memory limit remains until the process ends: threads of an interrupted query may go on.
    Raises `OutOfMemory` if Python cannot allocate memory.
    """
    _limit_memory()
    receiver, sender = os.pipe()
    os.set_blocking(sender, False)
    threading.Thread(target=_end_after_ctrl_c, args=(receiver,), daemon=True).start()
    previous = signal.set_wakeup_fd(sender)
    try:
        yield
    except MemoryError as error:
        raise out_of_memory(error) or error from None
    finally:
        signal.set_wakeup_fd(previous)
        os.close(sender)


def _limit_memory() -> None:
    """Limit the address space. DuckDB's own `memory_limit` does not include text values."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # only Linux has this file, and only Linux enforces the limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + _MAX_QUERY_BYTES
    existing = [value for value in (soft, hard) if value != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([limit, *existing]), hard))


def _end_after_ctrl_c(receiver: int) -> None:
    """Wait for SIGINT, then end the process unless it ends by itself.

    A Python signal handler would not do: it runs in the main thread, which may be inside DuckDB.
    """
    while number := os.read(receiver, 1):
        if number[0] == signal.SIGINT:
            time.sleep(_INTERRUPT_SECONDS)
            echo("llm-stats: interrupted", err=True)
            os._exit(128 + signal.SIGINT)
    os.close(receiver)
