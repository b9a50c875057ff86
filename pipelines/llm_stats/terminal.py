"""Terminal output: width, wrapping, printing that survives a closed pipe."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys

from llm_stats.errors import LlmStatsError
from llm_stats.text import UNPRINTABLE, escape_control_chars, wrap


def escape_json(text: str) -> str:
    """Return the JSON text; control characters are escaped if the output is a terminal."""
    if width() is None:
        return text
    return UNPRINTABLE.sub(
        lambda match: match[0] if match[0] == "\n" else json.dumps(match[0]).strip('"'), text
    ).replace("\x7f", "\\u007f")


def width(*, err: bool = False) -> int | None:
    """Return the width of the terminal in columns; None for a pipe or a file."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream is not None and stream.isatty() else None


def echo(text: str = "", *, err: bool = False) -> None:
    """Print a line and flush. If the reader of a pipe exits (`| head`), later output is discarded.

    Raises `LlmStatsError` if standard output cannot be written for another reason, such as a full
    disk.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # a process without a console
        return
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        # at exit, Python writes the rest of the buffer; the null device discards it
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not err and not isinstance(error, BrokenPipeError):
            raise LlmStatsError(f"cannot write the output: {error.strerror}") from None


class WarningHandler(logging.Handler):
    """Logging handler that prints the warnings of this package on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        echo(f"llm-stats: warning: {escape_control_chars(record.getMessage())}", err=True)


def echo_wrapped(text: str = "", *, indent: int = 2, err: bool = False) -> None:
    """Print text wrapped to the terminal's width.

    Continuation lines get `indent` additional spaces. Output to a pipe or a file is not wrapped.
    """
    if columns := width(err=err):
        margins = [(line, len(line) - len(line.lstrip(" "))) for line in text.split("\n")]
        text = "\n".join(
            part for line, margin in margins for part in wrap(line, columns, indent=margin + indent)
        )
    echo(text, err=err)
