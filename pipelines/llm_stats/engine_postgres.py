"""What PostgreSQL and its driver have to be told, so that a session with it goes as with DuckDB."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2 import extensions, extras

SETTINGS = (
    # It takes each step of a view for a few rows, and would compare each of one step with each of the next; plans that nevertheless do look
    # so dear that it would compile each of them.
    "set enable_nestloop = off",
    "set jit = off",
    "set extra_float_digits = 1",  # all digits, whatever server or role say
)


def keep_json(connection: Any) -> None:
    """JSON comes as the text that it was written as."""
    extras.register_default_json(connection, loads=str)


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C while the server works ends the query, here and there; the driver alone would wait for its end."""
    before = extensions.get_wait_callback()
    extensions.set_wait_callback(_wait)
    try:
        yield
    finally:
        extensions.set_wait_callback(before)


def _wait(connection: Any) -> None:
    """Waits for an answer where Python hears signals. The driver gives up a connection on which this raises."""
    try:
        while (state := connection.poll()) != extensions.POLL_OK:
            waiting = [connection]
            select.select(waiting if state == extensions.POLL_READ else [], waiting if state == extensions.POLL_WRITE else [], [])
    except KeyboardInterrupt:
        connection.cancel()
        raise
