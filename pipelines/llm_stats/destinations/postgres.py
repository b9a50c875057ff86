"""What PostgreSQL and its driver have to be told, so that a session with it goes as with DuckDB."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2 import extensions, extras

from llm_stats.errors import UsageError

#: How long a run waits for what others hold: its own tables, or the views that an upgrade makes anew.
LOCK_TIMEOUT_SECONDS = 10.0

_SETTINGS = (
    # It takes each step of a view for a few rows, and would compare each of one step with each of the next; plans that nevertheless do look
    # so dear that it would compile each of them.
    "set enable_nestloop = off",
    "set jit = off",
    "set extra_float_digits = 1",  # all digits, whatever server or role say
)

#: A question is run through a cursor, which takes one statement and no more, as the server reads it: to find the end of a statement in a
#: text is the server's business.
_OPEN = "do $$declare answer refcursor := 'answer'; begin open answer for execute current_setting('llm_stats.question'); end$$"


def settings() -> list[str]:
    """What each session begins with."""
    return [*_SETTINGS, f"set lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"]


def read_only_statements(query: str) -> list[tuple[str, tuple[str, ...]]]:
    """The statements, each with its parameters, that answer somebody's question; the last has the answer."""
    return [("select set_config('llm_stats.question', %s, true)", (query,)), (_OPEN, ()), ("fetch all from answer", ())]


def force_utf8() -> None:
    """Has every connection of this process, dlt's too, speak UTF-8, whatever database and role are set to."""
    os.environ.setdefault("PGCLIENTENCODING", "UTF8")


def configure(connection: Any) -> None:
    """JSON comes as the text that it was written as. Raises `UsageError` where texts would be read wrongly."""
    if connection.get_parameter_status("standard_conforming_strings") != "on":  # too late to set: the driver quotes by what it was
        raise UsageError("PostgreSQL: standard_conforming_strings is off for this role or database; set it on, as it is by default")
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
