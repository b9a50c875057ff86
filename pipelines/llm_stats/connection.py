"""SQL connections: the protocol that DuckDB and other engines share, transactions, Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Protocol

import duckdb


class Connection(Protocol):
    """What executes statements in DuckDB's dialect: DuckDB itself, or the session of another engine."""

    def execute(self, query: str, /) -> object: ...


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that happens inside, or nothing of it."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection | None = None) -> Iterator[None]:
    """Ctrl-C while DuckDB works is a `KeyboardInterrupt`, as everywhere; DuckDB makes a `RuntimeError` of it.

    It does so when its other threads are through with what they have begun, be it hours later: those of `connection` are told to stop.
    """
    with _interrupt_on_ctrl_c(connection) if connection is not None else nullcontext():
        try:
            yield
        except RuntimeError as error:
            if "Query interrupted" in str(error):
                raise KeyboardInterrupt from None
            raise


@contextmanager
def _interrupt_on_ctrl_c(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Ctrl-C stops what the connection does, in all its threads; unless it means something else, or this thread cannot hear it."""

    def stop(number: int, frame: FrameType | None) -> None:
        connection.interrupt()
        signal.default_int_handler(number, frame)

    hears = threading.current_thread() is threading.main_thread()
    if not hears or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
